package meta

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
)

// TestNoRepairWithAnotherKey: with it all secrets would be lost, and the right
// one may be at hand.
func TestNoRepairWithAnotherKey(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(dir string){
		"another": func(dir string) { writeRaw(t, dir, keyFile, bytes.Repeat([]byte{7}, keySize)) },
		"its disk is not mounted": func(dir string) {
			remove(t, dir, keyFile)
			if err := os.Symlink(filepath.Join(dir, "unmounted"), filepath.Join(dir, keyFile)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		dir, _, db := full(t)
		spoilt := bytes.ReplaceAll(db, []byte(`"name":"stage 07"`), []byte(`"name":"stage 77"`))
		change(dir)
		for _, b := range [][]byte{db, spoilt} {
			writeRaw(t, dir, dbFile, b)
			err := CheckFolder(t.Context(), dir, CheckOptions{Repair: true}, func(string) {})
			if wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(wharf.MessageOf(err), "catalog.key") {
				t.Errorf("%s: %v", name, err)
			}
			if !bytes.Equal(readFile(t, dir, dbFile), b) {
				t.Errorf("%s: the catalog was changed", name)
			}
		}
		if names, err := filepath.Glob(filepath.Join(dir, "*.damaged*")); err != nil || len(names) > 0 {
			t.Errorf("%s: there is %q, %v", name, names, err)
		}
	}
}

// TestRepairOfKey: one byte that was changed is put right, and no secret is lost.
// Of a key that is lost, all but the secrets is kept, and so is what there was.
func TestRepairOfKey(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	key := readFile(t, dir, keyFile)
	changes := map[string][]byte{"short by one": key[:keySize-1]}
	for i := range keySize {
		changed := bytes.Clone(key)
		changed[i] ^= 1 << (i % 8)
		changes[fmt.Sprintf("a bit of byte %d", i)] = changed
	}
	for name, damaged := range changes {
		sub := t.TempDir()
		writeRaw(t, sub, dbFile, db)
		writeRaw(t, sub, keyFile, damaged)
		r := repair(t, sub, ids(stages))
		r.wantStages(t, stages, 0)
		mustDropped(t, r)
		if got, err := r.Connection(t.Context(), "one"); err != nil || got.Connection != connectionNamed("one").Connection {
			t.Errorf("%s: the connection: %+v, %v", name, got, err)
		}
		if !bytes.Equal(readFile(t, sub, keyFile), key) {
			t.Errorf("%s: the key is not what it was", name)
		}
		closeNow(t, r.Catalog)
	}
	for name, damaged := range map[string][]byte{
		"missing": nil, "empty": {}, "half": key[:keySize/2], "zeros": make([]byte, keySize),
		"zeros at the end": append(bytes.Clone(key[:20]), make([]byte, 12)...), "long": append(bytes.Clone(key), 1),
	} {
		sub := t.TempDir()
		writeRaw(t, sub, dbFile, db)
		if damaged != nil {
			writeRaw(t, sub, keyFile, damaged)
		}
		r := repair(t, sub, ids(stages))
		r.wantStages(t, stages, len(stages)-len(ids(stages))) // the external ones
		mustDropped(t, r)
		if _, err := r.FileFormat(t.Context(), "one"); err != nil {
			t.Errorf("%s: the file format: %v", name, err)
		}
		said := strings.Join(r.done, "\n")
		for _, want := range []string{"catalog.key is lost", `connection "one"`, "stage 01"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: the repair does not say %q: %s", name, want, said)
			}
		}
		if kept := readFile(t, sub, dbFile+".damaged"); !bytes.Equal(kept, db) {
			t.Errorf("%s: the old catalog was not kept", name)
		}
		if kept, err := os.ReadFile(filepath.Join(sub, keyFile+".damaged")); !bytes.Equal(kept, damaged) || (err == nil) != (damaged != nil) {
			t.Errorf("%s: the old key was not kept: %v", name, err)
		}
		create(t, r, external("new"))
		closeNow(t, r.Catalog)
		wantWhole(t, sub)
	}
}

// wantWhole wants a check to find nothing.
func wantWhole(t *testing.T, dir string) {
	t.Helper()
	if err := CheckFolder(t.Context(), dir, CheckOptions{}, func(what string) { t.Errorf("found: %s", what) }); err != nil {
		t.Error(err)
	}
}

// TestKeyOfOtherByte: a key in which more than a byte is another is not taken
// for the right one.
func TestKeyOfOtherByte(t *testing.T) {
	dir, _, db := full(t)
	key := readFile(t, dir, keyFile)
	key[3] ^= 1
	key[9] ^= 1
	if got, ok := correctKey(key, salvageRecords(db).proof()); ok {
		t.Errorf("two changed bytes give %x", got)
	}
}

// TestDamagedMetaPage: after a stop, either of the two meta pages leads to all
// that was stored. A check says which is damaged, and a repair makes both anew.
func TestDamagedMetaPage(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	p, _ := readPages(db)
	for n := range int(2) {
		for _, at := range []int{16, 30, 32, 48, 64, 72, 79} { // within the meta page's 64 bytes
			sub := t.TempDir()
			spoilt := bytes.Clone(db)
			spoilt[n*int(p.size)+at] ^= 4
			writeRaw(t, sub, keyFile, readFile(t, dir, keyFile))
			writeRaw(t, sub, dbFile, spoilt)
			c, err := Open(sub, Options{})
			if err != nil {
				t.Fatal(err)
			}
			repaired{Catalog: c}.wantStages(t, stages, 0)
			mustDropped(t, c)
			wantFormat(t, c) // the last change
			closeNow(t, c)
			var found []string
			if err := CheckFolder(t.Context(), sub, CheckOptions{}, func(what string) { found = append(found, what) }); err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, fmt.Sprintf("meta page %d is damaged", n)) }) {
				t.Errorf("byte %d of meta page %d: found %q", at, n, found)
			}
			r := repair(t, sub, ids(stages))
			r.wantStages(t, stages, 0)
			if err := r.db.Close(); err != nil { // as a kill leaves it
				t.Fatal(err)
			}
			wantWhole(t, sub)
			spoilt = readFile(t, sub, dbFile)
			spoilt[n*int(p.size)+at] ^= 4
			writeRaw(t, sub, dbFile, spoilt)
			c = open(t, sub)
			wantFormat(t, c)
			closeNow(t, c)
		}
	}
}

// wantFormat wants the last change that full made.
func wantFormat(t *testing.T, c *Catalog) {
	t.Helper()
	if _, err := c.FileFormat(t.Context(), "one"); err != nil {
		t.Errorf("the last change is undone: %v", err)
	}
}

// TestKilledRepairOfKey: a repair that made a new key and was killed before it
// was written is done again.
func TestKilledRepairOfKey(t *testing.T) {
	dir, stages, _ := full(t)
	remove(t, dir, keyFile)
	closeNow(t, repair(t, dir, ids(stages)).Catalog)
	remove(t, dir, keyFile) // as if it had not been written
	r := repair(t, dir, ids(stages))
	r.wantStages(t, stages, len(stages)-len(ids(stages)))
	if _, err := os.Stat(filepath.Join(dir, dbFile+".damaged.2")); errors.Is(err, os.ErrNotExist) {
		t.Error("what the first repair made was not kept")
	}
}
