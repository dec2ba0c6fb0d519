package exec_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
)

const mib = 1 << 20

// bounded is an executor whose sessions share that much memory.
func bounded(all, each int64) (*exec.Executor, *exec.Memory) {
	memory := exec.NewMemory(all)
	service := wharf.NewService(wharf.ServiceOptions{Catalog: newCatalog()})
	return exec.New(exec.Options{Service: service, Relations: rowexec.Engine{}, Memory: memory, SessionMemory: each}), memory
}

// begin runs a statement, and returns its rows unread.
func begin(ctx context.Context, s *exec.Session, text string, args ...wharf.Value) (*wharf.Rows, error) {
	stmt, _, err := s.Parse(text)
	if err != nil {
		return nil, err
	}
	res, err := s.Run(ctx, stmt, args)
	return res.Rows, err
}

// one runs a statement, and returns the first value of its first row.
func one(t *testing.T, s *exec.Session, text string, args ...wharf.Value) (v wharf.Value, err error) {
	t.Helper()
	rows, err := begin(t.Context(), s, text, args...)
	if err != nil || rows == nil {
		return v, err
	}
	for row, rowErr := range rows.All {
		if rowErr != nil {
			return v, rowErr
		}
		v = row[0]
	}
	return v, nil
}

// A scalar's result over 1 MiB is NULL with a warning, also where what it is
// made of is larger; what is given passes through.
func TestLargeResultsAreNull(t *testing.T) {
	e, _ := bounded(256*mib, 64*mib)
	s := e.NewSession(exec.Client{Principal: wharf.Root})
	large := "'" + strings.Repeat("é", mib) + "'" // 2 MiB
	for _, text := range []string{
		"REPEAT('a', 1048577)", "REPEAT('ab', 16777216)", "SPACE(1048577)", "LPAD('a', 1048577, 'é')", "RPAD('', 1 << 40, 'é')",
		"CONCAT(REPEAT('a', 1000000), REPEAT('a', 1000000))", "CONCAT_WS(REPEAT('a', 1000000), 'a', 'b', 'c')",
		"REPLACE(REPEAT('a', 1000000), 'a', 'bb')", "HEX(REPEAT('a', 1000000))", "TO_BASE64(REPEAT('a', 1000000))",
		"UPPER(" + large + ")", "LOWER(" + large + ")", "REVERSE(" + large + ")", "HEX(" + large + ")", "UNHEX('" + strings.Repeat("61", 2*mib) + "')",
		"FROM_BASE64(" + "'" + strings.Repeat("YWFh", mib) + "')", "CAST(" + large + " AS BINARY)", "CAST(" + large + " AS CHAR)",
		"LEFT(" + large + ", 1048576)", "SUBSTRING(" + large + ", 1)", "RIGHT(" + large + ", 1048576)", "TRIM(" + large + ")",
		"SUBSTRING_INDEX(" + large + ", 'x', 1)", "DATE_FORMAT('2026-01-02', REPEAT('%W', 500000))",
	} {
		v, err := one(t, s, "SELECT "+text)
		if err != nil || !v.IsNull() {
			t.Errorf("%.60s: %d bytes, %v; want NULL", text, len(v.Str()), err)
		}
		if n, err := one(t, s, "SELECT @@warning_count"); err != nil || n.Int64() != 1 {
			t.Errorf("%.60s: %v warnings, %v", text, n, err)
		}
		rows, err := begin(t.Context(), s, "SHOW WARNINGS")
		if err != nil {
			t.Fatal(err)
		}
		for row := range rows.All {
			if row[1].Int64() != 1301 {
				t.Errorf("%.60s: warning %v", text, row)
			}
		}
	}
	long := wharf.Text(strings.Repeat("x", 20*mib))
	for _, c := range []struct {
		text string
		args []wharf.Value
		want int
	}{
		{"SELECT " + large, nil, 2 * mib},
		{"SELECT ?", []wharf.Value{long}, 20 * mib},
		{"SELECT COALESCE(NULL, ?)", []wharf.Value{long}, 20 * mib},
		{"SELECT CASE WHEN 1 THEN ? END", []wharf.Value{long}, 20 * mib},
		{"SELECT LEFT(?, 5)", []wharf.Value{long}, 5},
		{"SELECT MD5(?)", []wharf.Value{long}, 32},
		{"SELECT REPEAT('a', 1048576)", nil, mib},
	} {
		if v, err := one(t, s, c.text, c.args...); err != nil || len(v.Str()) != c.want {
			t.Errorf("%.40s: %d bytes, %v; want %d", c.text, len(v.Str()), err, c.want)
		}
	}
	if v, err := one(t, s, "SELECT LENGTH(?)", long); err != nil || v.Int64() != 20*mib {
		t.Errorf("LENGTH: %v, %v", v, err)
	}
	mustSet := func(text string, want int) {
		t.Helper()
		if _, err := one(t, s, text); err != nil {
			t.Fatal(err)
		}
		if v, err := one(t, s, "SELECT @a"); err != nil || len(v.Str()) != want {
			t.Errorf("@a has %d bytes, %v", len(v.Str()), err)
		}
	}
	mustSet("SET @a = "+large, 2*mib)
}

