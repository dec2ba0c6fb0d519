package wharf

import (
	"context"
	"time"
)

// Grant is the right to one file of an internal stage that a presigned URL of
// this server carries: everything that its signature binds.
type Grant struct {
	User        string    // in whose name, the signer's
	Stage       StageID   // the stage, whatever its name is or will be
	Name        StageName // as the URL writes it
	Key         Key
	Upload      bool      // the file may be stored, else read
	ContentType string    // the upload must say it, the download is answered with it; "" is any
	Expires     time.Time // whole seconds; from then on the grant is void
}

// Principal is who comes with the grant: its signer, who then reaches the
// stage of the grant and no other.
func (g Grant) Principal() Principal { return Principal{User: g.User, Only: g.Stage} }

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
	// SignURL gives the URL of the grant's file and what a request to it must
	// be like.
	SignURL(ctx context.Context, g Grant) (Presigned, error)
}

// SigningKey is a key that signs grants. Nobody changes it once it is made.
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
