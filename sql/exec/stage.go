package exec

import (
	"context"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// maxComment is the longest comment of a stage, in characters, as for MySQL's
// tables.
const maxComment = 2048

func (s *Session) createStage(ctx context.Context, st *sql.CreateStage) error {
	def, err := s.stageDefinition(ctx, st)
	if err != nil {
		return err
	}
	mode, err := createMode(st.OrReplace, st.IfNotExists)
	if err != nil {
		return err
	}
	created, err := s.executor.service.CreateStage(ctx, s.client.Principal, def, mode)
	if err != nil {
		return err
	}
	if !created {
		s.warn("Note", warnExists, "Stage '%s' already exists", def.Name)
	}
	return nil
}

// createMode is what CREATE [OR REPLACE] … [IF NOT EXISTS] asks for.
func createMode(orReplace, ifNotExists bool) (wharf.CreateMode, error) {
	switch {
	case orReplace && ifNotExists:
		return 0, wharf.Errorf(wharf.CodeInvalid, "OR REPLACE and IF NOT EXISTS exclude each other; give one of them")
	case orReplace:
		return wharf.CreateOrReplace, nil
	case ifNotExists:
		return wharf.CreateIfNotExists, nil
	}
	return wharf.CreateNew, nil
}

// stageDefinition validates everything that a CREATE STAGE says.
func (s *Session) stageDefinition(ctx context.Context, st *sql.CreateStage) (wharf.Stage, error) {
	name, err := wharf.ParseStageName(st.Name)
	if err != nil {
		return wharf.Stage{}, err
	}
	def := wharf.Stage{Name: name}
	if st.URL != nil {
		if *st.URL == "" {
			return wharf.Stage{}, wharf.Errorf(wharf.CodeInvalid, "URL is empty; leave it out for an internal stage")
		}
		def.URL = *st.URL
	} else if len(st.Connection) > 0 {
		return wharf.Stage{}, wharf.Errorf(wharf.CodeInvalid, "CONNECTION needs a URL beside it: an internal stage has none")
	}
	if def.Connection, err = s.connection(ctx, st.Connection); err != nil {
		return wharf.Stage{}, err
	}
	if def.FileFormat, err = wharf.NewFileFormat(options(st.FileFormat)); err != nil {
		return wharf.Stage{}, err
	}
	if def.CopyOpts, err = wharf.NewCopyOptions(options(st.CopyOptions)); err != nil {
		return wharf.Stage{}, err
	}
	if st.Comment != nil {
		def.Comment = *st.Comment
	}
	return def, checkComment(def.Comment)
}

func checkComment(comment string) error {
	if n := utf8.RuneCountInString(comment); n > maxComment {
		return wharf.Errorf(wharf.CodeInvalid, "COMMENT has %d characters; at most %d are allowed", n, maxComment)
	}
	return nil
}

func options(opts []sql.Option) []wharf.Option {
	kinds := [...]wharf.OptionKind{
		sql.Word: wharf.OptionWord, sql.Number: wharf.OptionNumber, sql.String: wharf.OptionString, sql.List: wharf.OptionList,
	}
	out := make([]wharf.Option, len(opts))
	for i, o := range opts {
		out[i] = wharf.Option{Name: o.Name, Kind: kinds[o.Value.Kind], Value: o.Value.Text, List: o.Value.List}
	}
	return out
}

// statementOptions is the way back, for SHOW CREATE STAGE.
func statementOptions(opts []wharf.Option) []sql.Option {
	if len(opts) == 0 {
		return nil
	}
	kinds := [...]sql.OptionKind{
		wharf.OptionWord: sql.Word, wharf.OptionNumber: sql.Number, wharf.OptionString: sql.String, wharf.OptionList: sql.List,
	}
	out := make([]sql.Option, len(opts))
	for i, o := range opts {
		out[i] = sql.Option{Name: o.Name, Value: sql.OptionValue{Kind: kinds[o.Kind], Text: o.Value, List: o.List}}
	}
	return out
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
