package tests

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/go-sql-driver/mysql"

	"wharf/tests/harness"
)

// TestStatements runs the files of testdata/statements over the wire, each
// twice: with $STAGE on the server's own disk and with $STAGE in a bucket of
// a real S3 server. What it may differ in is masked. Commands:
//
//	sql [session=name] [only=local|s3]  runs each statement of the input, one a line
//	put stage=name [raw]                uploads a file for each line "name = content"
//	get stage=name                      downloads the file of each line
//	presigned [body=text]               runs a PRESIGN and sends the request that it allows
//	http [show=(header,…)]              sends "METHOD /path", header lines, an empty line, a body
//
// In an input $STAGE is the rest of a CREATE STAGE on a path of its own,
// $OTHER that of the other kind of stage, $S3 that of one in the bucket,
// $KIND where $STAGE is, $FOLDER a folder that --fs-allow names. With -rewrite,
// add -parallel 1.
func TestStatements(t *testing.T) {
	g := harness.StartS3(t, root, "statements-key", "statements-secret")
	files, err := filepath.Glob("testdata/statements/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		for _, kind := range []string{"local", "s3"} {
			name := strings.TrimSuffix(filepath.Base(file), ".txt")
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				w := newWire(t, g, kind, name)
				datadriven.RunTest(t, file, w.command)
			})
		}
	}
}

// wire runs the commands of one file against one server.
type wire struct {
	t        testing.TB
	s        *server
	g        *harness.S3
	kind     string // where $STAGE is: local or s3
	path     string // in the bucket
	folder   string
	stages   int
	sessions map[string]*sql.Conn
}

func newWire(t testing.TB, g *harness.S3, kind, name string) *wire {
	w := &wire{t: t, g: g, kind: kind, path: name + "-" + kind, folder: t.TempDir(), sessions: map[string]*sql.Conn{}}
	w.s = start(t, settings{args: []string{"--fs-allow", w.folder}, secrets: []string{g.Secret, "topsecret"}})
	return w
}

func (w *wire) session(name string) *sql.Conn {
	w.t.Helper()
	c, ok := w.sessions[name]
	if !ok {
		var err error
		if c, err = w.s.db("").Conn(w.s.context()); err != nil {
			w.t.Fatal(err)
		}
		w.sessions[name] = c
	}
	return c
}

func (w *wire) command(t *testing.T, d *datadriven.TestData) string {
	var only, session, stage, body string
	d.MaybeScanArgs(t, "only", &only)
	if only != "" && only != w.kind {
		return d.Expected
	}
	d.MaybeScanArgs(t, "session", &session)
	d.MaybeScanArgs(t, "stage", &stage)
	d.MaybeScanArgs(t, "body", &body)
	var b strings.Builder
	switch d.Cmd {
	case "sql":
		w.statements(&b, w.session(session), d.Input)
	case "put":
		w.put(&b, stage, strings.Split(d.Input, "\n"), d.HasArg("raw"))
	case "get":
		for key := range strings.SplitSeq(d.Input, "\n") {
			status, content := w.s.fetch(stage, key)
			fmt.Fprintf(&b, "%s: %d %s\n", key, status, strings.TrimSpace(string(content)))
		}
	case "presigned":
		w.presigned(&b, w.expand(d.Input), body)
	case "http":
		w.request(&b, d)
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	return w.mask(b.String())
}

// expand puts what differs from server to server into an input.
func (w *wire) expand(text string) string {
	kinds := map[string]string{"$STAGE": w.kind, "$OTHER": "s3", "$S3": "s3"}
	if w.kind == "s3" {
		kinds["$OTHER"] = "local"
	}
	for name, kind := range kinds {
		for strings.Contains(text, name) {
			w.stages++
			rest := ""
			if kind == "s3" {
				create := w.g.CreateStage("x", fmt.Sprintf("%s/%d/", w.path, w.stages))
				rest = strings.TrimPrefix(create, "CREATE STAGE x ")
			}
			text = strings.Replace(text, name, rest, 1)
		}
	}
	return strings.NewReplacer("$KIND", w.kind, "$FOLDER", w.folder, "$ENDPOINT", w.g.Endpoint()).Replace(text)
}

var (
	maskTime = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?`)
	maskID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	maskPath = regexp.MustCompile(`-(local|s3)/(\d+)/`)
	maskFile = regexp.MustCompile(`http://\$HTTP/v1/stage/[^/]+/|\$ENDPOINT/testbucket/[^/]+/\$N/`)
)

// mask takes out of an output what differs from run to run.
func (w *wire) mask(text string) string {
	text = strings.NewReplacer(w.folder, "$FOLDER", w.g.Endpoint(), "$ENDPOINT", w.s.http, "$HTTP",
		"localhost:"+port(w.t, w.s.http), "$HTTP").Replace(text)
	text = maskTime.ReplaceAllString(text, "$$TIME")
	text = maskPath.ReplaceAllString(text, "/$$N/")
	return maskID.ReplaceAllString(text, "$$ID")
}

func (w *wire) statements(b *strings.Builder, c *sql.Conn, input string) {
	lines := strings.Split(input, "\n")
	for _, line := range lines {
		if len(lines) > 1 {
			fmt.Fprintf(b, "> %s\n", line)
		}
		w.statement(b, c, w.expand(line))
	}
}

func (w *wire) statement(b *strings.Builder, c *sql.Conn, statement string) {
	rows, err := c.QueryContext(w.s.context(), statement)
	if err == nil {
		defer rows.Close()
		err = writeRows(b, rows)
	}
	var e *mysql.MySQLError
	switch {
	case errors.As(err, &e):
		fmt.Fprintf(b, "error %d (%s): %s\n", e.Number, e.SQLState, e.Message)
	case err != nil:
		w.t.Errorf("%s: %v", statement, err)
	}
}

// writeRows writes a result as it came: names and types of the columns, then
// the rows; a statement without a result is ok.
func writeRows(b *strings.Builder, rows *sql.Rows) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	if len(types) == 0 {
		b.WriteString("ok\n")
		return rows.Err()
	}
	head := make([]string, len(types))
	values, fields := make([]sql.NullString, len(types)), make([]any, len(types))
	for i, c := range types {
		head[i] = c.Name() + ":" + strings.ToLower(c.DatabaseTypeName())
		fields[i] = &values[i]
	}
	b.WriteString(strings.Join(head, " | ") + "\n")
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		line := make([]string, len(values))
		for i, v := range values {
			if line[i] = v.String; !v.Valid {
				line[i] = "NULL"
			}
		}
		b.WriteString(strings.Join(line, " | ") + "\n")
	}
	return rows.Err()
}

