//go:build linux && !noduck

package duck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf"
	"wharf/sql"
)

// Pool is the workers. It is safe for concurrent use.
type Pool struct {
	o     Options
	turns turns           // one for each statement that runs
	ctx   context.Context // ends when the Pool closes
	stop  context.CancelFunc

	mu      sync.Mutex
	idle    []*process            // guarded by mu; the one that was used last is last
	spare   *process              // guarded by mu: ready, and no user's yet
	alive   map[*process]struct{} // guarded by mu: all that were started and not ended
	running int                   // guarded by mu: those that serve a statement
	counted sql.WorkerStats       // guarded by mu: what only grows
	expiry  *time.Timer           // guarded by mu: runs expire while there are idle workers
	made    uint64                // guarded by mu: names folders
	closed  bool                  // guarded by mu

	described descriptions

	background sync.WaitGroup // workers that are being started or ended; Add under mu, while not closed
}

// Open makes the Pool's folder and starts one worker ahead of need, to see
// that workers can be started and what confines them.
func Open(ctx context.Context, o Options) (*Pool, error) {
	o = o.withDefaults()
	err := os.RemoveAll(o.Folder)
	if err == nil {
		err = os.Mkdir(o.Folder, 0o700)
	}
	if err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "duck.Open", "", err)
	}
	p := &Pool{o: o, turns: newTurns(o.Workers, o.PerUser), alive: map[*process]struct{}{}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.expiry = time.AfterFunc(o.Idle, p.expire)
	first, err := p.start(ctx)
	if err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "duck.Open", "", errors.Join(err, p.Close()))
	}
	p.spare = first
	missing := strings.Join(first.confinement.Missing, ", ")
	switch {
	case missing == "":
		o.Logger.Info("queries of files run confined", "workers", o.Workers, "memory", o.Memory, "temp", o.TempSpace)
	case o.RequireSandbox:
		err := wharf.Errorf(wharf.CodeUnsupported, "queries of files cannot be confined, because this kernel lacks %s; --require-sandbox=false starts all the same", missing)
		return nil, errors.Join(err, p.Close())
	default:
		o.Logger.Warn("queries of files are not fully confined; --require-sandbox refuses to start then", "missing", missing)
	}
	return p, nil
}

// Close ends all workers. Statements that run fail.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	p.idle, p.spare = nil, nil
	p.mu.Unlock()
	p.stop()
	p.expiry.Stop()
	p.background.Wait() // from here on alive does not grow
	p.mu.Lock()
	var ending sync.WaitGroup
	for w := range p.alive {
		ending.Go(w.kill)
	}
	p.mu.Unlock()
	ending.Wait()
	return os.RemoveAll(p.o.Folder)
}

// acquire returns a worker of that user, for one statement, when the statement
// has its turn. The caller gives it to release.
func (p *Pool) acquire(ctx context.Context, of owner) (*process, error) {
	user := of.user
	waiting, stop := context.WithTimeout(ctx, p.o.Wait)
	defer stop()
	if err := p.turns.acquire(waiting, of); err != nil {
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		p.count(func(s *sql.WorkerStats) { s.Refused++ })
		if errors.Is(err, errUserTurns) {
			return nil, wharf.Errorf(wharf.CodeUnavailable, "%d queries of files of this user are running and none ended within %s; try again later, or raise --query-user-workers or --query-wait", p.o.PerUser, p.o.Wait)
		}
		return nil, wharf.Errorf(wharf.CodeUnavailable, "%d queries of files are running and none ended within %s; try again later, or raise --query-workers or --query-wait", p.o.Workers, p.o.Wait)
	}
	p.mu.Lock()
	p.running++
	p.mu.Unlock()
	w, err := p.take(user), error(nil)
	if w == nil {
		w, err = p.start(ctx)
	}
	if err == nil {
		w.user, w.owner = user, of
		return w, nil
	}
	p.returned(of)
	switch {
	case ctx.Err() != nil:
		return nil, interrupted(ctx)
	case p.ctx.Err() != nil:
		return nil, wharf.Errorf(wharf.CodeUnavailable, "the server is stopping")
	}
	return nil, wharf.WrapError(wharf.CodeInternal, "duck.acquire", "", err)
}

