//go:build linux && !noduck

package duck

import (
	"sync"
	"sync/atomic"
	"testing"

	"wharf/sql"
)

// TestCompiledIsForOneThread has threads take expressions and give them back, as those of
// DuckDB do for each 2,048 rows.
func TestCompiledIsForOneThread(t *testing.T) {
	const said, threads, takes = "1", 4, 100_000
	beginEvaluation(nil)
	defer beginEvaluation(nil)
	users := map[*sql.Compiled]*atomic.Int32{}
	for range threads {
		c := new(sql.Compiled)
		users[c] = new(atomic.Int32)
		giveCompiled(said, c)
	}
	var running sync.WaitGroup
	for range threads {
		running.Go(func() {
			for range takes {
				c, err := takeCompiled(said, evaluated{})
				if err != nil {
					t.Error(err)
					return
				}
				if users[c].Add(1) != 1 {
					t.Error("an expression was given to two threads")
					return
				}
				users[c].Add(-1)
				giveCompiled(said, c)
			}
		})
	}
	running.Wait()
}