func (w *wire) put(b *strings.Builder, stage string, lines []string, raw bool) {
	var parts []part
	for _, line := range lines {
		name, content, _ := strings.Cut(line, " = ")
		parts = append(parts, part{name: name, content: []byte(content)})
	}
	if !raw {
		r := w.s.upload(stage, parts...)
		fmt.Fprintf(b, "%d %s\n", r.status, strings.TrimSpace(r.body))
		return
	}
	for _, p := range parts {
		r := w.s.do(http.MethodPut, fileURL(w.s, stage, p.name), string(p.content))
		fmt.Fprintf(b, "%d %s\n", r.status, strings.TrimSpace(r.body))
	}
}

// presigned asks for a URL and sends just the request that it is for.
func (w *wire) presigned(b *strings.Builder, statement, body string) {
	p := presign(w.s, w.s.db(""), statement)
	address, _, _ := strings.Cut(p.url, "?")
	address = maskFile.ReplaceAllString(w.mask(address), "$$FILES/")
	fmt.Fprintf(b, "%s %s %s?…\n", p.method, p.headers, address)
	var headers []string
	for _, m := range headerPairs.FindAllStringSubmatch(p.headers, -1) {
		headers = append(headers, m[1]+": "+m[2])
	}
	r := w.s.do(p.method, p.url, body, headers...)
	if p.method == http.MethodPut {
		r.body = "" // the S3 server answers in its own way
	}
	fmt.Fprintf(b, "%d %s\n", r.status, strings.TrimSpace(r.body))
}

var headerPairs = regexp.MustCompile(`"([^"]+)":"([^"]*)"`)

// request sends a request that is written out, and shows the answer.
func (w *wire) request(b *strings.Builder, d *datadriven.TestData) {
	head, body, _ := strings.Cut(w.expand(d.Input), "\n\n")
	lines := strings.Split(head, "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	r := w.s.do(method, "http://"+w.s.http+path, body, lines[1:]...)
	fmt.Fprintf(b, "%d\n", r.status)
	for _, arg := range d.CmdArgs {
		if arg.Key == "show" {
			for _, name := range arg.Vals {
				fmt.Fprintf(b, "%s: %s\n", name, r.header.Get(name))
			}
		}
	}
	if r.body != "" {
		fmt.Fprintf(b, "%s\n", strings.TrimSpace(r.body))
	}
}
