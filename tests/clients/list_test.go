package clients

import (
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

// TestKillList kills a LIST of many files that is under way.
func TestKillList(t *testing.T) {
	s := start(t, "")
	if _, err := s.db.ExecContext(t.Context(), "CREATE STAGE many"); err != nil {
		t.Fatal(err)
	}
	s.uploadMany(t, "many")
	o := &tourist{ctx: t.Context()}
	db := o.open(port(t, s.MySQL), "", "")
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
	rows, err := conn.QueryContext(t.Context(), "LIST @many")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("no row: %v", rows.Err())
	}
	killed := s.kill(t, id)
	n := 1
	for rows.Next() {
		n++
	}
	var e *mysql.MySQLError
	if err := rows.Err(); !errors.As(err, &e) || e.Number != 1317 {
		t.Errorf("after %d rows: %v, want 1317", n, err)
	}
	if n >= listFiles {
		t.Errorf("all %d rows came", n)
	}
	if d := time.Since(killed); d > killedWithin {
		t.Errorf("the LIST ended %s after the KILL, want at most %s", d, killedWithin)
	}
	await(t, "the connection is idle", func() bool { return s.running(t)[id] == "" })
	var one int
	if err := conn.QueryRowContext(t.Context(), "SELECT 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("SELECT 1 after it: %d, %v", one, err)
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
