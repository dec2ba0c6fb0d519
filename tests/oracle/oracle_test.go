package oracle

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

const root = "../.."

// rows is the table that {T} stands for.
const rows = `(SELECT 1 AS id, 'ann' AS name, 'x' AS grp, 10 AS n, 1.50 AS d, DATE'2026-01-31' AS day, '{"a": 1}' AS j ` +
	`UNION ALL SELECT 2, 'Bob', 'x', 20, 2.25, DATE'2026-02-28', '{"a": 2}' UNION ALL SELECT 3, 'cid', 'y', 30, -0.75, DATE'2025-12-31', '[1, 2]' ` +
	`UNION ALL SELECT 4, 'dan', 'y', NULL, NULL, NULL, NULL UNION ALL SELECT 5, 'eve', 'y', 20, 10.00, DATE'2024-02-29', '"s"') t`

// pair is the two servers.
type pair struct {
	wharf, mariadb *side
	known          *differences
	asked          int
	alike          int // asked of CSV and JSON too
}

// TestOracle is one test, so that both servers start once.
func TestOracle(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "wharf")
	if err := harness.Build(root, binary); err != nil {
		t.Fatal(err)
	}
	w := harness.Start(t, binary, harness.Options{})
	m := startMariaDB(t)
	known := readDifferences(t, "testdata/differences.txt")
	p := &pair{known: known}
	p.suite(t, w, m, "expressions", 600, func(t *testing.T, path string) {
		for _, line := range lines(t, path) {
			p.compare(t, "SELECT "+line, nil)
		}
	})
	p.suite(t, w, m, "queries", 100, func(t *testing.T, path string) {
		for _, line := range lines(t, path) {
			p.compare(t, strings.ReplaceAll(line, "{T}", rows), nil)
		}
	})
	p.suite(t, w, m, "columns", 40, func(t *testing.T, path string) {
		for _, line := range lines(t, path) {
			p.compareColumns(t, "SELECT "+line)
		}
	})
	p.recorded(t, w, m)
	known.wantAllSeen(t)
}

// suite runs the files of a folder, each by connections of its own, and wants
// at least so many statements in them.
func (p *pair) suite(t *testing.T, w *harness.Server, m *mariadb, folder string, atLeast int, run func(*testing.T, string)) {
	t.Run(folder, func(t *testing.T) {
		paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		p.asked = 0
		for _, path := range paths {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
				p.connect(t, w, m)
				run(t, path)
			})
		}
		if p.asked < atLeast {
			t.Errorf("%d statements in testdata/%s, want at least %d", p.asked, folder, atLeast)
		}
	})
}

// connect begins with new sessions.
func (p *pair) connect(t *testing.T, w *harness.Server, m *mariadb) {
	t.Helper()
	p.wharf, p.mariadb = connect(t, "Wharf", w.MySQL), connect(t, "MariaDB", m.addr)
	// MySQL 8.0's default collation and MariaDB's nearest to it follow UCA 9.0
	// and 14.0, both without regard to case, accents, and padding.
	for _, s := range []*side{p.wharf, p.mariadb} {
		if a := s.ask(t, s.translate("SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci"), nil); a.errno != 0 {
			t.Fatalf("%s: SET NAMES: %s", s.name, a.message)
		}
	}
	// In seconds: a statement that takes longer is a mistake of the data file.
	if a := p.mariadb.ask(t, "SET max_statement_time = 120", nil); a.errno != 0 {
		t.Fatal(a.message)
	}
}

var newCollation = regexp.MustCompile(`\butf8mb4_0900_(bin|[a-z_]+)\b`)

// translate gives a statement as the side understands it: MariaDB has other
// names for the collations that are new in MySQL 8.0.
func (s *side) translate(statement string) string {
	if s.name != "MariaDB" {
		return statement
	}
	return newCollation.ReplaceAllStringFunc(statement, func(name string) string {
		rest := strings.TrimPrefix(name, "utf8mb4_0900_")
		if rest == "bin" {
			return "utf8mb4_nopad_bin"
		}
		return "utf8mb4_uca1400_nopad_" + rest
	})
}

// inOneHour calls ask until it begins and ends in one hour. Where midnight comes between
// two answers, those that depend on the day differ.
func inOneHour(ask func()) {
	for hour := int64(-1); hour != time.Now().Unix()/3600; {
		hour = time.Now().Unix() / 3600
		ask()
	}
}

// compare asks both.
func (p *pair) compare(t *testing.T, statement string, args []any) {
	t.Helper()
	p.asked++
	var w, m answer
	inOneHour(func() {
		w = p.wharf.ask(t, statement, args)
		m = p.mariadb.ask(t, p.mariadb.translate(statement), args)
	})
	if volatile.MatchString(statement) {
		w.rows, m.rows = nil, nil
	}
	p.known.check(t, statement, w, m)
}

// volatile are statements whose values are of the moment, the session or the
// server.
var volatile = regexp.MustCompile(`(?i)\b(NOW|SYSDATE|CURDATE|CURTIME|CURRENT_(TIMESTAMP|DATE|TIME|USER|ROLE)|LOCALTIME(STAMP)?|UTC_(TIMESTAMP|DATE|TIME)|` +
	`(USER|SESSION_USER|SYSTEM_USER|VERSION|UUID|RAND|CONNECTION_ID|UNIX_TIMESTAMP)\(\))`)

// lines are the statements of a file, without comments and empty lines.
func lines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		line := strings.TrimSpace(scanner.Text())
		if line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
