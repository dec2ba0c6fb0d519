package tests

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A file of the data folder, found by its size, holds the bytes of a large
// upload and nothing else.
func TestUploadIsAFile(t *testing.T) {
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	upload := filepath.Join(t.TempDir(), "upload")
	content := random(10 * mib)
	if err := os.WriteFile(upload, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustUpload("s", "path/file.bin", content)
	out, err := exec.Command("find", s.dir, "-type", "f", "-size", fmt.Sprintf("%dc", len(content))).Output()
	files := strings.Fields(string(out))
	if err != nil || len(files) != 1 {
		t.Fatalf("files of %d bytes: %q, %v", len(content), files, err)
	}
	if out, err := exec.Command("cmp", upload, files[0]).CombinedOutput(); err != nil {
		t.Errorf("cmp: %v, %s", err, out)
	}
}

// damageKinds are the kinds of files of a data folder.
var damageKinds = map[string]string{
	"segment": "files/log/*.seg", "body": "files/bodies/*/*", "table": "files/index/*.sst", "manifest": "files/index/MANIFEST-*",
	"format": "files/FORMAT", "catalog": "catalog.db", "key": "catalog.key",
}

// damages change a file; nil removes it.
var damages = map[string]func(data []byte, r *rand.Rand) []byte{
	"a bit": func(data []byte, r *rand.Rand) []byte { data[r.IntN(len(data))] ^= 1 << r.IntN(8); return data },
	"a cut": func(data []byte, r *rand.Rand) []byte { return data[:r.IntN(len(data))] },
	"zeros": func(data []byte, r *rand.Rand) []byte {
		at := r.IntN(len(data))
		clear(data[at:min(len(data), at+4096)])
		return data
	},
	"missing": nil,
}

// The program itself, on a folder in which one file was damaged after a clean
// stop: wharf check exits with 1 and names what is hurt, the server starts and
// serves the rest, or, for three kinds, refuses with one line; wharf check
// --repair leaves a folder that is sound and serves the same. Each kind and way
// at many more places: TestDamage of storage/local/fsck and cmd/wharf.
func TestDamage(t *testing.T) {
	whole, files := filled(t)
	const seed = 10
	for kind, pattern := range damageKinds {
		for way, do := range damages {
			t.Run(kind+"/"+way, func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, 0))
				dir := copyOf(t, whole)
				if !damage(t, dir, pattern, do, r) {
					return
				}
				found := check(t, dir)
				// Of a catalog, much of a page is not in use.
				nothing := found.code == 0 && (kind == "catalog" || kind == "segment" && do == nil)
				if found.stderr != "" || !nothing && (found.code != 1 || !strings.HasSuffix(found.stdout, " found\n")) {
					t.Errorf("check: status %d, %q, %q", found.code, found.stdout, found.stderr)
				}
				served := copyOf(t, dir)
				ready, errOut := tryServe(t, copyOf(t, dir))
				if ready {
					wantWhole(t, served, files, found.stdout)
				} else if wantRefused(t, settings{}, serveArgs(served)); !slices.Contains([]string{"format", "catalog", "key"}, kind) {
					t.Errorf("a start refuses: %s", errOut)
				}
				if repaired := check(t, dir, "--repair"); repaired.stderr != "" || repaired.code != found.code {
					t.Errorf("repair: status %d, %q, %q", repaired.code, repaired.stdout, repaired.stderr)
				}
				if again := check(t, dir); again.code != 0 || again.stdout != "nothing is wrong\n" {
					t.Errorf("after the repair: status %d, %q, %q", again.code, again.stdout, again.stderr)
				}
				wantWhole(t, dir, files, found.stdout)
			})
		}
	}
}

// damage changes one of the files that match; false if that changes nothing.
func damage(t *testing.T, dir, pattern string, do func([]byte, *rand.Rand) []byte, r *rand.Rand) bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %q, %v", pattern, paths, err)
	}
	path := paths[r.IntN(len(paths))]
	if do == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return true
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0o600) // it keeps its extended attributes
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	after := do(bytes.Clone(data), r)
	if _, err := f.Write(after); err != nil {
		t.Fatal(err)
	}
	return !bytes.Equal(data, after)
}

// wantWhole wants a server to serve all files but those that a check named,
// under the stages' names, or, where a repair lost these, under their IDs.
func wantWhole(t *testing.T, dir string, files map[string][]byte, named string) {
	t.Helper()
	s := start(t, settings{dir: dir})
	stages := s.column("SHOW STAGES")
	for _, path := range slices.Sorted(maps.Keys(files)) {
		stage, name, _ := strings.Cut(path, "/")
		in := stages
		if slices.Contains(stages, stage) {
			in = []string{stage}
		}
		if !slices.ContainsFunc(in, func(stage string) bool { return bytes.Equal(s.tryFetch(stage, name), files[path]) }) &&
			!strings.Contains(named, fmt.Sprintf("%q", name)) {
			t.Errorf("%s is not served; the stages are %q, and the check said %q", path, stages, named)
		}
	}
	s.Stop()
}

// tryFetch downloads a file that may be damaged; nil if it is.
func (s *server) tryFetch(stage, name string) []byte {
	s.t.Helper()
	r, err := http.Get(fileURL(s, stage, name))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	content, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return nil
	}
	return append([]byte{}, content...)
}
