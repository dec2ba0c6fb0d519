package storagetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"wharf"
)

// Options say which Store the suite runs against.
type Options struct {
	// New returns a new, empty store, and registers its end with t.Cleanup.
	New func(t *testing.T) wharf.Store

	// Reopen closes the store and opens the same one again, as a restart
	// does. It is nil for a store that does not outlive its process; the cases
	// of durability then log that they checked nothing.
	Reopen func(t *testing.T, s wharf.Store) wharf.Store

	// Plant creates an object whose name is not a key, as another program
	// does, and returns the name that the backend lists it under: "" if the
	// backend cannot have it. It is nil for a store that no other program
	// writes to; the case about such objects then logs that it checked nothing.
	Plant func(t *testing.T, s wharf.Store, name, content string) string

	// Exceptions are the sentences of the contract that the backend breaks.
	Exceptions []Exception

	// Many is how many objects the cases of long lists store; 0 is 2,500, more
	// than two pages of S3.
	Many int

	// Seed determines the bodies; 0 takes a random seed.
	Seed uint64
}

// Exception names a sentence of the contract that a backend breaks.
type Exception string

// The exceptions. There are no others.
const (
	// NoKeyBelowKey: the store cannot hold both "k" and "k/under"; the second
	// Put fails and leaves the first object as it was.
	NoKeyBelowKey Exception = "cannot hold both k and k/under"
	// CollapsesSlashes: "p//q" is listed as "p/q", or refused.
	CollapsesSlashes Exception = "does not distinguish p//q from p/q"
	// ShortSegments: a key with a segment of over 255 bytes is refused.
	ShortSegments Exception = "no path segment over 255 bytes"
	// RacyIfAbsent: two Puts with IfAbsent at the same time may both win.
	RacyIfAbsent Exception = "IfAbsent is not atomic"
	// NoNoncharacters: keys with U+FFFE or U+FFFF, which XML cannot carry, are
	// refused, and no method confuses them with keys that have U+FFFD.
	NoNoncharacters Exception = "no U+FFFE and U+FFFF in keys"
	// NoQuota: a Meter does not hold its Puts to PutOptions.Quota.
	NoQuota Exception = "does not hold to quotas"
)

// Exceptions returns all exceptions.
func Exceptions() []Exception {
	return []Exception{NoKeyBelowKey, CollapsesSlashes, ShortSegments, RacyIfAbsent, NoNoncharacters, NoQuota}
}

// Run runs every case of the suite as a subtest of t.
func Run(t *testing.T, o Options) {
	o = o.withDefaults()
	t.Logf("storagetest: seed %d", o.Seed)
	for _, x := range o.Exceptions {
		if !slices.Contains(Exceptions(), x) {
			t.Fatalf("the suite has no exception %q", x)
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

// cases returns all cases. Their names are those of the subtests, grouped by
// the part before '/'.
func cases() []testCase {
	return slices.Concat(putCases(), sizeCases(), readerCases(), keyCases(), openCases(), listCases(),
		deleteCases(), contextCases(), concurrentCases(), durableCases(), extraCases(), quotaCases())
}

// recorder is the part of testing.TB that a case may use. The suite's own test
// replaces it to observe failures.
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
	t     *testing.T // only for the functions of Options, and for folders
	o     Options
	ctx   context.Context
	store wharf.Store
	rng   *rand.ChaCha8 // only for the case's own goroutine
}

func newEnv(r recorder, t *testing.T, o Options) *env {
	e := &env{recorder: r, t: t, o: o, ctx: r.Context(), store: o.New(t)}
	e.rng = e.newRand(0)
	return e
}

// excepted reports whether x is an exception of the backend, and logs it.
func (e *env) excepted(x Exception) bool {
	e.Helper()
	if !slices.Contains(e.o.Exceptions, x) {
		return false
	}
	e.Logf("excepted: this store %s", x)
	return true
}
