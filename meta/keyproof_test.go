package meta

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf"
)

// repairWith repairs a catalog of its own folder with the key. data is what the key's
// file holds, nil for none.
func repairWith(t *testing.T, db []byte, key Key, data []byte, files []wharf.StageID) (dir string, done []string, err error) {
	t.Helper()
	dir = t.TempDir()
	writeRaw(t, dir, dbFile, db)
	switch {
	case data == nil:
	case key.File == "":
		writeRaw(t, dir, keyFile, data)
	default:
		writeRaw(t, filepath.Dir(key.File), filepath.Base(key.File), data)
	}
	o := CheckOptions{Key: key, Repair: true, Files: files, Done: func(what string) { done = append(done, what) }}
	err = CheckFolder(t.Context(), dir, o, func(string) {})
	return dir, done, err
}

// TestRepairWithAKeyFromElsewhere: any page of the catalog is damaged and its key,
// text with a damaged byte, is not in a file of its folder.
func TestRepairWithAKeyFromElsewhere(t *testing.T) {
	t.Parallel()
	dir, stages, db := full(t)
	key := Key{File: filepath.Join(t.TempDir(), "key")}
	typo := keyText(readFile(t, dir, keyFile))
	typo[7] = '!'
	p, _ := readPages(db)
	for n := range p.meta.end {
		spoilt := bytes.Clone(db)
		clear(spoilt[n*p.size : (n+1)*p.size])
		sub, done, err := repairWith(t, spoilt, key, typo, ids(stages))
		if err != nil {
			t.Errorf("page %d: %v", n, err)
			continue
		}
		r := must(Open(sub, Options{Key: key}))
		repaired{Catalog: r, done: done}.wantStages(t, stages, 12)
		closeNow(t, r)
		if _, err := os.Stat(filepath.Join(sub, keyFile)); err == nil {
			t.Errorf("page %d: a key was made beside the catalog", n)
		}
	}
}

// losses are ways to lose the check value of the key, on whichever pages it is. The
// last costs what else is on these pages.
var losses = map[string]func(t *testing.T, db []byte) []byte{
	"the value": func(t *testing.T, db []byte) []byte {
		check := checkValueIn(t, db)
		return bytes.ReplaceAll(db, check, append(bytes.Clone(check[:len(check)-1]), check[len(check)-1]^1))
	},
	"the name": func(t *testing.T, db []byte) []byte {
		name := append([]byte(keyCheck), recordVersion)
		if bytes.Count(db, name) == 0 {
			t.Fatal("the name is not before its record")
		}
		return bytes.ReplaceAll(db, name, append([]byte("chegk"), recordVersion))
	},
	"its pages": func(t *testing.T, db []byte) []byte {
		p, _ := readPages(db)
		check, db := checkValueIn(t, db), bytes.Clone(db)
		for page := range slices.Chunk(db, int(p.size)) {
			if bytes.Contains(page, check) {
				clear(page)
			}
		}
		return db
	},
}

func checkValueIn(t *testing.T, db []byte) []byte {
	t.Helper()
	check := salvageRecords(db).payload(bucketSelf, keyCheck)
	if check == nil {
		t.Fatal("there is no check value")
	}
	return check
}

