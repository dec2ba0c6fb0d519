package enginetest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"wharf"
	"wharf/sql"
)

// unloaded is what a query gives, as a Parquet file that the engine wrote.
func unloaded(t *testing.T, ask asker, name, text string) sql.Source {
	t.Helper()
	format := wharf.FileFormat{Type: wharf.Parquet}
	made, err := ask.engine.(sql.Unloader).Unload(t.Context(), sql.Unload{Request: ask.request(t, text, nil), Format: format})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	if len(made.Files) != 1 {
		t.Fatalf("%s has %d files", name, len(made.Files))
	}
	r, err := made.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil || int64(len(content)) != made.Files[0].Size {
		t.Fatalf("%s has %d bytes of %d, %v", name, len(content), made.Files[0].Size, err)
	}
	f := file{bytes.NewReader(content), wharf.Object{Key: wharf.Key(name + ".parquet"), Size: int64(len(content))}}
	return sql.Source{Name: "@files/" + string(f.object.Key), Files: &sql.FileSet{Format: format, Files: []sql.File{{
		Key: f.object.Key, Size: f.object.Size, Version: "1",
		Open:  func(context.Context) (wharf.File, error) { return f, nil },
		Local: func(context.Context) (wharf.LocalFile, error) { return nil, nil },
	}}}}
}

// file is a file in memory.
type file struct {
	content *bytes.Reader
	object  wharf.Object
}

func (f file) Object() wharf.Object { return f.object }
func (f file) Close() error         { return nil }

func (f file) Range(_ context.Context, from, n int64) (io.ReadCloser, error) {
	if n < 0 {
		n = f.object.Size - from
	}
	return io.NopCloser(io.NewSectionReader(f.content, from, n)), nil
}
