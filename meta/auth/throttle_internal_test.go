package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wharf"
)

func rootGate(t *testing.T) *Gate {
	t.Helper()
	hash, err := Hasher{}.Hash(wharf.PluginNative, "r")
	if err != nil {
		t.Fatal(err)
	}
	return NewGate(GateOptions{Users: onlyRoot{wharf.NewUsers([]wharf.User{{Account: wharf.Root.Account(), Plugin: wharf.PluginNative, Hash: hash,
		Tokens: []wharf.Token{{Name: "t", Hash: wharf.HashToken("t")}}}})}})
}

// onlyRoot is a UserCatalog with nothing but the record of root.
type onlyRoot struct{ users *wharf.Users }

func (o onlyRoot) Users(context.Context) (*wharf.Users, error) { return o.users, nil }

func (onlyRoot) UpdateUsers(context.Context, func([]wharf.User) ([]wharf.User, error)) (*wharf.Users, error) {
	return nil, errors.New("not called")
}

// TestTokensAreThrottled: wrong tokens count with wrong passwords by the address, and one
// that was right from there is not kept waiting.
func TestTokensAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rootGate(t)
		wrong := func(n int, from string) time.Duration {
			begun := time.Now()
			for i := range n {
				if _, ok, err := g.LoginToken(t.Context(), fmt.Sprint("wrong", i), from); ok || err != nil {
					t.Fatal(ok, err)
				}
			}
			return time.Since(begun)
		}
		if _, ok, err := g.LoginToken(t.Context(), "t", addressA); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if wait := wrong(freeFailures, addressA); wait > 0 {
			t.Errorf("the first wrong tokens took %v", wait)
		}
		if ok, wait, err := took(t, g, "root", "r", addressA); !ok || err != nil || wait == 0 {
			t.Errorf("a login after wrong tokens: %t after %v, %v", ok, wait, err)
		}
		if wait := wrong(60, addressA); wait < 55*time.Second {
			t.Errorf("60 more wrong tokens took %v", wait)
		}
		begun := time.Now()
		if _, ok, err := g.LoginToken(t.Context(), "t", addressA); !ok || err != nil || time.Since(begun) > 0 {
			t.Errorf("the right token: %t after %v, %v", ok, time.Since(begun), err)
		}
	})
}

// fails makes so many tries that fail, each from an address of its own if from is "".
func fails(t *testing.T, g *Gate, n int, name, from string) {
	t.Helper()
	for i := range n {
		address := from
		if address == "" {
			address = fmt.Sprintf("198.51.%d.%d", i/250, i%250)
		}
		a, err := g.Begin(t.Context(), name, address)
		if err != nil {
			t.Fatal(err)
		}
		a.End(false)
	}
}

// took returns how long a login takes.
func took(t *testing.T, g *Gate, name, password, from string) (bool, time.Duration, error) {
	begun := time.Now()
	_, ok, err := g.Login(t.Context(), name, password, from)
	return ok, time.Since(begun), err
}

const addressA, addressB, here = "192.0.2.1", "192.0.2.2", "127.0.0.1"

// TestFailuresPerSecond: one client that tries one password after another.
func TestFailuresPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, tries := rootGate(t), 0
		for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); tries++ {
			fails(t, g, 1, "root", addressA)
		}
		if tries < freeFailures || tries > freeFailures+601 {
			t.Errorf("%d passwords were tried in ten minutes", tries)
		}
		if ok, wait, err := took(t, g, "root", "r", addressB); !ok || err != nil || wait > longestUserWait {
			t.Errorf("from another address: %t after %v, %v", ok, wait, err)
		}
		time.Sleep(time.Hour)
		if ok, wait, err := took(t, g, "root", "r", addressA); !ok || err != nil || wait > 0 {
			t.Errorf("an hour later: %t after %v, %v", ok, wait, err)
		}
		if len(g.failures.left) > 1 {
			t.Errorf("%d addresses and names are kept", len(g.failures.left))
		}
	})
}

