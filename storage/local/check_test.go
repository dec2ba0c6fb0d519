package local

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
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
	d := &damagedFolder{t: t, mem: vfs.NewCrashableMem(), files: map[wharf.Key]string{}}
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
				d.write("data/bodies/00000000/80000000000000ff", d.content(d.files["large 1"]))
			},
			finds: []string{"80000000000000ff: a stray file"},
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

func lostParts() []damage {
	return []damage{
		{
			name:   "no FORMAT",
			damage: func(d *damagedFolder) { d.remove("data/FORMAT") },
			finds:  []string{"FORMAT: the file is missing"},
		}, {
			name:   "a FORMAT that is cut short",
			damage: func(d *damagedFolder) { d.write("data/FORMAT", nil) },
			finds:  []string{"FORMAT: the file is missing"},
		}, {
			name: "bodies alone",
			damage: func(d *damagedFolder) {
				d.remove("data/FORMAT")
				if err := d.mem.RemoveAll("data/index"); err != nil {
					d.t.Fatal(err)
				}
			},
			finds: []string{"FORMAT: the file is missing", "the index cannot be read"}, loses: []wharf.Key{"small 1", "small 2"},
		}, {
			name: "no bodies",
			damage: func(d *damagedFolder) {
				if err := d.mem.RemoveAll("data/bodies"); err != nil {
					d.t.Fatal(err)
				}
			},
			finds: []string{`"large 1"`, `"large 2"`}, loses: []wharf.Key{"large 1", "large 2"},
		},
	}
}

func TestCheck(t *testing.T) {
	for _, c := range slices.Concat(damagedBodies(), damagedIndex(), lostParts()) {
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

// TestLostPart has a folder that lost a part of it: Open refuses, changes
// nothing, and serves everything when the part is there again.
func TestLostPart(t *testing.T) {
	for _, lost := range [][]string{{"FORMAT"}, {"index"}, {"bodies"}, {"FORMAT", "index"}, {"FORMAT", "bodies"}, {"bodies/00000000"}} {
		d := newDamagedFolder(t)
		for _, name := range lost {
			if err := d.mem.Rename("data/"+name, "lost "+d.mem.PathBase(name)); err != nil {
				t.Fatal(err)
			}
		}
		if e, err := Open("data", tinyOptions(d.mem)); err == nil || !strings.Contains(wharf.MessageOf(err), "missing") {
			t.Errorf("without %q: %v", lost, err)
			if err == nil {
				e.Close()
			}
		}
		for _, name := range lost {
			if err := d.mem.Rename("lost "+d.mem.PathBase(name), "data/"+name); err != nil {
				t.Fatal(err)
			}
		}
		d.compare(nil)
	}
}

// TestForeignFiles has files among the bodies that the file system made, or
// somebody else.
func TestForeignFiles(t *testing.T) {
	d := newDamagedFolder(t)
	foreign := []string{"data/bodies/00000000/.nfs00000000000a", "data/bodies/00000000/strange", "data/bodies/strange",
		"data/bodies/lost+found/#12", "data/.nfs0001"}
	if err := d.mem.MkdirAll("data/bodies/lost+found", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range foreign {
		d.write(path, []byte("?"))
	}
	o := CheckOptions{FS: d.mem, window: tinyOptions(nil).window}
	for _, o.Repair = range []bool{false, true} {
		if err := Check(bg, "data", o, func(f Finding) {
			if !f.Foreign {
				t.Errorf("found %s", f)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	// A start looks at the window of the uploads that a crash cut short.
	e := openEngine(t, "data", tinyOptions(d.mem))
	put(t, e.Store(stageOne), "after", make([]byte, 1000))
	window, err := d.mem.List("data/bodies")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range window {
		if name != "strange" && name != "lost+found" {
			foreign = append(foreign, "data/bodies/"+name+"/strange")
			d.write(foreign[len(foreign)-1], []byte("?"))
		}
	}
	d.mem = d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	d.served()
	for _, path := range foreign {
		if string(d.content(path)) != "?" {
			t.Errorf("%s is not what it was", path)
		}
	}
}

// TestCheckTellsStages wants the stages that have files, also where the index
// is lost.
func TestCheckTellsStages(t *testing.T) {
	d := newDamagedFolder(t)
	d.edit(func(e *Engine) error {
		for i := range 20 {
			put(t, e.Store(wharf.StageID{2, 0xff}), wharf.Key(rune('a'+i)), make([]byte, 20*i))
		}
		put(t, e.Store(wharf.StageID{7}), "removed", nil)
		return e.Store(wharf.StageID{7}).Delete(bg, []wharf.Key{"removed"})
	})
	o := CheckOptions{FS: d.mem, window: tinyOptions(nil).window}
	check := func() {
		t.Helper()
		told := map[wharf.StageID]bool{}
		o.Stage = func(id wharf.StageID) { told[id] = true }
		if err := Check(bg, "data", o, func(Finding) {}); err != nil {
			t.Fatal(err)
		}
		if len(told) != 2 || !told[stageOne] || !told[wharf.StageID{2, 0xff}] {
			t.Errorf("with repair %v: stages %v", o.Repair, told)
		}
	}
	check()
	if err := d.mem.RemoveAll("data/index"); err != nil {
		t.Fatal(err)
	}
	check()
	o.Repair = true
	check()
	o.Repair = false
	check()
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
