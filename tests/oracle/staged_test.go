package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf/tests/harness"
)

// stagedFolder has a table's rows for MariaDB, in table.sql, and the same rows
// as files of a stage; in statements, what is asked of them.
const stagedFolder = "testdata/staged"

// leastStaged is how many statements over staged rows are asked at least.
const leastStaged = 400

// TestStaged asks for the same rows of a table of MariaDB and of files in a
// stage of Wharf.
func TestStaged(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "wharf")
	if err := harness.Build(root, binary); err != nil {
		t.Fatal(err)
	}
	w := harness.Start(t, binary, harness.Options{})
	m := startMariaDB(t)
	staged(t, w.MySQL, w.HTTP, m.addr)
}

func staged(t *testing.T, wharfAddr, uploads, mariadbAddr string) {
	p := &pair{wharf: connect(t, "Wharf", wharfAddr), mariadb: connect(t, "MariaDB", mariadbAddr)}
	p.known = readDifferences(t, filepath.Join(stagedFolder, "differences.test"))
	p.prepare(t)
	p.stage(t, uploads)
	paths, err := filepath.Glob(filepath.Join(stagedFolder, "statements", "*.test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".test"), func(t *testing.T) {
			for _, line := range lines(t, path) {
				if filepath.Base(path) == "warnings.test" {
					p.compareWarned(t, overRows(line))
				} else {
					p.compareStaged(t, overRows(line))
				}
			}
		})
	}
	t.Run("generated", func(t *testing.T) {
		for _, expression := range generate(generatedStatements) {
			p.compareStaged(t, overRows(expression))
		}
	})
	if p.asked < leastStaged {
		t.Errorf("%d statements over staged rows, want at least %d", p.asked, leastStaged)
	}
	if p.alike < leastAlike {
		t.Errorf("%d statements over other forms of the rows, want at least %d", p.alike, leastAlike)
	}
	p.known.wantAllSeen(t)
}

// prepare gives both sessions the same settings. Text of files is compared by
// its bytes; that of literals without case, accents and padding.
func (p *pair) prepare(t *testing.T) {
	t.Helper()
	for _, s := range []*side{p.wharf, p.mariadb} {
		for _, set := range []string{"SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci", "SET time_zone = '+02:00'"} {
			if a := s.ask(t, s.translate(set), nil); a.errno != 0 {
				t.Fatalf("%s: %s: %s", s.name, set, a.message)
			}
		}
	}
	if a := p.mariadb.ask(t, "SET max_statement_time = 120", nil); a.errno != 0 {
		t.Fatal(a.message)
	}
}

// stage gives both servers the rows.
func (p *pair) stage(t *testing.T, uploads string) {
	t.Helper()
	for _, statement := range lines(t, filepath.Join(stagedFolder, "table.sql")) {
		if a := p.mariadb.ask(t, statement, nil); a.errno != 0 {
			t.Fatalf("%s: %s", statement, a.message)
		}
	}
	if a := p.wharf.ask(t, "CREATE STAGE st", nil); a.errno != 0 {
		t.Fatal(a.message)
	}
	for name, file := range map[string]string{"t": "t.parquet", "c.csv": "t.csv", "n.ndjson": "t.ndjson", "x.csv": "x.csv", "x.ndjson": "x.ndjson"} {
		upload(t, uploads, "st", name, filepath.Join(stagedFolder, file))
	}
}

func upload(t *testing.T, addr, stage, name, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("upload", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPut, "http://"+addr+"/v1/upload_to_stage", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("stage_name", stage)
	req.SetBasicAuth("root", "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", name, resp.Status)
	}
}

// alike are other forms of the rows, without the columns in unlike, for which
// CSV and JSON have no words.
var (
	alike  = []string{"st.`c.csv`", "st.`n.ndjson`"}
	unlike = regexp.MustCompile(`\b(u|d|e|r|z|tm|y|j|at)\b|SELECT \*|\.\*|[^.\w]t\.`)
	quoted = regexp.MustCompile(`'(?:[^'\\\\]|\\\\.|'')*'`)
)

// leastAlike is how many statements are asked of the other forms at least.
const leastAlike = 300

// compareAlike wants of the other forms of the rows what Wharf says of the
// Parquet file.
func (p *pair) compareAlike(t *testing.T, statement string, want answer) {
	t.Helper()
	if !strings.Contains(statement, "st.t") || unlike.MatchString(quoted.ReplaceAllString(statement, "")) {
		return
	}
	p.alike++
	for _, table := range alike {
		if got := p.wharf.askNamed(t, strings.ReplaceAll(statement, "st.t", table), false); got.answer.String() != want.String() {
			t.Errorf("%s\nParquet: %s\n%s: %s (%s)", statement, want, table, got, got.message)
		}
	}
}

