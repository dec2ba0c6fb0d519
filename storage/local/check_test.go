package local

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// damagedFolder is a closed data folder with two objects of each kind.
type damagedFolder struct {
	t     *testing.T
	mem   *vfs.MemFS
	files map[wharf.Key]string // the paths of the body files
}

func newDamagedFolder(t *testing.T) *damagedFolder {
	d := &damagedFolder{t: t, mem: vfs.NewMem(), files: map[wharf.Key]string{}}
	e, err := Open("data", tinyOptions(d.mem))
	if err != nil {
		t.Fatal(err)
	}
	s := e.Store(stageOne)
	for key, data := range wholeObjects() {
		put(t, s, key, []byte("an older version, which is "+string(key)))
		o := put(t, s, key, data)
		if len(data) > 100 {
			d.files[key] = "data/bodies/00000000/" + o.ETag
		}
	}
	put(t, s, "removed", make([]byte, 300))
	if err := s.Delete(bg, []wharf.Key{"removed"}); err != nil {
		t.Fatal(err)
	}
	<-e.reaper.idle()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

func wholeObjects() map[wharf.Key][]byte {
	return map[wharf.Key][]byte{
		"large 1": bytes.Repeat([]byte("large 1"), 20_000),
		"large 2": bytes.Repeat([]byte("large 2"), 100),
		"small 1": []byte("small 1"),
		"small 2": []byte("small 2"),
	}
}

// flip changes one bit of a file, the first after the place where what is.
func (d *damagedFolder) flip(path string, what []byte) {
	d.t.Helper()
	data := d.content(path)
	at := bytes.Index(data, what)
	if at < 0 {
		d.t.Fatalf("%s does not hold %q", path, what)
	}
	data[at] ^= 0x10
	d.write(path, data)
}

func (d *damagedFolder) content(path string) []byte {
	f, err := d.mem.Open(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		d.t.Fatal(err)
	}
	data := make([]byte, info.Size())
	if _, err := f.ReadAt(data, 0); err != nil {
		d.t.Fatal(err)
	}
	return data
}

func (d *damagedFolder) write(path string, data []byte) {
	f, err := d.mem.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *damagedFolder) remove(path string) {
	if err := d.mem.Remove(path); err != nil {
		d.t.Fatal(err)
	}
}

// indexFiles lists the files of the index whose names begin or end so.
func (d *damagedFolder) indexFiles(suffix ...string) (paths []string) {
	names, err := d.mem.List("data/index")
	if err != nil {
		d.t.Fatal(err)
	}
	for _, n := range names {
		if slices.ContainsFunc(suffix, func(s string) bool { return strings.HasPrefix(n, s) || strings.HasSuffix(n, s) }) {
			paths = append(paths, "data/index/"+n)
		}
	}
	return paths
}

// edit changes the index while no engine has it open.
func (d *damagedFolder) edit(change func(e *Engine) error) {
	d.t.Helper()
	e, err := Open("data", tinyOptions(d.mem))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := errors.Join(change(e), e.Close()); err != nil {
		d.t.Fatal(err)
	}
}

// idOf is the body of an object.
func idOf(e *Engine, key wharf.Key) bodyID {
	r, _, err := e.Store(stageOne).lookup(e.Store(stageOne).objectKey(key))
	if err != nil {
		panic(err)
	}
	return r.id
}

func (d *damagedFolder) check(repair bool) (findings []string) {
	d.t.Helper()
	o := CheckOptions{FS: d.mem, Repair: repair, window: tinyOptions(nil).window}
	err := Check(bg, "data", o, func(f Finding) {
		if strings.Contains(f.String(), "\n") {
			d.t.Errorf("a finding is more than a line: %q", f)
		}
		findings = append(findings, f.String())
	})
	if err != nil {
		d.t.Fatalf("Check: %v", err)
	}
	return findings
}

// served reads all objects that the folder has now.
func (d *damagedFolder) served() map[wharf.Key][]byte {
	d.t.Helper()
	e := openEngine(d.t, "data", tinyOptions(d.mem))
	got := map[wharf.Key][]byte{}
	for o, err := range e.Store(stageOne).List(bg, wharf.ListOptions{}) {
		if err != nil {
			d.t.Fatal(err)
		}
		data, err := readAll(e.Store(stageOne), o.Key)
		if err != nil {
			d.t.Fatalf("read %q after the repair: %v", o.Key, err)
		}
		got[o.Key] = data
	}
	put(d.t, e.Store(stageOne), "after", make([]byte, 1000)) // and it can be written to
	return got
}

// damage is one kind of damage, and what a check makes of it.
type damage struct {
	name   string
	damage func(d *damagedFolder)
	finds  []string    // a part of each finding
	loses  []wharf.Key // what the repair cannot keep
}

func damagedBodies() []damage {
	return []damage{
		{name: "nothing", damage: func(*damagedFolder) {}},
		{
			name:   "a bit of a large body",
			damage: func(d *damagedFolder) { d.flip(d.files["large 1"], []byte("large")) },
			finds:  []string{`"large 1"`}, loses: []wharf.Key{"large 1"},
		}, {
			name:   "a bit of a large body's footer",
			damage: func(d *damagedFolder) { d.flip(d.files["large 2"], []byte(footerMagic)) },
			finds:  []string{`"large 2"`}, loses: []wharf.Key{"large 2"},
		}, {
			name:   "a bit of a large body's checksums",
			damage: func(d *damagedFolder) { d.flip(d.files["large 2"], stageOne[:]) },
			finds:  []string{`"large 2"`}, loses: []wharf.Key{"large 2"},
		}, {
			name: "a bit of a small body",
			damage: func(d *damagedFolder) {
				d.edit(func(e *Engine) error {
					k := idKey(spaceBody, idOf(e, "small 1"))
					v, done, err := e.index.Get(k[:])
					if err != nil {
						return err
					}
					v = bytes.Clone(v)
					v[len(v)-1] ^= 1
					return errors.Join(done.Close(), e.index.Set(k[:], v, pebble.Sync))
				})
			},
			finds: []string{`"small 1": the body is missing or damaged`}, loses: []wharf.Key{"small 1"},
		}, {
			name:   "a missing body file",
			damage: func(d *damagedFolder) { d.remove(d.files["large 2"]) },
			finds:  []string{`"large 2"`}, loses: []wharf.Key{"large 2"},
		}, {
			name:   "a body file cut short",
			damage: func(d *damagedFolder) { p := d.files["large 1"]; d.write(p, d.content(p)[:7000]) },
			finds:  []string{`"large 1"`}, loses: []wharf.Key{"large 1"},
		}, {
			name: "stray files",
			damage: func(d *damagedFolder) {
				d.write("data/bodies/00000000/strange", []byte("?"))
				d.write("data/bodies/00000000/80000000000000ff", d.content(d.files["large 1"]))
			},
			finds: []string{"00000000/strange: a stray file", "80000000000000ff: a stray file"},
		},
	}
}

func damagedIndex() []damage {
	return []damage{
		{
			name: "a damaged record",
			damage: func(d *damagedFolder) {
				d.edit(func(e *Engine) error {
					k := e.Store(stageOne).objectKey("small 2")
					return e.index.Set(k, []byte("nonsense"), pebble.Sync)
				})
			},
			finds: []string{`"small 2": the object's record is damaged`, `"small 2": the body is whole`},
		}, {
			name: "lost records",
			damage: func(d *damagedFolder) {
				d.edit(func(e *Engine) error {
					k, l := e.Store(stageOne).objectKey("small 2"), e.Store(stageOne).objectKey("large 2")
					return errors.Join(e.index.Delete(k, pebble.Sync), e.index.Delete(l, pebble.Sync))
				})
			},
			finds: []string{`"small 2": the body is whole`, `"large 2": bodies`},
		}, {
			name: "a lost owner",
			damage: func(d *damagedFolder) {
				d.edit(func(e *Engine) error {
					k := idKey(spaceFile, idOf(e, "large 2"))
					return e.index.Delete(k[:], pebble.Sync)
				})
			},
			finds: []string{`"large 2"`, "a stray file"},
		}, {
			name: "a truncated manifest",
			damage: func(d *damagedFolder) {
				for _, p := range d.indexFiles("MANIFEST") {
					d.write(p, d.content(p)[:10])
				}
			},
			finds: []string{"the index cannot be read"},
		}, {
			name: "truncated tables",
			damage: func(d *damagedFolder) {
				for _, p := range d.indexFiles(".sst") {
					d.write(p, d.content(p)[:len(d.content(p))/2])
				}
			},
			finds: []string{"the index cannot be read"},
			loses: []wharf.Key{"?"}, // as it happens: see below
		}, {
			name: "a missing table",
			damage: func(d *damagedFolder) {
				d.remove(d.indexFiles(".sst")[0])
			},
			finds: []string{"the index cannot be read"},
			loses: []wharf.Key{"?"},
		}, {
			name: "no index",
			damage: func(d *damagedFolder) {
				if err := d.mem.RemoveAll("data/index"); err != nil {
					d.t.Fatal(err)
				}
			},
			finds: []string{"the index cannot be read"}, loses: []wharf.Key{"small 1", "small 2"},
		},
	}
}

func TestCheck(t *testing.T) {
	for _, c := range append(damagedBodies(), damagedIndex()...) {
		t.Run(c.name, func(t *testing.T) {
			d := newDamagedFolder(t)
			c.damage(d)
			found := d.check(false)
			if (len(found) == 0) != (len(c.finds) == 0) {
				t.Errorf("found %q", found)
			}
			for _, want := range c.finds {
				if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
					t.Errorf("found %q, and not %q", found, want)
				}
			}
			if again := d.check(false); len(again) != len(found) {
				t.Errorf("a check without repair changed the folder: first %q, then %q", found, again)
			}
			t.Logf("repair: %q", d.check(true))
			if left := d.check(false); len(left) > 0 {
				t.Errorf("after the repair: %q", left)
			}
			d.compare(c.loses)
		})
	}
}

// compare checks that what is served is whole, and is all but loses. Of what
// a lost table held, small bodies in it are lost ("?"), files are not.
func (d *damagedFolder) compare(loses []wharf.Key) {
	d.t.Helper()
	want, got := wholeObjects(), d.served()
	for _, k := range loses {
		delete(want, k)
	}
	for k, v := range got {
		if k == "removed" {
			d.t.Errorf("a removed file is back")
		} else if !bytes.Equal(v, wholeObjects()[k]) {
			d.t.Errorf("%q is wrong after the repair", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if maybe := slices.Contains(loses, "?") && strings.HasPrefix(string(k), "small"); got[k] == nil && !maybe {
			d.t.Errorf("%q is lost", k)
		}
	}
}
