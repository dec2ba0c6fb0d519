package sql_test

import (
	"errors"
	"testing"

	"wharf"
	"wharf/sql"
)

// TestRecursiveQueries has the numbers of MySQL's errors for what a recursive query may
// not have; 0 is none.
func TestRecursiveQueries(t *testing.T) {
	for _, c := range []struct {
		query string
		want  uint16
	}{
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r WHERE n < 3)", 0},
		{"r AS (SELECT 1 n UNION SELECT n + 1 FROM r WHERE n < 3 LIMIT 5)", 0},
		{"r AS (SELECT MAX(a) n FROM s.t GROUP BY b UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT MAX(a) FROM s.t))", 0},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r LEFT JOIN s.t ON r.n = t.a)", 0},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s.t, r WHERE t.a = r.n UNION ALL SELECT n + 2 FROM R)", 0},
		{"q AS (SELECT 1), r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM (SELECT * FROM q) q JOIN r)", 0},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s.r)", 0},
		{"r AS (SELECT 1 n UNION ALL SELECT n FROM (WITH r AS (SELECT 2 n) SELECT n FROM r) x)", 0},
		{"r AS (SELECT n + 1 FROM r)", 3573},
		{"r AS (SELECT n + 1 FROM r UNION ALL SELECT 1)", 3574},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r UNION ALL SELECT 1)", 3574},
		{"r AS (SELECT 1 n UNION ALL SELECT MAX(n) + 1 FROM r)", 3575},
		{"r AS (SELECT 1 n UNION ALL SELECT SUM(n) OVER () FROM r)", 3575},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r GROUP BY n)", 3575},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r HAVING COUNT(*) > 1)", 3575},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s.t LEFT JOIN r ON r.n = t.a)", 3576},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r RIGHT JOIN s.t ON r.n = t.a)", 3576},
		{"r AS (SELECT 1 n UNION ALL SELECT a.n + 1 FROM r a JOIN r b)", 3577},
		{"r AS (SELECT 1 n UNION ALL SELECT 1 FROM s.t WHERE EXISTS (SELECT 1 FROM r))", 3577},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM (SELECT n FROM r) x)", 3577},
		{"r AS (SELECT 1 n UNION ALL SELECT DISTINCT n + 1 FROM r)", 1235},
		{"r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r WHERE n < 3 ORDER BY n)", 1235},
		{"r AS (SELECT 1 n UNION ALL (SELECT n + 1 FROM r LIMIT 1))", 1235},
	} {
		text := "WITH RECURSIVE " + c.query + " SELECT * FROM r"
		_, _, err := sql.Parse(text)
		got := numberOf(err)
		if wharf.CodeOf(err) == wharf.CodeUnsupported {
			got = 1235
		}
		if got != c.want || err != nil && got == 0 {
			t.Errorf("%s: %v, want error %d", text, err, c.want)
		}
	}
}

// numberOf is MySQL's number of an error, 0 where it has none of its own.
func numberOf(err error) uint16 {
	var cause *sql.Cause
	if errors.As(err, &cause) {
		return cause.Number
	}
	return 0
}
