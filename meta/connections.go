package meta

import (
	"context"
	"fmt"
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
	Owner       ownerRecord       `json:"owner,omitzero"`
	Granted     []grantRecord     `json:"granted,omitempty"`
}

func (c *Catalog) connections() named[wharf.NamedConnection] {
	return named[wharf.NamedConnection]{what: "connection", bucket: bucketConnections,
		encode: c.encodeConnection, decode: c.decodeConnection}
}

func (c *Catalog) encodeConnection(v wharf.NamedConnection) (string, []byte, error) {
	name := string(v.Name)
	r := namedConnectionRecord{StorageType: v.StorageType, Creator: v.Creator, CreatedOn: v.CreatedOn.UTC(),
		Owner: ownerRecord(v.Owner), Granted: encodeGrants(v.Granted)}
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
	granted, err := decodeGrants(r.Granted)
	if err != nil {
		return wharf.NamedConnection{}, err
	}
	connection, err := c.openConnection(connectionIdentity(name), r.Connection)
	if err != nil {
		return wharf.NamedConnection{}, err
	}
	return wharf.NamedConnection{
		Name: wharf.ConnectionName(name), StorageType: r.StorageType, Connection: connection,
		Creator: r.Creator, CreatedOn: r.CreatedOn, Owner: wharf.UserID(r.Owner), Granted: granted,
	}, nil
}

func connectionIdentity(name string) identity { return identity{kind: "connection", id: name} }

// CreateConnection implements [wharf.Catalog].
func (c *Catalog) CreateConnection(ctx context.Context, v wharf.NamedConnection, mode wharf.CreateMode, checks ...func(wharf.NamedConnection) error) (wharf.NamedConnection, bool, error) {
	return c.connections().create(ctx, c, "meta.CreateConnection", v, mode, checks)
}

// DropConnection implements [wharf.Catalog].
func (c *Catalog) DropConnection(ctx context.Context, name wharf.ConnectionName, checks ...func(wharf.NamedConnection) error) error {
	return c.connections().drop(ctx, c, "meta.DropConnection", string(name), checks)
}

// UpdateConnection implements [wharf.Catalog].
func (c *Catalog) UpdateConnection(ctx context.Context, name wharf.ConnectionName, change func(wharf.NamedConnection) (wharf.NamedConnection, error)) (wharf.NamedConnection, error) {
	return c.connections().alter(ctx, c, "meta.UpdateConnection", string(name), func(present wharf.NamedConnection) (wharf.NamedConnection, error) {
		next, err := change(present.Clone())
		if err == nil && (next.Creator != present.Creator || !next.CreatedOn.Equal(present.CreatedOn)) {
			err = fmt.Errorf("a change of the connection %q touched what stays", name)
		}
		return next, err
	})
}

// Connection implements [wharf.Catalog].
func (c *Catalog) Connection(ctx context.Context, name wharf.ConnectionName) (wharf.NamedConnection, error) {
	return c.connections().one(ctx, c, "meta.Connection", string(name))
}

// Connections implements [wharf.Catalog].
func (c *Catalog) Connections(ctx context.Context, after wharf.ConnectionName, limit int) ([]wharf.NamedConnection, error) {
	return c.connections().page(ctx, c, "meta.Connections", string(after), limit)
}

// connectionRecord is a connection as it is stored, its secrets sealed.
type connectionRecord struct {
	Name             string `json:"name,omitempty"`
	EndpointURL      string `json:"endpoint_url,omitempty"`
	Region           string `json:"region,omitempty"`
	AccessKeyID      []byte `json:"access_key_id,omitempty"`
	SecretAccessKey  []byte `json:"secret_access_key,omitempty"`
	SessionToken     []byte `json:"session_token,omitempty"`
	VirtualHostStyle bool   `json:"virtual_host_style,omitempty"`
	RoleARN          string `json:"role_arn,omitempty"`
	ExternalID       []byte `json:"external_id,omitempty"`
}

// sealConnection returns the record of a connection of the owner; nil for the
// zero connection.
func (c *Catalog) sealConnection(owner identity, conn wharf.Connection) *connectionRecord {
	if conn == (wharf.Connection{}) {
		return nil
	}
	seal := func(field string, s wharf.Secret) []byte {
		if s.IsZero() {
			return nil
		}
		owner.field = field
		return c.seal.seal(owner, s.Reveal())
	}
	return &connectionRecord{
		Name:             string(conn.Name),
		EndpointURL:      conn.EndpointURL,
		Region:           conn.Region,
		AccessKeyID:      seal("AccessKeyID", conn.AccessKeyID),
		SecretAccessKey:  seal("SecretAccessKey", conn.SecretAccessKey),
		SessionToken:     seal("SessionToken", conn.SessionToken),
		VirtualHostStyle: conn.VirtualHostStyle,
		RoleARN:          conn.RoleARN,
		ExternalID:       seal("ExternalID", conn.ExternalID),
	}
}

// openConnection reads what sealConnection made for the same owner.
func (c *Catalog) openConnection(owner identity, r *connectionRecord) (wharf.Connection, error) {
	if r == nil {
		return wharf.Connection{}, nil
	}
	var failed error
	open := func(field string, sealed []byte) wharf.Secret {
		if sealed == nil || failed != nil {
			return wharf.Secret{}
		}
		owner.field = field
		value, err := c.seal.open(owner, sealed)
		failed = err
		return wharf.NewSecret(value)
	}
	conn := wharf.Connection{
		Name:             wharf.ConnectionName(r.Name),
		EndpointURL:      r.EndpointURL,
		Region:           r.Region,
		AccessKeyID:      open("AccessKeyID", r.AccessKeyID),
		SecretAccessKey:  open("SecretAccessKey", r.SecretAccessKey),
		SessionToken:     open("SessionToken", r.SessionToken),
		VirtualHostStyle: r.VirtualHostStyle,
		RoleARN:          r.RoleARN,
		ExternalID:       open("ExternalID", r.ExternalID),
	}
	return conn, failed
}

// valid reports whether JSON can carry the record's text; that of the secrets
// is sealed.
func (r *connectionRecord) valid() bool {
	return r == nil || valid(r.Name, r.EndpointURL, r.Region, r.RoleARN)
}
