package wharf

import (
	"strings"
	"time"
)

// Stage is the definition of a stage, as the catalog holds it.
type Stage struct {
	ID          StageID
	Name        StageName
	URL         string     // "" for an internal stage, else scheme://…/ with its final '/'
	Connection  Connection // how to reach URL; zero for an internal stage
	FileFormat  FileFormat
	CopyOptions CopyOptions
	Comment     string
	Creator     string
	CreatedOn   time.Time // UTC
	// Revision grows by one with each change of the definition: a cache of
	// something made from a stage compares ID and Revision.
	Revision uint64
}

// Internal reports whether the stage's files are on the server's own disk.
func (s Stage) Internal() bool { return s.URL == "" }

// Scheme returns the scheme of an external stage's URL in lower case, such as
// "s3", and "" for an internal stage.
func (s Stage) Scheme() string {
	scheme, _, _ := strings.Cut(s.URL, "://")
	return strings.ToLower(scheme)
}

// Connection says how to reach the storage behind an external stage. An
// empty field means the server's default.
type Connection struct {
	EndpointURL      string
	Region           string
	AccessKeyID      Secret
	SecretAccessKey  Secret
	SessionToken     Secret
	VirtualHostStyle bool
	RoleARN          string
	ExternalID       Secret
}

// Clone returns a copy that shares nothing that can be changed.
func (s Stage) Clone() Stage {
	s.FileFormat = s.FileFormat.Clone()
	return s
}

// HasCredentials reports whether the connection carries keys or a role.
func (c Connection) HasCredentials() bool {
	return !c.AccessKeyID.IsZero() || c.RoleARN != ""
}

// HopHeader is in every request that a Wharf server sends to the storage of a
// stage. A Wharf server refuses a request with it, so that a stage that points
// at a Wharf server cannot have servers call each other for ever.
const HopHeader = "Wharf-Hop"
