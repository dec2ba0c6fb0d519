package meta

import (
	"fmt"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// What follows is done within a transaction of the caller's.

// byName returns the stage of that name, and whether there is one.
func (c *Catalog) byName(tx *bolt.Tx, name wharf.StageName) (wharf.Stage, bool, error) {
	if name == "" {
		return wharf.Stage{}, false, nil
	}
	payload, err := record(tx, bucketNames, []byte(name))
	if payload == nil || err != nil {
		return wharf.Stage{}, false, err
	}
	if len(payload) != len(wharf.StageID{}) {
		return wharf.Stage{}, false, fmt.Errorf("the name %q has an ID of %d bytes", name, len(payload))
	}
	s, found, err := c.byID(tx, bucketStages, wharf.StageID(payload))
	switch {
	case err != nil:
		return wharf.Stage{}, false, err
	case !found:
		return wharf.Stage{}, false, fmt.Errorf("the name %q has no stage", name)
	case s.Name != name:
		return wharf.Stage{}, false, fmt.Errorf("the name %q leads to the stage %q", name, s.Name)
	}
	return s, true, nil
}

// byID returns the stage with that ID from one of the two buckets of stages.
func (c *Catalog) byID(tx *bolt.Tx, bucket string, id wharf.StageID) (wharf.Stage, bool, error) {
	payload, err := record(tx, bucket, id[:])
	if payload == nil || err != nil {
		return wharf.Stage{}, false, err
	}
	s, err := c.decodeStage(id, payload)
	return s, err == nil, err
}

// add stores a stage whose name is free, and returns it as it is stored.
func (c *Catalog) add(tx *bolt.Tx, s wharf.Stage) (wharf.Stage, error) {
	for _, bucket := range []string{bucketStages, bucketDropped} {
		if tx.Bucket([]byte(bucket)).Get(s.ID[:]) != nil {
			return wharf.Stage{}, fmt.Errorf("the stage ID %s was used before", s.ID)
		}
	}
	payload, err := c.encodeStage(s)
	if err != nil {
		return wharf.Stage{}, err
	}
	if err := putRecord(tx, bucketStages, s.ID[:], payload); err != nil {
		return wharf.Stage{}, err
	}
	if err := putRecord(tx, bucketNames, []byte(s.Name), s.ID[:]); err != nil {
		return wharf.Stage{}, err
	}
	return c.decodeStage(s.ID, payload)
}

// drop removes a stage. An internal one goes on the list of dropped stages,
// for its files are still there.
func (c *Catalog) drop(tx *bolt.Tx, s wharf.Stage) error {
	if err := tx.Bucket([]byte(bucketNames)).Delete([]byte(s.Name)); err != nil {
		return err
	}
	if err := tx.Bucket([]byte(bucketStages)).Delete(s.ID[:]); err != nil {
		return err
	}
	if !s.Internal() {
		return nil
	}
	payload, err := c.encodeStage(s)
	if err != nil {
		return err
	}
	return putRecord(tx, bucketDropped, s.ID[:], payload)
}