// A statement holds no more than its session may, whatever holds it, and
// everything is returned with its end.
func TestStatementsAreBounded(t *testing.T) {
	e, memory := bounded(256*mib, 8*mib)
	s := e.NewSession(exec.Client{Principal: wharf.Root})
	const x = "REPEAT('a', 1000000)"
	for _, text := range []string{
		"SELECT " + x + strings.Repeat(", "+x, 160),
		"SELECT CONCAT(" + x + strings.Repeat(", "+x, 20) + ")",
		"SELECT GREATEST(" + x + strings.Repeat(", "+x, 20) + ")",
		"SELECT CASE WHEN 1 IN (" + x + strings.Repeat(", "+x, 20) + ") THEN 1 END",
		"SET @a = " + x + strings.Repeat(", @a = "+x, 20),
		"SET @a0 = " + x + numbered(", @a%d = "+x, 20),
		"SELECT 1 FROM information_schema.columns ORDER BY REPEAT(column_name, 10000)",
		"SELECT t.x FROM (SELECT " + x + " x FROM information_schema.columns) t",
	} {
		if _, err := one(t, s, text); wharf.CodeOf(err) != wharf.CodeTooLarge || !strings.Contains(wharf.MessageOf(err), "the session needs more memory than it may hold, 8388608 bytes") {
			t.Errorf("%.60s: %v", text, err)
		}
	}
	for _, text := range []string{
		"SELECT " + x + strings.Repeat(", "+x, 5), "DO " + x + strings.Repeat(", "+x, 100),
		"SELECT LENGTH(" + x + ")" + strings.Repeat(" + LENGTH("+x+")", 100),
		"SELECT " + x + " = " + x + strings.Repeat(" AND "+x+" <> "+x, 50),
		"SELECT COUNT(*) FROM information_schema.columns WHERE REPEAT(column_name, 10000) = 'x'",
		"SELECT COUNT(REPEAT(column_name, 10000)), MAX(LENGTH(REPEAT(column_name, 10000))) FROM information_schema.columns",
		"SHOW VARIABLES WHERE REPEAT(value, 10000) = 'x'",
	} {
		if _, err := one(t, s, text); err != nil {
			t.Errorf("%.60s: %v", text, err)
		}
	}
	s.Close()
	if n := memory.Used(); n != 0 {
		t.Errorf("a session that ended holds %d bytes", n)
	}
}

// Rows that nobody reads are held, and keep others from holding much; they do
// not keep them from small statements.
func TestSessionsShareMemory(t *testing.T) {
	e, memory := bounded(8*mib, 8*mib)
	holder, other := e.NewSession(exec.Client{Principal: wharf.Root}), e.NewSession(exec.Client{Principal: wharf.Root})
	const x = "REPEAT('a', 1000000)"
	rows, err := begin(t.Context(), holder, "SELECT "+x+strings.Repeat(", "+x, 6))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one(t, other, "SELECT "+x+", "+x); wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("beside rows that fill the memory: %v", err)
	}
	if v, err := one(t, other, "SELECT CONCAT(1 + 1, 'small')"); err != nil || v.Str() != "2small" {
		t.Errorf("a small statement: %v, %v", v, err)
	}
	for range rows.All {
	}
	if n := memory.Used(); n > 128<<10 {
		t.Errorf("after the rows were read, %d bytes are held", n)
	}
	if _, err := one(t, other, "SELECT "+x+", "+x); err != nil {
		t.Errorf("after the rows were read: %v", err)
	}

	// Variables may take half, and less than that is left of them to others.
	for _, name := range []string{"a", "b", "c"} {
		if _, err := one(t, holder, "SET @"+name+" = REPEAT('a', 1000000)"); err != nil {
			t.Fatal(err)
		}
	}
	_, err = one(t, other, "SET @small = 'x', @a = REPEAT('a', 1000000), @b = REPEAT('a', 1000000)")
	if wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("more variables than there is memory to keep: %v", err)
	}
	if v, err := one(t, other, "SELECT @small"); err != nil || !v.IsNull() {
		t.Errorf("of a SET that failed: %v, %v", v, err)
	}
	holder.Reset()
	if _, err := one(t, other, "SET @a = REPEAT('a', 1000000), @b = REPEAT('a', 1000000)"); err != nil {
		t.Errorf("after the others are gone: %v", err)
	}
	other.Close()
	holder.Close()
	if n := memory.Used(); n != 0 {
		t.Errorf("sessions that ended hold %d bytes", n)
	}
}

