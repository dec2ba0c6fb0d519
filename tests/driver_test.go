package tests

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// drivers are the ways in which go-sql-driver sends a statement with
// arguments.
var drivers = map[string]string{
	"prepared":     "",
	"interpolated": "interpolateParams=true",
	"charset":      "charset=utf8mb4&multiStatements=true",
	"compressed":   "compress=true",
	"native":       "allowNativePasswords=true&allowFallbackToPlaintext=true",
}

func TestDriver(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	i := 0
	for name, params := range drivers {
		i++
		stage := fmt.Sprintf("stage_%d", i)
		t.Run(name, func(t *testing.T) { driverSession(t, s, params, stage) })
	}
}

func driverSession(t *testing.T, s *server, params, stage string) {
	db := s.db(params)
	if err := db.PingContext(s.context()); err != nil {
		t.Fatal(err)
	}
	mustExec := func(q string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(s.context(), q, args...); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	mustExec("CREATE STAGE " + stage)
	s.mustUpload(stage, "one.csv", []byte("1"))
	s.mustUpload(stage, "two.csv", []byte("2"))
	for range 3 { // the second time, a prepared statement sends no types
		got, err := firstColumn(s, db, "LIST @"+stage+" PATTERN = 't.*'")
		if err != nil || !slices.Equal(got, []string{"two.csv"}) {
			t.Errorf("LIST: %q, %v", got, err)
		}
	}
	st, err := db.PrepareContext(s.context(), "LIST @"+stage)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for range 3 {
		rows, err := st.QueryContext(s.context())
		if err != nil {
			t.Fatal(err)
		}
		if got := countRows(t, rows); got != 2 {
			t.Errorf("a prepared LIST gave %d rows, want 2", got)
		}
	}
	bound(t, s, db, stage)
	mustExec("REMOVE @" + stage + "/one.csv")
	if got := s.list(stage); !slices.Equal(got, []string{"two.csv"}) {
		t.Errorf("after REMOVE: %q", got)
	}
	mustExec("DROP STAGE " + stage)
	_, err = db.ExecContext(s.context(), "LIST @"+stage)
	wantSQLError(t, err, 1146, "42S02", stage)
	_, err = db.ExecContext(s.context(), "INSERT INTO t VALUES (?)", 1)
	wantSQLError(t, err, 1235, "42000", "INSERT")
	transactions(t, s, db)
}

// bound sends values apart from the statement of stages that they are for.
func bound(t *testing.T, s *server, db *sql.DB, stage string) {
	t.Helper()
	st, err := db.PrepareContext(s.context(), "LIST ? PATTERN = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for pattern, want := range map[string]int{"t.*": 1, ".*": 2, `one\.csv`: 1, "it's": 0} {
		rows, err := st.QueryContext(s.context(), "@"+stage, pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := countRows(t, rows); got != want {
			t.Errorf("LIST with the pattern %s bound gave %d rows, want %d", pattern, got, want)
		}
	}
	const secret = `wJalr'XUtn"FEMI\`
	_, err = db.ExecContext(s.context(), "CREATE OR REPLACE STAGE bound URL = ? CREDENTIALS = (AWS_KEY_ID = ? AWS_SECRET_KEY = ?) FILE_FORMAT = (TYPE = CSV SKIP_HEADER = ?)",
		"s3://bucket/", "AKIAX77PDEF", secret, 1)
	if err != nil {
		t.Fatal(err)
	}
	var name, text string
	if err := db.QueryRowContext(s.context(), "SHOW CREATE STAGE bound").Scan(&name, &text); err != nil || !strings.Contains(text, "SKIP_HEADER = 1") || !strings.Contains(text, "not shown: ACCESS_KEY_ID, SECRET_ACCESS_KEY") {
		t.Errorf("SHOW CREATE STAGE: %s, %v", text, err)
	}
}

func countRows(t *testing.T, rows *sql.Rows) int {
	t.Helper()
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return n
}

func transactions(t *testing.T, s *server, db *sql.DB) {
	t.Helper()
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(s.context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(tx); err != nil {
			t.Error(err)
		}
	}
	conn, err := db.Conn(s.context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(s.context(), "COMMIT RELEASE"); err != nil {
		t.Errorf("COMMIT RELEASE: %v", err)
	}
	if _, err := conn.ExecContext(s.context(), "DO 1"); err == nil {
		t.Error("the connection is there after COMMIT RELEASE")
	}
}

// Several result sets of one text, in order, and an error in the middle that
// stops it.
func TestMultiStatements(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	db := s.db("multiStatements=true")
	rows, err := db.QueryContext(s.context(), "LIST @s; SHOW STAGES; SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := []int{}
	for more := true; more; more = rows.NextResultSet() {
		n := 0
		for rows.Next() {
			n++
		}
		counts = append(counts, n)
	}
	if err := rows.Err(); err != nil || !slices.Equal(counts, []int{0, 1, 1}) {
		t.Errorf("row counts %v, %v, want 0, 1, 1", counts, err)
	}
	_, err = db.ExecContext(s.context(), "CREATE STAGE a; CREATE STAGE s; CREATE STAGE never")
	wantSQLError(t, err, 1050, "42S01", "s")
	if got := s.column("SHOW STAGES"); !slices.Equal(got, []string{"a", "s"}) {
		t.Errorf("stages %q after the error, want a and s", got)
	}
}
