package tests

import (
	"bytes"
	"database/sql"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// output is what a command line client did.
type output struct {
	stdout, stderr string
	code           int
}

// mariadb runs the mariadb command line as root against the server, with
// input on its stdin.
func (s *server) mariadb(input string, args ...string) output {
	s.t.Helper()
	return s.mariadbAs("root", "", input, args...)
}

func (s *server) mariadbAs(user, password, input string, args ...string) output {
	s.t.Helper()
	all := append([]string{"--no-defaults", "-h", "127.0.0.1", "-P", s.mysqlPort(), "-u", user}, args...)
	cmd := exec.CommandContext(s.context(), "mariadb", all...)
	if password != "" {
		cmd.Env = append(cmd.Environ(), "MYSQL_PWD="+password)
	}
	return capture(s.t, cmd, input)
}

// execCommand makes a command that ends with the test at the latest.
func execCommand(s *server, args ...string) *exec.Cmd {
	return exec.CommandContext(s.context(), args[0], args[1:]...)
}

func capture(t testing.TB, cmd *exec.Cmd, input string) output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", cmd, err)
	}
	return output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// db opens a pool of go-sql-driver; params are of its DSN: "a=b&c=d".
func (s *server) db(params string) *sql.DB {
	s.t.Helper()
	return s.dbAs("root", params)
}

func (s *server) dbAs(userPassword, params string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("mysql", userPassword+"@tcp("+s.mysql+")/?"+params)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	return db
}

// exec runs statements that must work.
func (s *server) exec(statements ...string) {
	s.t.Helper()
	db := s.db("")
	defer db.Close()
	for _, q := range statements {
		if _, err := db.ExecContext(s.context(), q); err != nil {
			s.t.Fatalf("%s: %v", q, err)
		}
	}
}

// column runs a query that must work and returns its first column.
func (s *server) column(query string) []string {
	s.t.Helper()
	db := s.db("")
	defer db.Close()
	got, err := firstColumn(s, db, query)
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return got
}

func firstColumn(s *server, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(s.context(), query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	got := []string{}
	fields := make([]any, len(columns))
	for i := range fields {
		fields[i] = new(sql.NullString)
	}
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return nil, err
		}
		got = append(got, fields[0].(*sql.NullString).String)
	}
	return got, rows.Err()
}

// list returns what LIST @stage shows.
func (s *server) list(stage string) []string {
	s.t.Helper()
	return s.column("LIST @" + stage)
}

// wantSQLError wants err to be the server's, with that number and SQLSTATE
// and each of the words in its message.
func wantSQLError(t testing.TB, err error, number uint16, state string, words ...string) {
	t.Helper()
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		t.Errorf("error %v, want number %d from the server", err, number)
		return
	}
	if e.Number != number || string(e.SQLState[:]) != state {
		t.Errorf("error %d (%s) %s, want %d (%s)", e.Number, e.SQLState, e.Message, number, state)
	}
	for _, w := range words {
		if !strings.Contains(e.Message, w) {
			t.Errorf("error %d %q does not tell %q", e.Number, e.Message, w)
		}
	}
}
