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
	def, err := stageDefinition(st)
	if err != nil {
		return err
	}
	mode := wharf.CreateNew
	switch {
	case st.OrReplace && st.IfNotExists:
		return wharf.Errorf(wharf.CodeInvalid, "OR REPLACE and IF NOT EXISTS exclude each other; give one of them")
	case st.OrReplace:
		mode = wharf.CreateOrReplace
	case st.IfNotExists:
		mode = wharf.CreateIfNotExists
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

// stageDefinition validates everything that a CREATE STAGE says.
func stageDefinition(st *sql.CreateStage) (wharf.Stage, error) {
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
	if def.Connection, err = connection(st.Connection); err != nil {
		return wharf.Stage{}, err
	}
	if def.FileFormat, err = fileFormat(st.FileFormat); err != nil {
		return wharf.Stage{}, err
	}
	if def.CopyOpts, err = wharf.NewCopyOptions(options(st.CopyOptions)); err != nil {
		return wharf.Stage{}, err
	}
	if st.Comment != nil {
		def.Comment = *st.Comment
	}
	if n := utf8.RuneCountInString(def.Comment); n > maxComment {
		return wharf.Stage{}, wharf.Errorf(wharf.CodeInvalid, "COMMENT has %d characters; at most %d are allowed", n, maxComment)
	}
	return def, nil
}

// connection reads CONNECTION = (…). There are no named connections to refer
// to, so that any name is unknown.
func connection(opts []sql.Option) (wharf.Connection, error) {
	for _, o := range opts {
		if o.Name != "CONNECTION_NAME" {
			continue
		}
		if len(opts) > 1 {
			return wharf.Connection{}, wharf.Errorf(wharf.CodeInvalid, "CONNECTION: connection_name stands alone; take the other settings out")
		}
		return wharf.Connection{}, wharf.Errorf(wharf.CodeNotFound, "there is no connection of the name that connection_name gives")
	}
	return wharf.NewConnection(options(opts))
}

// fileFormat reads FILE_FORMAT = (…). There are no named formats but those
// that every server has.
func fileFormat(opts []sql.Option) ([]wharf.Option, error) {
	format, err := wharf.NewFileFormat(options(opts))
	if err != nil || len(format) == 0 {
		return format, err
	}
	if first := format[0]; first.Name == "FORMAT_NAME" && !wharf.BuiltinFormat(first.Value) {
		return nil, wharf.Errorf(wharf.CodeNotFound, "there is no file format %q", first.Value)
	}
	return format, nil
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
