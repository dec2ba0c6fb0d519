package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wharf"
	catalog "wharf/meta/memory"
	"wharf/sql"
	"wharf/sql/exec"
)

// fakeStmt is a statement of the fake session: a word and its argument.
//
//	ok                 no result
//	one                one row of 1
//	rows N             N rows of one string
//	wide N             one row of N bytes
//	random N           the same of bytes that cannot be compressed
//	types              one row of each type, and one of NULLs
//	echo ? ? …         its parameters, as text
//	fail CODE          an error of that code
//	midfail N          N rows, then an error
//	block              runs until it is cancelled
//	late               a row, and then nothing until it is cancelled
//	forever            rows without end
//	brief              the same, to be ended after a moment
//	panic, midpanic    what they say
//	begin, commit      the transaction flag
//	kill, kill query   its own connection, or itself
//	wait DURATION      sets how long to wait for the next command
//	conn               the connection's ID and user
//	cursor             SHOW VARIABLES, where a cursor is asked for
//	show               the columns of a table, for COM_FIELD_LIST
//	syntax             cannot be parsed
type fakeStmt struct{ verb, arg string }

func (s *fakeStmt) String() string   { return s.verb + " " + s.arg }
func (s *fakeStmt) Redacted() string { return s.verb + " …" }

// newStmt is the statement of a verb and its argument, whose '?' are
// placeholders.
func newStmt(verb, arg string) *exec.Stmt {
	return exec.NewStmt(&fakeStmt{verb, arg}, strings.Count(arg, "?"))
}

type fakeSession struct {
	client exec.Client
	world  *fakeWorld
	status exec.Status
	db     string
	wait   time.Duration

	warnings uint16
	memory   *exec.Memory
}

// fakeWorld is what the sessions of a server share with its test.
type fakeWorld struct {
	mu      sync.Mutex // guards what follows
	open    int
	wait    time.Duration // how long new sessions wait for the next command
	blocked chan struct{} // told when a block or forever starts
	ended   chan error    // told how it ended
	memory  *exec.Memory

	super atomic.Bool // new connections are of a user with SUPER

	kill func(ctx context.Context, id uint32, queryOnly bool) error
}

func newFakeWorld() *fakeWorld {
	return &fakeWorld{wait: 8 * time.Hour, blocked: make(chan struct{}, 100), ended: make(chan error, 100)}
}

func (w *fakeWorld) session(c exec.Client) *fakeSession {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	return &fakeSession{client: c, world: w, wait: w.wait, memory: w.memory.Session(1<<30, 0), status: exec.Status{Autocommit: true}}
}

func (w *fakeWorld) waitFor(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wait = d
}

func (w *fakeWorld) sessions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open
}

func (s *fakeSession) Charsets() (client, results string) { return "utf8mb4", "utf8mb4" }

func (s *fakeSession) Memory() *exec.Memory { return s.memory }

func (s *fakeSession) Parse(text string) (*exec.Stmt, string, error) {
	head, rest, _ := strings.Cut(text, ";")
	verb, arg, _ := strings.Cut(strings.TrimSpace(head), " ")
	switch strings.ToLower(verb) {
	case "":
		return nil, rest, nil
	case "syntax":
		return nil, rest, wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax near 'syntax'")
	}
	return newStmt(strings.ToLower(verb), arg), rest, nil
}

func (s *fakeSession) Columns(_ context.Context, stmt *exec.Stmt) ([]wharf.Column, error) {
	st := stmt.Statement().(*fakeStmt)
	switch st.verb {
	case "one":
		return []wharf.Column{{Name: "1", Type: wharf.TypeInt}}, nil
	case "types":
		return typeColumns(), nil
	}
	return nil, nil
}

func (s *fakeSession) OpenCursor(ctx context.Context, stmt *exec.Stmt, args []wharf.Value) (exec.Result, *exec.Cursor, error) {
	if stmt.Statement().(*fakeStmt).verb == "cursor" {
		real := exec.New(exec.Options{Memory: s.world.memory, Service: wharf.NewService(wharf.ServiceOptions{Catalog: catalog.New()})}).NewSession(s.client)
		variables, _, err := real.Parse("SHOW VARIABLES")
		if err != nil {
			return exec.Result{}, nil, err
		}
		return real.OpenCursor(ctx, variables, nil)
	}
	r, err := s.Run(ctx, stmt, args)
	return r, nil, err
}

