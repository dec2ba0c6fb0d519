package tests

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// rowsOfFile gives the rows of a data file of sql/exec, without comments.
func rowsOfFile(t *testing.T, name string, fields, atLeast int) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "sql/exec", name))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if row := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(row) == fields {
			rows = append(rows, row)
		} else if !strings.HasPrefix(line, "#") {
			t.Errorf("%s: a row of %d fields: %s", name, len(row), line)
		}
	}
	if len(rows) < atLeast {
		t.Fatalf("%s has %d rows", name, len(rows))
	}
	return rows
}

// session is one connection of a new pool.
func (s *server) session(params string) *sql.Conn {
	s.t.Helper()
	c, err := s.db(params).Conn(s.context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// TestSystemVariables asks for each system variable of MySQL 8.0, by name and
// in SHOW VARIABLES, and sets it.
func TestSystemVariables(t *testing.T) {
	s := start(t, settings{})
	c := s.session("")
	shown := pairs(t, c, "SHOW VARIABLES")
	global := pairs(t, c, "SHOW GLOBAL VARIABLES")
	rows := rowsOfFile(t, "sysvariables.txt", 4, 600)
	for _, row := range rows {
		name, scope, kind, want := row[0], row[1], row[2], row[3]
		got, ok := shown[name]
		if _, isGlobal := global[name]; !ok || isGlobal != (scope != "session") {
			t.Errorf("%s: SHOW VARIABLES has it: %v, SHOW GLOBAL VARIABLES: %v", name, ok, isGlobal)
		}
		if kind != "server" && got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		if strings.HasPrefix(name, "collation_") { // setting the character set has set it
			got = pairs(t, c, "SHOW VARIABLES LIKE '"+name+"'")[name]
		}
		asked := selected(t, c, name)
		if got == "ON" || got == "OFF" {
			asked = strings.NewReplacer("1", "ON", "0", "OFF").Replace(asked)
		}
		if number, err := strconv.ParseFloat(asked, 64); asked != got && name != "timestamp" && (err != nil || strconv.FormatFloat(number, 'f', -1, 64) != got) {
			t.Errorf("%s: SELECT gives %q, SHOW VARIABLES %q", name, asked, got)
		}
		_, err := c.ExecContext(t.Context(), "SET "+name+" = @@"+name)
		switch e, _ := err.(*mysql.MySQLError); {
		case scope == "global" || kind == "const":
			if e == nil || e.Number != 1238 && e.Number != 1229 {
				t.Errorf("SET %s: %v", name, err)
			}
		case kind != "server" && err != nil:
			t.Errorf("SET %s to its own value: %v", name, err)
		}
	}
	if len(shown) != len(rows) {
		t.Errorf("SHOW VARIABLES has %d, the file %d", len(shown), len(rows))
	}
}

// pairs gives what a SHOW of two columns shows.
func pairs(t *testing.T, c *sql.Conn, statement string) map[string]string {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		all[name] = value
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func selected(t *testing.T, c *sql.Conn, variable string) string {
	t.Helper()
	var value sql.NullString
	if err := c.QueryRowContext(t.Context(), "SELECT @@"+variable).Scan(&value); err != nil {
		t.Errorf("%s: %v", variable, err)
	}
	return value.String
}

// TestStatusVariables asks for each status variable of MySQL 8.0.
func TestStatusVariables(t *testing.T) {
	s := start(t, settings{})
	c := s.session("")
	shown, global := pairs(t, c, "SHOW STATUS"), pairs(t, c, "SHOW GLOBAL STATUS")
	rows := rowsOfFile(t, "statusvariables.txt", 3, 450)
	for _, row := range rows {
		name, scope, want := row[0], row[1], row[2]
		got, ok := shown[name]
		if _, isGlobal := global[name]; !ok || isGlobal != (scope != "session") {
			t.Errorf("%s: SHOW STATUS has it: %v, SHOW GLOBAL STATUS: %v", name, ok, isGlobal)
		}
		if want != "server" && got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(shown) != len(rows) {
		t.Errorf("SHOW STATUS has %d, the file %d", len(shown), len(rows))
	}
}

// TestStatusCounts does what status variables count.
func TestStatusCounts(t *testing.T) {
	s := start(t, settings{})
	watcher := s.session("")
	before := pairs(t, watcher, "SHOW GLOBAL STATUS")
	busy(t, s)
	wants := map[string]uint64{
		"Connections": 2, "Aborted_connects": 1, "Com_select": 4, "Com_begin": 1, "Com_commit": 1, "Com_set_option": 2,
		"Com_show_databases": 1, "Com_stmt_prepare": 1, "Com_stmt_execute": 2, "Com_stmt_close": 1, "Com_insert": 1, "Slow_queries": 1,
	}
	after := pairs(t, watcher, "SHOW GLOBAL STATUS")
	for name, want := range wants {
		if got := count(t, after, name) - count(t, before, name); got != want {
			t.Errorf("%s grew by %d, want %d", name, got, want)
		}
	}
	for _, name := range []string{"Bytes_received", "Bytes_sent", "Questions", "Queries"} {
		if count(t, after, name) <= count(t, before, name) {
			t.Errorf("%s did not grow: %s, then %s", name, before[name], after[name])
		}
	}
	if got := count(t, after, "Max_used_connections"); got != 2 {
		t.Errorf("Max_used_connections is %d", got)
	}
	if own := pairs(t, watcher, "SHOW SESSION STATUS"); count(t, own, "Com_select") != 0 || count(t, own, "Com_show_status") != 3 {
		t.Errorf("the watcher's own: Com_select %s, Com_show_status %s", own["Com_select"], own["Com_show_status"])
	}
}

// busy is a client that does something of each kind, and one that may not log in.
func busy(t *testing.T, s *server) {
	t.Helper()
	wrong, err := sql.Open("mysql", "root:wrong@tcp("+s.mysql+")/")
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	if err := wrong.PingContext(t.Context()); err == nil {
		t.Fatal("the wrong password was taken")
	}
	c := s.session("interpolateParams=true")
	for _, statement := range []string{"SET long_query_time = 0.001", "SELECT SLEEP(0.01)", "SET long_query_time = 100", "SELECT 1",
		"BEGIN", "COMMIT", "SHOW DATABASES"} {
		if _, err := c.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if _, err := c.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err == nil {
		t.Fatal("INSERT did something")
	}
	st, err := c.PrepareContext(t.Context(), "SELECT ? + 1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		var n int
		if err := st.QueryRowContext(t.Context(), i).Scan(&n); err != nil || n != i+1 {
			t.Fatal(n, err)
		}
	}
	if err := errors.Join(st.Close(), c.PingContext(t.Context())); err != nil { // the first has no answer
		t.Fatal(err)
	}
	c.Close()
}

func count(t *testing.T, status map[string]string, name string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(status[name], 10, 64)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return n
}

// TestStatusOfTLS asks for the cipher with and without TLS.
func TestStatusOfTLS(t *testing.T) {
	s := start(t, settings{})
	ciphers := map[string]bool{"TLS_AES_128_GCM_SHA256": true, "TLS_AES_256_GCM_SHA384": true, "TLS_CHACHA20_POLY1305_SHA256": true}
	for params, secure := range map[string]bool{"": false, "tls=skip-verify": true} {
		status := pairs(t, s.session(params), "SHOW STATUS LIKE 'Ssl\\_%'")
		if secure && (status["Ssl_version"] != "TLSv1.3" || !ciphers[status["Ssl_cipher"]]) || !secure && status["Ssl_version"]+status["Ssl_cipher"] != "" {
			t.Errorf("%q: Ssl_version %q, Ssl_cipher %q", params, status["Ssl_version"], status["Ssl_cipher"])
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var have string
	if err := s.session("").QueryRowContext(ctx, "SELECT @@have_ssl").Scan(&have); err != nil || have != "YES" {
		t.Errorf("@@have_ssl is %q, %v", have, err)
	}
}
