package sql

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// growing are statements by a size. Those whose size is in tokens stay below
// maxTokens four times over; the others are large in bytes.
var growing = []struct {
	name   string
	unit   int // the smallest size
	text   func(n int) string
	tokens bool
}{
	{"options", 1200, func(n int) string {
		return "CREATE STAGE s FILE_FORMAT = (" + numbered("option_%d = '"+strings.Repeat("x", 1000)+"'\n", n) + ")"
	}, true},
	{"options of a connection", 1200, func(n int) string {
		return "CREATE CONNECTION c " + numbered("option_%d = 'x'\n", n)
	}, true},
	{"a list of strings", 2400, func(n int) string {
		return "ALTER STAGE s SET FILE_FORMAT = (NULL_IF = ('a'" + strings.Repeat(",\n'a'", n) + "))"
	}, true},
	{"a mistake behind options", 1200, func(n int) string {
		return "CREATE STAGE s FILE_FORMAT = (" + numbered("option_%d = 1\n", n) + " ="
	}, true},
	{"a location", 2400, func(n int) string { return "LIST @s/" + strings.Repeat("a/", n) }, true},
	{"items", 2400, func(n int) string { return "SELECT 1" + strings.Repeat(",\n1", n) }, true},
	{"aliases", 1200, func(n int) string { return "SELECT 1 AS a" + numbered(", %d AS b", n) }, true},
	{"calls", 900, func(n int) string { return "SELECT 1" + strings.Repeat(", f(1)", n) }, true},
	{"IN", 2400, func(n int) string { return "SELECT 1 IN (1" + strings.Repeat(", 1", n) + ")" }, true},
	{"CASE", 1200, func(n int) string { return "SELECT CASE 1" + strings.Repeat(" WHEN 1 THEN 2", n) + " END" }, true},
	{"placeholders", 2400, func(n int) string { return "SELECT ?" + strings.Repeat(", ?", n) }, true},
	{"unions", 1600, func(n int) string { return "SELECT 1" + strings.Repeat(" UNION SELECT 1", n) }, true},
	{"joins", 300, func(n int) string { return "SELECT 1 FROM a" + numbered(" JOIN a%d", n) }, true},
	{"SET", 900, func(n int) string { return "SET @a = 1" + numbered(", @a%d = 1", n) }, true},
	{"a mistake at the end", 2400, func(n int) string { return "SELECT 1" + strings.Repeat(",\n1", n) + " FROM FROM" }, true},
	{"the word DEFAULT", 1200, func(n int) string { return "SELECT 1" + strings.Repeat(", default.f", n) + " FROM FROM" }, true},
	{"GRANT", 2400, func(n int) string { return "GRANT a" + strings.Repeat(", a", n) + " ON STAGE s TO u" }, true},
	{"long strings", 500, func(n int) string { return "SELECT ''" + strings.Repeat(", '"+strings.Repeat("x", 2000)+"'", n) }, true},
	{"strings in a row", 100, func(n int) string { return "SELECT ''" + strings.Repeat(" 'x'", n) }, true},

	{"one string", 1 << 17, func(n int) string { return "SELECT '" + strings.Repeat("x", n) + "'" }, false},
	{"escapes", 1 << 17, func(n int) string { return `COMMENT = '` + strings.Repeat(`\n`, n) + "'" }, false},
	{"a string without its end", 1 << 17, func(n int) string { return "SELECT '" + strings.Repeat("''", n) }, false},
	{"lines", 1 << 17, func(n int) string { return "CREATE STAGE s" + strings.Repeat("\n", n) + "'a' 'b'" }, false},
	{"comments", 1 << 15, func(n int) string { return strings.Repeat("/**/", n) + "SELECT 1" }, false},
	{"comments behind a minus", 1 << 15, func(n int) string { return "SELECT 1-" + strings.Repeat("-/**/", n) + "1" }, false},
	{"line comments", 1 << 15, func(n int) string { return strings.Repeat("-- \n", n) + "SELECT 1" }, false},
	{"version comments", 1 << 15, func(n int) string { return strings.Repeat("/*!*/", n) + "SELECT 1" }, false},
	{"version comments in one another", 1 << 15, func(n int) string { return strings.Repeat("/*!", n) + "SELECT 1" }, false},
	{"one comment", 1 << 17, func(n int) string { return "/*" + strings.Repeat("*", n) + "/SELECT 1" }, false},
	{"rows of an INSERT", 1 << 15, func(n int) string { return "INSERT INTO t VALUES (1)" + strings.Repeat(",(1)", n) }, false},
	{"a word", 1 << 17, func(n int) string { return "LIST " + strings.Repeat("a", n) }, false},
	{"a number", 1 << 16, func(n int) string { return "SELECT " + strings.Repeat("1", n) }, false},
	{"a hexadecimal number", 1 << 17, func(n int) string { return "SELECT x'" + strings.Repeat("61", n) + "'" }, false},
	{"a name", 1 << 17, func(n int) string { return "DROP STAGE `" + strings.Repeat("``", n) + "`" }, false},
	{"a key in a long text", 1 << 17, func(n int) string { return "CREATE USER password" + strings.Repeat(" key", n/8) }, false},
	{"hints behind blanks", 1 << 15, func(n int) string { return strings.Repeat(" ", n) + strings.Repeat("SELECT/*+ */ ", n/16) }, false},
	{"deprecated signs", 1 << 15, func(n int) string { return "LIST " + strings.Repeat("!'utf8'||", n) }, false},
	{"opening parentheses", 1 << 17, func(n int) string { return "SELECT " + strings.Repeat("(", n) }, false},
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestLinear doubles statements twice. What takes the square of a statement's
// length takes 16 times as long then, and what takes its length 4 times. The
// least of several times is compared, for a machine that is busy only adds, and of
// the processor's times: a busy machine interrupts what takes long.
func TestLinear(t *testing.T) {
	for _, g := range growing {
		t.Run(g.name, func(t *testing.T) {
			once, fourfold := g.text(g.unit), g.text(4*g.unit)
			if src, _ := Mode(0).split(fourfold); g.tokens && src.tokens > maxTokens {
				t.Fatalf("%d tokens are refused at once, and show nothing", src.tokens)
			}
			const most, negligible = 12, 10 * time.Millisecond
			a, b := time.Hour, time.Hour
			for range 20 {
				a, b = min(a, parseTime(once)), min(b, parseTime(fourfold))
				if b < most*a || b < negligible {
					return
				}
			}
			t.Fatalf("%d take %v, and four times as many %v", g.unit, a, b)
		})
	}
}

// parseTime is how long the processor works to read the text, and to print what
// was read. The collector's work is left out of it.
func parseTime(text string) time.Duration {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := threadTime()
	if stmt, _, err := Parse(text); err == nil && stmt != nil {
		_ = stmt.Redacted()
	}
	return threadTime() - begin
}

// threadTime is how long the processor has worked for this thread.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
