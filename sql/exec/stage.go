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
