package meta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// stageRecord is a stage as it is stored. It is not wharf.Stage, so that a
// change there does not change what is on the disk unseen.
type stageRecord struct {
	Name         string            `json:"name"`
	URL          string            `json:"url,omitempty"`
	Connection   *connectionRecord `json:"connection,omitempty"`
	FileFormat   wharf.FileFormat  `json:"file_format,omitzero"`
	CopyOptions  wharf.CopyOptions `json:"copy_options,omitzero"`
	Comment      string            `json:"comment,omitempty"`
	Creator      string            `json:"creator,omitempty"`
	CreatedOn    time.Time         `json:"created_on"`
	Revision     uint64            `json:"revision"`
	Owner        ownerRecord       `json:"owner,omitzero"`
	Granted      []grantRecord     `json:"granted,omitempty"`
	Unapproved   bool              `json:"unapproved,omitempty"`
	ConnectionBy ownerRecord       `json:"connection_by,omitzero"`
	MaxFiles     int64             `json:"max_files,omitempty"`
	MaxBytes     int64             `json:"max_bytes,omitempty"`
	QuotaFixed   bool              `json:"quota_fixed,omitempty"`
	Withdrawn    bool              `json:"withdrawn,omitempty"`
}

// encodeStage returns the payload of a stage's record.
func (c *Catalog) encodeStage(s wharf.Stage) ([]byte, error) {
	r := stageRecord{
		Name:         string(s.Name),
		URL:          s.URL,
		Connection:   c.sealConnection(stageIdentity(s.ID), s.Connection),
		FileFormat:   s.FileFormat,
		CopyOptions:  s.CopyOptions,
		Comment:      s.Comment,
		Creator:      s.Creator,
		CreatedOn:    s.CreatedOn.UTC(),
		Revision:     s.Revision,
		Owner:        ownerRecord(s.Owner),
		Granted:      encodeGrants(s.Granted),
		Unapproved:   s.Unapproved,
		ConnectionBy: ownerRecord(s.ConnectionBy),
		MaxFiles:     s.Quota.Files,
		MaxBytes:     s.Quota.Bytes,
		QuotaFixed:   s.QuotaFixed,
		Withdrawn:    s.Withdrawn,
	}
	return encodeJSON("stage", string(s.Name), r, r.valid())
}

// decodeStage reads what encodeStage wrote for the stage of that ID.
func (c *Catalog) decodeStage(id wharf.StageID, payload []byte) (wharf.Stage, error) {
	var r stageRecord
	if err := decodeJSON(payload, &r); err != nil {
		return wharf.Stage{}, fmt.Errorf("stage %s: %w", id, err)
	}
	connection, err := c.openConnection(stageIdentity(id), r.Connection)
	if err != nil {
		return wharf.Stage{}, fmt.Errorf("stage %s: %w", id, err)
	}
	granted, err := decodeGrants(r.Granted)
	if err != nil {
		return wharf.Stage{}, fmt.Errorf("stage %s: %w", id, err)
	}
	return wharf.Stage{
		ID:           id,
		Name:         wharf.StageName(r.Name),
		URL:          r.URL,
		Connection:   connection,
		FileFormat:   r.FileFormat,
		CopyOptions:  r.CopyOptions,
		Comment:      r.Comment,
		Creator:      r.Creator,
		CreatedOn:    r.CreatedOn,
		Revision:     r.Revision,
		Owner:        wharf.UserID(r.Owner),
		Granted:      granted,
		Unapproved:   r.Unapproved,
		ConnectionBy: wharf.UserID(r.ConnectionBy),
		Quota:        wharf.Quota{Files: r.MaxFiles, Bytes: r.MaxBytes},
		QuotaFixed:   r.QuotaFixed,
		Withdrawn:    r.Withdrawn,
	}, nil
}

func stageIdentity(id wharf.StageID) identity {
	return identity{kind: "stage", id: string(id[:])}
}

// decodeJSON refuses fields that it does not know: they come from a version
// that gave them a meaning, and would be lost with the next change.
func decodeJSON(payload []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// valid reports whether JSON can carry the record's text.
func (r stageRecord) valid() bool {
	return valid(r.Name, r.URL, r.Comment, r.Creator) && r.Connection.valid() &&
		validOptions(r.FileFormat.Options()) && validOptions(r.CopyOptions.Options())
}

func validOptions(list []wharf.Option) bool {
	for _, o := range list {
		if !valid(o.Value) || !valid(o.List...) {
			return false
		}
	}
	return true
}

func valid(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

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
