package tests

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The architecture: who may import whom, which package owns a library, how
// long files and functions may be. A failure gives the reason.
func TestArchitecture(t *testing.T) {
	for _, v := range checkArchitecture(t, "..", architecture) {
		t.Error(v)
	}
}

// A check that cannot fail is worth nothing: a tiny module that breaks every
// rule once gives just the violations that its want.txt lists.
func TestArchitectureCheckFails(t *testing.T) {
	bad := rules{
		module: "bad",
		packages: []packageRule{
			{path: "", why: "the root is imported by all"},
			{path: "meta", may: []string{""}, why: "the catalog stands alone"},
			{path: "server", may: []string{""}, why: "listeners do not know the catalog"},
			{path: "storage/memory", may: []string{""}, why: "a store stands alone"},
			{path: "cmd/bad", may: []string{"*"}},
			{path: "tests", deep: true, why: "black box"},
		},
		everyTest:     []string{"storage/memory"},
		libraries:     []library{{prefix: "example.com/bolt", owners: []string{"meta"}}},
		fileLines:     60,
		functionLines: 10,
	}
	got := checkArchitecture(t, "testdata/arch", bad)
	text, err := os.ReadFile("testdata/arch/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("violations:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