var tableName = regexp.MustCompile(`(?i)\b(FROM|JOIN|,) t\b`)

// overRows makes a statement of a line: an expression is asked for all rows, SELECT and SET as they are.
func overRows(line string) string {
	if !regexp.MustCompile(`(?i)\bSELECT\b|^VALUES ROW|^SET |^EXECUTE |^DEALLOCATE |^PREPARE `).MatchString(line) {
		line = "SELECT id, " + line + " FROM t ORDER BY id"
	}
	return tableName.ReplaceAllString(line, "$1 st.t")
}

// compareStaged asks both for a statement's rows, and Wharf also in the binary
// protocol.
func (p *pair) compareStaged(t *testing.T, statement string) {
	t.Helper()
	p.asked++
	var text, binary, m namedAnswer
	inOneHour(func() {
		text, binary = p.wharf.askNamed(t, statement, false), p.wharf.askNamed(t, statement, true)
		m = p.mariadb.askNamed(t, p.mariadb.translate(statement), false)
	})
	if withoutZeros(text.String()) != withoutZeros(binary.String()) {
		t.Errorf("%s\nin the text protocol: %s\nin the binary one: %s", statement, text, binary)
	}
	if text.errno == 0 && m.errno == 0 && !slices.Equal(p.translated(text.names), m.names) {
		t.Errorf("%s\nthe columns are %q in Wharf and %q in MariaDB", statement, text.names, m.names)
	}
	p.known.check(t, statement, text.answer, m.answer)
	p.compareAlike(t, statement, text.answer)
}

// compareWarned asks both for a statement's rows and its warnings.
func (p *pair) compareWarned(t *testing.T, statement string) {
	t.Helper()
	p.asked++
	var answers []answer
	for _, s := range []*side{p.wharf, p.mariadb} {
		a := s.askNamed(t, s.translate(statement), false)
		if !strings.HasPrefix(statement, "SET ") {
			var all int
			a.answer.warnings, all = s.warnings(t)
			if s == p.wharf && a.errno == 0 && all != a.warned {
				t.Errorf("%s\n%d warnings were counted, and %d are shown", statement, a.warned, all)
			}
		}
		answers = append(answers, a.answer)
	}
	p.known.check(t, statement, answers[0], answers[1])
}

var fraction = regexp.MustCompile(`(:\d\d)\.?(\d*?)0*"`)

// withoutZeros leaves out the zeros at the end of seconds, of which the binary
// protocol sends six or none.
func withoutZeros(s string) string { return fraction.ReplaceAllString(s, "$1.$2\"") }

// translated are names of columns as MariaDB has them.
func (p *pair) translated(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = p.mariadb.translate(name)
	}
	return all
}

// namedAnswer is an answer with the names of its columns.
type namedAnswer struct {
	answer
	names  []string
	warned int // how many warnings the server counted
}

// askNamed runs a statement. Warnings are left out: compareWarned has them. Doubles are compared to 13 digits, because functions such as SIN
// differ between C libraries in the last ones.
func (s *side) askNamed(t *testing.T, statement string, prepared bool) namedAnswer {
	t.Helper()
	r, err := s.run(statement, prepared)
	var refused *mysql.MyError
	if errors.As(err, &refused) {
		return namedAnswer{answer: answer{errno: refused.Code, message: refused.Message}}
	}
	if err != nil {
		t.Fatalf("%s: %s: %v", s.name, statement, err)
	}
	a := namedAnswer{answer: read(r), warned: int(r.Warnings)}
	if r.Resultset == nil {
		return a
	}
	for i, f := range r.Fields {
		a.names = append(a.names, string(f.Name))
		if a.types[i] != "double" {
			continue
		}
		for _, row := range a.rows {
			if v, err := strconv.ParseFloat(row[i], 64); err == nil {
				row[i] = fmt.Sprintf("%.13g", v)
			}
		}
	}
	return a
}

func (s *side) run(statement string, prepared bool) (*mysql.Result, error) {
	if !prepared {
		return s.conn.Execute(statement)
	}
	var stmt *client.Stmt
	stmt, err := s.conn.Prepare(statement)
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	return stmt.Execute()
}
