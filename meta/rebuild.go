package meta

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// complete adds to a whole catalog the stages that only the files know.
func complete(ctx context.Context, dir string, o CheckOptions) error {
	c, err := Open(dir, Options{Key: o.Key})
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
	old := &salvage{records: map[place]salvaged{}}
	var data []byte
	if !missing {
		if data, err = os.ReadFile(filepath.Join(dir, dbFile)); err != nil {
			return err
		}
		old = salvageRecords(data)
	}
	at, err := o.Key.in(dir)
	if err != nil {
		return err
	}
	key, isNew, err := rebuildKey(at, old, missing || len(data) == 0, o.Done)
	if err != nil {
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
	return writeFile(at.path, key)
}

// rebuilding fills a new catalog within its transaction.
type rebuilding struct {
	c   *Catalog
	tx  *bolt.Tx
	old *salvage
	o   CheckOptions
}

func (r *rebuilding) run() error {
	for _, part := range []func() error{r.dropped, r.users, r.stages, r.named, r.lostNames, r.recoverStages} {
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
		payload := r.old.payload(bucketDropped, key)
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
// later one has it. The own stage of a user who is not there gets another name:
// nobody could reach it.
func (r *rebuilding) stages() error {
	var all []wharf.Stage
	for _, key := range r.old.byChange(bucketStages) {
		if len(key) != len(wharf.StageID{}) {
			continue
		}
		s, err := r.c.decodeStage(wharf.StageID([]byte(key)), r.old.payload(bucketStages, key))
		if err != nil {
			r.o.Done("repair: lost: " + line(err))
			continue
		}
		if !knows(r.tx, s.ID) {
			all = append(all, s)
		}
	}
	for _, s := range all {
		switch name := s.Name; {
		case r.c.mayOwn(r.tx, name) != nil:
			s.Name = r.freeName(s.ID)
			r.o.Done(fmt.Sprintf("repair: the user is lost whose own stage @~ had the ID %s; the stage is %s now", s.ID, s.Name))
		case r.tx.Bucket([]byte(bucketNames)).Get([]byte(name)) != nil:
			s.Name = r.freeName(s.ID)
			r.o.Done(fmt.Sprintf("repair: two stages are named %q; the older one is %s now", name, s.Name))
		}
		if _, err := r.c.add(r.tx, s); err != nil {
			return err
		}
	}
	return nil
}

// users keeps the users and roles, and root's record: of two of one name, the later
// one, for no user could be changed while there are both. Where the records may be of
// before a change, all are locked and have no tokens: one of them may have been
// dropped, or have had another password, fewer privileges or fewer tokens.
func (r *rebuilding) users() error {
	var kept []wharf.User
	for _, key := range r.old.byChange(bucketUsers) {
		if len(key) != len(wharf.UserID{}) {
			continue
		}
		u, err := r.c.decodeUser(wharf.UserID([]byte(key)), r.old.payload(bucketUsers, key))
		switch {
		case err != nil:
			r.o.Done("repair: lost: " + line(err))
		case u.Nameless():
			r.o.Done("repair: lost: a user without a name")
		case slices.ContainsFunc(kept, func(k wharf.User) bool { return k.Account == u.Account }):
			r.o.Done(fmt.Sprintf("repair: two users are named %s; the older one, which was dropped or renamed, is left out", u.Account))
		default:
			if r.old.old {
				u.Locked, u.Tokens = u.Locked || !u.IsRole && !u.ID.IsZero(), nil
			}
			kept = append(kept, u)
		}
	}
	isLost := func(id wharf.UserID) bool {
		return !slices.ContainsFunc(kept, func(k wharf.User) bool { return k.ID == id && k.IsRole })
	}
	for _, u := range kept {
		u.Roles, u.Default = slices.DeleteFunc(u.Roles, isLost), slices.DeleteFunc(u.Default, isLost)
		if err := r.c.putUser(r.tx, u); err != nil {
			return err
		}
	}
	if len(kept) > 0 && r.old.old {
		r.o.Done("repair: all users are locked and all tokens are gone, because some may have been dropped or changed before; look at SHOW USERS and SHOW GRANTS, and ALTER USER … ACCOUNT UNLOCK")
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
			if err := putRecord(r.tx, bucket, []byte(key), r.old.payload(bucket, key)); err != nil {
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
		payload := r.old.payload(bucketNames, name)
		if len(payload) != len(wharf.StageID{}) {
			continue
		}
		id := wharf.StageID(payload)
		switch taken := r.tx.Bucket([]byte(bucketNames)).Get([]byte(name)) != nil; {
		case taken, knows(r.tx, id), r.c.mayOwn(r.tx, wharf.StageName(name)) != nil:
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
