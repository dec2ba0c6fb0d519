package wharf

import "context"

// StageChange is what a change of a stage sets; nil fields stay as they are.
// Unsetting is setting to nothing.
type StageChange struct {
	URL        *string
	Connection *Connection
	FileFormat *[]Option // by [NewFileFormat]
	CopyOpts   *[]Option // by [NewCopyOptions]
	Comment    *string
}

// AlterStage changes the definition of a stage. A stage stays internal or
// external as it was made: else is CodeInvalid. The result must be one that
// could be created; if it is not, nothing is changed. With ifExists, it tells
// whether there is such a stage; without, an unknown name is CodeNotFound.
func (s *Service) AlterStage(ctx context.Context, p Principal, name StageName, c StageChange, ifExists bool) (bool, error) {
	if err := authorizeAlter(p, name); err != nil {
		return false, err
	}
	if c.FileFormat != nil {
		if err := s.checkFormat(ctx, *c.FileFormat); err != nil {
			return false, err
		}
	}
	_, err := s.catalog.UpdateStage(ctx, name, func(st Stage) (Stage, error) {
		st, err := c.apply(st)
		if err == nil {
			err = s.opener.Check(st)
		}
		return st, err
	})
	return existed(err, ifExists)
}

// RenameStage gives a stage another name. Its files, and uploads under way,
// go with it. A taken name is CodeExists. With ifExists, it tells whether
// there is such a stage; without, an unknown name is CodeNotFound.
func (s *Service) RenameStage(ctx context.Context, p Principal, from, to StageName, ifExists bool) (bool, error) {
	if err := authorizeAlter(p, from); err != nil {
		return false, err
	}
	if to == UserStage {
		return false, Errorf(CodeInvalid, "@~ is every user's own stage; no other stage takes its name")
	}
	_, err := s.catalog.RenameStage(ctx, from, to)
	return existed(err, ifExists)
}

func authorizeAlter(p Principal, name StageName) error {
	if name == UserStage {
		return Errorf(CodeInvalid, "@~ is every user's own stage; it is not altered")
	}
	return authorize(p)
}

// existed reads the error of what was done to something that may be missing.
func existed(err error, ifExists bool) (bool, error) {
	if ifExists && CodeOf(err) == CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// apply gives the definition as it is after the change.
func (c StageChange) apply(s Stage) (Stage, error) {
	switch {
	case c.URL != nil && s.Internal():
		return s, Errorf(CodeInvalid, "the stage %q is internal and cannot get a URL; create another stage for it, and COPY FILES", s.Name)
	case c.Connection != nil && s.Internal():
		return s, Errorf(CodeInvalid, "the stage %q is internal and takes no CONNECTION", s.Name)
	case c.URL != nil && *c.URL == "":
		return s, Errorf(CodeInvalid, "URL is empty; the stage %q is external and cannot become internal", s.Name)
	}
	set(&s.URL, c.URL)
	set(&s.Connection, c.Connection)
	set(&s.FileFormat, c.FileFormat)
	set(&s.CopyOpts, c.CopyOpts)
	set(&s.Comment, c.Comment)
	return s, nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
