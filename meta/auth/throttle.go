package auth

import (
	"net/netip"
	"sync"
	"time"
)

// How failed logins are slowed down, for each address and for each name.
const (
	// freeFailures is how many logins may fail before the next ones wait. It is
	// more than a program with an old password makes before somebody looks.
	freeFailures = 300
	// failuresPerSecond is how many more may fail in each second after that.
	failuresPerSecond = 1
	// longestWait is how long a login waits at most; an address that would have
	// to wait longer is refused at once.
	longestWait = 5 * time.Second
	// longestUserWait is the same for a name. It is short, and nothing is refused:
	// else a stranger could lock a user out.
	longestUserWait = time.Second
	// maxDebt bounds how long an address is slowed down after its last failure, in
	// seconds.
	maxDebt = 60
	// maxThrottled bounds the addresses and names that are kept.
	maxThrottled = 100_000
)

// throttle counts failed logins by key. It is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu   sync.Mutex // guards left
	left map[string]allowance
}

// allowance is how many logins may still fail, as of a moment; less than 0 is a debt.
type allowance struct {
	n    float64
	asOf time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, left: map[string]allowance{}}
}

// at returns what is left for a key now. Its caller holds mu.
func (t *throttle) at(key string) allowance {
	now := t.now()
	a, ok := t.left[key]
	if !ok {
		return allowance{freeFailures, now}
	}
	a.n = min(freeFailures, a.n+max(now.Sub(a.asOf).Seconds(), 0)*failuresPerSecond)
	a.asOf = now
	return a
}

func (t *throttle) set(key string, a allowance) {
	if a.n >= freeFailures {
		delete(t.left, key)
		return
	}
	if _, known := t.left[key]; !known && len(t.left) >= maxThrottled {
		t.forget()
	}
	t.left[key] = a
}

// forget makes room: of those that are kept, it drops those with the smallest debts, or
// where all are deep in debt, all.
func (t *throttle) forget() {
	for key := range t.left {
		if t.at(key).n > 0 {
			delete(t.left, key)
		}
	}
	if len(t.left) >= maxThrottled {
		clear(t.left)
	}
}

// begin returns how long a login with that key has to wait. A login that waits is paid
// for as if it had failed, so that many at once do not pass together; end gives that
// back.
func (t *throttle) begin(key string) (wait time.Duration, paid bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.at(key)
	if a.n >= 1 {
		return 0, false
	}
	a.n = max(a.n-1, -maxDebt)
	t.set(key, a)
	return time.Duration(max(-a.n, 0) / failuresPerSecond * float64(time.Second)), true
}

// end counts what became of a login.
func (t *throttle) end(key string, ok, paid bool) {
	if ok != paid {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.at(key)
	if ok {
		a.n++
	} else {
		a.n = max(a.n-1, -maxDebt)
	}
	t.set(key, a)
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
