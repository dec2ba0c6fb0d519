package meta

import (
	"bytes"
	"reflect"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wharf"
	"wharf/meta/metatest"
)

func putSigningKeys(t *testing.T, c *Catalog, keys ...wharf.SigningKey) {
	t.Helper()
	if _, err := c.UpdateSigningKeys(t.Context(), func([]wharf.SigningKey) []wharf.SigningKey { return keys }); err != nil {
		t.Fatal(err)
	}
}

func TestSigningKeysSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	young, old := metatest.SigningKey("young", 0), metatest.SigningKey("old", 1)
	putSigningKeys(t, c, old, young)
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	if !bytes.Contains(db, []byte("young")) {
		t.Error("the ID of the key is not in the file; does this test look at the right one?")
	}
	if bytes.Contains(db, []byte("the secret of")) {
		t.Error("the secret of a key is in the file in the clear")
	}
	got, err := open(t, dir).SigningKeys(t.Context())
	if err != nil || !reflect.DeepEqual(got, []wharf.SigningKey{young, old}) {
		t.Errorf("after a restart the keys are %+v, %v", got, err)
	}
}

// TestDamagedSigningKey changes each byte of a key's record in turn, and puts
// the record of one key under the ID of another.
func TestDamagedSigningKey(t *testing.T) {
	c, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	putSigningKeys(t, c, metatest.SigningKey("a", 0), metatest.SigningKey("b", 1))
	var good, payload []byte
	put := func(value func(tx *bolt.Tx) []byte) {
		t.Helper()
		if err := c.db.Update(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte(bucketSigning)).Put([]byte("a"), value(tx))
		}); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused := func(what string) {
		t.Helper()
		if err := c.Check(t.Context()); err == nil {
			t.Errorf("Check does not see %s", what)
		}
		if keys, err := c.SigningKeys(t.Context()); err == nil {
			t.Errorf("%s: the keys are %+v", what, keys)
		}
	}
	put(func(tx *bolt.Tx) []byte {
		good = bytes.Clone(tx.Bucket([]byte(bucketSigning)).Get([]byte("a")))
		return good
	})
	for i := range good {
		put(func(*bolt.Tx) []byte { bad := bytes.Clone(good); bad[i] ^= 0x20; return bad })
		wantRefused("a changed byte")
	}
	put(func(tx *bolt.Tx) []byte {
		payload, err = record(tx, bucketSigning, []byte("b"))
		return frame(bucketSigning, []byte("a"), 1, payload)
	})
	wantRefused("the record of another key")
	put(func(*bolt.Tx) []byte {
		return frame(bucketSigning, []byte("a"), 1, []byte(`{"created_on":"2026-01-02T03:04:05Z"}`))
	})
	wantRefused("a key without its secret")
	put(func(*bolt.Tx) []byte { return good })
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// BenchmarkSigningKeys is what every presigned request pays for keys that
// another server may have rotated.
func BenchmarkSigningKeys(b *testing.B) {
	c := open(b, b.TempDir())
	if _, err := c.UpdateSigningKeys(b.Context(), func([]wharf.SigningKey) []wharf.SigningKey {
		return []wharf.SigningKey{metatest.SigningKey("a", 0), metatest.SigningKey("b", 1)}
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if keys, err := c.SigningKeys(b.Context()); err != nil || len(keys) != 2 {
			b.Fatal(keys, err)
		}
	}
}
