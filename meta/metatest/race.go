package metatest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"wharf"
)

func testRaceCreate(t recorder, c wharf.Catalog) {
	var made, exists, kept atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			mode := wharf.CreateMode(i % 2) // CreateNew, CreateIfNotExists
			got, created, err := c.CreateStage(t.Context(), Stage("s"), mode)
			switch {
			case created:
				made.Add(1)
			case wharf.CodeOf(err) == wharf.CodeExists && mode == wharf.CreateNew:
				exists.Add(1)
			case err == nil && mode == wharf.CreateIfNotExists && got.Name == "s":
				kept.Add(1)
			default:
				t.Errorf("CreateStage: %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || exists.Load()+kept.Load() != 15 {
		t.Errorf("%d made it, %d were told that it exists, %d kept it", made.Load(), exists.Load(), kept.Load())
	}
	wantNames(t, c, "s")
}

// testRaceReplace has many replace one stage and others drop it: every stage
// that was made is either there or on the list, once.
func testRaceReplace(t recorder, c wharf.Catalog) {
	const n = 24
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, created, err := c.CreateStage(t.Context(), Stage("s"), wharf.CreateOrReplace); err != nil || !created {
				t.Errorf("CreateOrReplace: %v, %v", created, err)
			}
			if i%3 > 0 {
				return
			}
			if _, err := c.DropStage(t.Context(), "s"); err != nil && wharf.CodeOf(err) != wharf.CodeNotFound {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	dropped, err := c.DroppedStages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	present, err := c.Stages(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[wharf.StageID]bool{}
	for _, s := range slices.Concat(dropped, present) {
		ids[s.ID] = true
	}
	if len(ids) != n || len(dropped)+len(present) != n {
		t.Errorf("of %d stages, %d are dropped and %d there, %d in all", n, len(dropped), len(present), len(ids))
	}
}

// testRaceUpdate has many change one stage: none of the changes is lost.
func testRaceUpdate(t recorder, c wharf.Catalog) {
	const n = 24
	old := Stage("s")
	create(t, c, old)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			_, err := c.UpdateStage(t.Context(), "s", func(s wharf.Stage) (wharf.Stage, error) {
				s.Comment += "x"
				return s, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := c.Stage(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Comment) != n || got.Revision != old.Revision+n {
		t.Errorf("after %d changes at once there are %d, and the revision went from %d to %d", n, len(got.Comment), old.Revision, got.Revision)
	}
}

// testRaceRename has many stages want one name: one of them gets it.
func testRaceRename(t recorder, c wharf.Catalog) {
	const n = 16
	var made atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		s := Stage(fmt.Sprintf("s%02d", i))
		create(t, c, s)
		wg.Go(func() {
			_, err := c.RenameStage(t.Context(), s.Name, "wanted")
			switch wharf.CodeOf(err) {
			case "":
				made.Add(1)
			case wharf.CodeExists:
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := c.Stages(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if made.Load() != 1 || len(all) != n || all[n-1].Name != "wanted" {
		t.Errorf("%d got the name; there are %d stages, the last one is %q", made.Load(), len(all), all[len(all)-1].Name)
	}
}
