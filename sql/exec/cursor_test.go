package exec_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wharf"
	metamemory "wharf/meta/memory"
	"wharf/sql"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

// open opens a cursor.
func open(t *testing.T, s *exec.Session, text string, args ...wharf.Value) *exec.Cursor {
	t.Helper()
	c, err := tryOpen(t, s, text, args...)
	if err != nil || c == nil {
		t.Fatalf("%s: %v, %v", text, c, err)
	}
	return c
}

func tryOpen(t *testing.T, s *exec.Session, text string, args ...wharf.Value) (*exec.Cursor, error) {
	t.Helper()
	stmt, _, err := s.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // as the command that opens it ends
	r, c, err := s.OpenCursor(ctx, stmt, args)
	if err == nil && c == nil && r.Rows != nil {
		for _, rowErr := range r.Rows.All {
			err = rowErr
		}
	}
	return c, err
}

// fetch returns the first columns of the next n rows.
func fetch(t *testing.T, c *exec.Cursor, n uint32) (first []string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for row, rowErr := range c.Fetch(ctx, n) {
		if err = rowErr; err != nil {
			break
		}
		first = append(first, row[0].String())
	}
	return first, err
}

func wantFetch(t *testing.T, c *exec.Cursor, n uint32, ended bool, want ...string) {
	t.Helper()
	got, err := fetch(t, c, n)
	if err != nil || !slices.Equal(got, want) || c.Ended() != ended {
		t.Errorf("%d rows: %q, %v, ended %v; want %q, ended %v", n, got, err, c.Ended(), want, ended)
	}
}

