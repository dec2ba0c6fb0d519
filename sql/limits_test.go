package sql

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
)

// TestHuge gives Parse what would be deep, long or slow if it were read
// without care. A stack that overflows ends the whole process, so that
// coming back at all is half of the test.
func TestHuge(t *testing.T) {
	const million = 1_000_000
	for _, c := range []struct {
		name, text string
		want       wharf.Code // "" for a statement
	}{
		{"open parentheses", strings.Repeat("(", million), wharf.CodeTooLarge},
		{"parentheses in SELECT", "SELECT " + strings.Repeat("(", million) + "1" + strings.Repeat(")", million), wharf.CodeTooLarge},
		{"closing parentheses", strings.Repeat(")", million), wharf.CodeTooLarge},
		{"a long sum", "SELECT 1" + strings.Repeat("+1", 8*million), wharf.CodeTooLarge},
		{"NOT NOT NOT", "SELECT " + strings.Repeat("NOT ", million) + "1", wharf.CodeTooLarge},
		{"minus minus minus", "SELECT " + strings.Repeat("- ", million) + "1", wharf.CodeTooLarge},
		{"EXPLAIN EXPLAIN", strings.Repeat("EXPLAIN ", million) + "SELECT 1", wharf.CodeTooLarge},
		{"CASE CASE CASE", "SELECT " + strings.Repeat("CASE ", million), wharf.CodeTooLarge},
		{"unions", "SELECT 1" + strings.Repeat(" UNION SELECT 1", million), wharf.CodeTooLarge},
		{"comments in a row", strings.Repeat("/**/", million) + "SELECT 1", ""},
		{"line comments in a row", strings.Repeat("#\n", 2*million) + "SELECT 1", ""},
		{"version comments in a row", strings.Repeat("/*!*/", million) + "SELECT 1", ""},
		{"version comments in one another", strings.Repeat("/*!", million) + "SELECT 1", wharf.CodeSyntax},
		{"one comment", "/*" + strings.Repeat("*", 4*million) + "/SELECT 1", ""},
		{"a long string", "SELECT '" + strings.Repeat("x", 4<<20) + "'", ""},
		{"a string without its end", "SELECT '" + strings.Repeat("''", 8<<20), wharf.CodeSyntax},
		{"a long INSERT", "INSERT INTO t VALUES (1)" + strings.Repeat(",(1)", 4*million), ""},
		{"a long list of options", "CREATE STAGE s FILE_FORMAT = (NULL_IF = ('a'" + strings.Repeat(",'a'", million) + "))", wharf.CodeTooLarge},
		{"options twice", "CREATE STAGE s FILE_FORMAT = (" + strings.Repeat("A=1 ", million) + ")", wharf.CodeTooLarge},
		{"lists in lists", "CREATE STAGE s FILE_FORMAT = (A = " + strings.Repeat("(", million), wharf.CodeTooLarge},
		{"long strings in a row", "SELECT ''" + strings.Repeat(" '"+strings.Repeat("x", 3000)+"'", 9900), wharf.CodeTooLarge},
		{"a mistake at the end", "CREATE STAGE s" + strings.Repeat("\n", 8<<20) + "'a' 'b'", wharf.CodeSyntax},
		{"a long location", "LIST @s/" + strings.Repeat("a", 4<<20), ""},
		{"semicolons", strings.Repeat(";", 16<<20), ""},
		{"NUL bytes", "SELECT " + strings.Repeat("\x00", 1<<20), wharf.CodeTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Parse(c.text)
			if got := wharf.CodeOf(err); got != c.want {
				t.Fatalf("code %q, want %q (%.200v)", got, c.want, err)
			}
			if err != nil && len(wharf.MessageOf(err)) > 600 {
				t.Errorf("the message has %d bytes", len(wharf.MessageOf(err)))
			}
		})
	}
}

