package storagetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"wharf"
)

// Options says which Store the suite runs against.
type Options struct {
	// New makes a fresh, empty store. What it must close, it registers with
	// t.Cleanup.
	New func(t *testing.T) wharf.Store

	// Reopen closes the store and opens the same one again, as a restart
	// would. Nil for a store that does not outlive its process; the cases of
	// durability then say that they did not ask.
	Reopen func(t *testing.T, s wharf.Store) wharf.Store

	// Plant makes an object with a name that is no key, as another program
	// does, and returns the name that the backend's own list has for it: "" if
	// the backend cannot have it. Nil for a store whose objects no other
	// program makes; the case about them then says that it did not ask.
	Plant func(t *testing.T, s wharf.Store, name, content string) string

	// Exceptions are the sentences that the backend is known to break.
	Exceptions []Exception

	// Many is how many objects the cases about long lists make; 0 is 2,500,
	// more than two pages of S3.
	Many int

	// Seed makes the bodies; 0 takes one at random.
	Seed uint64
}

// Exception names something that a backend is known not to do.
type Exception string

// The exceptions. There are no others.
const (
	// NoKeyBelowKey: the store cannot hold both "k" and "k/under"; the second
	// Put fails and leaves the first object as it was.
	NoKeyBelowKey Exception = "cannot hold both k and k/under"
	// CollapsesSlashes: "p//q" is listed as "p/q", or refused.
	CollapsesSlashes Exception = "does not tell p//q from p/q"
	// ShortSegments: a key with a segment of over 255 bytes is refused.
	ShortSegments Exception = "no path segment over 255 bytes"
	// RacyIfAbsent: two Puts with IfAbsent at the same time may both win.
	RacyIfAbsent Exception = "IfAbsent is not atomic"
	// NoNoncharacters: keys with U+FFFE or U+FFFF, which XML cannot carry, are
	// refused, and no method takes them for keys with U+FFFD.
	NoNoncharacters Exception = "no U+FFFE and U+FFFF in keys"
)

// Exceptions returns all exceptions there are.
func Exceptions() []Exception {
	return []Exception{NoKeyBelowKey, CollapsesSlashes, ShortSegments, RacyIfAbsent, NoNoncharacters}
}

// Run runs every case of the suite as a subtest of t.
func Run(t *testing.T, o Options) {
	o = o.withDefaults()
	t.Logf("storagetest: seed %d", o.Seed)
	for _, x := range o.Exceptions {
		if !slices.Contains(Exceptions(), x) {
			t.Fatalf("%q is no exception that the suite knows", x)
		}
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { c.run(newEnv(t, t, o)) })
	}
}

func (o Options) withDefaults() Options {
	if o.Many == 0 {
		o.Many = 2500
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	return o
}

// testCase is one case of the suite.
type testCase struct {
	name string
	run  func(e *env)
}

// cases lists the suite. The names are subtests, grouped by their first part.
func cases() []testCase {
	return slices.Concat(putCases(), sizeCases(), readerCases(), keyCases(), openCases(), listCases(),
		deleteCases(), contextCases(), concurrentCases(), durableCases(), extraCases())
}

// recorder is the part of testing.TB that a case may use, so that the suite
// itself can be tested with a recorder that notes failures.
type recorder interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// env is what one case runs in.
type env struct {
	recorder
	t     *testing.T // for Options' functions only
	o     Options
	ctx   context.Context
	store wharf.Store
	rng   *rand.ChaCha8 // of the case's own goroutine
}

func newEnv(r recorder, t *testing.T, o Options) *env {
	e := &env{recorder: r, t: t, o: o, ctx: r.Context(), store: o.New(t)}
	e.rng = e.newRand(0)
	return e
}

// excepted tells whether the backend is excused from x, and says so in the
// log.
func (e *env) excepted(x Exception) bool {
	e.Helper()
	if !slices.Contains(e.o.Exceptions, x) {
		return false
	}
	e.Logf("excepted: this store %s", x)
	return true
}
