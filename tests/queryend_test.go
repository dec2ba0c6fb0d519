package tests

import (
	"context"
	"crypto/md5"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

// waysToEnd are how a statement is ended from outside: each returns what the
// client is to see, 0 for a client that has left.
var waysToEnd = map[string]struct {
	number uint16
	state  string
	end    func(s *server, id int64, leave func())
}{
	"KILL QUERY":      {1317, "70100", func(s *server, id int64, _ func()) { s.exec(fmt.Sprintf("KILL QUERY %d", id)) }},
	"KILL CONNECTION": {0, "", func(s *server, id int64, _ func()) { s.exec(fmt.Sprintf("KILL %d", id)) }},
	"leaving":         {0, "", func(_ *server, _ int64, leave func()) { leave() }},
}

// query runs a statement on a connection of its own and ends it one way when
// underway says that it is where it has to be.
func (s *server) endQuery(t *testing.T, way, statement string, underway func()) {
	t.Helper()
	w := waysToEnd[way]
	conn := s.conn()
	var id int64
	if err := conn.QueryRowContext(s.context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(s.context())
	defer leave()
	ended := make(chan error, 1)
	go func() { ended <- drain(ctx, conn, statement) }()
	underway()
	begin := time.Now()
	w.end(s, id, leave)
	err := <-ended
	if w.number != 0 {
		wantSQLError(t, err, w.number, w.state)
	} else if err == nil {
		t.Error("it ended by itself")
	}
	s.eventually("the end of the statement in the list of processes", func() bool {
		return len(s.column(fmt.Sprintf("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = %d AND COMMAND <> 'Sleep'", id))) == 0
	})
	if took := time.Since(begin); took > endWithin {
		t.Errorf("it took %s", took)
	}
}

func drain(ctx context.Context, conn *sql.Conn, statement string) error {
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// TestQueryEndsAsItWaits ends statements that wait for their turn.
func TestQueryEndsAsItWaits(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-workers", "1", "--query-wait", "10m"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	holder := s.conn()
	ctx, stop := context.WithCancel(s.context())
	held := make(chan error, 1)
	go func() { held <- drain(ctx, holder, endlessQuery) }()
	s.busyWorker()
	for way := range waysToEnd {
		t.Run(way, func(t *testing.T) {
			s.endQuery(t, way, "SELECT COUNT(*) AS waits FROM s.`x.csv`", func() {
				s.eventually("the statement that waits", func() bool {
					return len(s.column("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%AS waits%' AND INFO NOT LIKE '%LIKE%'")) > 0
				})
			})
		})
	}
	t.Run("max_execution_time", func(t *testing.T) {
		conn := s.conn()
		if _, err := conn.ExecContext(s.context(), "SET max_execution_time = 200"); err != nil {
			t.Fatal(err)
		}
		wantSQLError(t, drain(s.context(), conn, "SELECT COUNT(*) FROM s.`x.csv`"), 3024, "HY000")
	})
	stop()
	if err := <-held; err == nil {
		t.Error("the statement that held the worker came to an end")
	}
	if n := s.column("SELECT COUNT(*) FROM s.`x.csv`"); len(n) != 1 || n[0] != "199" {
		t.Errorf("afterwards: %v", n)
	}
}

// TestQueryBusy wants 1040 with what to do after the time to wait.
func TestQueryBusy(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-workers", "1", "--query-wait", "100ms"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	conn := s.conn()
	ctx, stop := context.WithCancel(s.context())
	held := make(chan error, 1)
	go func() { held <- drain(ctx, conn, endlessQuery) }()
	s.busyWorker()
	_, err := s.db("").ExecContext(s.context(), "SELECT COUNT(*) FROM s.`x.csv`")
	wantSQLError(t, err, 1040, "08004", "--query-workers", "--query-wait", "100ms")
	stop()
	<-held
}

// TestQueryBounds wants the bounds of time and of rows to be told by name.
func TestQueryBounds(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-rows", "1000"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	err := drain(s.context(), s.conn(), "SELECT a.Year FROM s.`x.csv` a, s.`x.csv` b")
	wantSQLError(t, err, 1153, "08S01", "--query-rows", "1000")
	if n := s.column("SELECT COUNT(*) FROM s.`x.csv` a, s.`x.csv` b"); len(n) != 1 || n[0] != "39601" {
		t.Errorf("a result of one row: %v", n)
	}
	s = start(t, settings{args: []string{"--query-time", "300ms"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	wantSQLError(t, drain(s.context(), s.conn(), endlessQuery), 3024, "HY000", "--query-time", "300ms")

	// A lock that another session holds is waited for within the same time,
	// wherever the server computes the call: before the first file too.
	if err := drain(s.context(), s.conn(), "SELECT GET_LOCK('held', 0)"); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"SELECT GET_LOCK('held', 1000) FROM s.`x.csv`",
		"SELECT * FROM (SELECT COUNT(*) AS n FROM s.`x.csv`) x, (SELECT GET_LOCK('held', 1000) FROM s.`x.csv`) y",
		"SELECT GET_LOCK('held', 1000), x.* FROM (VALUES ROW(1)) x",
		// For each row, as it comes.
		"SELECT SLEEP(1000) FROM s.`x.csv`",
		"SELECT SLEEP(0.01), x.* FROM s.`x.csv` x, s.`x.csv` y",
	} {
		wantSQLError(t, drain(s.context(), s.conn(), q), 3024, "HY000", "--query-time", "300ms")
	}
}

// TestQueryEndsAsFilesCome ends statements while their files are fetched from
// a bucket that has stopped in the middle of one.
func TestQueryEndsAsFilesCome(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{fakeSecret}})
	fetching, content := make(chan struct{}, 100), make([]byte, 1_000_000)
	f := harness.StartFakeS3(t, func(_ *harness.FakeS3, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "slow.csv") {
			return false
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(content)))
		w.Header().Set("Content-Length", "1000000")
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", "bytes 0-999999/1000000")
			w.WriteHeader(http.StatusPartialContent)
		}
		io.WriteString(w, "a,b\n1,2\n")
		w.(http.Flusher).Flush()
		fetching <- struct{}{}
		<-r.Context().Done()
		return true
	})
	f.Store("/"+harness.Bucket+"/p/slow.csv", content)
	s.exec(harness.CreateS3Stage("bucket", harness.Bucket, "p/", f.URL, "access", fakeSecret))
	for way := range waysToEnd {
		t.Run(way, func(t *testing.T) {
			s.endQuery(t, way, "SELECT COUNT(*) FROM bucket.`slow.csv`", func() { <-fetching })
		})
	}
	s.alive()
}

// TestQueryEndsUnread ends statements whose rows nobody reads.
func TestQueryEndsUnread(t *testing.T) {
	t.Parallel()
	s := start(t, settings{args: []string{"--query-workers", "1"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	for _, way := range []string{"KILL QUERY", "KILL CONNECTION"} {
		t.Run(way, func(t *testing.T) {
			conn := s.conn()
			var id int64
			if err := conn.QueryRowContext(s.context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
				t.Fatal(err)
			}
			rows, err := conn.QueryContext(s.context(), "SELECT a.*, b.*, c.* FROM s.`x.csv` a, s.`x.csv` b, s.`x.csv` c")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
			begin := time.Now()
			waysToEnd[way].end(s, id, nil)
			// There is one worker: another statement has its turn when this one
			// has none any more.
			if n := s.column("SELECT COUNT(*) FROM s.`x.csv`"); len(n) != 1 || n[0] != "199" {
				t.Errorf("afterwards: %v", n)
			}
			if took := time.Since(begin); took > endWithin {
				t.Errorf("it took %s", took)
			}
		})
	}
}
