package wharf_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wharf"
	"wharf/storage/storagetest"
)

// stored counts the objects of a stage, whether it was dropped or not.
func (f *fixture) stored(st wharf.Stage) int {
	f.t.Helper()
	store, err := f.opener.Opener.Open(f.t.Context(), &st)
	if err != nil {
		f.t.Fatal(err)
	}
	n := 0
	for _, err := range store.List(f.t.Context(), wharf.ListOptions{}) {
		if err != nil {
			f.t.Fatal(err)
		}
		n++
	}
	return n
}

func TestSweepRemovesDroppedFilesOnly(t *testing.T) {
	f := newFixture(t)
	f.create("dropped")
	f.create("kept")
	f.put("dropped", "a", "b")
	f.put("kept", "c")
	st, _ := f.Stage(t.Context(), wharf.Root, "dropped")
	if _, err := f.DropStage(t.Context(), wharf.Root, "dropped", false); err != nil {
		t.Fatal(err)
	}
	if f.stored(st) != 2 {
		t.Fatal("DROP itself took the files away")
	}
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.stored(st) != 0 || f.list("kept") != "c" || f.catalog.waiting() != 0 {
		t.Fatalf("%d left, kept %q, %d on the list", f.stored(st), f.list("kept"), f.catalog.waiting())
	}
}

// TestSweepWithoutClear empties a store that cannot clear itself.
func TestSweepWithoutClear(t *testing.T) {
	f := newFixture(t)
	f.many()
	st, _ := f.Stage(t.Context(), wharf.Root, "s")
	if _, err := f.DropStage(t.Context(), wharf.Root, "s", false); err != nil {
		t.Fatal(err)
	}
	f.faulty(func(*storagetest.Faulty) {})
	if err := f.Sweep(t.Context()); err != nil || f.stored(st) != 0 {
		t.Fatalf("%d left, %v", f.stored(st), err)
	}
}

func TestSweepTriesAgain(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"a", "b"} {
		f.create(name)
		f.put(name, "x")
	}
	bad, _ := f.Stage(t.Context(), wharf.Root, "a")
	for _, name := range []wharf.StageName{"a", "b"} {
		if _, err := f.DropStage(t.Context(), wharf.Root, name, false); err != nil {
			t.Fatal(err)
		}
	}
	broken := errors.New("the disk is tired")
	f.opener.wrap = func(st wharf.Stage, s wharf.Store) wharf.Store {
		faulty := &storagetest.Faulty{Store: s}
		if st.ID == bad.ID {
			faulty.BeforeDelete = func(context.Context, []wharf.Key) error { return broken }
		}
		return faulty
	}
	if err := f.Sweep(t.Context()); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if f.catalog.waiting() != 1 || f.stored(bad) != 1 {
		t.Fatalf("%d on the list, %d files: one stage's fault held up the other, or was forgotten", f.catalog.waiting(), f.stored(bad))
	}
	f.opener.wrap = nil
	if err := f.Sweep(t.Context()); err != nil || f.catalog.waiting() != 0 {
		t.Fatalf("%d on the list, %v", f.catalog.waiting(), err)
	}
}

// TestSweepChecks does not forget a stage whose store is not empty after all.
func TestSweepChecks(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.put("s", "x")
	if _, err := f.DropStage(t.Context(), wharf.Root, "s", false); err != nil {
		t.Fatal(err)
	}
	f.opener.wrap = func(_ wharf.Stage, s wharf.Store) wharf.Store { return lazyStore{s} }
	wantCode(t, f.Sweep(t.Context()), wharf.CodeInternal)
	if f.catalog.waiting() != 1 {
		t.Fatal("the stage was forgotten, and its file is left for ever")
	}
}

// lazyStore says that it cleared itself.
type lazyStore struct{ wharf.Store }

func (lazyStore) Clear(context.Context) error { return nil }

// TestSweepWaitsForUploads leaves a stage alone into which something lands,
// and comes back when that has ended.
func TestSweepWaitsForUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.create("s")
		u, err := f.BeginUpload(t.Context(), wharf.Root, "s", wharf.UnknownSize)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Run(ctx) }()
		if _, err := f.DropStage(t.Context(), wharf.Root, "s", false); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if left, _ := f.catalog.DroppedStages(t.Context()); len(left) != 1 {
			t.Fatal("the stage was swept under an upload")
		}
		_, err = u.Put(t.Context(), "k", strings.NewReader("x"), wharf.PutOptions{Size: 1})
		wantCode(t, err, wharf.CodeNotFound)
		u.Close()
		synctest.Wait()
		if left, _ := f.catalog.DroppedStages(t.Context()); len(left) != 0 {
			t.Fatal("nobody swept after the upload")
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
}

// TestSweepWaitsForLookups drops a stage that an upload has looked up and not yet
// said so: the sweep waits for that, and then leaves the stage alone.
func TestSweepWaitsForLookups(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	looked, goOn := make(chan struct{}), make(chan struct{})
	f.catalog.found = sync.OnceFunc(func() {
		close(looked)
		<-goOn
	})
	begun := make(chan *wharf.Upload)
	go func() {
		u, err := f.BeginUpload(t.Context(), wharf.Root, "s", wharf.UnknownSize)
		if err != nil {
			t.Error(err)
		}
		begun <- u
	}()
	<-looked
	if _, err := f.catalog.DropStage(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	swept := make(chan error, 1)
	go func() { swept <- f.Sweep(t.Context()) }()
	for !waits("(*Service).Sweep") && len(swept) == 0 {
		runtime.Gosched()
	}
	if len(swept) > 0 {
		t.Error("the sweep did not wait")
	}
	close(goOn)
	u := <-begun
	if err := <-swept; err != nil {
		t.Fatal(err)
	}
	if f.catalog.waiting() != 1 {
		t.Error("a stage was swept into which an upload may still put a file")
	}
	u.Close()
	if err := f.Sweep(t.Context()); err != nil || f.catalog.waiting() != 0 {
		t.Errorf("after the upload: %d on the list, %v", f.catalog.waiting(), err)
	}
}

// waits reports whether a goroutine in a method waits for a lock.
func waits(method string) bool {
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "sync.(*RWMutex).Lock(") && strings.Contains(stack, method) {
			return true
		}
	}
	return false
}

// TestRunSweepsAtStart finds what a crash left, and tries again later where
// that fails.
func TestRunSweepsAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.create("s")
		f.put("s", "x")
		st, err := f.catalog.DropStage(t.Context(), "s") // as a process that died right after
		if err != nil {
			t.Fatal(err)
		}
		var down atomic.Bool
		down.Store(true)
		f.catalog.fail = func(method string) error {
			if down.Load() && method == "DroppedStages" {
				return errors.New("not yet")
			}
			return nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Run(ctx) }()
		synctest.Wait()
		if f.stored(st) != 1 {
			t.Fatal("swept although the catalog is down")
		}
		down.Store(false)
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if f.stored(st) != 0 {
			t.Fatal("no second try")
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
}
