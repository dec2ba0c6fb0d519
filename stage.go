package wharf

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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
	Owner       UserID    // of a user or role
	Granted     []Granted // each user or role at most once
	// Unapproved is whether a user without SUPER set URL or Connection: such a
	// stage never uses what is the server's own.
	Unapproved bool
	// ConnectionBy is the user who set Connection, if that is a copy of a named
	// connection.
	ConnectionBy UserID
	// Quota is what the stage may hold, if it is internal: 0 is as the server's
	// settings say. QuotaFixed is whether a user with SUPER set it.
	Quota      Quota
	QuotaFixed bool
	// Withdrawn is whether ConnectionBy could not use the named connection when that
	// was dropped or replaced: the copy is not used again.
	Withdrawn bool
	// Revision grows by one with each change of the definition: a cache of
	// something made from a stage compares ID and Revision.
	Revision uint64
}

// Internal reports whether the stage's files are on the server's own disk.
func (s *Stage) Internal() bool { return s.URL == "" }

// Scheme returns the scheme of an external stage's URL in lower case, such as
// "s3", and "" for an internal stage.
func (s *Stage) Scheme() string {
	scheme, _, _ := strings.Cut(s.URL, "://")
	return strings.ToLower(scheme)
}

// Connection says how to reach the storage behind an external stage. An
// empty field means the server's default.
type Connection struct {
	// Name, in a stage, is that of the named connection that it is a copy of.
	Name             ConnectionName
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
	s.Granted = slices.Clone(s.Granted)
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

// CreateStage makes a stage from def, whose ID, Creator and CreatedOn it
// fills. It reports whether the stage was made; only CreateIfNotExists leaves
// an existing one and returns false. A reserved name, or a URL or connection
// that cannot work, is CodeInvalid, CodeDenied or CodeUnsupported, a taken name CodeExists, an
// unknown file format CodeNotFound.
func (s *Service) CreateStage(ctx context.Context, p Principal, def Stage, mode CreateMode) (bool, error) {
	a, err := s.mayCreate(ctx, p, "stage")
	if err != nil {
		return false, err
	}
	if def.Name == UserStage {
		return false, Errorf(CodeInvalid, "@~ is every user's own stage; it is not created")
	}
	if err := checkReserved(def.Name); err != nil {
		return false, err
	}
	def.ID = NewStageID()
	def.Creator, def.Owner, def.Granted = p.User, p.ID, nil
	def.CreatedOn = s.now().UTC()
	def.Revision = 1
	if err := checkComment(def.Comment); err != nil {
		return false, err
	}
	def.Unapproved = !def.Internal() && !a.IsSuper()
	def.ConnectionBy = p.ID
	if def.QuotaFixed, err = s.mayLimit(a, def); err != nil {
		return false, err
	}
	// Before the opener, whose answer tells which folders may hold stages.
	if err := s.maySetServersOwn(a, def); err != nil {
		return false, err
	}
	if err := s.opener.Check(def); err != nil {
		return false, err
	}
	if def.FileFormat, err = s.copiedFormat(ctx, def.FileFormat); err != nil {
		return false, err
	}
	_, created, err := s.catalog.CreateStage(ctx, def, mode, replaceStage(a))
	if err == nil && mode == CreateOrReplace {
		s.kickSweep()
	}
	return created, err
}

// maxComment is the longest comment of a stage, in characters, as for MySQL's
// tables.
const maxComment = 2048

func checkComment(comment string) error {
	if n := utf8.RuneCountInString(comment); n > maxComment {
		return Errorf(CodeInvalid, "COMMENT has %d characters; at most %d are allowed", n, maxComment)
	}
	return nil
}

// DropStage removes a stage. The files of an internal stage are gone for every
// reader at once, and are removed from the disk in the background; the files of
// an external stage stay where they are. With ifExists, it reports whether there
// was one; without, an unknown name is CodeNotFound.
func (s *Service) DropStage(ctx context.Context, p Principal, name StageName, ifExists bool) (bool, error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return false, err
	}
	if name == UserStage {
		return false, Errorf(CodeInvalid, "@~ is every user's own stage; it is not dropped. REMOVE @~/ empties it")
	}
	_, err = s.catalog.DropStage(ctx, name, ownStage(a))
	if err == nil {
		s.kickSweep()
	}
	return existed(err, ifExists)
}

// Stage returns the definition of a stage, to those who have any privilege on it.
func (s *Service) Stage(ctx context.Context, p Principal, name StageName) (Stage, error) {
	return s.StageFor(ctx, p, name, 0)
}

// StageFor returns the definition of a stage to those who have these privileges on
// it: what costs much to begin asks it before.
func (s *Service) StageFor(ctx context.Context, p Principal, name StageName, need Privileges) (Stage, error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return Stage{}, err
	}
	st, err := s.resolve(ctx, p, name, need)
	if err != nil {
		return Stage{}, err
	}
	return st.Clone(), nil
}

