package exec_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wharf"
)

// FuzzRun runs any text. Whatever comes in, there is a result whose rows fit
// its columns, or an error with a code and a message that is text; and the
// session goes on.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1", "SELECT 1+1, 7/2, -5 % 3, 1 DIV 0, ~1", "SELECT CONCAT('a', 1), IF(1>2, 1, 2.5), CAST('1' AS DECIMAL(5,2))",
		"SET @a = 5, NAMES utf8mb4", "SHOW VARIABLES LIKE 'a%'", "SHOW WARNINGS", "SELECT @@sql_mode, @a", "LIST @s/a PATTERN = '.*'",
		"CREATE STAGE s FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = ',')", "DESC STAGE s", "REMOVE @s/", "SHOW CREATE STAGE s",
		"CREATE STAGE x 's3://b/' CONNECTION = (region = 'r')", "SELECT ROUND(1.5e300, -400), ROUND('1e5', 3), 9223372036854775807 * -1",
		"SELECT CASE WHEN NULL THEN 1 ELSE 'x' END, NULLIF(1, x'41'), GREATEST(1, 'a', 2.5)", "SELECT NOW(6) + 0, UNIX_TIMESTAMP('2026-01-02')",
		"SELECT SUBSTRING('ä', -1, 99999999999), LEFT('a', -1), HEX(-1), 1 << 64, CAST(-1.5 AS UNSIGNED)", "DO 1; SELECT 2",
		"SELECT 'a' LIKE '%\\_' ESCAPE '', 'a' REGEXP '(', 1 IN (NULL, 'x', 1.0)", "SET time_zone = '+01:00'; SELECT NOW()", "KILL 5", "USE `default`",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		upper := strings.ToUpper(text)
		if len(text) > 4096 || strings.Contains(upper, "SLEEP") {
			return
		}
		h := newHarness(t)
		s := h.session("main")
		must(t, s, "CREATE STAGE s")
		h.put(t, "s", []string{"a", "b/c"})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 20 {
			stmt, rest, err := s.Parse(text)
			if stmt == nil {
				checkError(t, text, err)
				break
			}
			announced, err := s.Columns(t.Context(), stmt)
			if err != nil {
				t.Fatal(err)
			}
			res, err := s.Run(ctx, stmt, make([]wharf.Value, stmt.NumParams()))
			checkError(t, text, err)
			if err == nil && (res.Rows == nil) != (announced == nil) {
				t.Fatalf("%q: announced %v, got %v", text, announced, res.Rows)
			}
			if res.Rows != nil {
				rowsText(t, s, res)
			}
			text = rest
		}
		must(t, s, "SELECT 1")
	})
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	switch msg := wharf.MessageOf(err); {
	case wharf.CodeOf(err) == wharf.CodeInternal, wharf.CodeOf(err) == wharf.CodeTimeout:
		t.Fatalf("%q: %v", text, err)
	case msg == "" || !utf8.ValidString(msg):
		t.Fatalf("%q: message %q", text, msg)
	}
}