// A cursor gives its rows while other statements run, also those that change
// what it reads and what it was asked with.
func TestCursorBesideStatements(t *testing.T) {
	e, held := bounded(256*mib, 64*mib)
	s := e.NewSession(exec.Client{Principal: wharf.Root})
	must(t, s, "SET @n = 2")
	c := open(t, s, "SELECT ORDINAL_POSITION + @n + ? FROM information_schema.COLUMNS WHERE TABLE_NAME = 'FILES' ORDER BY 1 LIMIT 5", wharf.Int(10))
	other := open(t, s, "SHOW DATABASES")
	wantFetch(t, c, 2, false, "13", "14")
	must(t, s, "SET @n = 70")
	if _, err := query(t, s, "SELECT nope"); err == nil {
		t.Error("an unknown column")
	}
	wantFetch(t, c, 1, false, "15")
	wantFetch(t, other, 1, false, "default")
	if w := must(t, s, "SHOW WARNINGS"); len(w) != 0 {
		t.Errorf("warnings after a fetch: %v", w)
	}
	wantFetch(t, c, 2, false, "16", "17")
	wantFetch(t, c, 2, true)
	c.Close()
	other.Close()
	s.Close()
	if n := held.Used(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// What a statement does to its session it does under a cursor too.
func TestCursorOfOneRow(t *testing.T) {
	h := newHarness(t)
	s := h.session("main")
	c := open(t, s, "SELECT @v := 5")
	wantFetch(t, c, 10, true, "5")
	if got := must(t, s, "SELECT @v"); got[0][0] != "5" {
		t.Errorf("@v is %v", got)
	}
	if got := must(t, s, "SELECT ROW_COUNT(), FOUND_ROWS()"); got[0][0] != "-1" {
		t.Errorf("ROW_COUNT() is %v", got)
	}
	must(t, s, "DROP STAGE IF EXISTS none")
	c = open(t, s, "SHOW WARNINGS")
	wantFetch(t, c, 10, true, "Note")
	if got := must(t, s, "SHOW WARNINGS"); len(got) != 1 {
		t.Errorf("SHOW WARNINGS after a cursor of it: %v", got)
	}
}

// MySQL opens no cursor for what returns no rows or changes something.
func TestNoCursor(t *testing.T) {
	h := newHarness(t)
	s := h.session("main")
	for _, text := range []string{"CREATE STAGE s", "SET @a = 1", "BEGIN", "COMMIT", "DO 1", "REMOVE @s/x", "PRESIGN UPLOAD @s/x"} {
		if c, err := tryOpen(t, s, text); c != nil {
			t.Errorf("%s: a cursor, %v", text, err)
		}
	}
	if got := must(t, s, "SELECT @a"); got[0][0] != "1" {
		t.Errorf("@a is %v", got)
	}
	for _, text := range []string{"LIST @none", "SELECT nope", "SELECT * FROM nope.nope"} {
		if c, err := tryOpen(t, s, text); c != nil || err == nil {
			t.Errorf("%s: %v, %v", text, c, err)
		}
		if got := must(t, s, "SHOW ERRORS"); len(got) != 1 {
			t.Errorf("%s: SHOW ERRORS has %v", text, got)
		}
	}
}

// TestCursorHoldsFewRows opens a cursor over a list of many files and wants them
// read as they are fetched.
func TestCursorHoldsFewRows(t *testing.T) {
	listed := 0
	h := newFaultyHarness(t, func(f *storagetest.Faulty) {
		f.AfterList = func(context.Context) error { listed++; return wharf.Errorf(wharf.CodeUpstream, "the bucket went away") }
	})
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	keys := make([]string, 20000)
	for i := range keys {
		keys[i] = fmt.Sprintf("%05d", i)
	}
	h.put(t, "s", keys)
	c := open(t, s, "LIST @s")
	for i := range 19 {
		got, err := fetch(t, c, 1000)
		if err != nil || len(got) != 1000 || got[0] != keys[1000*i] {
			t.Fatalf("fetch %d: %d rows, %v", i, len(got), err)
		}
		must(t, s, "SELECT 1")
	}
	if listed != 0 {
		t.Fatal("the list was read to its end before its rows were fetched")
	}
	got, err := fetch(t, c, 2000)
	if len(got) != 1000 || wharf.CodeOf(err) != wharf.CodeUpstream || listed != 1 {
		t.Errorf("at the end: %d rows, %v, %d", len(got), err, listed)
	}
	if kept := must(t, s, "SHOW ERRORS"); len(kept) != 1 || kept[0][2] != "the bucket went away" {
		t.Errorf("SHOW ERRORS: %v", kept)
	}
	c.Close()
}

// A cursor ends with the context of a fetch, and by Close; either returns what
// its statement holds.
func TestCursorEnds(t *testing.T) {
	e, held := bounded(256*mib, 64*mib)
	for _, how := range []string{"close", "cancel"} {
		s := e.NewSession(exec.Client{Principal: wharf.Root})
		must(t, s, "SET @v = 1")
		c := open(t, s, "SELECT REPEAT(a.COLUMN_NAME, 100), @v := 2 FROM information_schema.COLUMNS a ORDER BY 1")
		if _, err := fetch(t, c, 300); err != nil {
			t.Fatal(err)
		}
		if how == "cancel" {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			rows := 0
			var err error
			for _, rowErr := range c.Fetch(ctx, 1_000_000) {
				if rows++; rows == 10 {
					cancel()
				}
				err = rowErr
			}
			if err != nil && wharf.CodeOf(err) != wharf.CodeCanceled {
				t.Errorf("%v after %d rows", err, rows)
			}
		}
		c.Close()
		s.Close()
		if n := held.Used(); n != 0 {
			t.Errorf("%s: %d bytes are held", how, n)
		}
	}
}

// max_execution_time passes as rows are made, not as the client thinks.
func TestCursorTime(t *testing.T) { synctest.Test(t, testCursorTime) }

func testCursorTime(t *testing.T) {
	h := newHarness(t)
	s := h.session("main")
	must(t, s, "SET max_execution_time = 1000, long_query_time = 1")
	c := open(t, s, "SELECT REPEAT(COLUMN_NAME, 100) FROM information_schema.COLUMNS ORDER BY 1")
	time.Sleep(1100 * time.Millisecond)
	if got, err := fetch(t, c, 1_000_000); err != nil || len(got) < 300 {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if got := must(t, s, "SHOW SESSION STATUS LIKE 'Slow_queries'"); got[0][1] != "0" {
		t.Errorf("slow queries: %v", got)
	}
	if _, err := tryOpen(t, s, "SELECT SLEEP(30)"); wharf.CodeOf(err) != wharf.CodeTimeout {
		t.Errorf("SLEEP: %v", err)
	}
}

// counting is an engine for files whose rows are numbers.
type counting struct {
	rows, read int
	text       string
	given      bool // the rows were read to their end or given up
}

func (e *counting) Columns(context.Context, sql.Request) ([]wharf.Column, error) {
	return []wharf.Column{{Name: "n"}}, nil
}

func (e *counting) Query(context.Context, sql.Request) (*wharf.Rows, error) {
	return &wharf.Rows{Columns: []wharf.Column{{Name: "n"}}, All: func(yield func([]wharf.Value, error) bool) {
		defer func() { e.given = true }()
		for e.read = 0; e.read < e.rows; e.read++ {
			if !yield([]wharf.Value{wharf.Text(fmt.Sprint(e.read, e.text))}, nil) {
				return
			}
		}
	}}, nil
}

// A cursor over files reads ahead before another statement, within a bound, since
// that may need its worker.
func TestCursorReadsAhead(t *testing.T) {
	for _, c := range []struct {
		rows        int
		given       bool // after reading ahead
		least, most int  // rows that were read then
	}{
		{50, true, 50, 50}, {20_000, true, 20_000, 20_000}, {1_000_000, false, 20_000, 60_000},
	} {
		held := exec.NewMemory(256 * mib)
		files := &counting{rows: c.rows, text: strings.Repeat("x", 30)}
		service := wharf.NewService(wharf.ServiceOptions{Catalog: newCatalog(), Opener: memory.NewOpener()})
		h := &harness{service: service, executor: exec.New(exec.Options{Service: service, Relations: rowexec.Engine{}, Files: files, Memory: held}),
			listener: &listener{}, sessions: map[string]*exec.Session{}}
		s := h.session("main")
		must(t, s, "CREATE STAGE s")
		h.put(t, "s", []string{"a.csv"})
		cursor := open(t, s, "SELECT * FROM s.`a.csv`")
		if files.read > 1000 || c.rows > 1000 && files.given {
			t.Errorf("%d rows: %d were read as it was opened, given %v", c.rows, files.read, files.given)
		}
		cursor.ReadAhead(t.Context())
		cursor.ReadAhead(t.Context())
		if files.given != c.given || files.read < c.least || files.read > c.most || held.Used() > 6*mib {
			t.Errorf("%d rows: %d were read ahead, given %v, %d bytes held", c.rows, files.read, files.given, held.Used())
		}
		for n := 0; !cursor.Ended(); {
			got, err := fetch(t, cursor, 7000)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range got {
				if v != fmt.Sprint(n, files.text) {
					t.Fatalf("row %d is %s", n, v)
				}
				n++
			}
			if cursor.Ended() && n != c.rows {
				t.Errorf("%d rows, want %d", n, c.rows)
			}
		}
		cursor.Close()
		s.Close()
		if n := held.Used(); n != 0 {
			t.Errorf("%d rows: %d bytes are held", c.rows, n)
		}
	}
}

// hasher keeps passwords as they are.
type hasher struct{}

func (hasher) Hash(_, plain string) (wharf.Secret, error) { return wharf.NewSecret(plain), nil }
func (hasher) CheckHash(string, string) error             { return nil }

func (hasher) Matches(_ string, hash wharf.Secret, plain string) bool { return hash.Reveal() == plain }

// TestDroppedUser: a user who was dropped gets no further row of its cursors, whether
// they have been read ahead or not, and runs no statement.
func TestDroppedUser(t *testing.T) {
	catalog := metamemory.New()
	service := wharf.NewService(wharf.ServiceOptions{Catalog: catalog, Users: catalog, Hasher: hasher{}, Opener: opener{memory.NewOpener()}, Now: now})
	e := exec.New(exec.Options{Relations: rowexec.Engine{}, Service: service, Version: "8", Now: now, Port: func() int { return 3307 }, ErrorNumber: func(error) uint16 { return 1045 }})
	admin := e.NewSession(exec.Client{Principal: wharf.Root})
	defer admin.Close()
	must(t, admin, "CREATE USER mal")
	users, err := catalog.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mal := users.All()[0]
	s := e.NewSession(exec.Client{Principal: mal.Principal()})
	defer s.Close()
	short := open(t, s, "SELECT 1 UNION SELECT 2 UNION SELECT 3")
	long := open(t, s, "SELECT COLUMN_NAME FROM information_schema.COLUMNS")
	for _, c := range []*exec.Cursor{short, long} {
		defer c.Close()
		if rows, err := fetch(t, c, 1); err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
	}
	must(t, admin, "DROP USER mal")
	must(t, admin, "CREATE USER mal") // another one
	for _, c := range []*exec.Cursor{short, long} {
		if rows, err := fetch(t, c, 1); len(rows) > 0 || wharf.CodeOf(err) != wharf.CodeUnauthenticated || !c.Ended() {
			t.Errorf("a dropped user fetches %q, %v, ended %t", rows, err, c.Ended())
		}
	}
	for _, text := range []string{"SELECT 1", "SELECT GET_LOCK('l', 0)", "SET @a = 1", "SHOW STATUS"} {
		if _, err := query(t, s, text); wharf.CodeOf(err) != wharf.CodeUnauthenticated {
			t.Errorf("%s of a dropped user: %v", text, err)
		}
	}
}
