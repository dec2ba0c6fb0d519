package wharf_test

import (
	"context"
	"testing"

	"wharf"
)

func TestWaiting(t *testing.T) {
	wharf.Waiting(t.Context()) // nobody listens
	told := 0
	ctx, cancel := context.WithCancel(wharf.WithWaiting(t.Context(), func() { told++ }))
	defer cancel()
	wharf.Waiting(ctx)
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// Removing and copying tell before each piece of work, so that what was done
// before it can be shown.
func TestFlushBeforeWork(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.create("to")
	f.put("s", "a", "b", "c")
	told := 0
	ctx := wharf.WithWaiting(t.Context(), func() { told++ })
	copies, err := f.CopyFiles(ctx, wharf.Root, location(t, "s/"), wharf.Pattern{}, location(t, "to/"))
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for key, err := range copies.All {
		if err != nil {
			t.Fatal(err)
		}
		if made++; told != made {
			t.Errorf("told %d times before %s", told, key)
		}
	}
	told = 0
	if _, err := f.remove(ctx, "s/", "", true); err != nil {
		t.Fatal(err)
	}
	if made != 3 || told != 1 {
		t.Errorf("%d copies; told %d times of one batch of removals", made, told)
	}
}
