package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// compaction is how long uploads take while the server compacts its log,
// beside how long they take while there is nothing to compact.
//
// Before a round with compactions two stages are filled together, so that each
// segment of the log has files of both, and one of them is dropped.
func (b *bench) compaction(size, conns int) func(string) error {
	return func(load string) error {
		body := randomBytes(size)
		var calm, busy latencies
		var segments int
		for range b.rounds {
			if err := b.wharf.createStage("latency", ""); err != nil {
				return err
			}
			if err := b.calmDown(); err != nil {
				return err
			}
			if err := b.latencyRound(&calm, "calm/", body, conns); err != nil {
				return err
			}
			if err := b.mixStages(body); err != nil {
				return err
			}
			before := b.segments()
			if _, err := b.wharf.db.ExecContext(b.ctx, "DROP STAGE dropped"); err != nil {
				return err
			}
			if err := b.latencyRound(&busy, "busy/", body, conns); err != nil {
				return err
			}
			segments += removed(before, b.segments())
		}
		if segments == 0 {
			return errors.New("no segment of the log was compacted: the load has to leave more that is dead")
		}
		const bound = 50 * time.Millisecond
		more := busy.p99() - calm.p99()
		b.table.fact("p99 of an upload while the server compacts, beside without: "+load,
			fmt.Sprintf("%.1f ms and %.1f ms, %d segments compacted", inMilliseconds(busy.p99()), inMilliseconds(calm.p99()), segments),
			"at most 50 ms more", more <= bound)
		return nil
	}
}

// mixStages fills the stages "kept" and "dropped" together, with some seconds
// of a compactor's work.
func (b *bench) mixStages(body []byte) error {
	files := int64(b.mixed() / (len(body) + 400) / 2) // a record has some 400 bytes besides
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, stage := range []string{"kept", "dropped"} {
		if err := b.wharf.createStage(stage, ""); err != nil {
			return err
		}
		var n atomic.Int64
		wg.Go(func() {
			errs[i] = b.putMany(stage, body, 32, func() (string, bool) {
				n := n.Add(1)
				return filler(int(n)), n <= files
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// mixed is how many bytes the two stages are filled with: a compactor copies
// half of them at 64 MiB a second, which takes a second longer than a round.
func (b *bench) mixed() int { return 2 * int((b.length+time.Second).Seconds()*64*mebibyte) }

// calmDown waits until no segment of the log has come or gone for a while.
func (b *bench) calmDown() error {
	const quiet = time.Second
	deadline := time.Now().Add(time.Minute)
	for last, since := b.segments(), time.Now(); time.Since(since) < quiet; time.Sleep(50 * time.Millisecond) {
		if now := b.segments(); !slices.Equal(now, last) {
			last, since = now, time.Now()
		}
		if time.Now().After(deadline) {
			return errors.New("the server has not come to rest in a minute")
		}
	}
	return nil
}

// segments are the names of the log's files.
func (b *bench) segments() []string {
	var names []string
	// What a file that goes meanwhile gives is no error.
	_ = filepath.WalkDir(b.wharf.data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".seg" {
			names = append(names, path)
		}
		return nil
	})
	slices.Sort(names)
	return names
}

// removed counts what is in before and not in after.
func removed(before, after []string) (n int) {
	for _, name := range before {
		if _, found := slices.BinarySearch(after, name); !found {
			n++
		}
	}
	return n
}

// latencies are the times of single requests.
type latencies []time.Duration

func (l latencies) p99() time.Duration { return l.percentile(99) }

// percentile is the time that a share of the requests, in percent, took at most.
func (l latencies) percentile(share int) time.Duration {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return l[len(l)*share/100]
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// latencyRound adds the time of each upload of a round.
func (b *bench) latencyRound(all *latencies, folder string, body []byte, conns int) error {
	var mu sync.Mutex
	p := b.wharf.putter("latency")
	return b.countRound(&result{}, p.addr, p.proc, conns, func(c *client, n int64) error {
		from := time.Now()
		err := put(c, p, folder+filler(int(n)), body)
		took := time.Since(from)
		mu.Lock()
		*all = append(*all, took)
		mu.Unlock()
		return err
	})
}

// fillAndEmpty fills and empties a stage a hundred times while other uploads
// replace the files of a second stage. It tells the largest size of the data
// folder, beside the most that the files of both stages have at a time.
func (b *bench) fillAndEmpty(string) error {
	const times, size, replaced = 100, 64 << 10, 200
	files := min(2000, b.files/100)
	for _, stage := range []string{"latency", "kept", "dropped", "filled", "replaced"} {
		if err := b.wharf.createStage(stage, ""); err != nil {
			return err
		}
	}
	if err := b.calmDown(); err != nil {
		return err
	}
	base := folderSize(b.wharf.data)
	body := randomBytes(size)
	var over atomic.Bool
	var others atomic.Int64
	replacing := make(chan error, 1)
	go func() {
		replacing <- b.putMany("replaced", body, 4, func() (string, bool) {
			return filler(int(others.Add(1) % replaced)), !over.Load()
		})
	}()
	high, err := b.fillTimes(times, files, body)
	over.Store(true)
	if err := errors.Join(err, <-replacing); err != nil {
		return err
	}
	high -= base
	live := int64(files+replaced) * size
	b.table.fact(fmt.Sprintf("data folder, at most, while a stage of %d files of 64 KiB was filled and emptied %d times and %d uploads replaced %d others; beside the most in files",
		files, times, others.Load(), replaced), mebibytes(high)+" and "+mebibytes(live), "at most twice", high <= 2*live)
	return nil
}

// fillTimes fills and empties the stage "filled", by REMOVE and by OR REPLACE
// in turn, and returns the largest size of the data folder after a filling.
func (b *bench) fillTimes(times, files int, body []byte) (high int64, err error) {
	for round := range times {
		var next atomic.Int64
		err := b.putMany("filled", body, 16, func() (string, bool) {
			n := int(next.Add(1))
			return filler(n), n <= files
		})
		if err != nil {
			return 0, err
		}
		high = max(high, folderSize(b.wharf.data))
		if round%2 == 0 {
			_, err = countRows(b.ctx, b.wharf.db, "REMOVE @filled/")
		} else {
			err = b.wharf.createStage("filled", "")
		}
		if err != nil {
			return 0, err
		}
	}
	return high, nil
}

// putMany uploads files over conns connections, under the names that next
// gives until it gives no more.
func (b *bench) putMany(stage string, body []byte, conns int, next func() (name string, more bool)) error {
	p := b.wharf.putter(stage)
	errs := make([]error, conns)
	var wg sync.WaitGroup
	for i := range conns {
		c, err := dial(p.addr)
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer c.close()
			for name, more := next(); more && errs[i] == nil; name, more = next() {
				errs[i] = put(c, p, name, body)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// folderSize is what the files below a folder take on the disk, in bytes.
func folderSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			size += onDisk(info)
		}
		return nil
	})
	return size
}
