package meta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// complete adds to a whole catalog the stages that only the files know.
func complete(ctx context.Context, dir string, o CheckOptions) error {
	c, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	err = c.update(ctx, "meta.CheckFolder", func(tx *bolt.Tx) error { return (&rebuilding{c: c, tx: tx, o: o}).recoverStages() })
	return errors.Join(err, c.Close())
}

// rebuild makes the catalog of what can be read of the old one, and of the
// stages that have files. A crash leaves the old one as it was.
func rebuild(dir string, missing bool, o CheckOptions) error {
	unlock, err := lockFolder(dir, time.Second)
	if err != nil {
		return err
	}
	defer unlock() // a lock that nothing is written under
	old := &salvage{records: map[place][]byte{}}
	var data []byte
	if !missing {
		if data, err = os.ReadFile(filepath.Join(dir, dbFile)); err != nil {
			return err
		}
		old = salvageRecords(data)
	}
	key, isNew, err := rebuildKey(dir, old, missing || len(data) == 0, o.Done)
	if err != nil {
		return err
	}
	// A crash may have left one.
	if err := os.Remove(filepath.Join(dir, dbFile+newSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !missing {
		name, err := keep(dir, dbFile, data)
		if err != nil {
			return err
		}
		o.Done("repair: the damaged catalog is kept as " + name)
	}
	err = makeDB(dir, key, Options{}.withDefaults(), func(c *Catalog, tx *bolt.Tx) error {
		return (&rebuilding{c: c, tx: tx, old: old, o: o}).run()
	})
	if err != nil || !isNew {
		return err
	}
	// Now, because a new key beside the old catalog would be taken for another
	// catalog's.
	return writeFile(filepath.Join(dir, keyFile), key)
}

// rebuilding fills a new catalog within its transaction.
type rebuilding struct {
	c   *Catalog
	tx  *bolt.Tx
	old *salvage
	o   CheckOptions
}

func (r *rebuilding) run() error {
	for _, part := range []func() error{r.dropped, r.stages, r.users, r.named, r.lostNames, r.recoverStages} {
		if err := part(); err != nil {
			return err
		}
	}
	// A bucket's Stats does not know what its own transaction added.
	count := func(bucket string) (n int) {
		each(r.tx, bucket, func([]byte) { n++ })
		return n
	}
	r.o.Done(fmt.Sprintf("repair: the catalog has %d stages, %d connections and %d file formats now",
		count(bucketStages), count(bucketConnections), count(bucketFormats)))
	if r.old.partial {
		r.o.Done("repair: what only the damaged pages had is lost, and cannot be named; compare SHOW STAGES, SHOW CONNECTIONS and SHOW FILE FORMATS with what there was")
	}
	if r.old.old {
		r.o.Done("repair: what was in use could not be told from what was not; some of these may have been changed or dropped before")
	}
	return nil
}

// dropped keeps the list of stages whose files are to be removed.
func (r *rebuilding) dropped() error {
	for _, key := range r.old.in(bucketDropped) {
		payload := r.old.records[place{bucketDropped, key}]
		if len(key) != len(wharf.StageID{}) {
			continue
		}
		if s, err := r.c.decodeStage(wharf.StageID([]byte(key)), payload); err == nil && s.Internal() {
			if err := putRecord(r.tx, bucketDropped, []byte(key), payload); err != nil {
				return err
			}
		}
	}
	return nil
}

// stages keeps the stages, the last change first: of two with one name, the
// later one has it.
func (r *rebuilding) stages() error {
	var all []wharf.Stage
	for _, key := range r.old.in(bucketStages) {
		if len(key) != len(wharf.StageID{}) {
			continue
		}
		s, err := r.c.decodeStage(wharf.StageID([]byte(key)), r.old.records[place{bucketStages, key}])
		if err != nil {
			r.o.Done("repair: lost: " + line(err))
			continue
		}
		if !knows(r.tx, s.ID) {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b wharf.Stage) int { return b.CreatedOn.Compare(a.CreatedOn) })
	for _, s := range all {
		taken := r.tx.Bucket([]byte(bucketNames)).Get([]byte(s.Name)) != nil
		if taken {
			name := s.Name
			s.Name = r.freeName(s.ID)
			r.o.Done(fmt.Sprintf("repair: two stages are named %q; the older one is %s now", name, s.Name))
		}
		if _, err := r.c.add(r.tx, s); err != nil {
			return err
		}
	}
	return nil
}

// users keeps the users and roles. Where the records may be of before a change,
// all are locked: one of them may have been dropped, or have had another password
// or fewer privileges.
func (r *rebuilding) users() error {
	kept := 0
	for _, key := range r.old.in(bucketUsers) {
		if len(key) != len(wharf.UserID{}) {
			continue
		}
		u, err := r.c.decodeUser(wharf.UserID([]byte(key)), r.old.records[place{bucketUsers, key}])
		if err != nil {
			r.o.Done("repair: lost: " + line(err))
			continue
		}
		u.Locked = u.Locked || r.old.old && !u.IsRole
		if err := r.c.putUser(r.tx, u); err != nil {
			return err
		}
		kept++
	}
	if kept > 0 && r.old.old {
		r.o.Done("repair: all users are locked, because some may have been dropped or changed before; look at SHOW USERS and SHOW GRANTS, and ALTER USER … ACCOUNT UNLOCK")
	}
	return nil
}

// named keeps what is found by its name alone.
func (r *rebuilding) named() error {
	reads := map[string]func(key string) error{
		bucketConnections: func(key string) error { _, _, err := r.c.connections().find(r.tx, key); return err },
		bucketFormats:     func(key string) error { _, _, err := r.c.formats().find(r.tx, key); return err },
		bucketSigning:     func(key string) error { _, err := r.c.signingKey(r.tx, key); return err },
	}
	for bucket, read := range reads {
		for _, key := range r.old.in(bucket) {
			if err := putRecord(r.tx, bucket, []byte(key), r.old.records[place{bucket, key}]); err != nil {
				return err
			}
			if err := read(key); err != nil {
				r.o.Done("repair: lost: " + line(err))
				if err := r.tx.Bucket([]byte(bucket)).Delete([]byte(key)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lostNames adds the stages whose definitions are lost and whose names are not,
// if they have files, and so were internal.
func (r *rebuilding) lostNames() error {
	for _, name := range r.old.in(bucketNames) {
		payload := r.old.records[place{bucketNames, name}]
		if len(payload) != len(wharf.StageID{}) {
			continue
		}
		id := wharf.StageID(payload)
		switch taken := r.tx.Bucket([]byte(bucketNames)).Get([]byte(name)) != nil; {
		case taken, knows(r.tx, id):
		case slices.Contains(r.o.Files, id):
			if err := r.addRecovered(id, wharf.StageName(name)); err != nil {
				return err
			}
			r.o.Done(fmt.Sprintf("repair: of the stage %q the options and the comment are lost; its files are kept", name))
		case r.old.old:
			// It may have been dropped long ago.
		default:
			r.o.Done(fmt.Sprintf("repair: lost: the definition of the stage %q, which was external or empty", name))
		}
	}
	return nil
}

// recoverStages makes a stage of the files of each stage that is not known.
func (r *rebuilding) recoverStages() error {
	for _, id := range r.o.Files {
		if knows(r.tx, id) {
			continue
		}
		name := r.freeName(id)
		if err := r.addRecovered(id, name); err != nil {
			return err
		}
		r.o.Done(fmt.Sprintf("repair: the files of a stage that the catalog does not know are in the stage %s now; "+
			"it may be one that was dropped shortly before", name))
	}
	return nil
}

func (r *rebuilding) addRecovered(id wharf.StageID, name wharf.StageName) error {
	_, err := r.c.add(r.tx, wharf.Stage{
		ID: id, Name: name, Comment: "recovered by wharf check", Creator: "root", CreatedOn: time.Now().UTC(), Revision: 1,
	})
	return err
}

func (r *rebuilding) freeName(id wharf.StageID) wharf.StageName {
	name := "recovered_" + id.String()
	for n := 2; r.tx.Bucket([]byte(bucketNames)).Get([]byte(name)) != nil; n++ {
		name = fmt.Sprintf("recovered_%s_%d", id, n)
	}
	return wharf.StageName(name)
}
