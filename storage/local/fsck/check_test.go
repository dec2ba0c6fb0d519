package fsck_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
)

var (
	stages = []wharf.StageID{{1}, {2}}
	bg     = context.Background()
)

// folder is a stopped data folder and what is in it.
type folder struct {
	t       *testing.T
	dir     string
	objects map[string][]byte // by stage and key
}

func name(stage wharf.StageID, key wharf.Key) string { return fmt.Sprintf("%x/%s", stage[0], key) }

func body(key string, n int) []byte {
	return bytes.Repeat([]byte(key+" is a body. "), n/len(key)+1)[:n]
}

// newFolder makes a data folder with a log of several segments, in which there
// are dead records, removals and copies.
func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), objects: map[string][]byte{}}
	e, err := local.Open(f.dir, local.Options{SegmentSize: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 300 {
		stage, key := stages[i%2], wharf.Key(fmt.Sprintf("k%d", rng.IntN(80)))
		s := e.Store(stage)
		switch {
		case i%7 == 6:
			if err := s.Delete(bg, []wharf.Key{key}); err != nil {
				t.Fatal(err)
			}
			delete(f.objects, name(stage, key))
			continue
		case i == 200:
			if err := e.Store(stages[1]).Clear(bg); err != nil {
				t.Fatal(err)
			}
			for k := range f.objects {
				if strings.HasPrefix(k, "2/") {
					delete(f.objects, k)
				}
			}
		}
		size := rng.IntN(6000)
		if i%25 == 0 {
			size = 262_145 + rng.IntN(100_000) // a file
		}
		data := body(fmt.Sprintf("%s of %d", key, i), size)
		if _, err := s.Put(bg, key, bytes.NewReader(data), wharf.PutOptions{Size: int64(size)}); err != nil {
			t.Fatal(err)
		}
		f.objects[name(stage, key)] = data
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

// copyOf copies the folder, with the labels of its files.
func (f *folder) copyOf(t *testing.T) *folder {
	t.Helper()
	c := &folder{t: t, dir: t.TempDir(), objects: f.objects}
	if err := copyTree(f.dir, c.dir); err != nil {
		t.Fatal(err)
	}
	return c
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o600); err != nil {
			return err
		}
		return copyLabel(path, target)
	})
}

