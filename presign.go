package wharf

import (
	"context"
	"mime"
	"strings"
	"time"
)

// How long a presigned URL is valid.
const (
	defaultPresign = time.Hour
	minPresign     = time.Second
	MaxPresign     = 7 * 24 * time.Hour // the limit of S3's signatures
)

// maxContentType bounds a bound Content-Type, in bytes: what RFC 6838 allows
// for both halves of a type's name, and some parameters.
const maxContentType = 512

// PresignRequest is what a presigned URL is to allow.
type PresignRequest struct {
	Upload bool          // to store the file, else to read it
	Expire time.Duration // for how long; 0 is an hour
	// ContentType is the Content-Type that an upload must be sent with, or
	// that a download is answered with; "" leaves it open.
	ContentType string
}

// Presigned is a request that is allowed to every client that has its URL.
type Presigned struct {
	Method  string            // GET or PUT
	Headers map[string]string // what the request must send besides; may be nil
	URL     string
}

// Presigner is a [Store] that signs URLs of its own, which lead past this
// server; found by type assertion.
type Presigner interface {
	// Presign returns a URL for the object under key, which need not exist. o
	// is validated. Where there is nothing to sign with, it is CodeInvalid.
	Presign(ctx context.Context, key Key, o PresignRequest) (Presigned, error)
}

// Presign returns a URL that allows its bearer to read or store the one file
// that the location names, until it expires. Whether a file to be read is there
// shows when the URL is used, as with S3. A folder, a time that is not from 1
// second to 7 days, and a malformed content type are CodeInvalid; a stage on
// storage without presigned URLs is CodeUnsupported.
func (s *Service) Presign(ctx context.Context, p Principal, loc Location, o PresignRequest) (Presigned, error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return Presigned{}, err
	}
	if o.Expire == 0 {
		o.Expire = defaultPresign
	}
	if err := o.check(); err != nil {
		return Presigned{}, err
	}
	if loc.IsFolder() {
		return Presigned{}, Errorf(CodeInvalid, "PRESIGN is for one file, and %s is a stage or a folder; write the file's whole name", loc)
	}
	key, err := ParseKey(loc.Path)
	if err != nil {
		return Presigned{}, err
	}
	st, err := s.resolve(ctx, p, loc.Stage, o.privilege())
	if err != nil {
		return Presigned{}, err
	}
	if st.Internal() {
		return s.presignHere(ctx, p, *st, loc, o)
	}
	store, err := s.open(ctx, st)
	if err != nil {
		return Presigned{}, err
	}
	signer, ok := store.(Presigner)
	if !ok {
		return Presigned{}, Errorf(CodeUnsupported, "PRESIGN is for internal stages and for those on S3; the files of @%s are on %s://, which has no presigned URLs",
			loc.Stage, st.Scheme())
	}
	return signer.Presign(ctx, key, o)
}

// presignHere returns a URL of this server.
func (s *Service) presignHere(ctx context.Context, p Principal, st Stage, loc Location, o PresignRequest) (Presigned, error) {
	if s.signer == nil {
		return Presigned{}, Errorf(CodeUnsupported, "this server signs no URLs")
	}
	return s.signer.SignURL(ctx, Grant{
		User: p.Subject(), Stage: st.ID, Name: loc.Stage, Key: Key(loc.Path),
		Upload: o.Upload, ContentType: o.ContentType,
		// Up to the next whole second, so that none is cut off.
		Expires: s.now().Add(o.Expire + time.Second - 1).UTC().Truncate(time.Second),
	})
}

// privilege is what the signer needs on the stage.
func (o PresignRequest) privilege() Privileges {
	if o.Upload {
		return PrivilegeWrite
	}
	return PrivilegeRead
}

func (o PresignRequest) check() error {
	if o.Expire < minPresign || o.Expire > MaxPresign {
		return Errorf(CodeInvalid, "EXPIRE is out of range; it takes %d to %d seconds (7 days)",
			minPresign/time.Second, MaxPresign/time.Second)
	}
	if o.ContentType == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(o.ContentType)
	if err != nil || !strings.Contains(kind, "/") || len(o.ContentType) > maxContentType || !isPlain(o.ContentType) ||
		strings.TrimSpace(o.ContentType) != o.ContentType {
		return Errorf(CodeInvalid, "CONTENT_TYPE is not a media type; it is written like 'text/csv' or 'text/csv; charset=utf-8'")
	}
	return nil
}

// Grant is the right to one file of an internal stage that a presigned URL of
// this server carries: everything that its signature binds.
type Grant struct {
	User        string    // in whose name: the signer's [Principal.Subject]
	Stage       StageID   // the stage, whatever its name is or will be
	Name        StageName // as the URL writes it
	Key         Key
	Upload      bool      // the file may be stored, else read
	ContentType string    // the upload must say it, the download is answered with it; "" is any
	Expires     time.Time // whole seconds; from then on the grant is void
}

// Bearer returns who a request with the grant acts for: its signer, with all roles
// that are granted to it now, limited to the grant's stage. A signer who was
// dropped is [CodeDenied]. What the signer may do now is looked at when the file is
// read or stored.
func (s *Service) Bearer(ctx context.Context, g Grant) (Principal, error) {
	if g.User == Root.User {
		return Principal{User: Root.User, Only: g.Stage}, nil
	}
	id, err := ParseUserID(g.User)
	if err == nil && s.users != nil {
		users, err := s.users.Users(ctx)
		if err != nil {
			return Principal{}, err
		}
		if u, ok := users.ByID(id); ok {
			return Principal{User: u.User, Host: u.Host, ID: id, AllRoles: true, Only: g.Stage}, nil
		}
	}
	return Principal{}, Errorf(CodeDenied, "the presigned URL is void: the user who made it was dropped")
}

// Method is the HTTP method that the grant is for. HEAD goes with GET.
func (g Grant) Method() string {
	if g.Upload {
		return "PUT"
	}
	return "GET"
}

// URLSigner makes URLs of this server that carry their own permission. It is
// safe for concurrent use.
type URLSigner interface {
	// SignURL returns the URL of the grant's file and what a request to it must
	// be like.
	SignURL(ctx context.Context, g Grant) (Presigned, error)
}

// SigningKey is a key that signs grants. It does not change once it is made.
type SigningKey struct {
	ID        string
	Secret    Secret
	CreatedOn time.Time // UTC
}

// SigningKeys keeps the keys that sign grants, so that a URL outlives the
// process that signed it. It is safe for concurrent use, also by several
// servers; its methods are transactions as those of a [Catalog] are, and have
// their codes.
type SigningKeys interface {
	// SigningKeys returns the keys, the newest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)

	// UpdateSigningKeys replaces the keys by what change makes of them, and
	// returns them as they are afterwards, both times the newest first. change
	// may be called more than once; it does nothing but compute. Two keys with
	// one ID, and a key without ID or secret, are CodeInternal.
	UpdateSigningKeys(ctx context.Context, change func([]SigningKey) []SigningKey) ([]SigningKey, error)
}
