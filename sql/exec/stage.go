package exec

import (
	"context"

	"wharf"
	"wharf/sql"
)

func (s *Session) createStage(ctx context.Context, st *sql.CreateStage) error {
	def, err := s.stageDefinition(ctx, st)
	if err != nil {
		return err
	}
	created, err := s.executor.service.CreateStage(ctx, s.client.Principal, def, st.Mode)
	if err != nil {
		return err
	}
	if !created {
		s.warn("Note", warnExists, "Stage '%s' already exists", def.Name)
	}
	return nil
}

// stageDefinition validates everything that a CREATE STAGE says.
func (s *Session) stageDefinition(ctx context.Context, st *sql.CreateStage) (wharf.Stage, error) {
	name, err := wharf.ParseStageName(st.Name)
	if err != nil {
		return wharf.Stage{}, err
	}
	switch {
	case st.URL != nil && *st.URL == "":
		return wharf.Stage{}, wharf.Errorf(wharf.CodeInvalid, "URL is empty; leave it out for an internal stage")
	case st.URL == nil && len(st.Connection) > 0:
		return wharf.Stage{}, wharf.Errorf(wharf.CodeInvalid, "CONNECTION needs a URL beside it: an internal stage has none")
	}
	c, err := s.stageSet(ctx, &st.StageSettings)
	return c.Apply(wharf.Stage{Name: name}), err
}

func (s *Session) dropStage(ctx context.Context, st *sql.DropStage) error {
	name, err := wharf.ParseStageName(st.Name)
	if err != nil {
		return err
	}
	dropped, err := s.executor.service.DropStage(ctx, s.client.Principal, name, st.IfExists)
	if err != nil {
		return err
	}
	if !dropped {
		s.warn("Note", warnNoSuchTable, "Unknown stage '%s'", name)
	}
	return nil
}

// alterStage is ALTER STAGE.
func (s *Session) alterStage(ctx context.Context, st *sql.AlterStage) error {
	name, err := wharf.ParseStageName(st.Name)
	if err != nil {
		return err
	}
	var found bool
	if st.RenameTo != "" {
		found, err = s.renameStage(ctx, name, st)
	} else {
		found, err = s.changeStage(ctx, name, st)
	}
	if err == nil && !found {
		s.warn("Note", warnNoSuchTable, "Unknown stage '%s'", name)
	}
	return err
}

func (s *Session) renameStage(ctx context.Context, name wharf.StageName, st *sql.AlterStage) (bool, error) {
	to, err := wharf.ParseStageName(st.RenameTo)
	if err != nil {
		return false, err
	}
	return s.executor.service.RenameStage(ctx, s.client.Principal, name, to, st.IfExists)
}

func (s *Session) changeStage(ctx context.Context, name wharf.StageName, st *sql.AlterStage) (bool, error) {
	change := stageUnset(st.Unset)
	if st.Set != nil {
		var err error
		if change, err = s.stageSet(ctx, st.Set); err != nil {
			return false, err
		}
	}
	return s.executor.service.AlterStage(ctx, s.client.Principal, name, change, st.IfExists)
}

// stageUnset is the change that UNSET means; the parser knows the clauses.
func stageUnset(clauses []string) wharf.StageChange {
	var c wharf.StageChange
	for _, clause := range clauses {
		switch clause {
		case "FILE_FORMAT":
			c.FileFormat = new(wharf.FileFormat)
		case "COPY_OPTIONS":
			c.CopyOptions = new(wharf.CopyOptions)
		case "COMMENT":
			c.Comment = new(string)
		case "MAX_FILES":
			c.MaxFiles = new(int64)
		case "MAX_BYTES":
			c.MaxBytes = new(int64)
		}
	}
	return c
}

// stageSet validates the clauses of CREATE and of SET.
func (s *Session) stageSet(ctx context.Context, set *sql.StageSettings) (wharf.StageChange, error) {
	c := wharf.StageChange{URL: set.URL, Comment: set.Comment, MaxFiles: set.MaxFiles, MaxBytes: set.MaxBytes}
	if set.Connection != nil {
		conn, err := s.executor.service.ReadConnection(ctx, s.client.Principal, set.Connection)
		if err != nil {
			return c, err
		}
		c.Connection = &conn
	}
	if set.FileFormat != nil {
		format, err := wharf.ParseFileFormat(set.FileFormat)
		if err != nil {
			return c, err
		}
		c.FileFormat = &format
	}
	if set.CopyOptions != nil {
		opts, err := wharf.ParseCopyOptions(set.CopyOptions)
		if err != nil {
			return c, err
		}
		c.CopyOptions = &opts
	}
	return c, nil
}
