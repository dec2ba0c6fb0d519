package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"wharf"
	"wharf/sql"
)

// defaultMaxFileSize is how large a file of COPY INTO becomes before another is
// begun, in bytes: Databend's.
const defaultMaxFileSize = 64 << 20

// planUnload plans COPY INTO @location.
func (s *Session) planUnload(st *sql.CopyInto) (plan, error) {
	engine, ok := s.executor.files.(sql.Unloader)
	if !ok {
		return plan{}, noFileEngine()
	}
	loc, err := wharf.ParseLocation(string(st.To))
	if err != nil {
		return plan{}, err
	}
	options, err := wharf.ParseCopyOptions(st.Options)
	if err != nil {
		return plan{}, err
	}
	u := &unload{s: s, engine: engine, st: st, to: loc, options: options}
	if err := u.check(); err != nil {
		return plan{}, err
	}
	return plan{columns: u.columns(), timed: true, run: func(ctx context.Context) (Result, error) {
		rows, err := u.run(ctx)
		if err != nil {
			return Result{}, err
		}
		return Result{Rows: &wharf.Rows{Columns: u.columns(), All: each(rows)}}, nil
	}}, nil
}

// unload is one COPY INTO.
type unload struct {
	s       *Session
	engine  sql.Unloader
	st      *sql.CopyInto
	to      wharf.Location
	options wharf.CopyOptions
}

// check refuses options that are for reading files, and those that do not go
// together.
func (u *unload) check() error {
	o := u.options
	for _, given := range o.Options() {
		switch given.Name {
		case "SINGLE", "MAX_FILE_SIZE", "OVERWRITE", "INCLUDE_QUERY_ID", "USE_RAW_PATH", "DETAILED_OUTPUT":
		default:
			return wharf.Errorf(wharf.CodeInvalid, "COPY INTO a location has no option %s; its options are SINGLE, MAX_FILE_SIZE, OVERWRITE, INCLUDE_QUERY_ID, USE_RAW_PATH and DETAILED_OUTPUT", given.Name)
		}
	}
	if o.UseRawPath.Value && (!o.Single.Value || o.IncludeQueryID.Or(false)) {
		return wharf.Errorf(wharf.CodeInvalid, "USE_RAW_PATH = TRUE needs SINGLE = TRUE and no INCLUDE_QUERY_ID = TRUE: the location is the file's whole name")
	}
	if o.UseRawPath.Value && (u.to.Path == "" || strings.HasSuffix(u.to.Path, "/")) {
		return wharf.Errorf(wharf.CodeInvalid, "USE_RAW_PATH = TRUE needs the name of a file in the location, such as @stage/out.csv")
	}
	return nil
}

func (u *unload) columns() []wharf.Column {
	if u.options.DetailedOutput.Value {
		return []wharf.Column{text("file_name"), {Name: "file_size", Type: wharf.TypeUint}, {Name: "row_count", Type: wharf.TypeUint}}
	}
	return []wharf.Column{
		{Name: "rows_unloaded", Type: wharf.TypeUint}, {Name: "input_bytes", Type: wharf.TypeUint}, {Name: "output_bytes", Type: wharf.TypeUint},
	}
}

// run writes the files and uploads them.
func (u *unload) run(ctx context.Context) ([][]wharf.Value, error) {
	format, err := u.format(ctx)
	if err != nil {
		return nil, err
	}
	query, err := u.s.inferred(ctx, u.s.request(u.st.Query, nil))
	if err != nil {
		return nil, err
	}
	request := sql.Unload{Request: query, Format: format, RowsOfEach: u.options.DetailedOutput.Value}
	if !u.options.Single.Value {
		request.MaxFileSize = u.options.MaxFileSize.Or(defaultMaxFileSize)
	}
	made, err := u.engine.Unload(ctx, request)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	keys, err := u.keys(made.Files)
	if err != nil {
		return nil, err
	}
	if err := u.upload(ctx, keys, made.Files); err != nil {
		return nil, err
	}
	u.s.changed = u.s.inTransaction || !u.s.autocommit
	return u.rows(made, keys), nil
}

// format is the statement's, else the stage's, else Parquet. It checks, before the
// query runs, that the user may write to the stage.
func (u *unload) format(ctx context.Context) (wharf.FileFormat, error) {
	stage, err := u.s.executor.service.StageFor(ctx, u.s.client.Principal, u.to.Stage, wharf.PrivilegeWrite)
	if err != nil {
		return wharf.FileFormat{}, err
	}
	format := stage.FileFormat
	if len(u.st.FileFormat) > 0 {
		if format, err = wharf.ParseFileFormat(u.st.FileFormat); err != nil {
			return wharf.FileFormat{}, err
		}
	}
	if format.FormatName != "" {
		named, err := u.s.executor.service.FileFormat(ctx, u.s.client.Principal, format.FormatName)
		return named.Format, err
	}
	if format.Type == "" {
		format.Type = wharf.Parquet
	}
	return format, nil
}

// keys names the files, as Databend does.
func (u *unload) keys(files []sql.UnloadedFile) ([]wharf.Key, error) {
	if u.options.UseRawPath.Value {
		key, err := wharf.ParseKey(u.to.Path)
		return []wharf.Key{key}, err
	}
	base := u.to.Path
	if base != "" && !strings.HasSuffix(base, "/") {
		base += "/"
	}
	base += "data_"
	if u.options.IncludeQueryID.Or(true) {
		base += uuid.NewString() + "_"
	}
	keys := make([]wharf.Key, len(files))
	for i, f := range files {
		var err error
		if keys[i], err = wharf.ParseKey(fmt.Sprintf("%s0000_%08d%s", base, i, f.Suffix)); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// upload stores the files: all or none.
func (u *unload) upload(ctx context.Context, keys []wharf.Key, files []sql.UnloadedFile) error {
	// A name with a new ID is never taken: so a user who may not see what is in the
	// stage needs no answer to whether it is.
	ifAbsent := !u.options.Overwrite.Value && (u.options.UseRawPath.Value || !u.options.IncludeQueryID.Or(true))
	news := make([]wharf.NewFile, len(files))
	longest := int64(0)
	for i, f := range files {
		news[i] = wharf.NewFile{Key: keys[i], Open: f.Open, Options: wharf.PutOptions{Size: f.Size, IfAbsent: ifAbsent}}
		longest = max(longest, f.Size)
	}
	up, err := u.s.executor.service.BeginUpload(ctx, u.s.client.Principal, u.to.Stage, longest)
	if err != nil {
		return err
	}
	defer up.Close()
	if err = up.PutAll(ctx, news); wharf.CodeOf(err) == wharf.CodePrecondition {
		return wharf.Errorf(wharf.CodeExists, "@%s: %s; OVERWRITE = TRUE replaces it", u.to.Stage, wharf.MessageOf(err))
	}
	return err
}

func (u *unload) rows(made *sql.Unloaded, keys []wharf.Key) [][]wharf.Value {
	if u.options.DetailedOutput.Value {
		rows := make([][]wharf.Value, len(keys))
		for i, f := range made.Files {
			rows[i] = []wharf.Value{wharf.Text(string(keys[i])), wharf.Uint(uint64(f.Size)), wharf.Uint(f.Rows)}
		}
		return rows
	}
	var written uint64
	for _, f := range made.Files {
		written += uint64(f.Size)
	}
	return [][]wharf.Value{{wharf.Uint(made.Rows), wharf.Uint(made.ReadBytes), wharf.Uint(written)}}
}
