package exec

import (
	"context"

	"wharf"
	"wharf/sql"
)

func (s *Session) createFileFormat(ctx context.Context, st *sql.CreateFileFormat) error {
	name, err := wharf.ParseFormatName(st.Name)
	if err != nil {
		return err
	}
	format, err := wharf.ParseNamedFormat(st.Options)
	if err != nil {
		return err
	}
	def := wharf.NamedFormat{Name: name, Format: format}
	created, err := s.executor.service.CreateFileFormat(ctx, s.client.Principal, def, st.Mode)
	if err == nil && !created {
		s.warn("Note", warnExists, "File format '%s' already exists", name)
	}
	return err
}

func (s *Session) dropFileFormat(ctx context.Context, st *sql.DropFileFormat) error {
	name, err := wharf.ParseFormatName(st.Name)
	if err != nil {
		return err
	}
	dropped, err := s.executor.service.DropFileFormat(ctx, s.client.Principal, name, st.IfExists)
	if err == nil && !dropped {
		s.warn("Note", warnNoSuchTable, "Unknown file format '%s'", name)
	}
	return err
}

// formatColumns are Databend's.
func formatColumns() []wharf.Column {
	return []wharf.Column{text("name"), text("format_options")}
}

func formatRow(f wharf.NamedFormat) []wharf.Value {
	return texts(string(f.Name), sql.OptionsText(f.Format.Options()))
}

func (s *Session) descFileFormat(st *sql.DescFileFormat) plan {
	return s.answer(formatColumns(), func(ctx context.Context) ([][]wharf.Value, error) {
		name, err := wharf.ParseFormatName(st.Name)
		if err != nil {
			return nil, err
		}
		f, err := s.executor.service.FileFormat(ctx, s.client.Principal, name)
		if err != nil {
			return nil, err
		}
		return [][]wharf.Value{formatRow(f)}, nil
	})
}

func (s *Session) showFileFormats(st *sql.ShowFileFormats) plan {
	return definitions(formatColumns(), s.executor.service.FileFormats, s, st.Like, withoutContext(formatRow))
}
