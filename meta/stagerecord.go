package meta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"wharf"
)

// stageRecord is a stage as it is stored. It is not wharf.Stage, so that a
// change there does not change what is on the disk unseen.
type stageRecord struct {
	Name        string            `json:"name"`
	URL         string            `json:"url,omitempty"`
	Connection  *connectionRecord `json:"connection,omitempty"`
	FileFormat  wharf.FileFormat  `json:"file_format,omitzero"`
	CopyOptions wharf.CopyOptions `json:"copy_options,omitzero"`
	Comment     string            `json:"comment,omitempty"`
	Creator     string            `json:"creator,omitempty"`
	CreatedOn   time.Time         `json:"created_on"`
	Revision    uint64            `json:"revision"`
}

// encodeStage returns the payload of a stage's record.
func (c *Catalog) encodeStage(s wharf.Stage) ([]byte, error) {
	r := stageRecord{
		Name:        string(s.Name),
		URL:         s.URL,
		Connection:  c.sealConnection(stageIdentity(s.ID), s.Connection),
		FileFormat:  s.FileFormat,
		CopyOptions: s.CopyOptions,
		Comment:     s.Comment,
		Creator:     s.Creator,
		CreatedOn:   s.CreatedOn.UTC(),
		Revision:    s.Revision,
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
	return wharf.Stage{
		ID:          id,
		Name:        wharf.StageName(r.Name),
		URL:         r.URL,
		Connection:  connection,
		FileFormat:  r.FileFormat,
		CopyOptions: r.CopyOptions,
		Comment:     r.Comment,
		Creator:     r.Creator,
		CreatedOn:   r.CreatedOn,
		Revision:    r.Revision,
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
