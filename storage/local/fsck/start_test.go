package fsck_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
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

// TestOtherFormatIsNotRepaired: a folder of another version is refused as that by
// a start, a check and a repair, and nothing in it changes. The message says
// which version wrote it.
func TestOtherFormatIsNotRepaired(t *testing.T) {
	whole := newFolder(t)
	newer := "wharf-local 3"
	for text, want := range map[string]string{
		"wharf-local 1\n": "format 1, of Wharf 0.1.0-dev",
		newer + "\n":      "format 3; this version",
		fmt.Sprintf("%s %08x\n", newer, crc32.Checksum([]byte(newer), crc32.MakeTable(crc32.Castagnoli))): "format 3; this version",
	} {
		f := whole.copyOf(t)
		if err := os.WriteFile(filepath.Join(f.dir, "FORMAT"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		// Something to repair.
		if err := os.Truncate(f.files("log/*.seg")[0], 1000); err != nil {
			t.Fatal(err)
		}
		before := f.contents()
		_, err := local.Open(f.dir, local.Options{})
		refusals := map[string]error{"start": err}
		for _, repair := range []bool{false, true} {
			refusals[fmt.Sprint("check, repair ", repair)] = fsck.Check(bg, f.dir, fsck.Options{Repair: repair}, func(x fsck.Finding) {
				t.Errorf("%q: a finding: %v", text, x)
			})
		}
		for what, err := range refusals {
			if wharf.CodeOf(err) != wharf.CodeUnsupported || !strings.Contains(wharf.MessageOf(err), want) {
				t.Errorf("%q: %s: %v, want one that says %q", text, what, err, want)
			}
		}
		if after := f.contents(); !slices.Equal(before, after) {
			t.Errorf("%q: the folder was changed: %q, now %q", text, before, after)
		}
	}
}

// TestLostLog: the whole log is lost, and the index with it. Long bodies are files
// that say whose they are: no start removes them, and a repair gives them back.
func TestLostLog(t *testing.T) {
	whole := newFolder(t)
	for _, lost := range [][]string{{"log"}, {"log", "index"}, {"log/*", "index"}, {"log", "index", "FORMAT"}} {
		for _, started := range []bool{false, true} {
			f := whole.copyOf(t)
			files := map[string][]byte{}
			for name, data := range f.objects {
				if len(data) > 256<<10 {
					files[name] = data
				}
			}
			for _, pattern := range lost {
				for _, path := range f.files(pattern) {
					if err := os.RemoveAll(path); err != nil {
						t.Fatal(err)
					}
				}
			}
			if started {
				_, _, _ = f.served() // which may refuse
			}
			f.check(true)
			if left := f.check(false); len(left) > 0 {
				t.Errorf("%q lost, started %v: after the repair: %v", lost, started, left)
			}
			got, _, err := f.served()
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range files {
				if !bytes.Equal(got[name], data) {
					t.Errorf("%q lost, started %v: %s has %d bytes of %d", lost, started, name, len(got[name]), len(data))
				}
			}
		}
	}
}

// contents describes all files.
func (f *folder) contents() (all []string) {
	for path, size := range f.sizes() {
		data, err := os.ReadFile(filepath.Join(f.dir, path))
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %d %08x", path, size, crc32.ChecksumIEEE(data)))
	}
	slices.Sort(all)
	return all
}

// TestKillIsNoLoss copies the folder of a server that runs, and tears what it
// wrote last in many ways: nobody was told that this is stored. A check says
// nothing of it, before a start and afterwards.
func TestKillIsNoLoss(t *testing.T) {
	f := &folder{t: t, dir: t.TempDir(), objects: map[string][]byte{}}
	e, err := local.Open(f.dir, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	s := e.Store(stages[0])
	put := func(key wharf.Key, data []byte) {
		t.Helper()
		if _, err := s.Put(bg, key, bytes.NewReader(data), wharf.PutOptions{Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		key := wharf.Key(fmt.Sprintf("k%d", i))
		f.objects[name(stages[0], key)] = body(string(key), 300*(i+1))
		put(key, f.objects[name(stages[0], key)])
	}
	segment := f.files("log/*.seg")[0]
	info, err := os.Stat(segment)
	if err != nil {
		t.Fatal(err)
	}
	acked := int(info.Size())
	put("last", body("last", 9000))
	data, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	const headsMax = 200 // in one of the two heads, that would be damage
	rng := rand.New(rand.NewPCG(*damageSeed, 0))
	for name, tear := range map[string]func(last []byte) []byte{
		"cut":          func(last []byte) []byte { return last[:rng.IntN(len(last))] },
		"hole":         func(last []byte) []byte { at := rng.IntN(len(last) - 1000); clear(last[at : at+1000]); return last },
		"beginning":    func(last []byte) []byte { clear(last[:4096]); return last },
		"only lengths": func(last []byte) []byte { clear(last); return last },
		"bit":          func(last []byte) []byte { last[headsMax+rng.IntN(len(last)-2*headsMax)] ^= 1; return last },
		"appended":     func(last []byte) []byte { return append(last, make([]byte, 5000)...) },
	} {
		for range 5 {
			g := f.copyOf(t)
			torn := append(bytes.Clone(data[:acked]), tear(bytes.Clone(data[acked:]))...)
			if err := os.WriteFile(filepath.Join(g.dir, f.relative(segment)), torn, 0o600); err != nil {
				t.Fatal(err)
			}
			if found := g.check(false); len(found) > 0 {
				t.Errorf("%s: before the start: %v", name, found)
			}
			if lost, err := g.kept(); err != nil || len(lost) > 0 {
				t.Errorf("%s: lost %v, %v", name, lost, err)
			}
			if found := g.check(false); len(found) > 0 {
				t.Errorf("%s: after the start: %v", name, found)
			}
		}
	}
}

// kept returns which of the acknowledged objects a start does not serve.
func (f *folder) kept() (lost []string, err error) {
	got, _, err := f.served()
	for k, data := range f.objects {
		if !bytes.Equal(got[k], data) {
			lost = append(lost, k)
		}
	}
	return lost, err
}

// TestCutAfterStop: a server that stops writes down how long the log was, and a
// check compares: what is cut off the last segment is found, also where it has
// nothing of an object.
func TestCutAfterStop(t *testing.T) {
	whole := newFolder(t)
	segments := whole.files("log/*.seg")
	last := whole.relative(segments[len(segments)-1])
	info, err := os.Stat(filepath.Join(whole.dir, last))
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int64{1, 100, 256, 300} { // 256 is the length of a record without a key
		f := whole.copyOf(t)
		if err := os.Truncate(filepath.Join(f.dir, last), info.Size()-cut); err != nil {
			t.Fatal(err)
		}
		if found := f.check(false); len(found) == 0 {
			t.Errorf("%d bytes are cut off the log, and a check finds nothing", cut)
		}
	}
}
