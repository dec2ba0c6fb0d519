package tests

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// endWithin is the second within which a statement ends, many times over for a busy
// machine. None of the statements that it is for ends by itself before.
const endWithin = 30 * time.Second

// mysqlAttempts are what MySQL itself offers to reach beyond a query.
var mysqlAttempts = []string{
	"SELECT LOAD_FILE('{outside}/secret')",
	"SELECT LOAD_FILE('/etc/passwd') FROM s.`x.csv`",
	"SELECT * FROM s.`x.csv` INTO OUTFILE '{outside}/new'",
	"SELECT Year FROM s.`x.csv` LIMIT 1 INTO DUMPFILE '{outside}/new'",
	"LOAD DATA INFILE '{outside}/secret' INTO TABLE s.t",
	"LOAD DATA LOCAL INFILE '{outside}/secret' INTO TABLE s.t",
	"SELECT * FROM s.`../../outside/secret`",
	"SELECT * FROM s.`{outside}/secret`",
	"SELECT * FROM @s/../outside/secret",
	"SELECT * FROM `{outside}`.`secret`",
	"SELECT * FROM `file:`.`{outside}/secret.csv`",
	"SELECT * FROM s.`x.csv` PROCEDURE ANALYSE()",
	"HANDLER s.`x.csv` OPEN",
	"INSTALL PLUGIN x SONAME '{outside}/secret'",
	"CREATE FUNCTION f RETURNS STRING SONAME 'secret.so'",
	"SELECT SYS_EXEC('cat {outside}/secret') FROM s.`x.csv`",
	"SELECT GET_LOCK('a', 1000) FROM s.`x.csv`",
	"SELECT SLEEP(1000) FROM s.`x.csv`",
	"SELECT BENCHMARK(1000000000000, MD5('a')) FROM s.`x.csv`",
	"EXPLAIN ANALYZE INSERT INTO s.t SELECT * FROM s.`x.csv`",
}

// TestConfinedOverMySQL makes the attempts of the workers' own suite over the
// MySQL protocol: as they are, which are syntax errors for the most part, and
// where they are a SELECT also beside a file, so that the engine has them.
func TestConfinedOverMySQL(t *testing.T) {
	t.Parallel()
	s := start(t, settings{plain: true, args: []string{"--query-workers", "8", "--query-memory", "128MiB", "--query-temp", "64MiB"}})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	outside := filepath.Join(filepath.Dir(s.dir), "outside")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret", "secret.csv", "secret.json", "secret.parquet"} {
		if err := os.WriteFile(filepath.Join(outside, name), []byte("5ecret\n5ecret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port, contacts := listening(t)
	put := strings.NewReplacer("{outside}", outside, "{files}", s.dir+"/workers/1/files", "{temp}", s.dir+"/workers/1/temp",
		"{other}", s.dir+"/workers/2", "{port}", port, "{pid}", fmt.Sprint(s.PID()))
	// Those that are ended by their time take a second each.
	const atOnce = 4
	var n atomic.Int64
	t.Run("attempts", func(t *testing.T) {
		for first := range atOnce {
			t.Run(strconv.Itoa(first), func(t *testing.T) {
				t.Parallel()
				s := &server{Server: s.Server, t: t, dir: s.dir, mysql: s.mysql, http: s.http}
				for i, a := range sqlAttempts(t) {
					if i%atOnce == first {
						n.Add(s.attemptAll(a.section, put.Replace(a.sql)))
					}
				}
			})
		}
	})
	t.Logf("%d statements", n.Load())
	if left, err := os.ReadDir(outside); err != nil || len(left) != 4 {
		t.Errorf("outside: %v, %v", left, err)
	}
	if contacts.Load() > 0 {
		t.Errorf("%d connections were made", contacts.Load())
	}
	s.alive()
}

// listening returns a port that counts who connects.
func listening(t *testing.T) (port string, contacts *atomic.Int64) {
	t.Helper()
	contacts = new(atomic.Int64)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			contacts.Add(1)
			c.Close()
		}
	}()
	return strconv.Itoa(ln.Addr().(*net.TCPAddr).Port), contacts
}

