package exec_test

import (
	"context"
	"testing"

	"wharf"
	"wharf/meta"
	"wharf/meta/memory"
)

// newCatalog gives a catalog that costs nothing to make.
func newCatalog() wharf.Catalog { return memory.New() }

// realCatalog gives the catalog that servers have.
func realCatalog(t testing.TB) wharf.Catalog {
	t.Helper()
	c, err := meta.Open(t.TempDir(), meta.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Check(context.Background()); err != nil {
			t.Errorf("what the statements left in the catalog: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
