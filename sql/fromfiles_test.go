package sql_test

import (
	"testing"

	"wharf"
	"wharf/sql"
)

// TestWordsThatMayBeNames reads statements in which words of MySQL that are not reserved
// are names, beside those in which they are what they say.
func TestWordsThatMayBeNames(t *testing.T) {
	for _, text := range []string{
		"SELECT 1 AS nchar", "SELECT 1 nchar, 2 AS national", "SELECT CAST('a' AS NCHAR), nchar FROM (SELECT 1 AS nchar, 2 x) t",
		"SELECT 1 AS nchar, nchar.nchar FROM (SELECT 1 AS nchar) nchar", "SELECT CAST('a' AS NCHAR), nchar.x, 1 AS nchar",
		"SELECT national, CAST('a' AS NATIONAL CHAR(2)), 1 AS national FROM t", "SELECT sounds, 'a' SOUNDS LIKE 'b', 1 AS sounds FROM t",
		"SELECT t.fetch FROM t", "SELECT CAST(1 AS NCHAR(3)) AS nchar, x AS nchar, y FROM (SELECT 1 x, 2 y) AS t (x, y)",
	} {
		if stmt, _, err := sql.Parse(text); stmt == nil || err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"SELECT 1 FETCH FIRST 1 ROWS ONLY", "SELECT a ILIKE b"} {
		if _, _, err := sql.Parse(text); wharf.CodeOf(err) != wharf.CodeSyntax {
			t.Errorf("%s: %v", text, err)
		}
	}
}