func (s *fakeSession) Run(ctx context.Context, stmt *exec.Stmt, args []wharf.Value) (exec.Result, error) {
	if _, ok := stmt.Statement().(*sql.Show); ok { // exec.KnownColumns
		return rowsOf([]wharf.Column{{Name: "Field"}, {Name: "Type"}},
			[]wharf.Value{wharf.Text("a"), wharf.Text("int")}, []wharf.Value{wharf.Text("b"), wharf.Text("text")}), nil
	}
	st := stmt.Statement().(*fakeStmt)
	n, _ := strconv.Atoi(st.arg)
	s.warnings = 0
	switch st.verb {
	case "ok", "set":
		s.warnings = 2
		return exec.Result{Affected: 3, Info: "done"}, nil
	case "begin":
		s.status.InTransaction = true
		return exec.Result{}, nil
	case "wait":
		s.wait, _ = time.ParseDuration(st.arg)
		return exec.Result{}, nil
	case "commit":
		s.status.InTransaction = false
		return exec.Result{}, nil
	case "one", "select":
		return rowsOf([]wharf.Column{{Name: "1", Type: wharf.TypeInt}}, []wharf.Value{wharf.Int(1)}), nil
	case "warn":
		columns := []wharf.Column{{Name: "1", Type: wharf.TypeInt}}
		return exec.Result{Rows: &wharf.Rows{Columns: columns, All: func(yield func([]wharf.Value, error) bool) {
			yield([]wharf.Value{wharf.Int(1)}, nil)
			s.warnings = 7
		}}}, nil
	case "rows":
		return stringRows(n, nil), nil
	case "wide":
		return rowsOf([]wharf.Column{{Name: "w"}}, []wharf.Value{wharf.Text(strings.Repeat("w", n))}), nil
	case "random":
		b := make([]byte, n)
		rand.NewChaCha8([32]byte{}).Read(b)
		return rowsOf([]wharf.Column{{Name: "w"}}, []wharf.Value{wharf.Text(string(b))}), nil
	case "types":
		return rowsOf(typeColumns(), typeRow(), make([]wharf.Value, len(typeColumns()))), nil
	case "echo":
		return echo(args), nil
	case "fail":
		return exec.Result{}, &wharf.Error{Code: wharf.Code(st.arg), Op: "fake.Run", Msg: "failed", Err: errors.New("/secret/path")}
	case "midfail":
		return stringRows(n, wharf.Errorf(wharf.CodeUpstream, "the store went away")), nil
	case "panic":
		panic("as asked")
	case "midpanic":
		return exec.Result{Rows: &wharf.Rows{Columns: []wharf.Column{{Name: "s"}}, All: func(yield func([]wharf.Value, error) bool) {
			yield([]wharf.Value{wharf.Text("x")}, nil)
			panic("as asked")
		}}}, nil
	case "block":
		s.world.blocked <- struct{}{}
		<-ctx.Done()
		s.world.ended <- context.Cause(ctx)
		return exec.Result{}, wharf.WrapError(wharf.CodeInternal, "fake.Run", "", ctx.Err())
	case "forever":
		s.world.blocked <- struct{}{}
		return exec.Result{Rows: &wharf.Rows{Columns: []wharf.Column{{Name: "s"}}, All: s.forever}}, nil
	case "brief":
		s.world.blocked <- struct{}{}
		return exec.Result{Rows: &wharf.Rows{Columns: []wharf.Column{{Name: "s"}}, All: s.forever}, Until: time.Now().Add(time.Millisecond)}, nil
	case "late":
		return exec.Result{Rows: &wharf.Rows{Columns: []wharf.Column{{Name: "s"}}, All: func(yield func([]wharf.Value, error) bool) {
			yield([]wharf.Value{wharf.Text("early")}, nil)
			<-ctx.Done()
			yield(nil, context.Cause(ctx))
		}}}, nil
	case "kill":
		return exec.Result{}, s.world.kill(ctx, s.client.ID, st.arg == "query")
	case "conn":
		return rowsOf([]wharf.Column{{Name: "id", Type: wharf.TypeUint}, {Name: "user"}, {Name: "db"}},
			[]wharf.Value{wharf.Uint(uint64(s.client.ID)), wharf.Text(s.client.Principal.User), wharf.Text(s.db)}), nil
	}
	return exec.Result{}, wharf.Errorf(wharf.CodeUnsupported, "%s is not supported", st.verb)
}

func (s *fakeSession) forever(yield func([]wharf.Value, error) bool) {
	row := []wharf.Value{wharf.Text(strings.Repeat("x", 1000))}
	for yield(row, nil) {
	}
	s.world.ended <- nil
}

