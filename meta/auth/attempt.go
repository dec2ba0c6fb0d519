package auth

import (
	"context"
	"errors"
	"sync"
	"time"

	"wharf"
)

// ErrTooManyFailures is the cause where a try is refused because of failed logins.
var ErrTooManyFailures = errors.New("too many failed logins")

// Attempt is one try to log in. End or GiveBack must be called once.
type Attempt struct {
	gate  *Gate
	pair  string
	taken []taken
}

// taken is what a try took when it began.
type taken struct {
	key string
	by  verdict
}

// Begin begins a try to log in, which counts as failed until it ends. Where many
// have failed from that address, or with that name, it waits first; it is
// wharf.CodeUnavailable for ErrTooManyFailures where that does not help. A name that
// has logged in from that address before is counted by both together, so that the
// failures of others do not matter to it.
func (g *Gate) Begin(ctx context.Context, name, address string) (*Attempt, error) {
	if len(name) > maxThrottledName {
		name = name[:maxThrottledName]
	}
	from := throttledAddress(address)
	a := &Attempt{gate: g, pair: "pair " + from + " " + name}
	never := func() bool { return false }
	known := func() bool { return g.friends.has(a.pair) }
	local := IsLoopback(address) // a proxy here makes all of its clients come from here
	if !known() {
		err := a.take(ctx, limit{"address " + from, longestWait, local}, known)
		if err == nil {
			err = a.take(ctx, limit{nameKey(name, local), longestUserWait, true}, known)
		}
		if !errors.Is(err, errKnownByNow) {
			return a.begun(err)
		}
		a.GiveBack()
	}
	return a.begun(a.take(ctx, limit{a.pair, longestWait, local}, never))
}

// nameKey is by what a name is counted. Tries from this machine are counted by
// themselves, so that those of others never keep its operator out.
func nameKey(name string, local bool) string {
	if local {
		return "local name " + name
	}
	return "name " + name
}

// maxThrottledName bounds what is kept of a name, in bytes.
const maxThrottledName = 256

var errKnownByNow = errors.New("the name has logged in from the address meanwhile")

// take takes one of a limit, and waits for it.
func (a *Attempt) take(ctx context.Context, l limit, known func() bool) error {
	switch v := a.gate.failures.begin(ctx, l, known); v {
	case begins, isSpared:
		a.taken = append(a.taken, taken{l.key, v})
		return nil
	case gaveUp:
		if ctx.Err() == nil {
			return errKnownByNow
		}
		return wharf.WrapError(wharf.CodeCanceled, "auth.Begin", "", ctx.Err())
	}
	return &wharf.Error{Code: wharf.CodeUnavailable, Err: ErrTooManyFailures,
		Msg: "too many logins from this address or with this name have failed; try again in a minute"}
}

// begun returns the try, or what it took if it may not begin.
func (a *Attempt) begun(err error) (*Attempt, error) {
	if err != nil {
		a.GiveBack()
		return nil, err
	}
	return a, nil
}

// End counts what became of the try.
func (a *Attempt) End(ok bool) {
	if ok {
		a.gate.friends.add(a.pair)
	}
	a.end(ok)
}

// GiveBack ends a try that has told nothing of the password: it does not count.
func (a *Attempt) GiveBack() { a.end(true) }

func (a *Attempt) end(ok bool) {
	for _, t := range a.taken {
		a.gate.failures.end(t.key, t.by, ok)
	}
	a.taken = nil
}

// friends are the pairs of address and name that have logged in not long ago. It is
// safe for concurrent use.
type friends struct {
	now func() time.Time

	mu    sync.Mutex // guards until
	until map[string]time.Time
}

const (
	// friendsFor is how long a pair is one after its last login.
	friendsFor = 24 * time.Hour
	// maxFriends bounds the pairs.
	maxFriends = 100_000
)

func newFriends(now func() time.Time) *friends {
	return &friends{now: now, until: map[string]time.Time{}}
}

func (f *friends) has(pair string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	until, ok := f.until[pair]
	return ok && !f.now().After(until)
}

// add has a pair be one. Where there are too many, any other makes room.
func (f *friends) add(pair string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.until[pair]; !ok && len(f.until) >= maxFriends {
		for other := range f.until {
			delete(f.until, other)
			break
		}
	}
	f.until[pair] = f.now().Add(friendsFor)
}