// Stages streams the definitions of all named stages that p has a privilege on, in
// byte order of name. The users' own stages are not among them.
func (s *Service) Stages(ctx context.Context, p Principal) (iter.Seq2[Stage, error], error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return nil, err
	}
	all := paged(ctx, s.catalog.Stages, func(st Stage) StageName { return st.Name })
	return func(yield func(Stage, error) bool) {
		for st, err := range all {
			shown := !st.Name.IsOwn() && a.Stage(st) != 0
			if (err != nil || shown) && !yield(st, err) {
				return
			}
		}
	}, nil
}

// StageChange is what a change of a stage sets; nil fields stay as they are.
// Unsetting is setting to nothing.
type StageChange struct {
	URL         *string
	Connection  *Connection
	FileFormat  *FileFormat
	CopyOptions *CopyOptions
	Comment     *string
	MaxFiles    *int64
	MaxBytes    *int64
}

// AlterStage changes the definition of a stage. A stage stays internal or
// external as it was made: else is CodeInvalid. A URL or connection that uses what
// is the server's own is CodeDenied without SUPER. The result must be one that
// could be created; if it is not, nothing is changed. With ifExists, it reports
// whether there is such a stage; without, an unknown name is CodeNotFound.
func (s *Service) AlterStage(ctx context.Context, p Principal, name StageName, c StageChange, ifExists bool) (bool, error) {
	a, err := s.authorizeAlter(ctx, p, name)
	if err != nil {
		return false, err
	}
	if c.FileFormat != nil {
		format, err := s.copiedFormat(ctx, *c.FileFormat)
		if err != nil {
			return false, err
		}
		c.FileFormat = &format
	}
	if c.Comment != nil {
		if err := checkComment(*c.Comment); err != nil {
			return false, err
		}
	}
	mayMove := func(Stage) error { return nil }
	if c.URL != nil && c.Connection == nil {
		if mayMove, err = s.mayMove(ctx, a, name); err != nil {
			return false, err
		}
	}
	_, err = s.catalog.UpdateStage(ctx, name, func(st Stage) (Stage, error) {
		for _, check := range []func(Stage) error{ownStage(a), c.check, mayMove} {
			if err := check(st); err != nil {
				return st, err
			}
		}
		if c.Connection != nil {
			st.ConnectionBy, st.Withdrawn = p.ID, false
		}
		fixed := st.QuotaFixed
		st = c.Apply(st)
		if c.MaxFiles != nil || c.MaxBytes != nil {
			if fixed && !a.IsSuper() {
				return st, Errorf(CodeDenied, "a user with SUPER set the quota of the stage %q; only such a user can change it", name)
			}
			var err error
			if st.QuotaFixed, err = s.mayLimit(a, st); err != nil {
				return st, err
			}
		}
		if c.URL != nil || c.Connection != nil {
			st.Unapproved = !a.IsSuper()
			if err := s.maySetServersOwn(a, st); err != nil {
				return st, err
			}
		}
		return st, s.opener.Check(st)
	})
	return existed(err, ifExists)
}

// RenameStage renames a stage. Its files, and uploads in flight, go with it. A
// taken name is CodeExists, a reserved one CodeInvalid. With ifExists, it reports whether there is such a
// stage; without, an unknown name is CodeNotFound.
func (s *Service) RenameStage(ctx context.Context, p Principal, from, to StageName, ifExists bool) (bool, error) {
	a, err := s.authorizeAlter(ctx, p, from)
	if err != nil {
		return false, err
	}
	if to == UserStage {
		return false, Errorf(CodeInvalid, "@~ is every user's own stage; no other stage takes its name")
	}
	if err := checkReserved(to); err != nil {
		return false, err
	}
	_, err = s.catalog.RenameStage(ctx, from, to, ownStage(a))
	return existed(err, ifExists)
}

func (s *Service) authorizeAlter(ctx context.Context, p Principal, name StageName) (Access, error) {
	if name == UserStage {
		return Access{}, Errorf(CodeInvalid, "@~ is every user's own stage; it is not altered")
	}
	return s.authorize(ctx, p)
}

// existed reads the error of what was done to something that may be missing.
func existed(err error, ifExists bool) (bool, error) {
	if ifExists && CodeOf(err) == CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// check refuses what would change the kind of a stage.
func (c StageChange) check(s Stage) error {
	switch {
	case c.URL != nil && s.Internal():
		return Errorf(CodeInvalid, "the stage %q is internal and cannot get a URL; create another stage for it, and COPY FILES", s.Name)
	case c.Connection != nil && s.Internal():
		return Errorf(CodeInvalid, "the stage %q is internal and takes no CONNECTION", s.Name)
	case c.URL != nil && *c.URL == "":
		return Errorf(CodeInvalid, "URL is empty; the stage %q is external and cannot become internal", s.Name)
	}
	return nil
}

// Apply returns the definition as it is after the change.
func (c StageChange) Apply(s Stage) Stage {
	set(&s.URL, c.URL)
	set(&s.Connection, c.Connection)
	set(&s.FileFormat, c.FileFormat)
	set(&s.CopyOptions, c.CopyOptions)
	set(&s.Comment, c.Comment)
	set(&s.Quota.Files, c.MaxFiles)
	set(&s.Quota.Bytes, c.MaxBytes)
	return s
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
