package meta

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf"
)

// One of these in the environment makes the test binary the child of a test.
const (
	crashDir = "WHARF_META_CRASH_DIR"
	fullDir  = "WHARF_META_FULL_DIR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(dir)
	}
	if dir := os.Getenv(syncDir); dir != "" {
		syncChild(dir)
		return
	}
	if dir := os.Getenv(rekeyDir); dir != "" {
		rekeyChild(dir)
		return
	}
	if dir := os.Getenv(fullDir); dir != "" {
		fullChild(dir)
		return
	}
	os.Exit(m.Run())
}

const crashWorkers = 8

// crashChild changes the catalog until it is killed. Each worker has one
// name, and says before and after each change what it does: "begin 3 create
// ID", "done 3".
func crashChild(dir string) {
	fmt.Println("opening")
	c, err := Open(dir, Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	fmt.Println("opened")
	var mu sync.Mutex // guards stdout: one line, one write
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	var wg sync.WaitGroup
	for w := range crashWorkers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(w)))
			for {
				s := external(fmt.Sprintf("w%d", w))
				if rng.IntN(2) == 0 {
					s = stage(string(s.Name))
				}
				say("begin %d create %s", w, s.ID)
				if _, _, err := c.CreateStage(context.Background(), s, wharf.CreateOrReplace); err != nil {
					say("failed %v", err)
				}
				say("done %d", w)
				if rng.IntN(3) > 0 {
					continue
				}
				say("begin %d drop", w)
				if _, err := c.DropStage(context.Background(), s.Name); err != nil {
					say("failed %v", err)
				}
				say("done %d", w)
			}
		})
	}
	wg.Wait()
}

// child is the process of a crash test, and what it said.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, variable, dir string) child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), variable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := child{cmd, bufio.NewScanner(out)}
	t.Cleanup(func() { cmd.Process.Kill() })
	return c
}

// kill ends the child at once. What it had written until then can still be
// read.
func (c child) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
}

// acked is what is known of one worker's name.
type acked struct {
	id, next string // the ID that is there, and what it will be; "" for none
	busy     bool   // the change to next was begun and not acknowledged
}

// read takes one line of the child into account.
func (a *acked) read(t *testing.T, line string) {
	f := strings.Fields(line)
	switch {
	case f[0] == "begin" && f[2] == "create":
		a.next, a.busy = f[3], true
	case f[0] == "begin":
		a.next, a.busy = "", true
	case f[0] == "done":
		a.id, a.busy = a.next, false
	default:
		t.Errorf("the child says %q", line)
	}
}

func TestKilledWhileChanging(t *testing.T) {
	dir := t.TempDir()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var known [crashWorkers]acked
	for round := range 12 {
		c := startChild(t, crashDir, dir)
		dones, target := 0, 1+rng.IntN(200)
		for c.lines.Scan() {
			line := c.lines.Text()
			if line == "opening" || line == "opened" {
				continue
			}
			var verb string
			var w int
			if _, err := fmt.Sscan(line, &verb, &w); err != nil || w >= crashWorkers {
				t.Fatalf("round %d: the child says %q", round, line)
			}
			known[w].read(t, line)
			if verb == "done" {
				if dones++; dones == target {
					c.kill(t)
				}
			}
		}
		c.cmd.Wait()
		if dones < target {
			t.Fatalf("round %d: the child ended by itself after %d changes", round, dones)
		}
		checkKnown(t, dir, &known)
	}
}

// checkKnown holds the catalog to what was acknowledged, and learns how the
// changes ended that were not.
func checkKnown(t *testing.T, dir string, known *[crashWorkers]acked) {
	t.Helper()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Check(t.Context()); err != nil {
		t.Errorf("the catalog is not as it should be: %v", err)
	}
	for w := range known {
		id := ""
		s, err := c.Stage(t.Context(), wharf.StageName(fmt.Sprintf("w%d", w)))
		if err == nil {
			id = s.ID.String()
			if want := external(string(s.Name)).Connection; !s.Internal() && s.Connection != want {
				t.Errorf("the connection of %q does not come back", s.Name)
			}
		} else if wharf.CodeOf(err) != wharf.CodeNotFound {
			t.Error(err)
		}
		a := &known[w]
		if id != a.id && !(a.busy && id == a.next) {
			t.Errorf("w%d has the ID %q after the crash, acknowledged was %q (%+v)", w, id, a.id, *a)
		}
		*a = acked{id: id}
	}
}

// TestKilledInTheFirstStart kills at random moments of the first start: the
// next start goes on, whatever is there.
func TestKilledInTheFirstStart(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	opened := 0
	for range 25 {
		dir := t.TempDir()
		c := startChild(t, crashDir, dir)
		if !c.lines.Scan() || c.lines.Text() != "opening" {
			t.Fatalf("the child says %q", c.lines.Text())
		}
		// There is no event for a moment within Open: this picks one.
		time.Sleep(time.Duration(rng.Int64N(int64(8 * time.Millisecond))))
		c.kill(t)
		for c.lines.Scan() {
			if c.lines.Text() == "opened" {
				opened++
			}
			if strings.HasPrefix(c.lines.Text(), "failed") {
				t.Error(c.lines.Text())
			}
		}
		c.cmd.Wait()
		again, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("the next start: %v", err)
		}
		if err := again.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d of 25 were killed after Open", opened)
}

// TestTwoFirstStarts lets several processes make one catalog at once: one
// has it, the others are told that it is in use.
func TestTwoFirstStarts(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var mu sync.Mutex // guards opened
	var opened []*Catalog
	for range 6 {
		wg.Go(func() {
			c, err := Open(dir, Options{LockTimeout: 300 * time.Millisecond})
			if err != nil {
				wantCode(t, "Open", err, wharf.CodeUnavailable)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			opened = append(opened, c)
		})
	}
	wg.Wait()
	if len(opened) != 1 {
		t.Errorf("%d of 6 have the catalog", len(opened))
	}
	for _, c := range opened {
		create(t, c, external("s"))
		closeNow(t, c)
	}
	wantNames(t, open(t, dir), "s")
}