// TestRepairWithoutCheckValue: where the check value is lost, the secrets tell the
// right key, and a damaged one is put right; with another catalog's key nothing is
// changed.
func TestRepairWithoutCheckValue(t *testing.T) {
	t.Parallel()
	dir, stages, whole := full(t)
	raw, other := readFile(t, dir, keyFile), newKey()
	changed := bytes.Clone(raw)
	changed[9] ^= 4
	elsewhere := Key{File: filepath.Join(t.TempDir(), "key")}
	variable := func(key []byte) Key { return Key{Value: wharf.NewSecret(string(keyText(key))), From: "WHARF_KEY"} }
	for _, c := range []struct {
		name    string
		key     Key
		data    []byte
		refused bool
	}{
		{"catalog.key", Key{}, raw, false},
		{"a changed bit", Key{}, changed, false},
		{"another catalog.key", Key{}, other, true},
		{"a variable", variable(raw), nil, false},
		{"another variable", variable(other), nil, true},
		{"a file", elsewhere, keyText(raw), false},
		{"a typo", elsewhere, bytes.Replace(keyText(raw), keyText(raw)[7:8], []byte("!"), 1), false},
		{"cut short", elsewhere, keyText(raw)[:42], false},
		{"another file", elsewhere, keyText(other), true},
	} {
		for lost, lose := range losses {
			what, db := c.name+", without "+lost, lose(t, whole)
			sub, done, err := repairWith(t, db, c.key, c.data, ids(stages))
			if c.refused {
				if wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(wharf.MessageOf(err), "is not the key of catalog.db") {
					t.Errorf("%s: %v", what, err)
				}
				if names, err := filepath.Glob(filepath.Join(sub, "*.damaged*")); err != nil || len(names) > 0 || !bytes.Equal(readFile(t, sub, dbFile), db) {
					t.Errorf("%s: the catalog was changed: %q, %v", what, names, err)
				}
				continue
			}
			r, openErr := Open(sub, Options{Key: c.key})
			if err != nil || openErr != nil {
				t.Errorf("%s: %v, %v", what, err, openErr)
				continue
			}
			got := repaired{Catalog: r, done: done}
			if lost == "its pages" {
				got.wantStages(t, stages, 12)
			} else {
				got.wantStages(t, stages, 0)
				mustDropped(t, r)
				if one := must(r.Connection(t.Context(), "one")); one.Connection != connectionNamed("one").Connection {
					t.Errorf("%s: the connection is another: %+v", what, one)
				}
			}
			closeNow(t, r)
		}
	}
}

// TestMissingCheckValue: the catalog is damaged, and the key may be the right one.
func TestMissingCheckValue(t *testing.T) {
	t.Parallel()
	dir, _, db := full(t)
	for lost, lose := range losses {
		writeRaw(t, dir, dbFile, lose(t, db))
		if _, err := Open(dir, Options{}); err == nil || strings.Contains(err.Error(), "not the key") {
			t.Errorf("without %s: Open gives %v", lost, err)
		}
	}
}

// TestProofOfKey: a secret of each kind proves the key by itself; where there is none
// nothing does. A record that cannot be read is no proof.
func TestProofOfKey(t *testing.T) {
	t.Parallel()
	key := newKey()
	c := &Catalog{seal: must(newSealer(key))}
	ann, applied, x := user("ann"), user("applied"), external("x")
	applied.Hash, applied.Applied = wharf.Secret{}, applied.Hash
	_, connection, err := c.encodeConnection(connectionNamed("one"))
	if err != nil {
		t.Fatal(err)
	}
	signing, err := json.Marshal(signingKeyRecord{Secret: c.seal.seal(signingKeyIdentity("a"), "signing")})
	if err != nil {
		t.Fatal(err)
	}
	internal := stage("s")
	hash, appliedHash := must(c.encodeUser(ann, userRecord{})), must(c.encodeUser(applied, userRecord{}))
	for name, r := range map[string]struct {
		place
		payload []byte
		none    bool
	}{
		"the check value":              {place{bucketSelf, keyCheck}, c.seal.seal(checkIdentity, checkValue), false},
		"an external stage":            {place{bucketStages, string(x.ID[:])}, must(c.encodeStage(x)), false},
		"a connection":                 {place{bucketConnections, "one"}, connection, false},
		"a signing key":                {place{bucketSigning, "a"}, signing, false},
		"a user":                       {place{bucketUsers, string(ann.ID[:])}, hash, false},
		"what was applied":             {place{bucketUsers, string(applied.ID[:])}, appliedHash, false},
		"an internal stage":            {place{bucketStages, string(internal.ID[:])}, must(c.encodeStage(internal)), true},
		"a stage of a short ID":        {place{bucketStages, "short"}, must(c.encodeStage(x)), true},
		"a dropped stage of a long ID": {place{bucketDropped, strings.Repeat("i", 17)}, must(c.encodeStage(x)), true},
		"a user of a short ID":         {place{bucketUsers, "short"}, hash, true},
		"no JSON":                      {place{bucketConnections, "two"}, []byte("junk"), true},
	} {
		old := &salvage{records: map[place]salvaged{r.place: {payload: r.payload}}}
		proof := old.proof()
		if len(proof) == 0 != r.none || proof.fits(key) == r.none || proof.fits(newKey()) {
			t.Errorf("%s: %d values; the key fits: %t, another: %t", name, len(proof), proof.fits(key), proof.fits(newKey()))
		}
	}
}
