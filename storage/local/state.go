package local

import (
	"context"
	"maps"
	"sync"

	"wharf"
)

// usages are how much each stage holds, as the index has it.
type usages struct {
	mu  sync.RWMutex // guards all
	all map[wharf.StageID]wharf.Usage
}

func (u *usages) of(stage wharf.StageID) wharf.Usage {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.all[stage]
}

func (u *usages) set(some map[wharf.StageID]wharf.Usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for stage, n := range some {
		if u.all[stage] = n; n == (wharf.Usage{}) {
			delete(u.all, stage)
		}
	}
}

// clears are the stages that were cleared and whose objects still are in the
// index, each with the sequence up to which they are gone.
type clears struct {
	mu  sync.RWMutex // guards all
	all map[wharf.StageID]uint64
}

func (c *clears) at(stage wharf.StageID) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.all[stage]
}

func (c *clears) set(some map[wharf.StageID]uint64) {
	if len(some) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[wharf.StageID]uint64{}
	}
	maps.Copy(c.all, some)
}

func (c *clears) remove(stage wharf.StageID, seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[stage] == seq {
		delete(c.all, stage)
	}
}

func (c *clears) stages() (list []wharf.StageID) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for s := range c.all {
		list = append(list, s)
	}
	return list
}

// sweeper takes out of the index what a crash left of cleared stages. Those
// that are cleared while the server runs, Clear does itself.
type sweeper struct {
	e    *Engine
	ctx  context.Context
	stop context.CancelFunc
	done chan struct{} // closed when the goroutine has ended
	mu   sync.Mutex    // held by the one who sweeps
}

func (s *sweeper) init(e *Engine) {
	s.e, s.done = e, make(chan struct{})
	s.ctx, s.stop = context.WithCancel(context.Background())
}

func (s *sweeper) start() {
	go func() {
		defer close(s.done)
		for _, stage := range s.e.clears.stages() {
			if err := s.sweep(s.ctx, stage); err != nil && s.ctx.Err() == nil && !s.e.broken.failed() {
				s.e.log.Warn("removing a cleared stage's files failed", "stage", stage, "error", err)
			}
		}
	}()
}

func (s *sweeper) close() {
	s.stop()
	<-s.done
}

// sweep takes the objects that were cleared out of the index, some at a time.
func (s *sweeper) sweep(ctx context.Context, stage wharf.StageID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := s.e.clears.at(stage)
	if seq == 0 {
		return nil
	}
	for next := []byte(nil); ; {
		err := s.e.committer.do(ctx, "local.Clear", &op{alone: true, prepare: func(t *turn) (err error) {
			next, err = t.changes.sweep(stage, next)
			if err == nil && next == nil && t.changes.clearedAt(stage) == seq {
				err = t.changes.batch.Delete(stageKey(spaceClear, stage), nil)
			}
			if err != nil {
				t.c.e.broken.fail(err)
			}
			return err
		}})
		if err != nil {
			return err
		}
		if next == nil {
			s.e.clears.remove(stage, seq)
			return nil
		}
	}
}