// files lists the files of the folder whose path matches.
func (f *folder) files(pattern string) []string {
	found, err := filepath.Glob(filepath.Join(f.dir, pattern))
	if err != nil || len(found) == 0 {
		f.t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	slices.Sort(found)
	return found
}

func (f *folder) check(repair bool) (findings []string) {
	f.t.Helper()
	err := fsck.Check(bg, f.dir, fsck.Options{Repair: repair}, func(x fsck.Finding) {
		if strings.Contains(x.String(), "\n") {
			f.t.Errorf("a finding is more than a line: %q", x)
		}
		findings = append(findings, x.String())
	})
	if err != nil {
		f.t.Fatalf("Check: %v", err)
	}
	return findings
}

// served starts an engine and reads all objects. Those that it lists and cannot
// read are in failed.
func (f *folder) served() (got map[string][]byte, failed map[string]bool) {
	f.t.Helper()
	e, err := local.Open(f.dir, local.Options{SegmentSize: 64 << 10})
	if err != nil {
		f.t.Fatalf("start: %v", err)
	}
	got, failed = map[string][]byte{}, map[string]bool{}
	for _, stage := range stages {
		for o, err := range e.Store(stage).List(bg, wharf.ListOptions{}) {
			if err != nil {
				f.t.Fatalf("list: %v", err)
			}
			data, err := read(e.Store(stage), o.Key)
			if err != nil {
				failed[name(stage, o.Key)] = true
				continue
			}
			got[name(stage, o.Key)] = data
		}
	}
	if _, err := e.Store(stages[0]).Put(bg, "after", strings.NewReader("x"), wharf.PutOptions{Size: 1}); err != nil {
		f.t.Errorf("Put: %v", err)
	}
	if err := e.Store(stages[0]).Delete(bg, []wharf.Key{"after"}); err != nil {
		f.t.Errorf("Delete: %v", err)
	}
	if err := e.Close(); err != nil {
		f.t.Errorf("Close: %v", err)
	}
	return got, failed
}

func read(s wharf.Store, key wharf.Key) ([]byte, error) {
	file, err := s.Open(bg, key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := file.Range(bg, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// damage changes a file.
type damage struct {
	name string
	do   func(t *testing.T, path string, rng *rand.Rand)
	most int // how many objects it may cost; -1 is any number
}

func damages() []damage {
	edit := func(change func(data []byte, rng *rand.Rand) []byte) func(*testing.T, string, *rand.Rand) {
		return func(t *testing.T, path string, rng *rand.Rand) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			label := readLabel(path)
			if err := os.WriteFile(path, change(data, rng), 0o600); err != nil {
				t.Fatal(err)
			}
			writeLabel(t, path, label)
		}
	}
	return []damage{
		{"a bit", edit(func(data []byte, rng *rand.Rand) []byte {
			data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
			return data
		}), 1},
		{"a cut", edit(func(data []byte, rng *rand.Rand) []byte { return data[:rng.IntN(len(data))] }), -1},
		{"zeros", edit(func(data []byte, rng *rand.Rand) []byte {
			at := rng.IntN(len(data))
			clear(data[at:min(len(data), at+4096)])
			return data
		}), -1},
		{"missing", func(t *testing.T, path string, _ *rand.Rand) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, -1},
	}
}

var kinds = map[string]string{
	"segment": "log/*.seg", "table": "index/*.sst", "manifest": "index/MANIFEST-*", "body": "bodies/*/*",
}

// TestDamage spoils one file of each kind in each way, at seeded places. The
// check names what is hurt; a server starts and serves all else; a repair leaves
// a folder that is sound and serves all that is whole.
func TestDamage(t *testing.T) {
	whole := newFolder(t)
	if found := whole.check(false); len(found) > 0 {
		t.Fatalf("a whole folder: %q", found)
	}
	places := 20
	if testing.Short() || raceDetector {
		places = 3
	}
	if os.Getenv("WHARF_SOAK") != "" {
		places = 200
	}
	for kind, pattern := range kinds {
		for _, d := range damages() {
			t.Run(kind+"/"+strings.ReplaceAll(d.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				for seed := range places {
					hurt(t, whole, pattern, d, uint64(seed))
				}
			})
		}
	}
}

func hurt(t *testing.T, whole *folder, pattern string, d damage, seed uint64) {
	t.Helper()
	f := whole.copyOf(t)
	defer os.RemoveAll(f.dir)
	rng := rand.New(rand.NewPCG(seed, 7))
	files := f.files(pattern)
	path := files[rng.IntN(len(files))]
	before, _ := os.ReadFile(path)
	d.do(t, path, rng)
	after, err := os.ReadFile(path)
	if err == nil && bytes.Equal(before, after) {
		return // zeros over zeros
	}
	what := fmt.Sprintf("%s, seed %d, %s", d.name, seed, strings.TrimPrefix(path, f.dir))
	found := f.check(false)
	// A segment that is needed no more may be about to be removed.
	if len(found) == 0 && (d.name != "missing" || !strings.HasSuffix(path, ".seg")) {
		t.Errorf("%s: the check finds nothing", what)
	}
	if again := f.check(false); len(again) != len(found) {
		t.Errorf("%s: a check changed the folder: first %q, then %q", what, found, again)
	}
	g := f.copyOf(t)
	defer os.RemoveAll(g.dir)
	lost := g.compare(what+", served", d.most, found)
	f.check(true)
	if left := f.check(false); len(left) > 0 {
		t.Errorf("%s: after the repair: %q", what, left)
	}
	for _, k := range f.compare(what+", repaired", d.most, found) {
		if !slices.Contains(lost, k) {
			t.Errorf("%s: the repair loses %s, and the start before did not", what, k)
		}
	}
}

// compare starts a server and compares what it serves with what was stored. It
// returns what is lost. All of that must be named by the findings.
func (f *folder) compare(what string, most int, found []string) (lost []string) {
	f.t.Helper()
	got, failed := f.served()
	for k, data := range got {
		if !bytes.Equal(data, f.objects[k]) {
			f.t.Errorf("%s: %s is wrong (%d bytes, want %d)", what, k, len(data), len(f.objects[k]))
		}
	}
	for k := range failed {
		if f.objects[k] == nil {
			f.t.Errorf("%s: %s is back, and cannot be read", what, k)
		}
	}
	for k := range f.objects {
		if got[k] != nil || len(f.objects[k]) == 0 && !failed[k] && got[k] != nil {
			continue
		}
		lost = append(lost, k)
		_, key, _ := strings.Cut(k, "/")
		if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, fmt.Sprintf("%q", key)) }) {
			f.t.Errorf("%s: %s is lost, and the check named %q", what, k, found)
		}
	}
	if most >= 0 && len(lost) > most {
		f.t.Errorf("%s: %d objects are lost: %v", what, len(lost), lost)
	}
	return lost
}
