package dir

import (
	"os"
	"path/filepath"
	"testing"

	"wharf"
	"wharf/storage/storagetest"
)

// open gives the store of a stage on a folder, or below one, that is not
// there yet.
func open(t testing.TB, allow, url string) *Store {
	t.Helper()
	s, err := New(Options{Allow: []string{allow}}).Open(t.Context(), wharf.Stage{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storagetest.Run(t, storagetest.Options{
		New: func(t *testing.T) wharf.Store {
			allow := t.TempDir()
			s := open(t, allow, "fs://"+allow+"/not/there/yet/")
			s.pageNames = 100 // so that the suite sees more than one page
			return s
		},
		Reopen: func(t *testing.T, s wharf.Store) wharf.Store {
			old := s.(*Store)
			return &Store{allow: old.allow, below: old.below, pageNames: old.pageNames}
		},
		Plant: func(t *testing.T, s wharf.Store, name, content string) string {
			d := s.(*Store)
			return writeForeign(t, filepath.Join(d.allow, d.below), name, content)
		},
		Many:       600,
		Exceptions: []storagetest.Exception{storagetest.NoKeyBelowKey, storagetest.CollapsesSlashes, storagetest.ShortSegments},
	})
}

// writeForeign makes a file of another program, and returns its name; "" if no
// file can have it.
func writeForeign(t *testing.T, folder, name, content string) string {
	t.Helper()
	if filepath.Clean(name) != name || !filepath.IsLocal(name) {
		return ""
	}
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
