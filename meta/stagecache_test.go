package meta

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"wharf"
)

// TestLookUpSeesEveryChange looks a stage up all the time while it changes:
// whatever a change that returned did must be seen by each look-up after it.
func TestLookUpSeesEveryChange(t *testing.T) {
	c := open(t, t.TempDir())
	def := wharf.Stage{ID: wharf.NewStageID(), Name: "s", Revision: 1}
	if _, _, err := c.CreateStage(t.Context(), def, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	var changed atomic.Uint64 // the revision of the last change that returned
	changed.Store(1)
	var over atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !over.Load() {
				least := changed.Load()
				byName, err := c.Stage(t.Context(), "s")
				byID, err2 := c.StageByID(t.Context(), def.ID)
				if err := errors.Join(err, err2); err != nil {
					t.Error(err)
					return
				}
				if byName.Revision < least || byID.Revision < byName.Revision {
					t.Errorf("after revision %d the name gave %d and then the ID %d", least, byName.Revision, byID.Revision)
					return
				}
			}
		})
	}
	for range 100 {
		s, err := c.UpdateStage(t.Context(), "s", func(s wharf.Stage) (wharf.Stage, error) { return s, nil })
		if err != nil {
			t.Error(err)
			break
		}
		changed.Store(s.Revision)
	}
	over.Store(true)
	wg.Wait()
}

// TestLookUpTwice checks that a stage that was looked up before is the same,
// gone when it is dropped, and nobody else's to change.
func TestLookUpTwice(t *testing.T) {
	c := open(t, t.TempDir())
	def := wharf.Stage{ID: wharf.NewStageID(), Name: "s", Revision: 1, FileFormat: wharf.FileFormat{
		Type: wharf.NDJSON, NullIf: wharf.Given([]string{"a", "b"})}}
	if _, _, err := c.CreateStage(t.Context(), def, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, get := range []func() (wharf.Stage, error){
			func() (wharf.Stage, error) { return c.Stage(t.Context(), "s") },
			func() (wharf.Stage, error) { return c.StageByID(t.Context(), def.ID) },
		} {
			s, err := get()
			if err != nil {
				t.Fatal(err)
			}
			if s.FileFormat.Type != wharf.NDJSON || s.FileFormat.NullIf.Value[0] != "a" {
				t.Fatalf("what a caller did with its copy shows: %v", s.FileFormat)
			}
			s.FileFormat.NullIf.Value[0] = "changed"
		}
	}
	if _, err := c.RenameStage(t.Context(), "s", "r"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Stage(t.Context(), "s"); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Errorf("the old name gives %v", err)
	}
	if s, err := c.StageByID(t.Context(), def.ID); err != nil || s.Name != "r" {
		t.Errorf("the ID gives %q, %v", s.Name, err)
	}
	if _, err := c.DropStage(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.StageByID(t.Context(), def.ID); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Errorf("the ID of a dropped stage gives %v", err)
	}
}

// TestRecentIsBounded keeps more stages than there is room for.
func TestRecentIsBounded(t *testing.T) {
	var r recent
	for i := range 2*maxRecent + 1 {
		s := &wharf.Stage{ID: wharf.NewStageID(), Name: wharf.StageName(fmt.Sprint(i))}
		r.keep(0, s)
		if r.id(s.ID) != s {
			t.Fatalf("the stage %q that was read just now is not kept", s.Name)
		}
	}
	if n := max(len(r.byID), len(r.byName)); n > maxRecent {
		t.Errorf("%d stages are kept, %d are allowed", n, maxRecent)
	}
}

// TestRecentForgets checks that nothing outlives the beginning of a write, and
// that what a transaction from before it saw is not kept after it.
func TestRecentForgets(t *testing.T) {
	var r recent
	s := &wharf.Stage{ID: wharf.NewStageID(), Name: "s"}
	r.keep(0, s)
	before := r.writes.Load()
	done := r.writing()
	if r.id(s.ID) != nil {
		t.Error("a stage of before is given out while something is written")
	}
	r.keep(before, s)
	r.keep(r.writes.Load(), s)
	done()
	if r.name("s") != nil {
		t.Error("a stage of before is given out after a write")
	}
	r.keep(before, s)
	if r.name("s") != nil {
		t.Error("a stage that was read before a write was kept after it")
	}
	r.keep(r.writes.Load(), s)
	if r.name("s") == nil {
		t.Error("a stage that was read after a write was not kept")
	}
}

// TestLookUpAfterClose checks that nothing is given out of a closed catalog.
func TestLookUpAfterClose(t *testing.T) {
	c := open(t, t.TempDir())
	def := wharf.Stage{ID: wharf.NewStageID(), Name: "s", Revision: 1}
	if _, _, err := c.CreateStage(t.Context(), def, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Stage(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Stage(t.Context(), "s"); wharf.CodeOf(err) != wharf.CodeUnavailable {
			t.Errorf("a closed catalog gives %v", err)
		}
	}
}
