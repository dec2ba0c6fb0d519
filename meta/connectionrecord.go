package meta

import "wharf"

// connectionRecord is a connection as it is stored, its secrets sealed.
type connectionRecord struct {
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
	return r == nil || valid(r.EndpointURL, r.Region, r.RoleARN)
}
