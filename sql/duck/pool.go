//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"wharf"
)

// Options are the settings of a Pool.
type Options struct {
	// Folder is where the folders of workers are made: on the file system of
	// the data, so that bodies can be linked into them. What is in it when
	// the Pool opens is removed.
	Folder  string
	Command []string // starts a worker: this binary and its hidden subcommand

	Workers    int           // statements at once; 0 is the number of processors
	Threads    int           // of one statement; 0 is the number of processors
	Memory     int64         // bytes of one statement; 0 is DefaultMemory
	TempSpace  int64         // bytes on disk of one statement; 0 is DefaultTempSpace
	Wait       time.Duration // how long a statement waits for its turn; 0 is DefaultWait
	Statements int           // after so many a worker is replaced; 0 is DefaultStatements
	Logger     *slog.Logger  // nil discards

	RequireSandbox bool // workers that cannot be confined wholly are refused

	open, unlocked bool // tests only: see limits
}

// The defaults of Options.
const (
	DefaultMemory     = 512 << 20
	DefaultTempSpace  = 4 << 30
	DefaultWait       = 30 * time.Second
	DefaultStatements = 1000
)

// Pool is the workers. It is safe for concurrent use.
type Pool struct {
	o     Options
	turns *semaphore.Weighted // one for each statement that runs

	mu     sync.Mutex
	idle   []*process // guarded by mu; the one that was used last is last
	spare  *process   // guarded by mu: ready, and nobody's yet
	made   uint64     // guarded by mu: names folders
	closed bool       // guarded by mu

	starting sync.WaitGroup // spares that are being started
}

// Open makes the Pool's folder and starts one worker ahead of need, to see
// that workers can be started and what confines them.
func Open(ctx context.Context, o Options) (*Pool, error) {
	o = o.withDefaults()
	if err := os.RemoveAll(o.Folder); err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "duck.Open", "", err)
	}
	if err := os.Mkdir(o.Folder, 0o700); err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "duck.Open", "", err)
	}
	p := &Pool{o: o, turns: semaphore.NewWeighted(int64(o.Workers))}
	first, err := p.start(ctx)
	if err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "duck.Open", "", err)
	}
	if missing := strings.Join(first.confinement.Missing, ", "); missing != "" {
		if o.RequireSandbox {
			first.kill()
			return nil, wharf.Errorf(wharf.CodeUnsupported, "queries cannot be confined wholly: this kernel lacks %s", missing)
		}
		o.Logger.Warn("queries are not confined wholly", "missing", missing)
	}
	p.spare = first
	return p, nil
}

func (o Options) withDefaults() Options {
	def := func(v *int, to int) {
		if *v <= 0 {
			*v = to
		}
	}
	def64 := func(v *int64, to int64) {
		if *v <= 0 {
			*v = to
		}
	}
	def(&o.Workers, processors())
	def(&o.Threads, processors())
	def(&o.Statements, DefaultStatements)
	def64(&o.Memory, DefaultMemory)
	def64(&o.TempSpace, DefaultTempSpace)
	if o.Wait <= 0 {
		o.Wait = DefaultWait
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Close ends all workers. Statements that run fail.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.starting.Wait()
	p.mu.Lock()
	ending := p.idle
	if p.spare != nil {
		ending = append(ending, p.spare)
	}
	p.idle, p.spare = nil, nil
	p.mu.Unlock()
	for _, w := range ending {
		w.kill()
	}
	return os.RemoveAll(p.o.Folder)
}

// acquire gives a worker of that user, for one statement, when one has its
// turn. The caller gives it to release.
func (p *Pool) acquire(ctx context.Context, user string) (*process, error) {
	waiting, stop := context.WithTimeout(ctx, p.o.Wait)
	defer stop()
	if err := p.turns.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		return nil, wharf.Errorf(wharf.CodeUnavailable, "%d queries of files are running and none ended within %s; try again, or raise --query-workers", p.o.Workers, p.o.Wait)
	}
	if w := p.take(user); w != nil {
		return w, nil
	}
	w, err := p.start(ctx)
	if err != nil {
		p.turns.Release(1)
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		return nil, wharf.WrapError(wharf.CodeInternal, "duck.acquire", "", err)
	}
	w.user = user
	return w, nil
}

// take gives a worker that is ready: the user's own, or the spare one, in
// whose place another is started. It ends the oldest of the others where
// there would be too many.
func (p *Pool) take(user string) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if w := p.idle[i]; w.user == user {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return w
		}
	}
	if len(p.idle) >= p.o.Workers {
		go p.idle[0].kill()
		p.idle = p.idle[1:]
	}
	w := p.spare
	p.spare = nil
	if w != nil {
		w.user = user
	}
	p.refill()
	return w
}

// refill starts the next spare worker. p.mu is held.
func (p *Pool) refill() {
	if p.closed || p.spare != nil {
		return
	}
	p.starting.Go(func() {
		w, err := p.start(context.Background())
		p.mu.Lock()
		keep := err == nil && !p.closed && p.spare == nil
		if keep {
			p.spare = w
		}
		p.mu.Unlock()
		if err != nil {
			p.o.Logger.Error("a query worker did not start", "err", err)
		} else if !keep {
			w.kill()
		}
	})
}

// release takes a worker back after its statement. One that is not fit for
// another is ended.
func (p *Pool) release(w *process, fit bool) {
	defer p.turns.Release(1)
	if fit {
		fit = w.clean() == nil
	}
	w.statements++
	p.mu.Lock()
	keep := fit && !p.closed && w.statements < p.o.Statements
	if keep {
		p.idle = append(p.idle, w)
	}
	p.mu.Unlock()
	if !keep {
		w.kill()
	}
}

func (p *Pool) start(ctx context.Context) (*process, error) {
	p.mu.Lock()
	p.made++
	folder := filepath.Join(p.o.Folder, fmt.Sprint(p.made))
	p.mu.Unlock()
	return startProcess(ctx, folder, p.o)
}

// interrupted is the error of a statement whose context is at its end.
func interrupted(ctx context.Context) error {
	cause := context.Cause(ctx)
	if code := wharf.CodeOf(cause); code == wharf.CodeCanceled || code == wharf.CodeTimeout {
		return cause
	}
	return wharf.WrapError(wharf.CodeCanceled, "duck", "", cause)
}
