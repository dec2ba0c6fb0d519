//go:build !race

package attack

import (
	"context"
	"database/sql"
	"net"
	"os"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"wharf/tests/harness"
)

// manyRows has 7,880,599 rows.
const manyRows = "SELECT a.Year, b.Month, c.DayOfWeek FROM s.`x.csv` a, s.`x.csv` b, s.`x.csv` c"

const manyRowsAre = 199 * 199 * 199

// slowly is a connection that waits before each read.
type slowly struct{ net.Conn }

func (c slowly) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond) // the attack: a reader slower than the server
	return c.Conn.Read(p[:min(len(p), 64<<10)])
}

// Rows stream: a client that reads millions of them slowly, and two that have
// stopped reading, hold back their own workers and none of the server's memory.
func TestSlowReadersOfQueries(t *testing.T) {
	t.Parallel()
	const more = 64 * mib
	s := start(t, harness.Options{Args: []string{"--query-workers", "4"}})
	content, err := os.ReadFile("../testdata/files/ontime_200.csv")
	if err != nil {
		t.Fatal(err)
	}
	honest := s.honestClient()
	defer honest.close()
	if err := honest.upload(t.Context(), "x.csv", string(content)); err != nil {
		t.Fatal(err)
	}
	counted := func() {
		t.Helper()
		var n int
		if err := honest.db.QueryRow("SELECT COUNT(*) FROM s.`x.csv`").Scan(&n); err != nil || n != 199 {
			t.Errorf("a query beside them: %d, %v", n, err)
		}
	}
	for range 8 { // what is made once is made
		counted()
		s.allocate()
	}
	s.ResetPeak()
	idle := s.Memory("VmRSS")

	for range 2 {
		stopped := s.dial("tcp")
		defer stopped.Close()
		rows, err := stopped.QueryContext(t.Context(), manyRows)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() { // and reads no other
			t.Fatal(rows.Err())
		}
	}
	mysql.RegisterDialContext("slowly", func(ctx context.Context, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		return slowly{c}, err
	})
	slow := s.dial("slowly")
	defer slow.Close()
	read := make(chan int, 1)
	go func() {
		n, err := count(t.Context(), slow, manyRows)
		if err != nil {
			t.Error(err)
		}
		read <- n
	}()
	begin, served := time.Now(), 0
	for n := -1; n < 0; served++ {
		if err := honest.use(); err != nil {
			t.Error(err)
			return
		}
		counted()
		select {
		case n = <-read:
			if n != manyRowsAre {
				t.Errorf("%d rows, want %d", n, manyRowsAre)
			}
		case <-time.After(50 * time.Millisecond): // the processors are the reader's
		}
	}
	peak := s.Memory("VmHWM")
	t.Logf("%d rows in %s; resident: %d MiB idle, %d at most; the honest client was served %d times", manyRowsAre,
		time.Since(begin).Round(time.Millisecond), idle/mib, peak/mib, served)
	if peak > idle+more {
		t.Errorf("the server had %d MiB, idle it has %d", peak/mib, idle/mib)
	}
}

// dial returns a client over a network that the driver knows.
func (s *target) dial(network string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("mysql", "root@"+network+"("+s.MySQL+")/default")
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}
