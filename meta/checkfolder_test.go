package meta_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wharf"
	"wharf/meta"
)

// folderFindings checks dir and gives what was found.
func folderFindings(t *testing.T, dir string) (found []string, err error) {
	t.Helper()
	err = meta.CheckFolder(context.Background(), dir, meta.CheckOptions{}, func(what string) { found = append(found, what) })
	return found, err
}

func TestCheckFolder(t *testing.T) {
	whole := t.TempDir()
	c, err := meta.Open(whole, meta.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folderFindings(t, whole); wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("an open catalog was checked: %v", err)
	}
	for _, name := range []wharf.StageName{"a", "b"} {
		s := wharf.Stage{ID: wharf.NewStageID(), Name: name, Comment: "needle " + string(name)}
		if _, _, err := c.CreateStage(context.Background(), s, wharf.CreateNew); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  []string // a part of each finding
	}{
		{"whole", func(*testing.T, string) {}, nil},
		{"no catalog", func(t *testing.T, dir string) { remove(t, dir, "catalog.db") }, []string{"catalog.db, is missing"}},
		{"no key", func(t *testing.T, dir string) { remove(t, dir, "catalog.key") }, []string{"catalog.key"}},
		{"two damaged records", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "catalog.db")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoilt := strings.ReplaceAll(string(data), "needle", "noodle")
			if err := os.WriteFile(path, []byte(spoilt), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"catalog: ", "catalog: "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			tc.spoil(t, dir)
			found, err := folderFindings(t, dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) < len(tc.want) || len(tc.want) == 0 && len(found) > 0 {
				t.Fatalf("found %q, want %q", found, tc.want)
			}
			for i, want := range tc.want {
				if !strings.Contains(found[i], want) || strings.Contains(found[i], "\n") {
					t.Errorf("finding %q, want one line with %q", found[i], want)
				}
			}
		})
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
