package tests

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var killSeed = flag.Uint64("kill-seed", uint64(time.Now().UnixNano()), "seed of the moments and files of TestKill")

const (
	killRounds    = 30
	killUploaders = 16
	killSmall     = 4 << 10 // at most; lies in the index
	killLarge     = 1 << 20 // at least; is a body file
	killSpread    = 1 << 20 // by how much large files differ
	killAfter     = 60      // acknowledged uploads of a round, at most
	killDelay     = 20      // milliseconds after the last of them, at most
	killKeys      = 6       // of each uploader; a key that comes again is replaced
	killClient    = time.Minute
)

// landing is what an uploader knows of one key.
type landing struct {
	acked   *version // the last that was acknowledged
	pending *version // sent and not answered
}

// version is the checksum of one content of a key.
type version [sha256.Size]byte

// SIGKILL at random moments under 16 uploads at once, 30 times over: every
// acknowledged file is there with its bytes, every other is there whole or
// not at all, and no stray file is left on disk.
func TestKill(t *testing.T) {
	t.Parallel()
	t.Logf("seed %d", *killSeed)
	r := rand.New(rand.NewPCG(*killSeed, 0))
	dir := t.TempDir() + "/data"
	var before map[string]*landing
	acked, live, bodies := 0, 0, 0
	for round := range killRounds {
		s := start(t, settings{dir: dir, killed: true})
		if round > 0 {
			n := verify(s, stageOf(round-1), before)
			s.wantBodies(n + live)
			live, bodies = n, bodies+n
		}
		s.exec("CREATE STAGE " + stageOf(round))
		if round > 1 {
			s.exec("DROP STAGE " + stageOf(round-2)) // its sweep is under way when the kill comes
		}
		before = uploadUntilKilled(s, stageOf(round), r)
		for _, l := range before {
			if l.acked != nil {
				acked++
			}
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	s := start(t, settings{dir: dir})
	s.wantBodies(verify(s, stageOf(killRounds-1), before) + live)
	s.exec("DROP STAGE "+stageOf(killRounds-1), "DROP STAGE "+stageOf(killRounds-2))
	s.wantBodies(0)
	t.Logf("%d keys acknowledged, %d large files found again", acked, bodies)
	if acked < killRounds || bodies < killRounds/2 {
		t.Errorf("%d keys were acknowledged and %d large files found again in %d rounds: nothing was tested", acked, bodies, killRounds)
	}
}

func stageOf(round int) string { return fmt.Sprintf("round_%d", round) }

// verify compares the files of a round with what its uploaders know, and
// returns how many of them are large.
func verify(s *server, stage string, known map[string]*landing) (large int) {
	s.t.Helper()
	listed := map[string]bool{}
	for _, key := range s.list(stage) {
		listed[key] = true
		l := known[key]
		if l == nil {
			s.t.Errorf("%s/%s is listed and nobody uploaded it", stage, key)
			continue
		}
		status, content := s.fetch(stage, key)
		sum := version(sha256.Sum256(content))
		switch {
		case status != 200:
			s.t.Errorf("%s/%s is listed, and GET gives %d", stage, key, status)
		case l.acked != nil && sum == *l.acked, l.pending != nil && sum == *l.pending:
			if len(content) >= killLarge {
				large++
			}
		default:
			s.t.Errorf("%s/%s has %d bytes that nobody uploaded", stage, key, len(content))
		}
	}
	for key, l := range known {
		if l.acked != nil && !listed[key] {
			s.t.Errorf("%s/%s was acknowledged and is gone", stage, key)
		}
	}
	return large
}

// uploadUntilKilled lets the uploaders work on the stage until the server is
// killed under them.
func uploadUntilKilled(s *server, stage string, r *rand.Rand) map[string]*landing {
	s.t.Helper()
	var killed atomic.Bool
	var wg sync.WaitGroup
	acks := make(chan struct{}, killAfter)
	all := make([]map[string]*landing, killUploaders)
	for i := range all {
		seed := r.Uint64()
		wg.Go(func() {
			u := &uploader{s: s, stage: stage, id: i, killed: &killed, acks: acks, r: rand.New(rand.NewPCG(seed, 1))}
			all[i] = u.run()
		})
	}
	ctx := s.context()
	for range r.IntN(killAfter) {
		select {
		case <-acks:
		case <-ctx.Done():
			s.t.Fatal("the uploads do not get on")
		}
	}
	time.Sleep(time.Duration(r.IntN(killDelay)) * time.Millisecond)
	killed.Store(true)
	s.Kill()
	wg.Wait()
	merged := map[string]*landing{}
	for _, m := range all {
		for key, l := range m {
			merged[key] = l
		}
	}
	return merged
}

// uploader sends one file after the other under keys of its own.
type uploader struct {
	s      *server
	stage  string
	id     int
	killed *atomic.Bool
	acks   chan<- struct{} // gets one for each upload that was acknowledged, as far as it has room
	r      *rand.Rand
}

// run returns what it knows of its keys when the server is gone.
func (u *uploader) run() map[string]*landing {
	client := &http.Client{Transport: &http.Transport{}, Timeout: killClient}
	defer client.CloseIdleConnections()
	known := map[string]*landing{}
	for {
		key := fmt.Sprintf("%d/%d", u.id, u.r.IntN(killKeys))
		content := u.content()
		v := version(sha256.Sum256(content))
		l := known[key]
		if l == nil {
			l = &landing{}
			known[key] = l
		}
		l.pending = &v
		body, contentType := form(part{name: key, content: content})
		r, err := sendWith(client, u.s.uploadURL(), u.stage, contentType, bytes.NewReader(body))
		switch {
		case err == nil && r.status == 200:
			l.acked, l.pending = &v, nil
			select {
			case u.acks <- struct{}{}:
			default:
			}
		case u.killed.Load():
			return known
		default:
			u.s.t.Errorf("upload of %s before the kill: %d %s, %v", key, r.status, r.body, err)
			return known
		}
	}
}

func (u *uploader) content() []byte {
	n := u.r.IntN(killSmall)
	if u.r.IntN(3) == 0 {
		n = killLarge + u.r.IntN(killSpread)
	}
	b := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		x := u.r.Uint64()
		for j := range 8 {
			b[i+j] = byte(x >> (8 * j))
		}
	}
	return b
}
