package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"wharf"
)

// Gate knows who may log in, by name, address and password. It is safe for
// concurrent use, and shared by all listeners.
type Gate struct {
	users wharf.UserCatalog // nil: there is no user but root, who has no password
	now   func() time.Time

	// last are the users when they were last read: root comes in although the
	// catalog has failed.
	last atomic.Pointer[wharf.Users]

	// decoy is what the password of a user who does not exist is compared with, so
	// that it takes as many hash operations as a real one. secret chooses by its
	// name with which plugin it is asked for, always the same for one name.
	decoy  Password
	secret []byte

	failures *throttle

	mu     sync.Mutex       // guards proven
	proven map[string]proof // by the stored hash

	friends *friends

	computing chan struct{} // has room for as many computations as may run at once
}

// proof is a password that was seen and matched.
type proof struct {
	digest Digest
	until  time.Time
}

const (
	// provenFor is how long a password that was proven by its salted hash, which
	// costs milliseconds, is remembered by its digest after it was last used.
	provenFor = 5 * time.Minute
	// maxProven bounds the passwords that are remembered.
	maxProven = 10_000
)

// GateOptions are what a Gate is made of.
type GateOptions struct {
	Users wharf.UserCatalog // nil: there is no user but root, who has no password
	Now   func() time.Time
	// DecoyKey chooses how names that do not exist are answered. It is secret, and the
	// same over restarts: a name that is answered otherwise then does not exist. The
	// zero Secret is a random one.
	DecoyKey wharf.Secret
}

// NewGate puts a Gate together. It does no I/O.
func NewGate(o GateOptions) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gate{users: o.Users, now: o.Now, failures: newThrottle(o.Now), friends: newFriends(o.Now), proven: map[string]proof{}, secret: []byte(o.DecoyKey.Reveal()),
		computing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	if o.DecoyKey.IsZero() {
		g.secret = []byte(rand.Text())
	}
	if o.Users != nil {
		g.decoy = Decoy()
	}
	return g
}

// RootPasswordSet reports whether root has a password. While not, the server
// answers to this machine only.
func (g *Gate) RootPasswordSet() bool {
	users, err := g.lastUsers(context.Background())
	return err != nil || users.RootHasPassword()
}

// rootRecord returns the record of root, as it was last read where the catalog fails.
func (g *Gate) rootRecord(ctx context.Context) (wharf.User, error) {
	users, err := g.lastUsers(ctx)
	if err != nil {
		return wharf.User{}, err
	}
	return users.Root(), nil
}

// lastUsers returns the users, as they were last read where the catalog fails.
func (g *Gate) lastUsers(ctx context.Context) (*wharf.Users, error) {
	if g.users == nil {
		return &wharf.Users{}, nil
	}
	users, err := g.users.Users(ctx)
	if err == nil {
		if g.last.Load() != users { // each request comes by here
			g.last.Store(users)
		}
		return users, nil
	}
	if last := g.last.Load(); last != nil {
		return last, nil
	}
	return nil, err
}

// Candidate is whom a client would be if it proves the password.
type Candidate struct {
	Password  Password
	Principal wharf.Principal
	known     bool
	locked    bool
	local     bool // the client is on this machine
	gate      *Gate

	name, address string
}

// Find returns whom a client at that address would be with that name. It returns a
// candidate for a name that does not exist too, whose password matches nothing.
func (g *Gate) Find(ctx context.Context, name, address string) (Candidate, error) {
	c := Candidate{gate: g, local: IsLoopback(address), name: name, address: address}
	if name == wharf.Root.User {
		root, err := g.rootRecord(ctx)
		if err == nil {
			c.Password, err = StoredPassword(root.Plugin, root.Hash)
		}
		c.Principal, c.known = wharf.Root, err == nil
		return c, err
	}
	users := &wharf.Users{}
	if g.users != nil {
		var err error
		if users, err = g.users.Users(ctx); err != nil {
			return c, err
		}
	}
	addr, _ := netip.ParseAddr(address)
	// A user without a password cannot come from elsewhere: it is answered there as one
	// who does not exist.
	if u, ok := users.Find(name, addr); ok && (c.local || !u.Hash.IsZero()) {
		password, err := StoredPassword(u.Plugin, u.Hash)
		if err != nil {
			return c, wharf.WrapError(wharf.CodeInternal, "auth.Find", "", err)
		}
		c.Password, c.Principal, c.known, c.locked = password, u.Principal(), true, u.Locked
		return c, nil
	}
	if users.Len() == 0 && !users.RootHasPassword() {
		return c, nil // as there is nobody to be told from
	}
	plugin := users.Root().Plugin
	if users.Len() > 0 {
		plugin = g.pluginOf(name, users)
	}
	c.Password = g.decoy.Only(plugin)
	return c, nil
}

