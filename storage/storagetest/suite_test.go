package storagetest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"wharf"
	"wharf/storage/memory"
)

// notes is a recorder that keeps failures instead of failing the test.
type notes struct {
	ctx      context.Context
	mu       sync.Mutex // guards what follows
	failures []string
	logs     []string
}

func (n *notes) Helper()                  {}
func (n *notes) Context() context.Context { return n.ctx }

func (n *notes) Logf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logs = append(n.logs, fmt.Sprintf(format, args...))
}

func (n *notes) Errorf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failures = append(n.failures, fmt.Sprintf(format, args...))
}

func (n *notes) Fatalf(format string, args ...any) {
	n.Errorf(format, args...)
	runtime.Goexit()
}

// record runs one case and gives back what it noted.
func record(t *testing.T, c testCase, o Options) *notes {
	t.Helper()
	n := &notes{ctx: t.Context()}
	e := newEnv(n, t, o.withDefaults())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(e)
	}()
	<-done
	return n
}

func caseNamed(t *testing.T, name string) testCase {
	t.Helper()
	i := slices.IndexFunc(cases(), func(c testCase) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no case %q", name)
	}
	return cases()[i]
}

// plant is Options.Plant for stores over memory.
func plant(t *testing.T, s wharf.Store, name, content string) string {
	_, err := s.Put(t.Context(), wharf.Key(name), strings.NewReader(content), wharf.PutOptions{Size: int64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestEveryBreakIsFound runs the suite against stores that are broken on
// purpose: each case that a break names must fail.
func TestEveryBreakIsFound(t *testing.T) {
	for _, b := range breaks() {
		t.Run(strings.ReplaceAll(b.what, " ", "-"), func(t *testing.T) {
			o := Options{New: func(*testing.T) wharf.Store { return b.make(memory.New()) }, Plant: plant, Reopen: b.reopen, Many: 600, Seed: 1}
			for _, name := range strings.Fields(b.found) {
				if n := record(t, caseNamed(t, name), o); len(n.failures) == 0 {
					t.Errorf("%s passes with a store that %s", name, b.what)
				} else {
					t.Logf("%s: %s", name, n.failures[0])
				}
			}
		})
	}
}

// TestEveryCaseCanFail holds that no case is there that cannot fail.
func TestEveryCaseCanFail(t *testing.T) {
	var found []string
	for _, b := range breaks() {
		found = append(found, strings.Fields(b.found)...)
	}
	for _, c := range cases() {
		if !slices.Contains(found, c.name) {
			t.Errorf("no broken store is known that %s finds", c.name)
		}
	}
}

// TestReferencePasses holds that the recorder and a Faulty without faults add
// nothing of their own: with a store that is whole, no case notes a failure.
func TestReferencePasses(t *testing.T) {
	o := Options{
		New:    func(*testing.T) wharf.Store { return faultyMeter{&FaultyClearer{Faulty: &Faulty{Store: memory.New()}}} },
		Plant:  plant,
		Reopen: func(_ *testing.T, s wharf.Store) wharf.Store { return s },
		Many:   600,
		Seed:   1,
	}
	for _, c := range cases() {
		if n := record(t, c, o); len(n.failures) > 0 {
			t.Errorf("%s: %q", c.name, n.failures)
		}
	}
}

// TestExceptionsAreLogged holds that an exception excuses a store that needs
// it, is written to the log, and cannot be claimed without need.
func TestExceptionsAreLogged(t *testing.T) {
	for _, tt := range []struct {
		exception Exception
		name      string
		breaks    string // the store that needs the exception
		provable  bool   // the case fails where the exception is not needed
	}{
		{NoKeyBelowKey, "keys/below-a-key", "holds no key below a key", true},
		{CollapsesSlashes, "keys/double-slash", "cleans paths", false},
		{ShortSegments, "keys/long", "refuses long segments", true},
		{RacyIfAbsent, "concurrent/if-absent", "checks IfAbsent too early", false},
		{NoNoncharacters, "keys/noncharacters", "refuses noncharacters", true},
		{NoQuota, "quota/files", "ignores quotas", false},
	} {
		i := slices.IndexFunc(breaks(), func(b storeBreak) bool { return b.what == tt.breaks })
		if i < 0 {
			t.Fatalf("there is no break %q", tt.breaks)
		}
		o := Options{
			New:        func(*testing.T) wharf.Store { return breaks()[i].make(memory.New()) },
			Exceptions: []Exception{tt.exception},
		}
		n := record(t, caseNamed(t, tt.name), o)
		if len(n.failures) > 0 {
			t.Errorf("%s fails in spite of the exception: %q", tt.name, n.failures)
		}
		if !slices.ContainsFunc(n.logs, func(s string) bool { return strings.Contains(s, string(tt.exception)) }) {
			t.Errorf("%s does not log the exception %q: %q", tt.name, tt.exception, n.logs)
		}
		o.New = func(*testing.T) wharf.Store { return memory.New() }
		if n := record(t, caseNamed(t, tt.name), o); len(n.failures) > 0 != tt.provable {
			t.Errorf("%s with the exception and a store that needs none: %q", tt.name, n.failures)
		}
	}
}
