package auth

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// How failed logins are slowed down, for each address, each name, and each pair of
// them that has logged in before. A try takes one of its key's when it begins, and
// gives it back if it succeeds.
const (
	// freeFailures is how many logins may fail before the next ones wait. It is
	// more than a program with an old password makes before somebody looks.
	freeFailures = 300
	// failuresPerSecond is how many more may fail in each second after that.
	failuresPerSecond = 1
	// longestWait is how long a login waits for one of its address at most. Then it
	// is refused, or from this machine begins all the same.
	longestWait = 5 * time.Second
	// longestUserWait is the same for a name, with which it begins all the same: else
	// a stranger could lock a user out.
	longestUserWait = time.Second
	// maxSpared bounds the logins with one key that began all the same and have not
	// ended; further ones are refused.
	maxSpared = 16
	// maxWaiting bounds the logins with one key that wait; further ones are refused
	// at once.
	maxWaiting = 1000
	// lookAgain is how often a login that waits looks whether it may begin.
	lookAgain = 50 * time.Millisecond
	// maxThrottled bounds the addresses and names that are kept.
	maxThrottled = 100_000
)

// throttle counts failed logins by key. It is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu   sync.Mutex // guards left
	left map[string]allowance
}

// allowance is how many logins with a key may still begin, as of a moment.
type allowance struct {
	n       float64
	asOf    time.Time
	waiting int // logins
	spared  int // logins that began although none was left, and have not ended
}

func (a allowance) inUse() bool { return a.waiting > 0 || a.spared > 0 }

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, left: map[string]allowance{}}
}

// change has change what is left for a key now.
func (t *throttle) change(key string, change func(*allowance)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.at(key)
	change(&a)
	if a.n >= freeFailures && !a.inUse() {
		delete(t.left, key)
		return
	}
	if _, known := t.left[key]; !known && len(t.left) >= maxThrottled {
		t.forget()
	}
	t.left[key] = a
}

// at returns what is left for a key now. Its caller holds mu.
func (t *throttle) at(key string) allowance {
	now := t.now()
	a, ok := t.left[key]
	if !ok {
		return allowance{n: freeFailures, asOf: now}
	}
	a.n = min(freeFailures, a.n+max(now.Sub(a.asOf).Seconds(), 0)*failuresPerSecond)
	a.asOf = now
	return a
}

// forget makes room: of those that no login uses, it drops those with logins left, or
// where none has, all.
func (t *throttle) forget() {
	for key := range t.left {
		if a := t.at(key); a.n >= 1 && !a.inUse() {
			delete(t.left, key)
		}
	}
	if len(t.left) < maxThrottled {
		return
	}
	for key, a := range t.left {
		if !a.inUse() {
			delete(t.left, key)
		}
	}
}

// verdict is whether a login may begin.
type verdict uint8

const (
	begins   verdict = iota // it took one of its key's
	isSpared                // it begins although none was left
	refused
	gaveUp
	stillWaits
)

// limit is by what a login is counted.
type limit struct {
	key     string
	longest time.Duration // that it waits
	spares  bool          // it begins then all the same
}

// begin waits until a login may begin, at most as long as the limit says, and until
// ctx ends or giveUp says so.
func (t *throttle) begin(ctx context.Context, l limit, giveUp func() bool) verdict {
	v, wait := refused, false
	t.change(l.key, func(a *allowance) {
		switch {
		case a.n >= 1:
			a.n--
			v = begins
		case a.waiting < maxWaiting:
			a.waiting++
			wait = true
		}
	})
	if !wait {
		return v
	}
	over := time.NewTimer(l.longest)
	defer over.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		last := false
		select {
		case <-ctx.Done():
		case <-over.C:
			last = true
		case <-again.C:
		}
		if v := t.look(l, last, ctx.Err() != nil || giveUp()); v != stillWaits {
			return v
		}
	}
}

// look decides on a login that waits.
func (t *throttle) look(l limit, last, giveUp bool) verdict {
	v := stillWaits
	t.change(l.key, func(a *allowance) {
		switch {
		case giveUp:
			v = gaveUp
		case a.n >= 1:
			a.n--
			v = begins
		case last && l.spares && a.spared < maxSpared:
			a.spared++
			v = isSpared
		case last:
			v = refused
		}
		if v != stillWaits {
			a.waiting--
		}
	})
	return v
}

// end counts what became of a login that began by that verdict.
func (t *throttle) end(key string, v verdict, ok bool) {
	t.change(key, func(a *allowance) {
		switch {
		case v == isSpared:
			a.spared = max(a.spared-1, 0)
		case ok:
			a.n = min(a.n+1, freeFailures)
		}
	})
}

// throttledAddress is what addresses are counted by: one of IPv4, or the network of 64
// bits that one of IPv6 is in, which a client may have all of.
func throttledAddress(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() && !addr.IsLoopback() {
		network, _ := addr.Prefix(64)
		return network.String()
	}
	return addr.String()
}
