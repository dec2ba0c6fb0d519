package meta

import (
	"context"
	"time"

	"wharf"
)

// formatRecord is a named file format as it is stored, under its name.
type formatRecord struct {
	Format    wharf.FileFormat `json:"options,omitzero"`
	Creator   string           `json:"creator,omitempty"`
	CreatedOn time.Time        `json:"created_on"`
	Owner     ownerRecord      `json:"owner,omitzero"`
}

func (c *Catalog) formats() named[wharf.NamedFormat] {
	return named[wharf.NamedFormat]{what: "file format", bucket: bucketFormats, encode: encodeFormat, decode: decodeFormat}
}

func encodeFormat(v wharf.NamedFormat) (string, []byte, error) {
	name := string(v.Name)
	r := formatRecord{Format: v.Format, Creator: v.Creator, CreatedOn: v.CreatedOn.UTC(), Owner: ownerRecord(v.Owner)}
	payload, err := encodeJSON("file format", name, r, valid(name, r.Creator) && validOptions(r.Format.Options()))
	return name, payload, err
}

func decodeFormat(name string, payload []byte) (wharf.NamedFormat, error) {
	var r formatRecord
	if err := decodeJSON(payload, &r); err != nil {
		return wharf.NamedFormat{}, err
	}
	return wharf.NamedFormat{
		Name: wharf.FormatName(name), Format: r.Format, Creator: r.Creator, CreatedOn: r.CreatedOn, Owner: wharf.UserID(r.Owner),
	}, nil
}

// CreateFileFormat implements [wharf.Catalog].
func (c *Catalog) CreateFileFormat(ctx context.Context, v wharf.NamedFormat, mode wharf.CreateMode, checks ...func(wharf.NamedFormat) error) (wharf.NamedFormat, bool, error) {
	return c.formats().create(ctx, c, "meta.CreateFileFormat", v, mode, checks)
}

// DropFileFormat implements [wharf.Catalog].
func (c *Catalog) DropFileFormat(ctx context.Context, name wharf.FormatName, checks ...func(wharf.NamedFormat) error) error {
	return c.formats().drop(ctx, c, "meta.DropFileFormat", string(name), checks)
}

// FileFormat implements [wharf.Catalog].
func (c *Catalog) FileFormat(ctx context.Context, name wharf.FormatName) (wharf.NamedFormat, error) {
	return c.formats().one(ctx, c, "meta.FileFormat", string(name))
}

// FileFormats implements [wharf.Catalog].
func (c *Catalog) FileFormats(ctx context.Context, after wharf.FormatName, limit int) ([]wharf.NamedFormat, error) {
	return c.formats().page(ctx, c, "meta.FileFormats", string(after), limit)
}
