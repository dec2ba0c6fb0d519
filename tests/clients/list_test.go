package clients

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// A list of this many files with names this long does not fit into the
// buffers of a connection, so that the server is still at it when its client
// has read one row.
const (
	listFiles   = 20_000
	listName    = 1000
	listUploads = 8 // at once
	listPerForm = 500
)

// TestCutList ends a LIST of many files that is under way, by KILL and by its
// time.
func TestCutList(t *testing.T) {
	s := start(t, "")
	must(t, s.db, "CREATE STAGE many")
	s.uploadMany(t, "many")
	db := (&tourist{}).open(port(t, s.MySQL), "", "")
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var id int64
	if err := conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	t.Run("kill", func(t *testing.T) {
		rows := oneRow(t, conn)
		killed := s.kill(t, id)
		wantCut(t, rows, killed, 1317)
		await(t, "the connection is idle", func() bool { return s.running(t)[id] == "" })
	})
	t.Run("timeout", func(t *testing.T) {
		must(t, conn, "SET max_execution_time = 1")
		rows, err := conn.QueryContext(t.Context(), "LIST @many")
		if err != nil {
			wantNumber(t, err, 3024) // not a row was ready by then
		} else {
			wantCut(t, rows, time.Now(), 3024)
		}
		must(t, conn, "SET max_execution_time = 0")
	})
	var one int
	if err := conn.QueryRowContext(t.Context(), "SELECT 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("SELECT 1 after it: %d, %v", one, err)
	}
}

func must(t *testing.T, q queryer, query string) {
	t.Helper()
	if _, err := q.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// oneRow starts the LIST and reads one row of it.
func oneRow(t *testing.T, conn *sql.Conn) *sql.Rows {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "LIST @many")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rows.Close() })
	if !rows.Next() {
		t.Fatalf("no row: %v", rows.Err())
	}
	return rows
}

// wantCut wants the rows to end early and soon, with that error.
func wantCut(t *testing.T, rows *sql.Rows, since time.Time, number uint16) {
	t.Helper()
	n := 0
	for rows.Next() {
		n++
	}
	wantNumber(t, rows.Err(), number)
	if n >= listFiles-1 {
		t.Errorf("%d rows came: all of them", n)
	}
	if d := time.Since(since); d > killedWithin {
		t.Errorf("the LIST ended after %s, want at most %s", d, killedWithin)
	}
}

func wantNumber(t *testing.T, err error, number uint16) {
	t.Helper()
	var e *mysql.MySQLError
	if !errors.As(err, &e) || e.Number != number {
		t.Errorf("error %v, want %d", err, number)
	}
}

func (s *server) uploadMany(t *testing.T, stage string) {
	t.Helper()
	var uploads sync.WaitGroup
	for u := range listUploads {
		uploads.Go(func() {
			for from := u * listPerForm; from < listFiles; from += listUploads * listPerForm {
				files := map[string]string{}
				for i := range listPerForm {
					files[fmt.Sprintf("%s%06d", strings.Repeat("n", listName), from+i)] = "x"
				}
				if status, err := upload(s.HTTP, stage, files); status != 200 || err != nil {
					t.Errorf("upload: %d, %v", status, err)
					return
				}
			}
		})
	}
	uploads.Wait()
}
