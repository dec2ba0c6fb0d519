package fsck_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/local/fsck"
)

var (
	damagePlaces = flag.Int("damage-places", 3, "how many places of each kind of file TestDamage spoils in each way")
	damageSeed   = flag.Uint64("damage-seed", 1, "seed of the places of TestDamage")
)

// span is a part of a file of the data folder.
type span struct {
	file     string
	from, to int64
}

func (s span) touches(o span) bool { return s.file == o.file && s.from < o.to && o.from < s.to }

// damage changes a file, and returns from where to where.
type damage struct {
	name string
	do   func(data []byte, rng *rand.Rand) (after []byte, from, to int64)
}

func damages() []damage {
	return []damage{
		{"bit", func(data []byte, rng *rand.Rand) ([]byte, int64, int64) {
			at := rng.IntN(len(data))
			data[at] ^= 1 << rng.IntN(8)
			return data, int64(at), int64(at + 1)
		}},
		{"cut", func(data []byte, rng *rand.Rand) ([]byte, int64, int64) {
			at := rng.IntN(len(data))
			return data[:at], int64(at), math.MaxInt64
		}},
		{"zeros", func(data []byte, rng *rand.Rand) ([]byte, int64, int64) {
			at := rng.IntN(len(data))
			end := min(len(data), at+4096)
			clear(data[at:end])
			return data, int64(at), int64(end)
		}},
		{"missing", func([]byte, *rand.Rand) ([]byte, int64, int64) { return nil, 0, math.MaxInt64 }},
	}
}

// kind is a kind of file of the data folder.
type kind struct {
	name, pattern string
	unread        bool // nothing that is in it is needed: a check may find nothing
	refused       bool // a start without a repair may refuse the folder
}

// kinds are all that there are: TestKindsAreAll holds them to that.
var kinds = []kind{
	{name: "segment", pattern: "log/*.seg"},
	{name: "body", pattern: "bodies/*/*"},
	{name: "format", pattern: "FORMAT", refused: true},
	{name: "table", pattern: "index/*.sst"},
	{name: "manifest", pattern: "index/MANIFEST-*"},
	{name: "options", pattern: "index/OPTIONS-*", unread: true},
	{name: "marker", pattern: "index/marker.*", unread: true},
	{name: "index-log", pattern: "index/*.log", unread: true},
	{name: "lock", pattern: "LOCK", unread: true},
	{name: "index-lock", pattern: "index/LOCK", unread: true},
	{name: "ballast", pattern: "ballast", unread: true},
}

func TestKindsAreAll(t *testing.T) {
	f := newFolder(t)
	known := map[string]bool{}
	for _, k := range kinds {
		for _, path := range f.files(k.pattern) {
			known[f.relative(path)] = true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(f.sizes())) {
		if !known[path] {
			t.Errorf("no kind has the file %s", path)
		}
	}
}

// TestDamage spoils one file of each kind in each way, at seeded places. The
// check names what is hurt and nothing else; a server starts and serves all
// whose own bytes are whole; a repair leaves a folder that is sound and serves
// the same; one flipped bit costs at most one object.
func TestDamage(t *testing.T) {
	whole := newFolder(t)
	if found := whole.check(false); len(found) > 0 {
		t.Fatalf("a whole folder: %v", found)
	}
	whole.readRecords()
	whole.findNeedless()
	t.Logf("%d places of each kind, seed %d", *damagePlaces, *damageSeed)
	for _, k := range kinds {
		for _, d := range damages() {
			t.Run(k.name+"/"+d.name, func(t *testing.T) {
				t.Parallel()
				for place := range *damagePlaces {
					hurt(t, whole, k, d, rand.New(rand.NewPCG(*damageSeed, uint64(place))), place)
				}
			})
		}
	}
}

func hurt(t *testing.T, whole *folder, k kind, d damage, rng *rand.Rand, place int) {
	t.Helper()
	f := whole.copyOf(t)
	defer os.RemoveAll(f.dir)
	files := f.files(k.pattern)
	path := files[rng.IntN(len(files))]
	at, changed := spoil(t, path, d, rng)
	if !changed {
		return
	}
	at.file = f.relative(path)
	what := fmt.Sprintf("%s, seed %d, place %d, %s from %d", d.name, *damageSeed, place, at.file, at.from)
	found := f.check(false)
	if again := f.check(false); len(again) != len(found) {
		t.Errorf("%s: a check changed the folder: first %v, then %v", what, found, again)
	}
	g := f.copyOf(t)
	defer os.RemoveAll(g.dir)
	served := true
	lost, err := g.lost(what + ", served")
	if err != nil {
		if served = false; !k.refused || strings.Contains(wharf.MessageOf(err), "\n") {
			t.Errorf("%s: start: %v", what, err)
		}
	}
	// A manifest that is cut between two of its records is one that a kill leaves,
	// unless the log tells that more was written.
	older := k.name == "manifest" && d.name == "cut" && g.log.Len() == 0
	if len(found) == 0 && !k.unread && !whole.needless[at.file] && !older {
		t.Errorf("%s: the check finds nothing; the start says %q", what, &g.log)
	}
	f.check(true)
	if left := f.check(false); len(left) > 0 {
		t.Errorf("%s: after the repair: %v", what, left)
	}
	repaired, err := f.lost(what + ", repaired")
	if err != nil {
		t.Fatalf("%s: start after the repair: %v", what, err)
	}
	if !served {
		lost = repaired
	}
	for _, name := range repaired {
		if !slices.Contains(lost, name) {
			t.Errorf("%s: the repair loses %s, and the start before did not", what, name)
		}
	}
	whole.judge(t, what, d, at, lost, found)
}

// spoil does the damage to a file; changed is false where it changes nothing.
func spoil(t *testing.T, path string, d damage, rng *rand.Rand) (at span, changed bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 && d.name != "missing" {
		return span{}, false
	}
	label := readLabel(path)
	after, from, to := d.do(bytes.Clone(data), rng)
	if d.name == "missing" {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, after, 0o600)
		writeLabel(t, path, label)
	}
	if err != nil {
		t.Fatal(err)
	}
	return span{from: from, to: to}, d.name == "missing" || !bytes.Equal(data, after)
}

