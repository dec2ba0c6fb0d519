//go:build linux && !noduck

package duck

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"wharf/sql"
)

// owner is whose a statement is.
type owner struct {
	user  string
	super bool
}

func ownerOf(q sql.Request) owner { return owner{q.User, q.Super} }

// turns are the places of statements: first come, first served. A user without SUPER
// has a bounded part of them, and the last one is for users with SUPER, if there are
// several. So no user keeps the others out, and none of them the operator.
type turns struct {
	all     *semaphore.Weighted
	common  *semaphore.Weighted // of all: those that are not reserved
	perUser int
	waits   *atomic.Int64

	mu    *sync.Mutex
	users map[string]*share // guarded by mu: of those that have or want a turn
}

// share is the turns of one user.
type share struct {
	turns *semaphore.Weighted
	used  int // statements that have or want one
}

var errUserTurns = errors.New("the user has as many turns as it may")

func newTurns(most, perUser int) turns {
	return turns{
		all: semaphore.NewWeighted(int64(most)), common: semaphore.NewWeighted(int64(max(1, most-1))), perUser: perUser,
		waits: new(atomic.Int64), mu: new(sync.Mutex), users: map[string]*share{},
	}
}

// acquire waits for a turn. The caller gives it to release. It is errUserTurns where
// the user's own statements took the time of ctx.
func (t turns) acquire(ctx context.Context, of owner) error {
	t.waits.Add(1)
	defer t.waits.Add(-1)
	if of.super {
		return t.all.Acquire(ctx, 1)
	}
	s := t.share(of.user)
	if s.turns.Acquire(ctx, 1) != nil {
		t.leave(of.user)
		return errUserTurns
	}
	err := t.common.Acquire(ctx, 1)
	if err == nil {
		if err = t.all.Acquire(ctx, 1); err == nil {
			return nil
		}
		t.common.Release(1)
	}
	s.turns.Release(1)
	t.leave(of.user)
	return err
}

// release ends a turn.
func (t turns) release(of owner) {
	t.all.Release(1)
	if of.super {
		return
	}
	t.common.Release(1)
	t.mu.Lock()
	s := t.users[of.user]
	t.mu.Unlock()
	s.turns.Release(1)
	t.leave(of.user)
}

func (t turns) share(user string) *share {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.users[user]
	if s == nil {
		s = &share{turns: semaphore.NewWeighted(int64(t.perUser))}
		t.users[user] = s
	}
	s.used++
	return s
}

func (t turns) leave(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.users[user]; s.used == 1 {
		delete(t.users, user)
	} else {
		s.used--
	}
}

// waiting is how many statements wait.
func (t turns) waiting() int { return int(t.waits.Load()) }
