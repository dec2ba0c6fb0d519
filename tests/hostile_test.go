package tests

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

var hostileSeed = flag.Uint64("hostile-seed", 1, "seed of the mutated files of TestHostileFiles")

// hostileFiles is how many files TestHostileFiles mutates.
const hostileFiles = 210

// mutate damages content in up to four ways.
func mutate(r *rand.Rand, content []byte) []byte {
	b := bytes.Clone(content)
	for range 1 + r.IntN(4) {
		if len(b) < 16 {
			return b
		}
		at := r.IntN(len(b))
		n := 1 + r.IntN(min(64, len(b)-at))
		switch r.IntN(8) {
		case 0: // one bit
			b[at] ^= 1 << r.IntN(8)
		case 1: // large numbers
			copy(b[at:at+n], bytes.Repeat([]byte{0xff}, n))
		case 2:
			copy(b[at:at+n], make([]byte, n))
		case 3: // random bytes
			for i := at; i < at+n; i++ {
				b[i] = byte(r.Uint32())
			}
		case 4: // an end
			b = b[:at]
		case 5: // a piece twice
			b = append(b[:at+n:at+n], b[at:]...)
		case 6: // a piece less
			b = append(b[:at:at], b[at+n:]...)
		case 7: // near the end, where Parquet has its lengths and names
			at = max(0, len(b)-1-r.IntN(min(len(b), 2000)))
			b[at] = byte(r.Uint32())
		}
	}
	return b
}

// hostileFile makes the i-th file: its name and content.
func hostileFile(t *testing.T, i int) (string, []byte) {
	r := rand.New(rand.NewPCG(*hostileSeed, uint64(i)))
	kinds := []string{"books.parquet", "ontime_200.parquet", "ontime_200.csv", "ontime_200.ndjson", "ontime_200.csv.gz", "ontime_200.csv.zst", "inner.csv.gz", "array.json"}
	kind := kinds[i%len(kinds)]
	name := fmt.Sprintf("%d-%s", i, kind)
	switch kind {
	case "inner.csv.gz": // a whole member of gzip around damaged lines
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(mutate(r, read(t, "ontime_200.csv"))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return name, b.Bytes()
	case "array.json":
		lines := bytes.Split(bytes.TrimSpace(read(t, "ontime_200.ndjson")), []byte("\n"))
		return name, mutate(r, append(append([]byte("["), bytes.Join(lines, []byte(","))...), ']'))
	}
	return name, mutate(r, read(t, kind))
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/files/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestHostileFiles reads damaged files: each ends in an answer or an error
// within its bound, the server goes on, and a whole file beside it is read.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	s := start(t, settings{plain: true, args: []string{"--query-time", "30s", "--query-memory", "256MiB", "--query-temp", "64MiB", "--query-wait", "5m"}})
	s.exec("CREATE STAGE s")
	s.put("s", "whole.parquet", "testdata/files/ontime_200.parquet")
	var mu sync.Mutex
	outcomes := map[string]int{}
	next := make(chan int)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range next {
				name, content := hostileFile(t, i)
				s.mustUpload("s", name, content)
				for _, statement := range []string{"SELECT * FROM s.`%s`", "SELECT COUNT(*) FROM (SELECT * FROM s.`%s`) t"} {
					outcome := s.hostile(fmt.Sprintf(statement, name))
					mu.Lock()
					outcomes[outcome]++
					mu.Unlock()
				}
			}
		})
	}
	for i := range hostileFiles {
		next <- i
	}
	close(next)
	readers.Wait()
	t.Logf("seed %d: %v", *hostileSeed, outcomes)
	if got := s.column("SELECT COUNT(*) FROM s.`whole.parquet`"); len(got) != 1 || got[0] != "199" {
		t.Errorf("a whole file afterwards: %v", got)
	}
	s.alive()
}

// hostile runs a statement and tells how it ended.
func (s *server) hostile(statement string) string {
	begin := time.Now()
	_, err := s.shown(statement)
	if took := time.Since(begin); took > 30*time.Second+4*endWithin {
		s.t.Errorf("%s: it took %s", statement, took)
	}
	var e *mysql.MySQLError
	switch {
	case err == nil:
		return "answered"
	case !errors.As(err, &e) || errors.Is(err, io.ErrUnexpectedEOF):
		s.t.Errorf("%s: %v, want an answer of the server", statement, err)
	case e.Message == "" || strings.Contains(e.Message, s.dir):
		s.t.Errorf("%s: the message is %q", statement, e.Message)
	}
	if e == nil {
		return "nothing"
	}
	return fmt.Sprint("error ", e.Number)
}
