package exec

import (
	"context"
	"sync"
	"time"

	"wharf"
	"wharf/sql/eval"
)

const (
	// maxLockName is the longest name of a lock, in characters, and maxLocks how
	// many of them a session can hold.
	maxLockName = 64
	maxLocks    = 1000
)

// userLocks are what GET_LOCK locks. It is safe for concurrent use.
type userLocks struct {
	mu   sync.Mutex // guards what follows
	held map[string]*userLock
}

// userLock is one lock that is held.
type userLock struct {
	owner uint32 // the connection
	times int    // that it was taken
	free  chan struct{}
}

// take takes a lock at once, or returns the one that another holds it by.
func (l *userLocks) take(name string, id uint32) (*userLock, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lock := l.held[name]; lock != nil {
		if lock.owner != id {
			return lock, nil
		}
		lock.times++
		return nil, nil
	}
	if l.count(id) >= maxLocks {
		return nil, wharf.Errorf(wharf.CodeTooLarge, "a session can hold %d locks", maxLocks)
	}
	if l.held == nil {
		l.held = map[string]*userLock{}
	}
	l.held[name] = &userLock{id, 1, make(chan struct{})}
	return nil, nil
}

// count is how many locks a connection holds. l.mu is held.
func (l *userLocks) count(id uint32) int {
	n := 0
	for _, lock := range l.held {
		if lock.owner == id {
			n++
		}
	}
	return n
}

// wait takes a lock within some time, and reports whether it did.
func (l *userLocks) wait(ctx context.Context, name string, id uint32, limit time.Duration) (bool, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		other, err := l.take(name, id)
		if err != nil || other == nil {
			return err == nil, err
		}
		select {
		case <-other.free:
		case <-timer.C:
			return false, nil
		case <-ctx.Done():
			return false, wharf.WrapError(wharf.CodeCanceled, "exec.lock", "", ctx.Err())
		}
	}
}

// release gives a lock back once.
func (l *userLocks) release(name string, id uint32) (known, released bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lock := l.held[name]
	if lock == nil || lock.owner != id {
		return lock != nil, false
	}
	if lock.times--; lock.times == 0 {
		delete(l.held, name)
		close(lock.free)
	}
	return true, true
}

// releaseAll gives back all locks of a connection, and returns how often they
// were taken.
func (l *userLocks) releaseAll(id uint32) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for name, lock := range l.held {
		if lock.owner == id {
			n += lock.times
			delete(l.held, name)
			close(lock.free)
		}
	}
	return n
}

func (l *userLocks) owner(name string) (id uint32, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lock := l.held[name]; lock != nil {
		return lock.owner, true
	}
	return 0, false
}

// lockFunctions are the functions of locks by name.
func lockFunctions() map[string]eval.Function {
	named := func(args int, typ wharf.Type, run func(ev *eval.Evaluation, s *Session, name string, args []eval.Datum) (eval.Datum, error)) eval.Function {
		return eval.Function{Min: args, Max: args, Typ: eval.Always(typ), System: true, Run: func(ev *eval.Evaluation, args []eval.Datum) (eval.Datum, error) {
			name := eval.Fold(args[0].Text())
			if args[0].IsNull() || name == "" || len([]rune(name)) > maxLockName {
				return eval.NullDatum(), eval.Invalid(errLockName, "Incorrect user-level lock name '%s'.", eval.CutRunes(args[0].Text(), maxLockName))
			}
			return run(ev, ev.Session().(*Session), name, args)
		}}
	}
	flag := func(b bool) eval.Datum {
		if b {
			return eval.IntDatum(1)
		}
		return eval.IntDatum(0)
	}
	return map[string]eval.Function{
		"GET_LOCK": named(2, wharf.TypeInt, func(ev *eval.Evaluation, s *Session, name string, args []eval.Datum) (eval.Datum, error) {
			limit := maxSleep
			if seconds := args[1].ToFloat(); seconds >= 0 && seconds < maxSleep.Seconds() {
				limit = time.Duration(seconds * float64(time.Second))
			}
			got, err := s.executor.locks.wait(ev.Ctx, name, s.client.ID, limit)
			return flag(got), err
		}),
		"RELEASE_LOCK": named(1, wharf.TypeInt, func(_ *eval.Evaluation, s *Session, name string, _ []eval.Datum) (eval.Datum, error) {
			known, released := s.executor.locks.release(name, s.client.ID)
			if !known {
				return eval.NullDatum(), nil
			}
			return flag(released), nil
		}),
		"IS_FREE_LOCK": named(1, wharf.TypeInt, func(_ *eval.Evaluation, s *Session, name string, _ []eval.Datum) (eval.Datum, error) {
			_, held := s.executor.locks.owner(name)
			return flag(!held), nil
		}),
		"IS_USED_LOCK": named(1, wharf.TypeUint, func(_ *eval.Evaluation, s *Session, name string, _ []eval.Datum) (eval.Datum, error) {
			id, held := s.executor.locks.owner(name)
			if !held {
				return eval.NullDatum(), nil
			}
			return eval.UintDatum(uint64(id)), nil
		}),
		"RELEASE_ALL_LOCKS": {Typ: eval.Always(wharf.TypeInt), System: true, Run: func(ev *eval.Evaluation, _ []eval.Datum) (eval.Datum, error) {
			s := ev.Session().(*Session)
			return eval.IntDatum(int64(s.executor.locks.releaseAll(s.client.ID))), nil
		}},
	}
}