// returned ends the turn of a statement.
func (p *Pool) returned(of owner) {
	p.mu.Lock()
	p.running--
	p.mu.Unlock()
	p.turns.release(of)
}

// count changes what only grows.
func (p *Pool) count(change func(*sql.WorkerStats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.counted)
}

// Stats returns what the workers do now, and have done.
func (p *Pool) Stats() sql.WorkerStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.counted
	s.Most, s.Running, s.Alive, s.Waiting = p.o.Workers, p.running, len(p.alive), p.turns.waiting()
	return s
}

// take returns a worker that is ready: the user's own, or the spare one, in
// whose place another is started; nil where there is none. It ends the worker
// of another user that has been idle longest where there would be more than
// Workers.
func (p *Pool) take(user string) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		w := p.idle[i]
		if w.user != user {
			continue
		}
		p.idle = slices.Delete(p.idle, i, i+1)
		if p.usable(w) {
			return w
		}
	}
	for len(p.idle) > 0 && len(p.idle)+p.running > p.o.Workers {
		p.discard(p.idle[0])
		p.idle = p.idle[1:]
	}
	w := p.spare
	p.spare = nil
	p.refill()
	if w != nil && !p.usable(w) {
		return nil
	}
	return w
}

// usable reports whether a worker that waits still lives. One that ended by
// itself is logged. p.mu is held.
func (p *Pool) usable(w *process) bool {
	select {
	case <-w.ended:
		p.o.Logger.Warn("a query worker ended while it was idle", "how", w.how())
		p.counted.Crashed++
		p.discard(w)
		return false
	default:
		return true
	}
}

// discard ends a worker in the background. p.mu is held.
func (p *Pool) discard(w *process) {
	if !p.closed { // else Close ends it
		p.background.Go(w.kill)
	}
}

// refill starts the next spare worker. p.mu is held.
func (p *Pool) refill() {
	if p.closed || p.spare != nil {
		return
	}
	p.background.Go(func() {
		w, err := p.start(p.ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case err != nil:
			if p.ctx.Err() == nil {
				p.o.Logger.Error("a query worker did not start", "err", err)
			}
		case p.closed:
		case p.spare == nil:
			p.spare = w
		default:
			p.discard(w)
		}
	})
}

// release takes a worker back after its statement. One that is not fit for
// another is ended before the next statement has its turn.
func (p *Pool) release(w *process, fit bool) {
	defer p.returned(w.owner)
	w.statements++
	broken := !fit
	fit = fit && w.statements < p.o.Statements && w.clean() == nil && w.shrink()
	p.mu.Lock()
	keep := fit && !p.closed
	if keep {
		w.since = time.Now()
		p.idle = append(p.idle, w)
		if len(p.idle) == 1 {
			p.expiry.Reset(p.o.Idle)
		}
	}
	p.mu.Unlock()
	if !keep {
		w.kill()
	}
	if broken {
		p.count(w.countEnd)
	}
}

// expire ends the workers that have been idle for too long.
func (p *Pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		left := p.o.Idle - time.Since(p.idle[0].since)
		if left > 0 {
			p.expiry.Reset(left)
			return
		}
		p.discard(p.idle[0])
		p.idle = p.idle[1:]
	}
}

// start starts a worker.
func (p *Pool) start(ctx context.Context) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	p.background.Add(1)
	p.made++
	folder := filepath.Join(p.o.Folder, fmt.Sprint(p.made))
	p.mu.Unlock()
	defer p.background.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	w, err := startProcess(ctx, folder, p.o)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive[w] = struct{}{}
	p.counted.Started++
	w.gone = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.alive, w)
	}
	return w, nil
}

var errClosed = errors.New("the pool of query workers is closed")

// interrupted is the error of a statement whose context is at its end.
func interrupted(ctx context.Context) error {
	cause := context.Cause(ctx)
	if code := wharf.CodeOf(cause); code == wharf.CodeCanceled || code == wharf.CodeTimeout {
		return cause
	}
	return wharf.WrapError(wharf.CodeCanceled, "duck", "", cause)
}
