//go:build !noduck

package tests

import (
	"database/sql"
	"strings"
	"testing"
)

// TestBeyondTheServer asks a session, without files, for what only the engine for
// files can do: it knows all of the session.
func TestBeyondTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE hidden", "CREATE USER ann IDENTIFIED BY 'Correct horse 1'")
	c := s.conn()
	for _, set := range []string{"USE information_schema", "SET time_zone = '+05:00', timestamp = 1700000000, @x = 5"} {
		if _, err := c.ExecContext(t.Context(), set); err != nil {
			t.Fatal(err)
		}
	}
	one := func(query string, args ...any) (values []string) {
		rows, err := c.QueryContext(t.Context(), query, args...)
		if err != nil {
			return []string{err.Error()}
		}
		defer rows.Close()
		for rows.Next() {
			var v sql.NullString
			if err := rows.Scan(&v); err != nil {
				return []string{err.Error()}
			}
			values = append(values, v.String)
		}
		return values
	}
	const all = " FROM (SELECT column_0 AS n, column_1 AS s FROM (VALUES ROW(1, 'b'), ROW(2, 'a'), ROW(3, 'B')) r) v"
	for _, ask := range []struct {
		query string
		args  []any
		want  string
	}{
		{"SELECT CONCAT_WS(' ', @x + STD(1), DATABASE(), USER(), LAST_INSERT_ID(), NOW(), @@time_zone)", nil, "5 information_schema root@127.0.0.1 0 2023-11-15 03:13:20 +05:00"},
		{"SELECT CONNECTION_ID() = ? AND STD(1) = 0", []any{one("SELECT CONNECTION_ID()")[0]}, "1"},
		{"SELECT ? + ROW_NUMBER() OVER (ORDER BY n)" + all, []any{10}, "11 12 13"},
		{"SELECT SUM(n) OVER (PARTITION BY s ORDER BY n)" + all + " ORDER BY n", nil, "1 2 4"},
		{"SELECT JSON_ARRAYAGG(n)" + all, nil, "[1, 2, 3]"},
		{"SELECT COALESCE(s, 'all')" + all + " GROUP BY s WITH ROLLUP", nil, "a b all"},
		{"SELECT n" + all + " INTERSECT SELECT 2", nil, "2"},
		{"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT MAX(n) FROM r", nil, "4"},
		{"SELECT m" + all + ", LATERAL (SELECT v.n * 2 AS m) l ORDER BY m", nil, "2 4 6"},
		{"SELECT RANK() OVER (ORDER BY table_name) FROM tables WHERE table_schema = 'INFORMATION_SCHEMA' AND table_name IN ('tables', 'columns')", nil, "1 2"},
		{"SELECT schema_name FROM schemata EXCEPT SELECT 'default' ORDER BY 1", nil, "hidden information_schema"},
		{"SELECT CAST('3x' AS SIGNED) + STD(1)", nil, "3"},
	} {
		if got := strings.Join(one(ask.query, ask.args...), " "); got != ask.want {
			t.Errorf("%s: %q, want %q", ask.query, got, ask.want)
		}
	}
	s.exec("COPY INTO @hidden/n.parquet FROM (SELECT 1 AS n, 'x' AS s) SINGLE = TRUE USE_RAW_PATH = TRUE")
	s.wantMessages()
	if got := one("SELECT _binary'abc' = s FROM (SELECT 'ABC' AS s) t UNION ALL SELECT _binary'X' = s FROM hidden.`n.parquet`"); strings.Join(got, " ") != "0 0" {
		t.Errorf("bytes are equal to a text in another case: %q", got)
	}
	const endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r"
	s.wantError(endless, "3636 (HY000)", "cte_max_recursion_depth")
	s.wantError("SET cte_max_recursion_depth = 4000000000, max_execution_time = 50; "+endless, "3024 (HY000)", "maximum statement execution time")
	if out := s.mariadbAs("ann", "Correct horse 1", "SELECT schema_name FROM information_schema.schemata EXCEPT SELECT 'default'", "-N"); out.stdout != "information_schema\n" {
		t.Errorf("ann sees %q, %s", out.stdout, out.stderr)
	}
}

