package meta

import (
	"context"
	"time"

	"wharf"
)

// namedConnectionRecord is a named connection as it is stored, under its
// name.
type namedConnectionRecord struct {
	StorageType string            `json:"storage_type"`
	Connection  *connectionRecord `json:"connection,omitempty"`
	Creator     string            `json:"creator,omitempty"`
	CreatedOn   time.Time         `json:"created_on"`
}

func (c *Catalog) connections() named[wharf.NamedConnection] {
	return named[wharf.NamedConnection]{what: "connection", bucket: bucketConnections,
		encode: c.encodeConnection, decode: c.decodeConnection}
}

func (c *Catalog) encodeConnection(v wharf.NamedConnection) (string, []byte, error) {
	name := string(v.Name)
	r := namedConnectionRecord{StorageType: v.StorageType, Creator: v.Creator, CreatedOn: v.CreatedOn.UTC()}
	ok := valid(name, r.StorageType, r.Creator)
	if ok {
		r.Connection = c.sealConnection(connectionIdentity(name), v.Connection)
		ok = r.Connection.valid()
	}
	payload, err := encodeJSON("connection", name, r, ok)
	return name, payload, err
}

func (c *Catalog) decodeConnection(name string, payload []byte) (wharf.NamedConnection, error) {
	var r namedConnectionRecord
	if err := decodeJSON(payload, &r); err != nil {
		return wharf.NamedConnection{}, err
	}
	connection, err := c.openConnection(connectionIdentity(name), r.Connection)
	if err != nil {
		return wharf.NamedConnection{}, err
	}
	return wharf.NamedConnection{
		Name: wharf.ConnectionName(name), StorageType: r.StorageType, Connection: connection,
		Creator: r.Creator, CreatedOn: r.CreatedOn,
	}, nil
}

func connectionIdentity(name string) identity { return identity{kind: "connection", id: name} }

// CreateConnection implements [wharf.Catalog].
func (c *Catalog) CreateConnection(ctx context.Context, v wharf.NamedConnection, mode wharf.CreateMode) (wharf.NamedConnection, bool, error) {
	return c.connections().create(ctx, c, "meta.CreateConnection", v, mode)
}

// DropConnection implements [wharf.Catalog].
func (c *Catalog) DropConnection(ctx context.Context, name wharf.ConnectionName) error {
	return c.connections().drop(ctx, c, "meta.DropConnection", string(name))
}

// Connection implements [wharf.Catalog].
func (c *Catalog) Connection(ctx context.Context, name wharf.ConnectionName) (wharf.NamedConnection, error) {
	return c.connections().one(ctx, c, "meta.Connection", string(name))
}

// Connections implements [wharf.Catalog].
func (c *Catalog) Connections(ctx context.Context, after wharf.ConnectionName, limit int) ([]wharf.NamedConnection, error) {
	return c.connections().page(ctx, c, "meta.Connections", string(after), limit)
}
