package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// RekeyOptions say how [Rekey] changes the key.
type RekeyOptions struct {
	// Key is where the present key is.
	Key Key
	// NewFile is where the new key is, or is made. "" puts a new one in the place of
	// the present one, which is in a file then.
	NewFile string
	// Done is called with each line of what was done; nil discards them.
	Done func(what string)
}

// Rekey seals each secret of the catalog in dir anew, under a new key, in a new
// file, so that no page of an old one keeps what the old key opens. No server may
// have the catalog open.
//
// Interrupted at any moment, it leaves the old catalog with the old key in place,
// or the new one with the new key: first the new key is stored, beside the old one
// or in NewFile; then the new catalog takes the place of the old one; then the
// new key that of the old one, which the next Open does where Rekey could not.
// With NewFile it can be called again: what was done is not done twice. A present
// key that lies in dir is removed at the end. It is [wharf.CodeInvalid] where
// the present key is not the catalog's.
func Rekey(ctx context.Context, dir string, o RekeyOptions) error {
	const op = "meta.Rekey"
	if o.Done == nil {
		o.Done = func(string) {}
	}
	old, err := o.Key.in(dir)
	if err != nil {
		return translate(op, err)
	}
	r := &rekeying{dir: dir, o: o, old: old}
	return translate(op, r.run(ctx))
}

// rekeying is one call of Rekey.
type rekeying struct {
	dir string
	o   RekeyOptions
	old keyAt
}

func (r *rekeying) run(ctx context.Context) error {
	if there, err := Exists(r.dir); err != nil || !there {
		return errors.Join(err, wharf.Errorf(wharf.CodeNotFound, "catalog.db is missing"))
	}
	before, err := Open(r.dir, Options{Key: r.o.Key})
	if err != nil {
		if r.isDone() {
			return r.finish()
		}
		return err
	}
	return errors.Join(r.seal(ctx, before), before.Close())
}

// isDone reports whether an earlier call sealed the catalog with the key in NewFile.
func (r *rekeying) isDone() bool {
	if r.o.NewFile == "" {
		return false
	}
	c, err := Open(r.dir, Options{Key: Key{File: r.o.NewFile}, readOnly: true})
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// seal makes the new catalog of the one before, whose lock is held meanwhile.
func (r *rekeying) seal(ctx context.Context, before *Catalog) error {
	unlock, err := lockFolder(r.dir, time.Second)
	if err != nil {
		return err
	}
	defer unlock() // a lock that nothing is written under
	if err := before.Check(ctx); err != nil {
		return wharf.WrapError(wharf.CodeInvalid, "", "the catalog is damaged; run wharf check first", err)
	}
	key, err := r.newKey()
	if err != nil {
		return err
	}
	if now, err := newSealer(key); err != nil || bytes.Equal(now.decoy, before.seal.decoy) {
		return wharf.Errorf(wharf.CodeInvalid, "the key in %s is the present one", r.o.NewFile)
	}
	fill := func(c *Catalog, tx *bolt.Tx) error {
		return before.view(ctx, "meta.Rekey", func(from *bolt.Tx) error { return copySealed(before, from, c, tx) })
	}
	if err := buildDB(r.dir, key, Options{}.withDefaults(), fill); err != nil {
		return err
	}
	if err := r.verify(ctx, key); err != nil {
		return err
	}
	if err := publish(filepath.Join(r.dir, dbFile)); err != nil {
		return err
	}
	return r.finish()
}

// newKey returns the new key once it is on the disk.
func (r *rekeying) newKey() ([]byte, error) {
	if r.o.NewFile == "" {
		key := newKey()
		data, err := readKeyFile(r.old.path)
		if err == nil && len(data) == keySize {
			return key, writeFile(r.old.path+nextSuffix, key)
		}
		return key, errors.Join(err, writeFile(r.old.path+nextSuffix, keyText(key)))
	}
	at, err := Key{File: r.o.NewFile}.in(r.dir)
	if err != nil {
		return nil, err
	}
	key, err := at.read()
	if err == nil {
		err = syncRegular(at.path) // it may have been written just before
	}
	if errors.Is(err, fs.ErrNotExist) {
		key = newKey()
		if err = writeFile(at.path, keyText(key)); err == nil {
			r.o.Done("made a new key in " + r.o.NewFile)
		}
	}
	return key, err
}

// syncRegular makes a file and its name durable. What is no regular file is the
// caller's own matter.
func syncRegular(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // was read only
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return err
	}
	return errors.Join(f.Sync(), syncFolder(filepath.Dir(path)))
}

