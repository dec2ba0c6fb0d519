package memory_test

import (
	"strings"
	"testing"

	"wharf"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, storagetest.Options{
		New: func(*testing.T) wharf.Store { return memory.New() },
		Plant: func(t *testing.T, s wharf.Store, name, content string) string {
			_, err := s.Put(t.Context(), wharf.Key(name), strings.NewReader(content), wharf.PutOptions{Size: int64(len(content))})
			if err != nil {
				t.Fatal(err)
			}
			return name
		},
	})
}

func TestOpenerKeepsStagesApart(t *testing.T) {
	ctx := t.Context()
	o := memory.NewOpener()
	a, b := wharf.Stage{ID: wharf.NewStageID()}, wharf.Stage{ID: wharf.NewStageID()}
	open := func(s wharf.Stage) wharf.Store {
		t.Helper()
		store, err := o.Open(ctx, &s)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	if open(a) != open(a) {
		t.Error("two Opens of one stage gave two stores")
	}
	if open(a) == open(b) {
		t.Error("two stages share a store")
	}
}
