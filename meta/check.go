package meta

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// Check reads all of the catalog and holds it to the package's invariants:
// the pages of the file, the checksum of every record, every sealed secret,
// and that names and stages belong together. It reports all that it finds.
func (c *Catalog) Check(ctx context.Context) error {
	return c.view(ctx, "meta.Check", func(tx *bolt.Tx) error {
		var found []error
		for err := range tx.Check() {
			found = append(found, err)
		}
		if len(found) > 0 {
			// Reading on in broken pages might never end.
			return errors.Join(found...)
		}
		names, stages := 0, 0
		each(tx, bucketNames, func(key []byte) {
			_, _, err := c.byName(tx, wharf.StageName(key))
			found = append(found, err)
			names++
		})
		each(tx, bucketStages, func(key []byte) {
			found = append(found, c.checkStage(tx, bucketStages, key))
			stages++
		})
		each(tx, bucketDropped, func(key []byte) {
			found = append(found, c.checkStage(tx, bucketDropped, key))
		})
		each(tx, bucketConnections, func(key []byte) {
			_, _, err := c.connections().find(tx, string(key))
			found = append(found, err)
		})
		each(tx, bucketFormats, func(key []byte) {
			_, _, err := c.formats().find(tx, string(key))
			found = append(found, err)
		})
		_, err := c.signingKeys(tx)
		found = append(found, err)
		found = append(found, c.checkUsers(tx))
		if names != stages {
			found = append(found, fmt.Errorf("there are %d names and %d stages", names, stages))
		}
		return errors.Join(found...)
	})
}

// checkUsers also finds two users of one name, with which no user can be changed.
func (c *Catalog) checkUsers(tx *bolt.Tx) error {
	list, err := c.readUsers(tx)
	found := []error{err}
	names := map[wharf.Account]bool{}
	for _, u := range list {
		if names[u.Account] {
			found = append(found, fmt.Errorf("two users are named %s", u.Account))
		}
		names[u.Account] = true
	}
	return errors.Join(found...)
}

// checkStage checks one record of the two buckets of stages.
func (c *Catalog) checkStage(tx *bolt.Tx, bucket string, key []byte) error {
	if len(key) != len(wharf.StageID{}) {
		return fmt.Errorf("an ID in %s has %d bytes", bucket, len(key))
	}
	s, _, err := c.byID(tx, bucket, wharf.StageID(key))
	if err != nil {
		return err
	}
	if bucket == bucketStages {
		_, found, err := c.byName(tx, s.Name)
		if err == nil && !found {
			err = fmt.Errorf("the stage %s has the name %q, which does not lead to it", s.ID, s.Name)
		}
		return err
	}
	if tx.Bucket([]byte(bucketStages)).Get(key) != nil {
		return fmt.Errorf("the dropped stage %s is still there", s.ID)
	}
	if !s.Internal() {
		return fmt.Errorf("the dropped stage %s has no files here", s.ID)
	}
	return nil
}

func each(tx *bolt.Tx, bucket string, f func(key []byte)) {
	// Only f's own error could end it, and it has none.
	_ = tx.Bucket([]byte(bucket)).ForEach(func(key, _ []byte) error { f(key); return nil })
}