func (s *fakeSession) Status() exec.Status                   { return s.status }
func (s *fakeSession) Warnings() uint16                      { return s.warnings }
func (s *fakeSession) Reset()                                { s.status, s.db = exec.Status{Autocommit: true}, "" }
func (s *fakeSession) Database() string                      { return s.db }
func (s *fakeSession) MayKill(context.Context, uint32) error { return nil }
func (s *fakeSession) Questions() uint64                     { return 0 }
func (s *fakeSession) SeesAll(context.Context) bool          { return true }
func (s *fakeSession) User(context.Context) (wharf.ConnectionUser, error) {
	return wharf.ConnectionUser{ID: s.client.Principal.ID, Super: s.world.super.Load()}, nil
}

func (s *fakeSession) WaitTimeout() time.Duration { return s.wait }

func (s *fakeSession) UseDatabase(_ context.Context, name string) error {
	if strings.HasPrefix(name, "no") {
		return &wharf.Error{Code: wharf.CodeNotFound, Msg: "Unknown database '" + name + "'", Err: exec.ErrUnknownDatabase}
	}
	s.db = name
	return nil
}

func (s *fakeSession) Close() {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.open--
}

func rowsOf(cols []wharf.Column, rows ...[]wharf.Value) exec.Result {
	return exec.Result{Rows: &wharf.Rows{Columns: cols, All: func(yield func([]wharf.Value, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}}}
}

// stringRows yields n rows of one short string, and then err if there is one.
func stringRows(n int, err error) exec.Result {
	var all iter.Seq2[[]wharf.Value, error] = func(yield func([]wharf.Value, error) bool) {
		row := []wharf.Value{wharf.Text("a short string")}
		for range n {
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
	return exec.Result{Rows: &wharf.Rows{Columns: []wharf.Column{{Name: "s"}}, All: all}}
}

func echo(args []wharf.Value) exec.Result {
	var cols []wharf.Column
	row := make([]wharf.Value, len(args))
	for i, a := range args {
		cols = append(cols, wharf.Column{Name: fmt.Sprint(i), Nullable: true})
		row[i] = a
		if !a.IsNull() {
			row[i] = wharf.Text(fmt.Sprintf("%d:%s", a.Kind(), a))
		}
	}
	if len(args) == 0 {
		return exec.Result{}
	}
	return rowsOf(cols, row)
}

func typeColumns() []wharf.Column {
	names := []string{"string", "bytes", "int", "uint", "float", "decimal", "bool", "date", "datetime", "time", "json", "null"}
	cols := make([]wharf.Column, len(names))
	for i, n := range names {
		cols[i] = wharf.Column{Name: n, Type: wharf.Type(i), Nullable: true}
	}
	return cols
}

func typeRow() []wharf.Value {
	return []wharf.Value{
		wharf.Text("Grüße"), wharf.Text("\x00\xff"), wharf.Int(-5), wharf.Uint(1<<64 - 1), wharf.Float(1.5),
		wharf.Text("12.50"), wharf.Bool(true), wharf.Text("2026-02-28"), wharf.Text("2026-02-28 01:02:03.000456"),
		wharf.Text("-49:02:03.5"), wharf.Text(`{"a":1}`), wharf.Null(),
	}
}

// running is a server in a test.
type running struct {
	*Server
	world *fakeWorld
	addr  string
	log   *logBuffer
}

// logBuffer is what a server logged.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a server over fake sessions until the test ends, and checks
// then that every session was closed.
func start(t testing.TB, o Options) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if o.endGrace == 0 {
		o.endGrace = patience
	}
	r := startPiped(t, o)
	r.addr = ln.Addr().String()
	serve := make(chan error, 1)
	go func() { serve <- r.Serve(ln) }()
	t.Cleanup(func() {
		r.stopListening()
		if err := <-serve; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// patience is how long a test on a busy machine waits for what is about to happen.
const patience = time.Minute

// startPiped is start without a port, for clients that come by pipe. In a bubble of
// synctest time goes on only where everybody waits, so that no deadline is missed
// because the machine is busy.
func startPiped(t testing.TB, o Options) *running {
	t.Helper()
	r := &running{world: newFakeWorld(), log: &logBuffer{}}
	o.NewSession = func(c exec.Client) Session { return r.world.session(c) }
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(r.log, nil))
	}
	if o.Memory == nil {
		o.Memory = exec.NewMemory(exec.DefaultMemory)
	}
	r.world.memory = o.Memory
	r.Server = New(o)
	r.world.kill = r.Kill
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if n := r.world.sessions(); n != 0 {
			t.Errorf("%d sessions were not closed", n)
		}
		if n := r.statements.Load(); n != 0 {
			t.Errorf("%d statements are counted as prepared", n)
		}
		if n := r.memory.all.Used(); n != 0 {
			t.Errorf("%d bytes of memory were not returned", n)
		}
	})
	return r
}

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

var _ io.Writer = (*logBuffer)(nil)