// judge compares what is lost with what the damage hit, and with what the check
// named.
func (f *folder) judge(t *testing.T, what string, d damage, at span, lost []string, found []fsck.Finding) {
	t.Helper()
	if d.name == "bit" && len(lost) > 1 {
		t.Errorf("%s: one bit costs %v", what, lost)
	}
	named := map[string]bool{}
	for _, x := range found {
		switch {
		case x.Key != "":
			named[name(x.Stage, x.Key)] = true
			if !slices.Contains(lost, name(x.Stage, x.Key)) {
				t.Errorf("%s: the check names an object that is served: %v", what, x)
			}
		case strings.HasPrefix(at.file, "index/") && x.File == "index":
		default:
			if ok, err := filepath.Match(x.File, at.file); !ok || err != nil {
				t.Errorf("%s: the check names another file: %v", what, x)
			}
		}
	}
	for _, name := range lost {
		if !named[name] {
			t.Errorf("%s: %s is lost, and the check named %v", what, name, found)
		}
		if !slices.ContainsFunc(f.records[name], at.touches) {
			t.Errorf("%s: %s is lost, and its bytes are whole: %v", what, name, f.records[name])
		}
	}
}

// findNeedless finds the segments and body files that nothing refers to any more: the
// server was stopped when it was about to remove them. That they are missing is no
// damage.
func (f *folder) findNeedless() {
	f.t.Helper()
	f.needless = map[string]bool{}
	for _, path := range append(f.files("log/*.seg"), f.files("bodies/*/*")...) {
		c := f.copyOf(f.t)
		file := f.relative(path)
		if err := os.Remove(filepath.Join(c.dir, file)); err != nil {
			f.t.Fatal(err)
		}
		if len(c.check(false)) == 0 {
			f.needless[file] = true
		}
	}
}

// lost starts a server and compares what it serves with what was stored. It
// returns what is not served.
func (f *folder) lost(what string) (lost []string, err error) {
	f.t.Helper()
	got, failed, err := f.served()
	if err != nil {
		return nil, err
	}
	for k, data := range got {
		if want, there := f.objects[k]; !there || !bytes.Equal(data, want) {
			f.t.Errorf("%s: %s is wrong (%d bytes, want %d)", what, k, len(data), len(want))
		}
	}
	for k := range failed {
		if _, there := f.objects[k]; !there {
			f.t.Errorf("%s: %s is back, and cannot be read", what, k)
		}
	}
	for k := range f.objects {
		if _, there := got[k]; !there {
			lost = append(lost, k)
		}
	}
	slices.Sort(lost)
	return lost, nil
}

// readRecords finds where in the folder the bytes of each object are. It reads
// the log by the layout in DESIGN.md and not by the store's decoder.
func (f *folder) readRecords() {
	f.t.Helper()
	const headLen, block = 128, 64 << 10
	be := binary.BigEndian
	newest := map[string]uint64{}
	f.records = map[string][]span{}
	for _, path := range f.files("log/*.seg") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.t.Fatal(err)
		}
		for at := 0; at+headLen <= len(data); {
			h := data[at:]
			if string(h[:4]) != "wrec" {
				f.t.Fatalf("%s: no record at %d", path, at)
			}
			seq, size, key := be.Uint64(h[16:]), int(be.Uint64(h[72:])), string(h[headLen:headLen+int(be.Uint16(h[112:]))])
			length := 2 * (headLen + len(key))
			isPut, isFile := h[5] == 2, h[5] == 3
			if isPut || isFile {
				length += (size + block - 1) / block * 4
			}
			if isPut {
				length += size
			}
			if k := name(wharf.StageID(h[48:64]), wharf.Key(key)); isPut || isFile {
				if seq > newest[k] {
					newest[k], f.records[k] = seq, nil
				}
				if seq == newest[k] {
					f.records[k] = append(f.records[k], span{f.relative(path), int64(at), int64(at + length)})
				}
				if n := be.Uint64(h[80:]); isFile && seq == newest[k] {
					f.records[k] = append(f.records[k], span{fmt.Sprintf("bodies/%08x/%016x", n/1024, n), 0, math.MaxInt64})
				}
			}
			at += length
		}
	}
}
