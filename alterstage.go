package wharf

import "context"

// StageChange is what a change of a stage sets; nil fields stay as they are.
// Unsetting is setting to nothing.
type StageChange struct {
	URL         *string
	Connection  *Connection
	FileFormat  *FileFormat
	CopyOptions *CopyOptions
	Comment     *string
}

// AlterStage changes the definition of a stage. A stage stays internal or
// external as it was made: else is CodeInvalid. The result must be one that
// could be created; if it is not, nothing is changed. With ifExists, it reports
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
	if c.Comment != nil {
		if err := checkComment(*c.Comment); err != nil {
			return false, err
		}
	}
	_, err := s.catalog.UpdateStage(ctx, name, func(st Stage) (Stage, error) {
		if err := c.check(st); err != nil {
			return st, err
		}
		st = c.Apply(st)
		return st, s.opener.Check(st)
	})
	return existed(err, ifExists)
}

// RenameStage renames a stage. Its files, and uploads in flight, go with it. A
// taken name is CodeExists. With ifExists, it reports whether there is such a
// stage; without, an unknown name is CodeNotFound.
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
	return s
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