// pluginOf chooses the plugin for a name that does not exist: one that some user
// has.
func (g *Gate) pluginOf(name string, users *wharf.Users) string {
	native, sha2 := users.HasPlugin(wharf.PluginNative), users.HasPlugin(wharf.PluginSHA2)
	h := hmac.New(sha256.New, g.secret)
	h.Write([]byte(name))
	if native && (!sha2 || h.Sum(nil)[0]%2 == 0) {
		return wharf.PluginNative
	}
	return wharf.PluginSHA2
}

// Again returns the candidate as it is by now. One whose password or whose user is
// another one by now is not admitted: what the client has proven was of before.
func (c Candidate) Again(ctx context.Context) (Candidate, error) {
	now, err := c.gate.Find(ctx, c.name, c.address)
	now.known = now.known && now.Password == c.Password && now.Principal.ID == c.Principal.ID
	return now, err
}

// Admits reports whether a client that has proven the password may come in. A user
// without a password comes from this machine only, as root does.
func (c Candidate) Admits() bool {
	return c.known && !c.locked && (c.local || c.Password.IsSet())
}

// Locked reports whether the user may not log in whatever it proves.
func (c Candidate) Locked() bool { return c.known && c.locked }

// Digest returns the digest of the password, if it was proven not long ago.
func (c Candidate) Digest() (Digest, bool) {
	g, key := c.gate, c.Password.sha2
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.proven[key]
	if !ok || key == "" || g.now().After(p.until) {
		delete(g.proven, key)
		return Digest{}, false
	}
	p.until = g.now().Add(provenFor)
	g.proven[key] = p
	return p.digest, true
}

// Compute runs f, which takes a processor for milliseconds because a stranger asked:
// the salted hash of a password, RSA. At most half of the processors do that at once,
// so that the others serve the clients who are in.
func (g *Gate) Compute(f func()) {
	g.computing <- struct{}{}
	defer func() { <-g.computing }()
	// The thread that waited for the network woke this goroutine and runs it. Go lets
	// no other wait in its place before the goroutine blocks, yields, or has run for
	// 10 ms (golang/go#51651): all clients would wait, beside an idle processor.
	runtime.Gosched()
	f()
}

// CheckSHA2 reports whether plain is the password, by its salted hash, and remembers
// it if it is.
func (c Candidate) CheckSHA2(plain string) (ok bool) {
	g := c.gate
	g.Compute(func() { ok = c.Password.CheckSHA2(plain) })
	if !ok || c.Password.sha2 == "" {
		return ok
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.proven) >= maxProven {
		clear(g.proven)
	}
	g.proven[c.Password.sha2] = proof{NewDigest(plain), g.now().Add(provenFor)}
	return true
}

// Check reports whether plain is the password. One that was proven not long ago
// costs little.
func (c Candidate) Check(plain string) bool {
	if c.Password.hasNative || !c.Password.IsSet() {
		return c.Password.Check(plain)
	}
	if digest, ok := c.Digest(); ok && digest.Equal(NewDigest(plain)) {
		return true
	}
	return c.CheckSHA2(plain)
}

// Login returns who a client is that sends name and password at once. ok is false for
// all that do not match, in the same way.
func (g *Gate) Login(ctx context.Context, name, password, address string) (p wharf.Principal, ok bool, err error) {
	attempt, err := g.Begin(ctx, name, address)
	if err != nil {
		return wharf.Principal{}, false, err
	}
	defer func() {
		if err != nil {
			attempt.GiveBack()
		} else {
			attempt.End(ok)
		}
	}()
	c, err := g.Find(ctx, name, address)
	if err != nil || !c.Check(password) {
		return wharf.Principal{}, false, err
	}
	if c, err = c.Again(ctx); err != nil || !c.Admits() {
		return wharf.Principal{}, false, err
	}
	return c.Principal, true, nil
}

// LoginToken returns who a client is that sends a token. ok is false for all that are
// refused, in the same way. Tries are counted by the address and by the token.
func (g *Gate) LoginToken(ctx context.Context, token, address string) (p wharf.Principal, ok bool, err error) {
	hash := wharf.HashToken(token)
	attempt, err := g.Begin(ctx, "token "+hash.String(), address)
	if err != nil {
		return wharf.Principal{}, false, err
	}
	defer func() {
		if err != nil {
			attempt.GiveBack()
		} else {
			attempt.End(ok)
		}
	}()
	users := &wharf.Users{}
	if g.users != nil {
		if users, err = g.users.Users(ctx); err != nil {
			return wharf.Principal{}, false, err
		}
	}
	addr, _ := netip.ParseAddr(address)
	u, ok := users.ByToken(hash, addr, g.now())
	if !ok {
		return wharf.Principal{}, false, nil
	}
	return u.Principal(), true, nil
}
