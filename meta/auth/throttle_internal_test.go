package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"wharf"
)

// guess tries to log in as often as it may within a time, from one address that fails each
// time, and returns how many tries there were.
func guess(t *throttle, now *time.Time, within time.Duration) (tries int) {
	for end := now.Add(within); now.Before(end); {
		wait, paid := t.begin("a")
		*now = now.Add(wait + time.Millisecond)
		t.end("a", false, paid)
		tries++
	}
	return tries
}

func TestThrottle(t *testing.T) {
	now := time.Unix(1e9, 0)
	th := newThrottle(func() time.Time { return now })
	if n := guess(th, &now, 10*time.Minute); n < freeFailures || n > freeFailures+700 {
		t.Errorf("%d passwords were tried in ten minutes", n)
	}
	if wait, paid := th.begin("b"); wait != 0 || paid {
		t.Errorf("another address waits %v", wait)
	}
	now = now.Add(time.Hour)
	if wait, paid := th.begin("a"); wait != 0 || paid {
		t.Errorf("an hour later a login waits %v", wait)
	}
	if len(th.left) > 1 {
		t.Errorf("%d addresses are kept", len(th.left))
	}
}

// TestThrottleTogether: tries that begin before any has failed do not pass together once
// the free ones are used.
func TestThrottleTogether(t *testing.T) {
	now := time.Unix(1e9, 0)
	th := newThrottle(func() time.Time { return now })
	for range freeFailures + 50 {
		th.end("a", false, false)
	}
	short := 0
	for range 1000 {
		if wait, paid := th.begin("a"); wait <= longestWait || !paid {
			short++
		}
	}
	if short > 0 {
		t.Errorf("%d of 1000 tries at once wait less than %v after %d failures", short, longestWait, freeFailures+50)
	}
	now = now.Add((maxDebt + 1) * time.Second)
	if wait, paid := th.begin("a"); wait > longestWait || paid {
		t.Errorf("a minute after the last failure a login waits %v, paid %t", wait, paid)
	}
}

// TestThrottleRightPasswords: logins that succeed cost nothing.
func TestThrottleRightPasswords(t *testing.T) {
	now := time.Unix(1e9, 0)
	th := newThrottle(func() time.Time { return now })
	for range 10_000 {
		if wait, paid := th.begin("a"); wait != 0 {
			t.Fatal("a right password waits")
		} else {
			th.end("a", true, paid)
		}
	}
	for range freeFailures {
		_, paid := th.begin("a")
		th.end("a", false, paid)
	}
	for range 100 {
		wait, paid := th.begin("a")
		if wait > longestWait || !paid {
			t.Fatalf("a right password after %d wrong ones waits %v, paid %t", freeFailures, wait, paid)
		}
		th.end("a", true, paid)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	now := time.Unix(1e9, 0)
	th := newThrottle(func() time.Time { return now })
	for i := range maxThrottled + 10 {
		th.end(fmt.Sprint(i), false, false)
	}
	if len(th.left) > maxThrottled {
		t.Errorf("%d addresses are kept", len(th.left))
	}
}

// TestGateThrottles: an address from which many logins have failed is refused, with a
// right password too; others are not, and this machine only waits.
func TestGateThrottles(t *testing.T) {
	now := time.Unix(1e9, 0)
	root, err := NewPassword("r")
	if err != nil {
		t.Fatal(err)
	}
	g := NewGate(GateOptions{Root: root, Now: func() time.Time { return now }})
	const from = "192.0.2.1"
	for range freeFailures {
		if _, ok, err := g.Login(t.Context(), "root", "wrong", from); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	now = now.Add(time.Hour)
	for _, address := range []string{from, "127.0.0.1"} {
		for range freeFailures + 20 {
			g.failures.end("address "+address, false, false)
		}
	}
	_, ok, err := g.Login(t.Context(), "root", "r", from)
	if ok || !errors.Is(err, ErrTooManyFailures) || wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("a login after many failures: %t, %v", ok, err)
	}
	if _, ok, err := g.Login(t.Context(), "root", "r", "192.0.2.2"); !ok || err != nil {
		t.Errorf("a login from another address: %t, %v", ok, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := g.Login(ended, "root", "r", "127.0.0.1"); ok || wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("a login from this machine after many failures, given up at once: %t, %v", ok, err)
	}
	now = now.Add(2 * maxDebt * time.Second)
	if _, ok, err := g.Login(t.Context(), "root", "r", from); !ok || err != nil {
		t.Errorf("a login two minutes later: %t, %v", ok, err)
	}
}

func TestThrottledAddress(t *testing.T) {
	for address, want := range map[string]string{
		"10.1.2.3": "10.1.2.3", "::ffff:10.1.2.3": "10.1.2.3", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64",
		"::1": "::1", "fe80::1%eth0": "fe80::/64", "pipe": "pipe", "": "",
	} {
		if got := throttledAddress(address); got != want {
			t.Errorf("%q counts as %q, want %q", address, got, want)
		}
	}
}