// verify reads the new catalog as a start would.
func (r *rekeying) verify(ctx context.Context, key []byte) error {
	path := filepath.Join(r.dir, dbFile+newSuffix)
	db, file, err := openDB(path, Options{readOnly: true}.withDefaults())
	if err != nil {
		return err
	}
	c := &Catalog{db: db, file: file, writing: make(chan struct{}, 1)}
	if err = checkPages(path); err == nil {
		err = c.sealBy(key)
	}
	if err == nil {
		err = c.Check(ctx)
	}
	return errors.Join(err, c.Close())
}

// finish ends what is left when the new catalog is in place.
func (r *rekeying) finish() error {
	if r.o.NewFile == "" {
		if err := r.old.takeNext(); err != nil {
			return err
		}
		r.o.Done("the secrets of the catalog are sealed with a new key, which is in " + r.old.name)
		return r.mentionKept()
	}
	r.o.Done("the secrets of the catalog are sealed with the key in " + r.o.NewFile)
	inside := false
	if r.old.path != "" {
		var err error
		if inside, err = liesIn(r.dir, r.old.path); err != nil {
			return err
		}
	}
	if inside {
		err := os.Remove(r.old.path)
		if err == nil {
			r.o.Done("the old key " + r.old.name + " is removed; backups made until now need a copy of it")
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err = errors.Join(err, syncFolder(filepath.Dir(r.old.path))); err != nil {
			return err
		}
	}
	return r.mentionKept()
}

// mentionKept names the files that an earlier repair kept.
func (r *rekeying) mentionKept() error {
	entries, err := os.ReadDir(r.dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), dbFile+".damaged") || strings.HasPrefix(e.Name(), keyFile+".damaged") {
			r.o.Done(e.Name() + ", which a repair kept, has secrets under an old key, or is one; remove it when it is no longer needed")
		}
	}
	return err
}

// reseals says how the records of each bucket come from one catalog into another
// that has another key; nil is as they are.
var reseals = map[string]func(from, to *Catalog, key, payload []byte) ([]byte, error){
	bucketNames:   nil,
	bucketFormats: nil,
	bucketStages:  resealStage,
	bucketDropped: resealStage,
	bucketConnections: func(from, to *Catalog, key, payload []byte) ([]byte, error) {
		v, err := from.decodeConnection(string(key), payload)
		if err != nil {
			return nil, err
		}
		_, payload, err = to.encodeConnection(v)
		return payload, err
	},
	bucketSigning: func(from, to *Catalog, key, payload []byte) ([]byte, error) {
		var r signingKeyRecord
		if err := decodeJSON(payload, &r); err != nil {
			return nil, err
		}
		secret, err := from.seal.open(signingKeyIdentity(string(key)), r.Secret)
		if err != nil {
			return nil, err
		}
		r.Secret = to.seal.seal(signingKeyIdentity(string(key)), secret)
		return json.Marshal(r)
	},
	bucketUsers: func(from, to *Catalog, key, payload []byte) ([]byte, error) {
		if len(key) != len(wharf.UserID{}) {
			return nil, fmt.Errorf("the ID of a user has %d bytes", len(key))
		}
		u, err := from.decodeUser(wharf.UserID(key), payload)
		if err != nil {
			return nil, err
		}
		return to.encodeUser(u, userRecord{})
	},
}

func resealStage(from, to *Catalog, key, payload []byte) ([]byte, error) {
	if len(key) != len(wharf.StageID{}) {
		return nil, fmt.Errorf("the ID of a stage has %d bytes", len(key))
	}
	s, err := from.decodeStage(wharf.StageID(key), payload)
	if err != nil {
		return nil, err
	}
	return to.encodeStage(s)
}

// copySealed copies all records into a catalog that is empty, with their secrets
// sealed by its key.
func copySealed(before *Catalog, from *bolt.Tx, after *Catalog, to *bolt.Tx) error {
	return from.ForEach(func(name []byte, bucket *bolt.Bucket) error {
		if string(name) == bucketSelf {
			return nil // made with the catalog
		}
		reseal, known := reseals[string(name)]
		if !known {
			return fmt.Errorf("the catalog has a bucket %q, whose secrets this version does not know", name)
		}
		return bucket.ForEach(func(key, value []byte) error {
			payload, _, err := unframe(string(name), key, value)
			if err == nil && reseal != nil {
				payload, err = reseal(before, after, key, payload)
			}
			if err != nil {
				return err
			}
			return putRecord(to, string(name), key, payload)
		})
	})
}