// sqlAttempt is a statement that reaches for what its section says.
type sqlAttempt struct{ section, sql string }

func sqlAttempts(t *testing.T) (all []sqlAttempt) {
	t.Helper()
	text, err := os.ReadFile("../sql/duck/testdata/confinement.txt")
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			all = append(all, sqlAttempt{section, line})
		}
	}
	for _, sql := range mysqlAttempts {
		all = append(all, sqlAttempt{"mysql", sql})
	}
	return all
}

// attemptAll makes the attempts of a line, and returns their number.
func (s *server) attemptAll(section, line string) (n int64) {
	s.t.Helper()
	for _, statement := range strings.Split(line, " ;; ") {
		if statement == "SELECT 42" { // goes between two others
			continue
		}
		n++
		s.attempt(section, statement)
		if strings.HasPrefix(statement, "SELECT ") {
			n++
			s.attempt(section, "SELECT * FROM (SELECT COUNT(*) AS n FROM s.`x.csv`) x, ("+statement+") y")
		}
	}
	return n
}

// attempt sends one statement, which has to end within its bound, and where it
// would reach elsewhere with an error or without showing anything.
func (s *server) attempt(section, statement string) {
	s.t.Helper()
	bounded := section == "memory" || section == "disk" || section == "time" || section == "mysql"
	bound := endWithin // others end by themselves; a busy machine may take long to start a worker
	if bounded {
		bound = time.Second
	}
	begin := time.Now()
	shown, err := s.shownBy(fmt.Sprintf("max_execution_time=%d", bound.Milliseconds()), statement)
	took := time.Since(begin)
	var refusal *mysql.MySQLError
	switch {
	case err != nil && !errors.As(err, &refusal):
		s.t.Errorf("%s: %v, want an answer of the server", statement, err)
	case took > bound+endWithin:
		s.t.Errorf("%s: it took %s", statement, took)
	case strings.Contains(shown, "5ecret"), strings.Contains(shown, "root:"):
		s.t.Errorf("%s: it shows %.200q", statement, shown)
	case err == nil && !bounded && shown != "":
		s.t.Errorf("%s: it went through: %.200q", statement, shown)
	case err != nil && strings.Contains(refusal.Message, s.dir):
		s.t.Errorf("%s: the message has a path of the server's disk: %s", statement, refusal.Message)
	}
	var n int
	db := s.db("")
	defer db.Close()
	if err := db.QueryRowContext(s.context(), "SELECT COUNT(*) FROM s.`x.csv`").Scan(&n); err != nil || n != 199 {
		s.t.Fatalf("%s: afterwards a query of a file gives %d, %v", statement, n, err)
	}
}

// shown returns the beginning of the text of a result.
func (s *server) shown(statement string) (string, error) { return s.shownBy("", statement) }

// shownBy is shown on a connection with those parameters.
func (s *server) shownBy(params, statement string) (string, error) {
	db := s.db(params)
	defer db.Close()
	rows, err := db.QueryContext(s.context(), statement)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	values, at := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		at[i] = &values[i]
	}
	var b strings.Builder
	for rows.Next() {
		if err := rows.Scan(at...); err != nil {
			return "", err
		}
		for _, v := range values {
			if b.Len() < 1<<20 {
				b.Write(v)
			}
		}
	}
	return b.String(), rows.Err()
}

