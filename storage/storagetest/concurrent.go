package storagetest

import (
	"context"
	"sync"
	"sync/atomic"

	"wharf"
)

// payloads are the body lengths of successive versions, below and above what a
// store may keep inline.
var payloads = []int{0, 100, 5_000, 70_000, 300_000}

func concurrentCases() []testCase {
	return []testCase{
		{"concurrent/writers-and-readers", writersAndReaders},
		{"concurrent/seen-after-return", seenAfterReturn},
		{"concurrent/if-absent", ifAbsentRace},
		{"concurrent/many-keys", func(e *env) {
			var wg sync.WaitGroup
			for i := range uint64(8) {
				rng := e.newRand(i + 1)
				key := wharf.Key([]string{"a", "b", "c", "d", "e", "f", "g", "h"}[i])
				wg.Go(func() {
					for seq := range 12 {
						body := randomBytes(rng, payloads[seq%len(payloads)]+seq)
						e.put(key, body)
						e.wantBody(key, body)
					}
				})
			}
			wg.Wait()
			e.wantKeys(wharf.ListOptions{}, "a", "b", "c", "d", "e", "f", "g", "h")
		}},
	}
}

// writersAndReaders has writers replace one key while readers read it: each
// reader sees one whole version, or an error of a File whose version is gone.
func writersAndReaders(e *env) {
	const writers, each = 4, 24
	e.put("k", selfBody(e.rng, 0, 10))
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	var read, failed atomic.Int64
	var readers, all sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				body, err := ReadAll(e.ctx, e.store, "k")
				if err != nil {
					if wharf.CodeOf(err) == wharf.CodeNotFound {
						e.Errorf("the key is missing while it is overwritten: %v", err)
					}
					failed.Add(1)
					continue
				}
				if _, err := parseSelf(body); err != nil {
					e.Errorf("a reader sees bytes that are no version: %v", err)
				}
				read.Add(1)
			}
		})
	}
	for i := range uint64(writers) {
		rng := e.newRand(i + 1)
		all.Go(func() {
			for n := range uint64(each) {
				e.put("k", selfBody(rng, i*each+n, payloads[rng.Uint64()%uint64(len(payloads))]))
			}
		})
	}
	all.Wait()
	cancel()
	readers.Wait()
	e.Logf("%d whole versions read, %d readers were overtaken", read.Load(), failed.Load())
	body, err := ReadAll(e.ctx, e.store, "k")
	if err != nil {
		e.Errorf("the key cannot be read when all is quiet: %v", err)
	} else if _, err := parseSelf(body); err != nil {
		e.Errorf("what is left in the end is no version: %v", err)
	}
	e.wantKeys(wharf.ListOptions{}, "k")
}

// seenAfterReturn has one writer. A call of any method that starts after version
// n was acknowledged sees n or a later version.
func seenAfterReturn(e *env) {
	const versions = 60
	var acked atomic.Uint64
	size := func(seq uint64) int { return 1000 + int(seq) }
	e.put("k", selfBody(e.rng, 0, size(0)))
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	atLeast := func(what string, seq, floor uint64) {
		if seq < floor {
			e.Errorf("%s sees version %d after version %d was acknowledged", what, seq, floor)
		}
	}
	seqOf := func(o wharf.Object) uint64 { return uint64(o.Size) - uint64(size(0)+selfHeader+selfFooter) }
	var readers sync.WaitGroup
	readers.Go(func() {
		for ctx.Err() == nil {
			floor := acked.Load()
			if object, err := e.store.Stat(e.ctx, "k"); err != nil {
				e.Errorf("Stat: %v", err)
			} else {
				atLeast("Stat", seqOf(object), floor)
			}
		}
	})
	readers.Go(func() {
		for ctx.Err() == nil {
			floor := acked.Load()
			for _, object := range e.list(wharf.ListOptions{}) {
				atLeast("List", seqOf(object), floor)
			}
		}
	})
	readers.Go(func() {
		for ctx.Err() == nil {
			floor := acked.Load()
			if body, err := ReadAll(e.ctx, e.store, "k"); err == nil {
				seq, err := parseSelf(body)
				if err != nil {
					e.Errorf("a reader sees bytes that are no version: %v", err)
				}
				atLeast("Open", seq, floor)
			}
		}
	})
	for seq := uint64(1); seq <= versions; seq++ {
		body := selfBody(e.rng, seq, size(seq))
		e.put("k", body)
		acked.Store(seq)
		e.wantBody("k", body)
	}
	cancel()
	readers.Wait()
}

// ifAbsentRace has many creators of one key, of which exactly one succeeds.
func ifAbsentRace(e *env) {
	for round := range 5 {
		key := wharf.Key([]string{"a", "b", "c", "d", "e"}[round])
		const racers = 8
		bodies := make([][]byte, racers)
		for i := range bodies {
			bodies[i] = selfBody(e.rng, uint64(i), payloads[round])
		}
		var won [racers]error
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				_, won[i] = e.store.Put(e.ctx, key, reader(bodies[i]),
					wharf.PutOptions{Size: int64(len(bodies[i])), IfAbsent: true})
			})
		}
		wg.Wait()
		winners := 0
		for i, err := range won {
			if err == nil {
				winners++
				if !e.excepted(RacyIfAbsent) {
					e.wantBody(key, bodies[i])
				}
			} else {
				e.wantCode("Put of a key that another creates", err, wharf.CodePrecondition)
			}
		}
		if winners != 1 && !e.excepted(RacyIfAbsent) || winners == 0 {
			e.Errorf("%d of %d racers created the key, want one", winners, racers)
		}
	}
}
