package exec_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"wharf"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
	"wharf/storage/memory"
)

// TestData runs the statements of testdata. Commands:
//
//	sql [session=name] [args=(…)]   runs each statement of the input
//	put stage=name                  stores an object for each line of the input
//	reset, use db=name              what COM_RESET_CONNECTION and COM_INIT_DB do
func TestData(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		h := newHarnessOver(t, realCatalog(t))
		datadriven.RunTest(t, path, h.command)
	})
}

// now is the time in all of these tests.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC) }

type harness struct {
	service  *wharf.Service
	executor *exec.Executor
	listener *listener
	sessions map[string]*exec.Session
}

func newHarness(t testing.TB) *harness { return newHarnessOver(t, newCatalog()) }

func newHarnessOver(t testing.TB, catalog wharf.Catalog) *harness {
	h := &harness{listener: &listener{}, sessions: map[string]*exec.Session{}}
	h.service = wharf.NewService(wharf.ServiceOptions{Catalog: catalog, Opener: opener{memory.NewOpener()}, Signer: signer{}, Now: now})
	h.executor = exec.New(exec.Options{
		Relations: rowexec.Engine{},
		Service:   h.service, Version: "8.0.36-wharf-test", Now: now,
		Port: func() int { return 3307 }, SessionMemory: 64 << 20,
		ErrorNumber: func(err error) uint16 {
			return map[wharf.Code]uint16{wharf.CodeNotFound: 1146, wharf.CodeInvalid: 1210, wharf.CodeUnsupported: 1235}[wharf.CodeOf(err)]
		},
	})
	t.Cleanup(func() {
		for _, s := range h.sessions {
			s.Close()
		}
	})
	return h
}

func (h *harness) session(name string) *exec.Session {
	s, ok := h.sessions[name]
	if !ok {
		s = h.executor.NewSession(exec.Client{ID: uint32(7 + len(h.sessions)), Principal: wharf.Root, Host: "127.0.0.1", Sessions: h.listener})
		h.sessions[name] = s
	}
	return s
}

