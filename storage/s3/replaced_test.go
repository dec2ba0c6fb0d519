package s3_test

import (
	"errors"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/s3"
)

// TestReplacedWhileOpen has a version that goes away between Open and Range:
// the caller can tell, and open the next one.
func TestReplacedWhileOpen(t *testing.T) {
	store := open(t, newBackend(t, s3.Options{Endpoint: shared.url}), stageAt("s3://"+newBucket(t)+"/", ""))
	put := func(text string) {
		t.Helper()
		if _, err := store.Put(t.Context(), "a", strings.NewReader(text), wharf.PutOptions{Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(){
		"replaced by a longer one":  func() { put("longer than it was") },
		"replaced by a shorter one": func() { put("") },
		"removed":                   func() { store.Delete(t.Context(), []wharf.Key{"a"}) },
	} {
		put("first")
		file, err := store.Open(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		change()
		_, err = file.Range(t.Context(), 0, -1)
		if !errors.Is(err, wharf.ErrReplaced) || wharf.CodeOf(err) != wharf.CodeUpstream {
			t.Errorf("%s: %v", name, err)
		}
		file.Close()
	}
}