// endsAfter is a context that ends when it was asked so many times.
type endsAfter struct {
	context.Context
	left int
}

func (c *endsAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// What would take minutes looks at its context.
func TestLongStatementsEnd(t *testing.T) {
	e, memory := bounded(1024*mib, 1024*mib)
	s := e.NewSession(exec.Client{Principal: wharf.Root})
	size := 8 * mib
	if raceDetector {
		size = mib
	}
	long := wharf.Text(strings.Repeat("a", size))
	other := wharf.Text(strings.Repeat("a", size-1) + "b")
	for _, c := range []struct {
		text string
		args []wharf.Value
	}{
		{"SELECT ? LIKE CONCAT('%', REPEAT('a', 1000), 'b')", []wharf.Value{long}},
		{"SELECT ? LIKE CONCAT('%', REPEAT('_', 1000), 'b')", []wharf.Value{long}},
		{"SELECT ? REGEXP '(a|b|ab)*c'", []wharf.Value{long}},
		{"SELECT ? REGEXP '(x+x+)+y|(a+a+)+y'", []wharf.Value{long}},
		{"SELECT ? IN (" + strings.Repeat("?, ", 999) + "?)", append([]wharf.Value{long}, repeated(other, 1000)...)},
		{"SELECT FIELD(?, " + strings.Repeat("?, ", 999) + "?)", append([]wharf.Value{long}, repeated(other, 1000)...)},
		{"SELECT LEAST(?, " + strings.Repeat("?, ", 999) + "?)", append([]wharf.Value{long}, repeated(other, 1000)...)},
		{"SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b", nil},
		{"DO " + strings.Repeat("MD5(REPEAT('a', 1000000)), ", 1500) + "1", nil},
	} {
		begun := time.Now()
		ctx := &endsAfter{t.Context(), 10}
		stmt, _, err := s.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Run(ctx, stmt, c.args)
		if err == nil && res.Rows != nil {
			for _, rowErr := range res.Rows.All {
				err = rowErr
			}
		}
		if wharf.CodeOf(err) != wharf.CodeCanceled {
			t.Errorf("%.60s: %v after %v", c.text, err, time.Since(begun))
		}
	}
	s.Close()
	if n := memory.Used(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// A statement without an end of its own has one in the steps that it may take,
// and a pattern in what it may compile to.
func TestTooMuchWork(t *testing.T) {
	e, _ := bounded(1024*mib, 1024*mib)
	s := e.NewSession(exec.Client{Principal: wharf.Root})
	for text, want := range map[string]string{
		"SELECT 'x' REGEXP REPEAT('(ab|cd)?', 100000)":      "REGEXP: the pattern has 800000 bytes; at most 4096 are allowed",
		"SELECT 'x' REGEXP REPEAT('a{1000}', 100)":          "REGEXP: the pattern has more than 10000 characters",
		"SELECT 'x' REGEXP '((a{30}){30}){2}|(b{500}){20}'": "RE2 syntax",
		`SELECT 'x' REGEXP REPEAT('\\pL', 1000)`:            "REGEXP: the pattern has more than 10000 characters",
		"SELECT 'x' REGEXP '(((a{9}){9}){9}){9}'":           "RE2 syntax",
	} {
		_, err := one(t, s, text)
		if err == nil || !strings.Contains(wharf.MessageOf(err), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]int64{
		"SELECT 'abcd' REGEXP REPEAT('(ab|cd)?', 200)":          1,
		"SELECT CONCAT(REPEAT('a', 100000), 'b') REGEXP 'a+b$'": 1,
		"SELECT REPEAT('a', 20000) REGEXP '(a|aa){50,90}b'":     0,
	} {
		if v, err := one(t, s, text); err != nil || v.Int64() != want {
			t.Errorf("%s: %v, %v", text, v, err)
		}
	}
}

func repeated(v wharf.Value, n int) []wharf.Value {
	all := make([]wharf.Value, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%d", string(rune('b'+i))))
	}
	return b.String()
}