// TestTriesTogether: tries that are parked before the password is sent, from one address,
// from this machine, and with one name, are no more than those one after the other.
func TestTriesTogether(t *testing.T) {
	for _, c := range []struct {
		name, from string // "": each its own
		most       int
	}{
		{"", addressA, freeFailures + 6},
		{"", here, freeFailures + 6 + maxSpared},
		{"root", "", freeFailures + 2 + maxSpared},
		{"root", addressA, freeFailures + 6},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := rootGate(t)
			var begun, refusals atomic.Int64
			var all sync.WaitGroup
			for i := range 3000 {
				name, from := c.name, c.from
				if name == "" {
					name = fmt.Sprint("user", i)
				}
				if from == "" {
					from = fmt.Sprintf("198.51.%d.%d", i/250, i%250)
				}
				all.Go(func() {
					switch _, err := g.Begin(t.Context(), name, from); {
					case err == nil:
						begun.Add(1)
					case errors.Is(err, ErrTooManyFailures):
						refusals.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n := int(begun.Load()); n < freeFailures || n > c.most || n+int(refusals.Load()) != 3000 {
				t.Errorf("%q from %q: of 3000 tries at once %d began and %d were refused", c.name, c.from, n, refusals.Load())
			}
		})
	}
}

// TestRightPasswords: logins that succeed cost nothing, also many at once.
func TestRightPasswords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rootGate(t)
		for range 5000 {
			if ok, wait, err := took(t, g, "root", "r", addressA); !ok || err != nil || wait > 0 {
				t.Fatalf("%t after %v, %v", ok, wait, err)
			}
		}
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				a, err := g.Begin(t.Context(), "root", addressB)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(100 * time.Millisecond)
				a.End(true)
			})
		}
		all.Wait()
	})
}

// TestOthersFailures: who has logged in from an address is not kept waiting there by the
// failures of others, with that name or from that address; others are, and it by its own.
func TestOthersFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rootGate(t)
		for _, from := range []string{addressA, here} {
			if ok, _, err := took(t, g, "root", "r", from); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		fails(t, g, freeFailures, "root", "")
		fails(t, g, freeFailures, "nobody", addressA)
		fails(t, g, freeFailures, "somebody", here)
		for _, from := range []string{addressA, here} {
			if ok, wait, err := took(t, g, "root", "r", from); !ok || err != nil || wait > 0 {
				t.Errorf("root from %s waits %v: %t, %v", from, wait, ok, err)
			}
		}
		time.Sleep(25 * time.Hour)
		fails(t, g, freeFailures, "nobody", addressA)
		if ok, wait, err := took(t, g, "root", "r", addressA); !ok || err != nil || wait == 0 {
			t.Errorf("root, a day after its last login from there, waits %v: %t, %v", wait, ok, err)
		}
		fails(t, g, freeFailures, "root", addressA)
		if ok, wait, err := took(t, g, "root", "r", addressA); !ok || err != nil || wait == 0 {
			t.Errorf("root, after failures of its own, waits %v: %t, %v", wait, ok, err)
		}
	})
}

// TestRefusals: what an address is told from which too many are tried.
func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rootGate(t)
		fails(t, g, freeFailures, "nobody", addressA)
		for range 20 {
			go g.Begin(t.Context(), "nobody", addressA)
		}
		synctest.Wait()
		ok, wait, err := took(t, g, "root", "r", addressA)
		if !ok && (!errors.Is(err, ErrTooManyFailures) || wharf.CodeOf(err) != wharf.CodeUnavailable) || wait > longestWait {
			t.Errorf("a login after many failures: %t after %v, %v", ok, wait, err)
		}
		fails(t, g, freeFailures, "somebody", here)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, ok, err := g.Login(ended, "root", "r", here); ok || wharf.CodeOf(err) != wharf.CodeCanceled {
			t.Errorf("a login that is given up: %t, %v", ok, err)
		}
		g.failures.mu.Lock() // those from elsewhere wait still
		defer g.failures.mu.Unlock()
		if a := g.failures.left["address "+here]; a.inUse() {
			t.Errorf("%+v is left of it", a)
		}
	})
}

func TestThrottleIsBounded(t *testing.T) {
	th := newThrottle(time.Now)
	for i := range maxThrottled + 10 {
		th.begin(t.Context(), limit{key: fmt.Sprint(i)}, nil)
	}
	if len(th.left) > maxThrottled {
		t.Errorf("%d addresses are kept", len(th.left))
	}
	f := newFriends(time.Now)
	for i := range maxFriends + 10 {
		f.add(fmt.Sprint(i))
	}
	if len(f.until) > maxFriends || !f.has(fmt.Sprint(maxFriends+9)) {
		t.Errorf("%d pairs are kept", len(f.until))
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
