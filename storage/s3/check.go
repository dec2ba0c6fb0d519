package s3

import (
	"wharf"
)

// target is what a stage's definition says once it is checked.
type target struct {
	location
	endpoint string // "" for AWS
	host     string // how messages name the server, as S3 at … or AWS S3 in …
	address  string // how messages name it where it may not be S3
	server   string // the scheme and the host that requests go to
	region   string
	conn     wharf.Connection
	auth     authKind
	// hidden are the values that no message and no log may hold.
	hidden   []string
	rotating []*rotating // their values likewise
}

// authKind is whose credentials sign a stage's requests.
type authKind uint8

const (
	authNone   authKind = iota // none: requests are not signed
	authStage                  // the keys of the stage
	authServer                 // the server's own
)

// Check tells whether Open could work for the stage, without asking the
// network: CodeInvalid for a definition that is wrong, CodeDenied for one
// that the server's settings do not allow.
func (b *Backend) Check(s wharf.Stage) error {
	_, err := b.target(s)
	return err
}

func (b *Backend) target(s wharf.Stage) (target, error) {
	loc, err := parseLocation(s.URL)
	if err != nil {
		return target{}, err
	}
	t := target{location: loc, conn: s.Connection, region: b.o.Region, endpoint: b.o.Endpoint}
	setIf(&t.region, s.Connection.Region)
	setIf(&t.endpoint, s.Connection.EndpointURL)
	if err := t.checkRegion(); err != nil {
		return target{}, err
	}
	t.host = "AWS S3 in " + t.region
	t.address = t.host
	if t.endpoint != "" {
		u, err := parseEndpoint(t.endpoint)
		if err != nil {
			return target{}, err
		}
		if err := b.reach.checkEndpoint(u); err != nil {
			return target{}, err
		}
		if err := b.o.checkSelf(u); err != nil {
			return target{}, err
		}
		t.endpoint, t.host, t.address = u.String(), "S3 at "+u.Host, "the server at "+u.Host
		if s.Connection.VirtualHostStyle {
			u.Host = t.bucket + "." + u.Host
		}
		t.server = serverName(u)
	}
	if t.auth, err = b.auth(s.Connection); err != nil {
		return target{}, err
	}
	for _, v := range []wharf.Secret{s.Connection.AccessKeyID, s.Connection.SecretAccessKey, s.Connection.SessionToken, s.Connection.ExternalID} {
		if !v.IsZero() {
			t.hidden = append(t.hidden, v.Reveal())
		}
	}
	return t, nil
}

func setIf(dst *string, v string) {
	if v != "" {
		*dst = v
	}
}

// checkRegion keeps out what would end up in the name of a host.
func (t *target) checkRegion() error {
	for i := range len(t.region) {
		if !bucketByte(t.region[i]) {
			return wharf.Errorf(wharf.CodeInvalid, "REGION is not the name of a region, which is written like eu-west-1")
		}
	}
	return nil
}

// auth decides whose credentials are used. The server's own go to no endpoint
// that a stage names: else a user who may create stages could send them to
// a machine of their own.
func (b *Backend) auth(c wharf.Connection) (authKind, error) {
	keys := !c.AccessKeyID.IsZero()
	switch {
	case keys == c.SecretAccessKey.IsZero():
		return 0, wharf.Errorf(wharf.CodeInvalid, "ACCESS_KEY_ID and SECRET_ACCESS_KEY go together: one of them is missing")
	case !keys && !c.SessionToken.IsZero():
		return 0, wharf.Errorf(wharf.CodeInvalid, "SESSION_TOKEN goes together with ACCESS_KEY_ID and SECRET_ACCESS_KEY, which are missing")
	case c.RoleARN == "" && !c.ExternalID.IsZero():
		return 0, wharf.Errorf(wharf.CodeInvalid, "EXTERNAL_ID goes together with ROLE_ARN, which is missing")
	case keys && c.RoleARN != "":
		return 0, wharf.Errorf(wharf.CodeInvalid, "give either ACCESS_KEY_ID and SECRET_ACCESS_KEY or ROLE_ARN, not both")
	case keys:
		return authStage, nil
	case c.RoleARN != "" && !b.o.ServerCredentials:
		return 0, wharf.Errorf(wharf.CodeDenied, "ROLE_ARN needs the server's own credentials, which the setting s3-server-credentials does not let stages use")
	case c.RoleARN != "" && c.EndpointURL != "":
		return 0, wharf.Errorf(wharf.CodeDenied, "ROLE_ARN cannot be combined with ENDPOINT_URL: the server's own credentials go to the server's own endpoint only")
	case c.EndpointURL != "" || !b.o.ServerCredentials:
		return authNone, nil
	}
	return authServer, nil
}
