package clients

import (
	"database/sql"
	"fmt"
	"net"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the driver of db

	"wharf/tests/harness"
)

// patience is for what has to happen, on a machine however busy.
const patience = 2 * time.Minute

// killedWithin is how soon a client whose statement was killed hears of it:
// a second, many times over for a busy machine.
const killedWithin = 30 * time.Second

const password = "c0rrect horse & battery"

// server is a running server and a connection of the test's own.
type server struct {
	*harness.Server
	db       *sql.DB
	password string
}

func start(t *testing.T, password string) *server {
	t.Helper()
	var o harness.Options
	if password != "" {
		o.Env, o.Secrets = []string{"WHARF_ROOT_PASSWORD=" + password}, []string{password}
	}
	return startWith(t, o, password)
}

func startWith(t *testing.T, o harness.Options, password string) *server {
	t.Helper()
	s := &server{Server: harness.Start(t, binary, o), password: password}
	db, err := sql.Open("mysql", "root:"+password+"@tcp("+s.MySQL+")/")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	s.db = db
	return s
}

func port(t *testing.T, addr string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// running is what each connection runs: nothing, where it is idle.
func (s *server) running(t *testing.T) map[int64]string {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), "SHOW FULL PROCESSLIST")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[int64]string{}
	for rows.Next() {
		var id int64
		var user, host, db, command, seconds, state, info sql.NullString
		if err := rows.Scan(&id, &user, &host, &db, &command, &seconds, &state, &info); err != nil {
			t.Fatal(err)
		}
		all[id] = info.String
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// await polls until done.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// kill waits until connection id runs a statement, kills that, and returns
// when it did.
func (s *server) kill(t *testing.T, id int64) time.Time {
	t.Helper()
	await(t, fmt.Sprintf("connection %d runs something", id), func() bool { return s.running(t)[id] != "" })
	if _, err := s.db.ExecContext(t.Context(), "KILL QUERY ?", id); err != nil {
		t.Fatal(err)
	}
	return time.Now()
}

// wantNoConnections wants every client to have left.
func (s *server) wantNoConnections(t *testing.T) {
	t.Helper()
	await(t, "all clients have left", func() bool { return len(s.running(t)) == 1 })
}