// wantMessages wants MySQL's messages for mistakes in queries of a file of the stage
// hidden, and none for what is near to them.
func (s *server) wantMessages() {
	s.t.Helper()
	for statement, says := range map[string]string{
		"SELECT n FROM (SELECT 1 AS n) t WHERE m = 1": "Unknown column 'm' in 'where clause'", "SELECT n FROM hidden.`n.parquet` ORDER BY m": "Unknown column 'm' in 'order clause'",
		"SELECT n + 9223372036854775807 FROM (SELECT 1 AS n) t":                                                                        "BIGINT value is out of range in '(`n` + 9223372036854775807)'",
		"SELECT n + 9223372036854775807 FROM hidden.`n.parquet`":                                                                       "BIGINT value is out of range in '(1 + 9223372036854775807)'",
		"SELECT s, COUNT(*) FROM hidden.`n.parquet` GROUP BY n":                                                                        "Expression #1 of SELECT list is not in GROUP BY clause and contains nonaggregated column 'hidden.n.parquet.s' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with sql_mode=only_full_group_by",
		"SELECT n, COUNT(*), CONCAT(x.s) FROM hidden.`n.parquet` x GROUP BY n":                                                         "Expression #3 of SELECT list is not in GROUP BY clause and contains nonaggregated column 'hidden.x.s'",
		"SELECT b, COUNT(*), a FROM (SELECT n AS a, s AS b FROM hidden.`n.parquet`) t GROUP BY b":                                      "Expression #3 of SELECT list is not in GROUP BY clause and contains nonaggregated column 't.a'",
		"SELECT COUNT(*) FROM hidden.`n.parquet` GROUP BY n HAVING s > 'a'":                                                            "Unknown column 's' in 'having clause'",
		"SELECT mistaken(n) FROM hidden.`n.parquet`":                                                                                   "FUNCTION mistaken does not exist",
		"SELECT n FROM hidden.`n.parquet` HAVING COUNT(*) > 1":                                                                         "In aggregated query without GROUP BY, expression #1 of SELECT list contains nonaggregated column 'hidden.n.parquet.n'; this is incompatible with sql_mode=only_full_group_by",
		"SELECT MAX(n), CONCAT(x.s, 'y') FROM hidden.`n.parquet` x":                                                                    "expression #2 of SELECT list contains nonaggregated column 'hidden.x.s'",
		"SELECT COUNT(*), t.* FROM (SELECT 1 AS n, STD(1) AS d) t":                                                                     "expression #2 of SELECT list contains nonaggregated column 't.n'",
		"SELECT n FROM hidden.`n.parquet` AS x USE INDEX (PRIMARY)":                                                                    "Key 'PRIMARY' doesn't exist in table 'x'",
		"SELECT MAX(n) OVER (ORDER BY s RANGE 1 PRECEDING) FROM hidden.`n.parquet`":                                                    "Window '<unnamed window>' with RANGE N PRECEDING/FOLLOWING frame requires exactly one ORDER BY expression, of numeric or temporal type",
		"SELECT MAX(n) OVER w FROM hidden.`n.parquet` WINDOW w AS (ORDER BY n, s RANGE 1 PRECEDING)":                                   "Window 'w' with RANGE N PRECEDING",
		"SELECT MAX(n) OVER (ORDER BY CAST(s AS TIME) RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) FROM hidden.`n.parquet`": "Incorrect arguments to -: values of these types are not supported",
	} {
		s.wantError(statement, "", says)
	}
	for _, statement := range []string{
		"SELECT COUNT(*), ANY_VALUE(s), MAX(n) + 1, SUM(COUNT(n)) OVER () FROM hidden.`n.parquet` HAVING COUNT(*) > 0", "SELECT (SELECT COUNT(*) + x.n FROM hidden.`n.parquet`) FROM hidden.`n.parquet` x",
		"SELECT MAX(n) OVER (ORDER BY n RANGE 1 PRECEDING) FROM hidden.`n.parquet`", "SELECT n FROM hidden.`n.parquet` USE INDEX ()",
		"SELECT MAX(n) OVER (ORDER BY DATE'2026-01-02' + INTERVAL n DAY RANGE INTERVAL 1 DAY PRECEDING) FROM hidden.`n.parquet`",
	} {
		s.exec(statement)
	}
}
