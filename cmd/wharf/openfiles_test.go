package main

import "testing"

// TestShareFiles wants room for all that needs files under any limit.
func TestShareFiles(t *testing.T) {
	for _, c := range []struct {
		limit int
		want  fileBudget
	}{
		{128, fileBudget{index: 80, connections: 16, downloads: 4, uploads: 4}},
		{256, fileBudget{index: 80, connections: 101, downloads: 25, uploads: 25}},
		{1024, fileBudget{index: 256, connections: 496, downloads: 124, uploads: 124}},
		{20_000, fileBudget{index: 512, connections: 8192, downloads: 512, uploads: 3244}},
		{1 << 20, fileBudget{index: 512, connections: 8192, downloads: 512, uploads: 174_673}},
	} {
		got := shareFiles(c.limit)
		if got != c.want {
			t.Errorf("%d files: %+v, want %+v", c.limit, got, c.want)
		}
		if got.index+got.connections+got.downloads+got.uploads+ownFiles > c.limit {
			t.Errorf("%d files: %+v is more", c.limit, got)
		}
	}
}