// TestAtTheLimits stays just under what is refused, where TiDB's parser does
// its worst.
func TestAtTheLimits(t *testing.T) {
	for _, text := range []string{
		"SELECT " + strings.Repeat("(", maxDepth) + "1" + strings.Repeat(")", maxDepth),
		"SELECT 1" + strings.Repeat("+1", maxTokens/2-2),
		"SELECT " + strings.Repeat("NOT ", maxTokens-2) + "1",
		"SELECT " + strings.Repeat("- ", maxTokens-2) + "1",
		"SELECT " + strings.Repeat("CASE WHEN ", maxTokens/2-2),
		"SELECT 1" + strings.Repeat(" UNION SELECT 1", maxTokens/3-2),
		strings.Repeat("EXPLAIN ", maxTokens-2) + "SELECT 1",
		"SELECT 1" + strings.Repeat(",1", maxTokens/2-2),
		"SELECT * FROM a" + strings.Repeat(" JOIN a", maxTokens/2-3),
	} {
		_, _, err := Parse(text)
		if code := wharf.CodeOf(err); err != nil && code != wharf.CodeSyntax {
			t.Errorf("%.40s…: %v", text, err)
		}
	}
}

// TestDepthOfExpressions shows that what is handed on can be walked by
// recursion.
func TestDepthOfExpressions(t *testing.T) {
	for _, c := range []struct {
		terms int
		want  string
	}{
		{maxExprDepth, ""},
		{maxExprDepth + 1, "an expression nested 200 deep"},
	} {
		stmt, _, err := Parse("SELECT 1" + strings.Repeat("+1", c.terms-1))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if q, ok := stmt.(*Query); ok {
			got = q.Beyond
		}
		if got != c.want {
			t.Errorf("%d terms: %T, beyond the server is %q", c.terms, stmt, got)
		}
	}
}

func TestNotUTF8(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT '\xff'":          "the statement is not valid UTF-8 at byte 9",
		"CREATE STAGE gr\xf6ße":  "the statement is not valid UTF-8 at byte 16",
		"-- \xc3\n":              "the statement is not valid UTF-8 at byte 4",
		"SELECT '\uFFFD', '\x80": "the statement is not valid UTF-8 at byte 16",
	} {
		_, _, err := Parse(text)
		if wharf.CodeOf(err) != wharf.CodeInvalid || wharf.MessageOf(err) != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, _, err := Parse("SELECT 1; SELECT '\xff'"); err != nil {
		t.Errorf("the second statement's bytes fail the first: %v", err)
	}
}

// TestAtOnce parses from many goroutines: TiDB's parser is not safe for
// that, and is pooled.
func TestAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				text := fmt.Sprintf("SELECT %d, 'x%d'", i, g)
				stmt, _, err := Parse(text)
				if err != nil || stmt.String() != text {
					t.Errorf("%q: %v, %v", text, stmt, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestRest shows what follows a statement, and a mistake.
func TestRest(t *testing.T) {
	stmt, rest, err := Parse("SHOW STAGES; LIST @a; x")
	if err != nil || stmt.String() != "SHOW STAGES" || rest != " LIST @a; x" {
		t.Fatalf("%v, rest %q, %v", stmt, rest, err)
	}
	if _, rest, err := Parse("CREATE STAGE ; LIST @a"); err == nil || rest != " LIST @a" {
		t.Errorf("after a mistake: rest %q, %v", rest, err)
	}
}

// TestGuarded shows that a panic of TiDB's parser is an error, and that what
// it says is not shown.
func TestGuarded(t *testing.T) {
	src, _ := Mode(0).split("SELECT 1")
	node, err := guarded(func(Mode, string) (ast.StmtNode, error) { panic("secret") }, src)
	if node != nil || err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("%v, %v", node, err)
	}
	if err := src.tidbError(err); wharf.CodeOf(err) != wharf.CodeSyntax {
		t.Errorf("the client is told %v", err)
	}
}