func (h *harness) command(t *testing.T, d *datadriven.TestData) string {
	name := "main"
	d.MaybeScanArgs(t, "session", &name)
	s := h.session(name)
	switch d.Cmd {
	case "sql":
		var args []wharf.Value
		for _, arg := range d.CmdArgs {
			if arg.Key == "args" {
				args = values(arg.Vals)
			}
		}
		return h.runAll(t, s, d.Input, args)
	case "put":
		var stage string
		d.ScanArgs(t, "stage", &stage)
		h.put(t, stage, strings.Split(d.Input, "\n"))
		return "ok"
	case "reset":
		s.Reset()
		return "ok" + statusText(s)
	case "use":
		var db string
		d.ScanArgs(t, "db", &db)
		if err := s.UseDatabase(t.Context(), db); err != nil {
			return errorText(err)
		}
		return "ok " + s.Database()
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

func values(texts []string) []wharf.Value {
	out := make([]wharf.Value, len(texts))
	for i, text := range texts {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			out[i] = wharf.Int(n)
		} else if text != "NULL" {
			out[i] = wharf.Text(text)
		}
	}
	return out
}

func (h *harness) put(t testing.TB, stage string, keys []string) {
	t.Helper()
	for _, key := range keys {
		h.putText(t, stage, key, key)
	}
}

func (h *harness) putText(t testing.TB, stage, key, text string) {
	t.Helper()
	u, err := h.service.BeginUpload(t.Context(), wharf.Root, wharf.StageName(stage), wharf.UnknownSize)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if _, err := u.Put(t.Context(), wharf.Key(key), strings.NewReader(text), wharf.PutOptions{Size: wharf.UnknownSize}); err != nil {
		t.Fatal(err)
	}
}

// runAll runs the statements of a text, each shown after a line "> …" where
// there are several.
func (h *harness) runAll(t *testing.T, s *exec.Session, text string, args []wharf.Value) string {
	var b strings.Builder
	for first := true; ; first = false {
		stmt, rest, err := s.Parse(text)
		if err != nil {
			return b.String() + errorText(err)
		}
		if stmt == nil {
			return b.String()
		}
		if !first || strings.TrimSpace(rest) != "" {
			fmt.Fprintf(&b, "> %s\n", stmt.Redacted())
		}
		b.WriteString(h.run(t, s, stmt, args))
		text = rest
	}
}

func (h *harness) run(t *testing.T, s *exec.Session, stmt *exec.Stmt, args []wharf.Value) string {
	announced, err := s.Columns(context.Background(), stmt)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Status()
	res, err := s.Run(context.Background(), stmt, args[:min(len(args), stmt.NumParams())])
	if err != nil {
		return errorText(err)
	}
	if res.Rows == nil {
		if announced != nil {
			t.Errorf("%s: columns %v were announced, and there is no result", stmt.Redacted(), announced)
		}
		return okText(s, before, res)
	}
	if stmt.NumParams() == 0 && !slices.Equal(announced, res.Rows.Columns) {
		t.Errorf("%s: announced %v, got %v", stmt.Redacted(), announced, res.Rows.Columns)
	}
	return rowsText(t, s, res)
}

func okText(s *exec.Session, before exec.Status, res exec.Result) string {
	text := "ok"
	if s.Status() != before {
		text += statusText(s)
	}
	if n := s.Warnings(); n > 0 {
		text += fmt.Sprintf(" warnings=%d", n)
	}
	if res.Release {
		text += " release"
	}
	return text + "\n"
}

func statusText(s *exec.Session) string {
	return fmt.Sprintf(" autocommit=%t transaction=%t", s.Status().Autocommit, s.Status().InTransaction)
}

func errorText(err error) string {
	return fmt.Sprintf("error %s: %s\n", wharf.CodeOf(err), wharf.MessageOf(err))
}

func rowsText(t *testing.T, s *exec.Session, res exec.Result) string {
	var b strings.Builder
	for i, c := range res.Rows.Columns {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(c.Name + ":" + typeText(c))
	}
	b.WriteString("\n")
	for row, err := range res.Rows.All {
		if err != nil {
			return b.String() + errorText(err)
		}
		if len(row) != len(res.Rows.Columns) {
			t.Fatalf("a row of %d values for %d columns", len(row), len(res.Rows.Columns))
		}
		for i, v := range row {
			if i > 0 {
				b.WriteString(" | ")
			}
			checkKind(t, res.Rows.Columns[i], v)
			b.WriteString(v.String())
		}
		b.WriteString("\n")
	}
	if n := s.Warnings(); n > 0 {
		fmt.Fprintf(&b, "warnings=%d\n", n)
	}
	return b.String()
}

// checkKind holds a value against its column: what an encoder relies on.
func checkKind(t *testing.T, c wharf.Column, v wharf.Value) {
	t.Helper()
	want := wharf.TextValue
	switch c.Type {
	case wharf.TypeInt, wharf.TypeBool:
		want = wharf.IntValue
	case wharf.TypeUint:
		want = wharf.UintValue
	case wharf.TypeFloat:
		want = wharf.FloatValue
	case wharf.TypeNull:
		want = wharf.NullValue
	}
	switch {
	case v.IsNull() && !c.Nullable:
		t.Errorf("column %s is NULL and must not be", c.Name)
	case !v.IsNull() && v.Kind() != want:
		t.Errorf("column %s of type %s holds kind %d", c.Name, typeText(c), v.Kind())
	}
}

func typeText(c wharf.Column) string {
	names := map[wharf.Type]string{
		wharf.TypeString: "text", wharf.TypeBytes: "bytes", wharf.TypeInt: "int", wharf.TypeUint: "uint",
		wharf.TypeFloat: "float", wharf.TypeDecimal: "decimal", wharf.TypeBool: "bool", wharf.TypeDate: "date",
		wharf.TypeDateTime: "datetime", wharf.TypeTime: "time", wharf.TypeJSON: "json", wharf.TypeNull: "null",
	}
	if c.Nullable {
		return names[c.Type] + "?"
	}
	return names[c.Type]
}

// listener is a fake of the server's connections.
type listener struct {
	processes []exec.Process
	killed    []string
}

func (l *listener) Counters() exec.Counters { return exec.Counters{Connections: 9, AbortedClients: 2} }

func (l *listener) Processes() []exec.Process { return l.processes }

func (l *listener) Kill(_ context.Context, id uint32, queryOnly bool) error {
	if id > 100 {
		return wharf.Errorf(wharf.CodeNotFound, "no such connection")
	}
	l.killed = append(l.killed, fmt.Sprintf("%d %t", id, queryOnly))
	return nil
}
