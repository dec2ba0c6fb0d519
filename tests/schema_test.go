package tests

import (
	"strings"
	"testing"
)

// TestSchemas browses stages as databases with the command line tools of
// MariaDB, as a user does who never heard of a stage.
func TestSchemas(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE landing", "CREATE STAGE empty")
	s.put("landing", "books.parquet", "testdata/files/books.parquet")
	s.put("landing", "2025/flights.csv", "testdata/files/ontime_200.csv")
	s.put("landing", "2026/flights.csv.gz", "testdata/files/ontime_200.csv.gz")

	client := func(want string, args ...string) {
		t.Helper()
		out := s.mariadb("", args...)
		if out.code != 0 || out.stdout != want {
			t.Errorf("%q: status %d, stderr %q, stdout\n%s\nwant\n%s", args, out.code, out.stderr, out.stdout, want)
		}
	}
	client("default\ninformation_schema\nempty\nlanding\n", "-N", "-e", "SHOW DATABASES WHERE `Database` IN ('default', 'information_schema'); SHOW DATABASES WHERE `Database` NOT LIKE '%def%' AND `Database` NOT LIKE 'info%'")
	client("2025/\tVIEW\n2025/flights.csv\tBASE TABLE\n2026/\tVIEW\n2026/flights.csv.gz\tBASE TABLE\nbooks.parquet\tBASE TABLE\n",
		"landing", "-N", "-e", "SHOW FULL TABLES")
	client("", "empty", "-N", "-e", "SHOW TABLES")
	client("Jim Gray\nMichael Stonebraker\n", "landing", "-N", "-e", "SELECT author FROM `books.parquet` ORDER BY 1")
	client("9E\t199\n", "landing", "-N", "-e", "SELECT Reporting_Airline, COUNT(*) FROM `2025/` GROUP BY 1")
	client("FlightDate\tdate\tYES\t\tNULL\t\n", "-N", "-e", "SHOW COLUMNS FROM landing.`2026/flights.csv.gz` LIKE 'FlightDate'")

	// With completion of names, the client asks for the fields of every table.
	out := s.mariadb("use landing\nselect count(*) from `2026/flights.csv.gz`;\n", "--auto-rehash", "-N")
	if out.code != 0 || strings.TrimSpace(out.stdout) != "199" {
		t.Errorf("with completion: status %d, stdout %q, stderr %q", out.code, out.stdout, out.stderr)
	}

	at := []string{"--no-defaults", "-h", "127.0.0.1", "-P", s.mysqlPort(), "-u", "root"}
	shown := capture(t, execCommand(s, append(append([]string{"mysqlshow"}, at...), "landing")...), "")
	if shown.code != 0 || !strings.Contains(shown.stdout, "| 2026/flights.csv.gz ") {
		t.Errorf("mysqlshow: status %d, stderr %q, stdout\n%s", shown.code, shown.stderr, shown.stdout)
	}
	dump := capture(t, execCommand(s, append(append([]string{"mysqldump"}, at...), "--skip-lock-tables", "landing")...), "")
	if dump.code != 0 {
		t.Errorf("mysqldump: status %d, stderr %q", dump.code, dump.stderr)
	}
	for _, want := range []string{"CREATE TABLE `books.parquet` (", "('Readings in Database Systems','Michael Stonebraker','2004')", "VIEW `2025/` AS select", "`FlightDate` date"} {
		if !strings.Contains(dump.stdout, want) {
			t.Errorf("mysqldump wrote no %q:\n%.2000s", want, dump.stdout)
		}
	}
}

// TestWrittenColumns looks at a file that a query wrote: its columns have the
// types that the query gave them, and its rows are known once it was looked at.
func TestWrittenColumns(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s", "COPY INTO @s/n.parquet FROM (WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 300)"+
		" SELECT n, CAST(n AS DECIMAL(10,2)) AS price, CAST(n / 3 AS DECIMAL(6,3)) AS third, DATE_ADD('2026-01-01', INTERVAL n DAY) AS day FROM r)"+
		" FILE_FORMAT = (TYPE = PARQUET) SINGLE = TRUE USE_RAW_PATH = TRUE")
	status := "SELECT IFNULL(TABLE_ROWS, '?') FROM information_schema.TABLES WHERE TABLE_SCHEMA = 's'"
	for _, c := range []struct{ query, want string }{
		{status, "?"},
		{"SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 's' AND TABLE_NAME = 'n.parquet' AND COLUMN_NAME IN ('price', 'third')", "decimal(10,2)\ndecimal(6,3)"},
		{status, "300"},
		{"SELECT CONCAT_WS(' ', n, price, third, `day`) FROM s.`n.parquet` WHERE n IN (1, 300)", "1 1.00 0.333 2026-01-02\n300 300.00 100.000 2026-10-28"},
	} {
		if got := strings.Join(s.column(c.query), "\n"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.query, got, c.want)
		}
	}
}
