package meta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
)

// full makes a closed catalog of many pages, and gives its stages in order of
// name and its file. Some definitions were changed and dropped on the way, so
// that free pages hold old ones.
func full(t *testing.T) (dir string, stages []wharf.Stage, db []byte) {
	t.Helper()
	dir = t.TempDir()
	c := open(t, dir)
	for i := range 60 {
		s := stage(fmt.Sprintf("stage %02d", i))
		if i%2 == 1 {
			s = external(string(s.Name))
		}
		s.Comment = strings.Repeat("c", 200)
		create(t, c, s)
		stages = append(stages, s)
	}
	create(t, c, stage("dropped"))
	create(t, c, stage("swept"))
	swept, err := c.DropStage(t.Context(), "swept")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DropStage(t.Context(), "dropped"); err != nil {
		t.Fatal(err)
	}
	if err := c.ForgetDropped(t.Context(), swept.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.CreateConnection(t.Context(), connectionNamed("one"), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.CreateFileFormat(t.Context(), formatNamed("one"), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	return dir, stages, readFile(t, dir, dbFile)
}

func ids(stages []wharf.Stage) (internal []wharf.StageID) {
	for _, s := range stages {
		if s.Internal() {
			internal = append(internal, s.ID)
		}
	}
	return internal
}

// repaired is a catalog after its repair.
type repaired struct {
	*Catalog
	found, done []string
}

func repair(t *testing.T, dir string, files []wharf.StageID) repaired {
	t.Helper()
	var r repaired
	o := CheckOptions{Repair: true, Files: files, Done: func(what string) { r.done = append(r.done, what) }}
	if err := CheckFolder(t.Context(), dir, o, func(what string) { r.found = append(r.found, what) }); err != nil {
		t.Fatalf("repair: %v", err)
	}
	r.Catalog = open(t, dir)
	all, err := r.Stages(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range r.done {
		if says, ok := strings.CutPrefix(line, "repair: the catalog has "); ok && !strings.HasPrefix(says, fmt.Sprintf("%d stages", len(all))) {
			t.Errorf("it says %q, and there are %d stages", line, len(all))
		}
	}
	return r
}

// wantStages wants each stage but those that may be lost; an internal one at
// least by its ID.
func (r repaired) wantStages(t *testing.T, want []wharf.Stage, mayLose int) {
	t.Helper()
	all, err := r.Stages(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, w := range want {
		i := slices.IndexFunc(all, func(s wharf.Stage) bool { return s.ID == w.ID })
		switch {
		case i < 0 && w.Internal():
			t.Errorf("the files of %q are not in the catalog any more", w.Name)
		case i < 0:
			lost++
		case all[i].Comment == w.Comment:
			wantStage(t, "the repair", all[i], w)
		case all[i].Comment == "recovered by wharf check":
			lost++
		default:
			t.Errorf("the repair made %+v of %+v", all[i], w)
		}
	}
	if lost > mayLose {
		t.Errorf("%d definitions are lost; found %q, done %q", lost, r.found, r.done)
	}
	if len(all) > len(want) {
		t.Errorf("there are %d stages, and were %d", len(all), len(want))
	}
}

func TestRepairOfDamagedPages(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	p, ok := readPages(db)
	if !ok || p.meta.end < 10 {
		t.Fatalf("the file has %d pages", p.meta.end)
	}
	size := int(p.size)
	for name, damage := range map[string]func(page []byte){
		"zeros":   func(page []byte) { clear(page) },
		"ones":    func(page []byte) { copy(page, bytes.Repeat([]byte{0xff}, len(page))) },
		"header":  func(page []byte) { copy(page[8:], bytes.Repeat([]byte{0xff}, 8)) },
		"number":  func(page []byte) { page[0] ^= 1 },
		"kind":    func(page []byte) { page[8] ^= branchPage | leafPage },
		"entries": func(page []byte) { copy(page[pageHeader:], bytes.Repeat([]byte{0xee}, 64)) },
	} {
		for n := range int(p.meta.end) {
			spoilt := slices.Clone(db)
			damage(spoilt[n*size : (n+1)*size])
			sub := t.TempDir()
			writeRaw(t, sub, keyFile, readFile(t, dir, keyFile))
			writeRaw(t, sub, dbFile, spoilt)
			if c, err := Open(sub, Options{}); err == nil { // it may be a free page
				_, _ = c.Stages(t.Context(), "", 1000)
				if err := c.Close(); err != nil {
					t.Errorf("%s of page %d: Close: %v", name, n, err)
				}
				if !bytes.Equal(spoilt, readFile(t, sub, dbFile)) {
					t.Errorf("%s of page %d: Open changed the file", name, n)
				}
			}
			r := repair(t, sub, ids(stages))
			// A page of stages has about ten; the root has the small buckets.
			r.wantStages(t, stages, 12)
			if t.Failed() {
				t.Fatalf("%s of page %d", name, n)
			}
			closeNow(t, r.Catalog)
		}
	}
}

// TestRepairOfAllSorts has files that bbolt cannot read at all.
func TestRepairOfAllSorts(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	p, _ := readPages(db)
	size := int(p.size)
	for name, c := range map[string]struct {
		change  func(b []byte) []byte
		mayLose int
	}{
		"no bytes":            {func([]byte) []byte { return nil }, len(stages)},
		"something else":      {func([]byte) []byte { return []byte(strings.Repeat("something else\n", 1000)) }, len(stages)},
		"no meta pages":       {func(b []byte) []byte { clear(b[:2*size]); return b }, 0},
		"the first page lost": {func(b []byte) []byte { return b[size:] }, 0},
		"half":                {func(b []byte) []byte { return b[:len(b)/2/size*size] }, len(stages)},
		"one byte":            {func([]byte) []byte { return []byte{1} }, len(stages)},
		"a circle": {func(b []byte) []byte {
			for n := 2; n < int(p.meta.end); n++ {
				if pg := parsePage(b[n*size:]); pg.flags == branchPage {
					binary.NativeEndian.PutUint64(b[n*size+pageHeader+8:], uint64(n))
				}
			}
			return b
		}, 0},
		"a child that is not there": {func(b []byte) []byte {
			for n := 2; n < int(p.meta.end); n++ {
				if pg := parsePage(b[n*size:]); pg.flags == branchPage {
					binary.NativeEndian.PutUint64(b[n*size+pageHeader+8:], 1<<60)
				}
			}
			return b
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sub := t.TempDir()
			writeRaw(t, sub, keyFile, readFile(t, dir, keyFile))
			spoilt := c.change(slices.Clone(db))
			writeRaw(t, sub, dbFile, spoilt)
			if c, err := Open(sub, Options{}); err == nil {
				c.Close()
				t.Error("Open opens it")
			}
			r := repair(t, sub, ids(stages))
			all, err := r.Stages(t.Context(), "", 1000)
			if err != nil {
				t.Fatal(err)
			}
			// What was free before may be back: all pages were looked at.
			all = slices.DeleteFunc(all, func(s wharf.Stage) bool {
				return !slices.ContainsFunc(stages, func(w wharf.Stage) bool { return w.ID == s.ID })
			})
			if lost := len(stages) - len(all); lost > c.mayLose {
				t.Errorf("%d stages are lost; done %q", lost, r.done)
			}
			if kept := readFile(t, sub, dbFile+".damaged"); !bytes.Equal(kept, spoilt) {
				t.Error("the damaged file was not kept as it was")
			}
			if len(r.found) == 0 || len(r.done) < 2 {
				t.Errorf("found %q, done %q", r.found, r.done)
			}
		})
	}
}

// TestRepairOfChangedBytes changes bytes anywhere, and wants no panic, a whole
// catalog afterwards, and all files in it.
func TestRepairOfChangedBytes(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	key := readFile(t, dir, keyFile)
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		spoilt := slices.Clone(db)
		for range 1 + r.IntN(30) {
			spoilt[r.IntN(len(spoilt))] ^= byte(1 + r.IntN(255))
		}
		sub := t.TempDir()
		writeRaw(t, sub, keyFile, key)
		writeRaw(t, sub, dbFile, spoilt)
		if err := CheckFolder(t.Context(), sub, CheckOptions{}, func(string) {}); err != nil {
			t.Errorf("seed %d: check: %v", seed, err)
		}
		c := repair(t, sub, ids(stages))
		for _, id := range ids(stages) {
			if _, err := c.StageByID(t.Context(), id); err != nil {
				t.Errorf("seed %d: the files of %s are not in the catalog: %v", seed, id, err)
			}
		}
		closeNow(t, c.Catalog)
	}
}

func TestRepairOfOneRecord(t *testing.T) {
	t.Parallel()
	for _, internal := range []bool{true, false} {
		dir, stages, db := full(t)
		at := slices.IndexFunc(stages, func(s wharf.Stage) bool { return s.Internal() == internal })
		name := string(stages[at].Name)
		spoilt := bytes.ReplaceAll(db, []byte(`{"name":"`+name), []byte(`{"nane":"`+name))
		if bytes.Equal(spoilt, db) {
			t.Fatal("the record is not in the file as it is")
		}
		writeRaw(t, dir, dbFile, spoilt)
		r := repair(t, dir, ids(stages))
		r.wantStages(t, stages, 1)
		wantDropped(t, r, mustDropped(t, r))
		s, err := r.Stage(t.Context(), wharf.StageName(name))
		if internal && (err != nil || s.ID != stages[at].ID) {
			t.Errorf("an internal stage does not have its name back: %+v, %v", s, err)
		}
		if !internal && (err == nil || !slices.ContainsFunc(r.done, func(d string) bool { return strings.Contains(d, name) })) {
			t.Errorf("an external stage is not said to be lost: %q", r.done)
		}
		if got, err := r.Connection(t.Context(), "one"); err != nil || got.Connection != connectionNamed("one").Connection {
			t.Errorf("the connection: %+v, %v", got, err)
		}
		if _, err := r.FileFormat(t.Context(), "one"); err != nil {
			t.Errorf("the file format: %v", err)
		}
	}
}

// mustDropped wants just the stage "dropped" on the list.
func mustDropped(t *testing.T, c wharf.Catalog) wharf.Stage {
	t.Helper()
	all, err := c.DroppedStages(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "dropped" {
		t.Fatalf("DroppedStages gives %+v, %v", all, err)
	}
	return all[0]
}

// TestRepairWithoutCatalog has the files alone, with the key and without.
func TestRepairWithoutCatalog(t *testing.T) {
	t.Parallel()
	for _, withKey := range []bool{true, false} {
		dir, stages, _ := full(t)
		key := readFile(t, dir, keyFile)
		remove(t, dir, dbFile)
		if !withKey {
			remove(t, dir, keyFile)
		}
		for _, name := range []string{dbFile, keyFile} { // as a repair that was cut short leaves them
			writeRaw(t, dir, name+newSuffix, []byte("half"))
		}
		files := ids(stages)
		r := repair(t, dir, files)
		if len(r.found) != 1 || !strings.Contains(strings.Join(r.done, "\n"), "may be one that was dropped") {
			t.Errorf("found %q, done %q", r.found, r.done)
		}
		for _, id := range files {
			s, err := r.StageByID(t.Context(), id)
			if err != nil || string(s.Name) != "recovered_"+id.String() {
				t.Errorf("of the files of %s: %+v, %v", id, s, err)
			}
		}
		if withKey && !bytes.Equal(readFile(t, dir, keyFile), key) {
			t.Error("the key was made anew")
		}
	}
}

// TestRepairOfIncompleteCatalog has files that a whole catalog does not know.
func TestRepairOfIncompleteCatalog(t *testing.T) {
	t.Parallel()
	dir, stages, _ := full(t)
	c := open(t, dir)
	gone := mustDropped(t, c)
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	stray := wharf.NewStageID()
	files := append(ids(stages), stray, gone.ID)
	if err := CheckFolder(t.Context(), dir, CheckOptions{Files: files}, func(what string) {
		if !strings.Contains(what, stray.String()) {
			t.Errorf("found %q", what)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(readFile(t, dir, dbFile), db) {
		t.Error("a check changed the catalog")
	}
	r := repair(t, dir, files)
	if s, err := r.StageByID(t.Context(), stray); err != nil || string(s.Name) != "recovered_"+stray.String() {
		t.Errorf("the recovered stage: %+v, %v", s, err)
	}
	all, err := r.Stages(t.Context(), "", 1000)
	if err != nil || len(all) != len(stages)+1 {
		t.Errorf("%d stages, %v; want one more than %d", len(all), err, len(stages))
	}
	mustDropped(t, r)
}

// TestRepairOfFreeList spoils the list of free pages alone: nothing is lost, and
// nothing that was dropped is back.
func TestRepairOfFreeList(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	p, _ := readPages(db)
	at := int(p.meta.freelist * p.size)
	for name, change := range map[string]func(page []byte){
		"count":  func(page []byte) { page[10] = 1 },
		"zeros":  func(page []byte) { clear(page[pageHeader:]) },
		"kind":   func(page []byte) { page[8] ^= 4 },
		"header": func(page []byte) { clear(page[:pageHeader]) },
		"entry":  func(page []byte) { page[pageHeader] ^= 1 },
	} {
		sub := t.TempDir()
		spoilt := slices.Clone(db)
		change(spoilt[at : at+int(p.size)])
		writeRaw(t, sub, keyFile, readFile(t, dir, keyFile))
		writeRaw(t, sub, dbFile, spoilt)
		r := repair(t, sub, ids(stages))
		if len(r.found) == 0 {
			t.Errorf("%s: a check finds nothing", name)
		}
		r.wantStages(t, stages, 0)
		mustDropped(t, r)
		closeNow(t, r.Catalog)
		wantWhole(t, sub)
	}
}

// TestRepairTwice keeps each damaged file.
func TestRepairTwice(t *testing.T) {
	t.Parallel()
	dir, stages, _ := full(t)
	for _, kept := range []string{dbFile + ".damaged", dbFile + ".damaged.2", dbFile + ".damaged.3"} {
		writeRaw(t, dir, dbFile, []byte(kept))
		writeRaw(t, dir, kept+newSuffix, []byte("half"))
		closeNow(t, repair(t, dir, ids(stages)).Catalog)
		if got := string(readFile(t, dir, kept)); got != kept {
			t.Errorf("%s holds %q", kept, got)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, dbFile+".damaged")); err != nil || info.Mode().Perm() != fileMode {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