// workers returns the processes of the server's workers.
func (s *server) workers() (pids []int) {
	s.t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range processes {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// proc(5): the number, the name in parentheses, the state, the parent.
		after := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if parent, err := strconv.Atoi(after[1]); err == nil && parent == s.PID() && after[0] != "Z" {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				s.t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

// eventually waits until what has to happen has.
func (s *server) eventually(what string, done func() bool) {
	s.t.Helper()
	for by := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(by) {
			s.t.Fatalf("%s: it did not happen", what)
		}
	}
}

// TestWorkerCrash kills the worker of a query: that statement fails, with a
// line in the log, and nothing else does.
func TestWorkerCrash(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.put("s", "x.csv", "testdata/files/ontime_200.csv")
	for i, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS} {
		conn := s.conn()
		ended := make(chan error, 1)
		go func() {
			_, err := conn.ExecContext(s.context(), endlessQuery)
			ended <- err
		}()
		busy := s.busyWorker()
		if err := syscall.Kill(busy, signal); err != nil {
			t.Fatal(err)
		}
		wantSQLError(t, <-ended, 1105, "HY000", "worker process")
		s.eventually(fmt.Sprintf("the log's line of %v", signal), func() bool { return strings.Count(s.Log(), "its worker ended: ") > i })
		var n int
		if err := conn.QueryRowContext(s.context(), "SELECT COUNT(*) FROM s.`x.csv`").Scan(&n); err != nil || n != 199 {
			t.Errorf("%v: afterwards, on the same connection: %d, %v", signal, n, err)
		}
	}
	s.alive()
}

// endlessQuery computes for years.
const endlessQuery = "SELECT SUM(a.Year * b.Month * c.DayOfWeek) FROM s.`x.csv` a, s.`x.csv` b, s.`x.csv` c, s.`x.csv` d, s.`x.csv` e, s.`x.csv` f"

// busyWorker waits until a worker computes, and returns its number. It is the one that
// goes on using a processor: a worker that starts ends doing so.
func (s *server) busyWorker() (busy int) {
	s.t.Helper()
	s.eventually("a worker that computes", func() bool {
		pids := s.workers()
		before := make([]int, len(pids))
		for i, pid := range pids {
			before[i] = processorTime(pid)
		}
		time.Sleep(100 * time.Millisecond)
		var busiest, most int
		for i, pid := range pids {
			if used := processorTime(pid); used > before[i] && used > most {
				busiest, most = pid, used
			}
		}
		if most > 50 { // hundredths of a second: more than a start takes
			busy = busiest
		}
		return busy != 0
	})
	return busy
}

// processorTime is how much a process has used, in ticks of the system.
func processorTime(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	after := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(after[11])
	system, _ := strconv.Atoi(after[12])
	return user + system
}

// TestNoWorkerLeft stops a server, and kills one, while a query runs: no
// process and, after the next start, no folder of a worker is left.
func TestNoWorkerLeft(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var old []string
	for _, killed := range []bool{true, false} {
		s := start(t, settings{dir: dir, killed: killed, args: []string{"--shutdown-grace", "100ms", "--require-sandbox"}})
		for _, folder := range old {
			if _, err := os.Stat(filepath.Join(folder, "files", "1")); !os.IsNotExist(err) {
				t.Errorf("a folder of the server before: %s, %v", folder, err)
			}
		}
		s.exec("CREATE STAGE IF NOT EXISTS s")
		s.put("s", "x.csv", "testdata/files/ontime_200.csv")
		ended := make(chan error, 1)
		go func() {
			_, err := s.db("").ExecContext(s.context(), endlessQuery)
			ended <- err
		}()
		s.busyWorker()
		var pids []int
		s.eventually("a busy worker and one that waits", func() bool {
			pids = s.workers()
			old, _ = filepath.Glob(filepath.Join(dir, "workers", "*"))
			return len(pids) >= 2 && len(old) >= 2
		})
		if killed {
			s.Kill()
		} else {
			s.Stop()
			if _, err := os.Stat(filepath.Join(dir, "workers")); !os.IsNotExist(err) {
				t.Errorf("the folder of the workers after a stop: %v", err)
			}
		}
		if err := <-ended; err == nil {
			t.Error("the query came to an end")
		}
		s.eventually("the end of all workers", func() bool {
			return !slices.ContainsFunc(pids, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
		})
	}
}
