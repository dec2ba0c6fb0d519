package wharf_test

import (
	"context"
	"strings"
	"testing"

	"wharf"
)

func TestNamedConnections(t *testing.T) {
	f := newFixture(t)
	option := func(name, value string) wharf.Option {
		return wharf.Option{Name: name, Value: value, Kind: wharf.OptionString}
	}
	def, err := wharf.ParseNamedConnection([]wharf.Option{
		option("AWS_KEY_ID", "key"), option("storage_type", "S3"), option("SECRET_ACCESS_KEY", "very secret"),
	})
	if err != nil {
		t.Fatal(err)
	}
	def.Name = "c"
	for _, c := range []struct {
		mode wharf.CreateMode
		want bool
	}{{wharf.CreateNew, true}, {wharf.CreateIfNotExists, false}, {wharf.CreateOrReplace, true}} {
		created, err := f.CreateConnection(t.Context(), wharf.Root, def, c.mode)
		if err != nil || created != c.want {
			t.Errorf("mode %d: %v, %v", c.mode, created, err)
		}
	}
	_, err = f.CreateConnection(t.Context(), wharf.Root, def, wharf.CreateNew)
	wantCode(t, err, wharf.CodeExists)
	got, err := f.Connection(t.Context(), wharf.Root, "c")
	if err != nil || got.Creator != "root" || got.CreatedOn.Unix() != 1e9 || got.StorageType != "s3" ||
		got.Connection.SecretAccessKey.Reveal() != "very secret" {
		t.Errorf("%+v, %v", got, err)
	}
	if all, err := collect(f.Connections(t.Context(), wharf.Root)); err != nil || len(all) != 1 || all[0] != got {
		t.Errorf("%+v, %v", all, err)
	}
	if dropped, err := f.DropConnection(t.Context(), wharf.Root, "c", false); !dropped || err != nil {
		t.Error(dropped, err)
	}
	_, err = f.DropConnection(t.Context(), wharf.Root, "c", false)
	wantCode(t, err, wharf.CodeNotFound)
	if dropped, err := f.DropConnection(t.Context(), wharf.Root, "c", true); dropped || err != nil {
		t.Error(dropped, err)
	}
}

func TestNewNamedConnectionRefuses(t *testing.T) {
	s3 := wharf.Option{Name: "STORAGE_TYPE", Value: "s3", Kind: wharf.OptionString}
	for says, options := range map[string][]wharf.Option{
		"needs STORAGE_TYPE":    {{Name: "REGION", Value: "x"}},
		"storage_type is not":   {{Name: "STORAGE_TYPE", Value: "hunter2"}},
		"storage_type is given": {s3, s3},
		"region is given twice": {s3, {Name: "REGION", Value: "x"}, {Name: "REGION", Value: "x"}},
		"no setting nope":       {s3, {Name: "NOPE", Value: "hunter2"}},
		"needs secret_access":   {s3, {Name: "ACCESS_KEY_ID", Value: "hunter2"}},
	} {
		_, err := wharf.ParseNamedConnection(options)
		wantCode(t, err, wharf.CodeInvalid)
		if msg := wharf.MessageOf(err); !strings.Contains(msg, says) || strings.Contains(msg, "hunter2") {
			t.Errorf("the message %q does not say %q, or shows a value", msg, says)
		}
	}
}

func TestNamedFormats(t *testing.T) {
	f := newFixture(t)
	format, err := wharf.ParseNamedFormat([]wharf.Option{
		{Name: "SKIP_HEADER", Value: "1", Kind: wharf.OptionNumber}, {Name: "TYPE", Value: "text"},
	})
	if err != nil || format.Type != wharf.TSV {
		t.Fatal(format, err)
	}
	stage := wharf.Stage{Name: "s", FileFormat: wharf.FileFormat{FormatName: "f"}}
	_, err = f.CreateStage(t.Context(), wharf.Root, stage, wharf.CreateNew)
	wantCode(t, err, wharf.CodeNotFound)
	def := wharf.NamedFormat{Name: "f", Format: format}
	if created, err := f.CreateFileFormat(t.Context(), wharf.Root, def, wharf.CreateNew); err != nil || !created {
		t.Fatal(created, err)
	}
	if _, err = f.CreateStage(t.Context(), wharf.Root, stage, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	if got, err := f.FileFormat(t.Context(), wharf.Root, "f"); err != nil || got.Creator != "root" || got.Format.SkipHeader.Or(0) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := f.FileFormat(t.Context(), wharf.Root, "Text"); err != nil || got.Format.Type != wharf.TSV {
		t.Errorf("a format that every server has: %+v, %v", got, err)
	}
	if all, err := collect(f.FileFormats(t.Context(), wharf.Root)); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	for _, name := range []wharf.FormatName{"csv", "PARQUET"} {
		_, err := f.CreateFileFormat(t.Context(), wharf.Root, wharf.NamedFormat{Name: name, Format: format}, wharf.CreateIfNotExists)
		wantCode(t, err, wharf.CodeInvalid)
		_, err = f.DropFileFormat(t.Context(), wharf.Root, name, true)
		wantCode(t, err, wharf.CodeInvalid)
	}
	if dropped, err := f.DropFileFormat(t.Context(), wharf.Root, "f", false); err != nil || !dropped {
		t.Error(dropped, err)
	}
	_, err = f.DropFileFormat(t.Context(), wharf.Root, "f", false)
	wantCode(t, err, wharf.CodeNotFound)
	for _, options := range [][]wharf.Option{nil, {{Name: "SKIP_HEADER", Value: "1"}}, {{Name: "FORMAT_NAME", Value: "csv"}}, {{Name: "TYPE", Value: "XML"}}} {
		_, err := wharf.ParseNamedFormat(options)
		wantCode(t, err, wharf.CodeInvalid)
		if !strings.HasPrefix(wharf.MessageOf(err), "FILE FORMAT") {
			t.Errorf("the message speaks of another clause: %q", wharf.MessageOf(err))
		}
	}
}

// TestDefinitionsNeedSomebody asks everything as nobody.
func TestDefinitionsNeedSomebody(t *testing.T) {
	f := newFixture(t)
	ctx, nobody := context.Background(), wharf.Principal{}
	errs := make([]error, 8)
	_, errs[0] = f.CreateConnection(ctx, nobody, wharf.NamedConnection{Name: "c"}, wharf.CreateNew)
	_, errs[1] = f.DropConnection(ctx, nobody, "c", true)
	_, errs[2] = f.Connection(ctx, nobody, "c")
	_, errs[3] = f.Connections(ctx, nobody)
	_, errs[4] = f.CreateFileFormat(ctx, nobody, wharf.NamedFormat{Name: "f"}, wharf.CreateNew)
	_, errs[5] = f.DropFileFormat(ctx, nobody, "f", true)
	_, errs[6] = f.FileFormat(ctx, nobody, "csv")
	_, errs[7] = f.FileFormats(ctx, nobody)
	for _, err := range errs {
		wantCode(t, err, wharf.CodeUnauthenticated)
	}
}

func TestParseNames(t *testing.T) {
	for name, ok := range map[string]bool{"a": true, "日本-1_$": true, "": false, "a b": false, "~": false, "a.b": false, strings.Repeat("x", 256): false, "\xff": false} {
		_, err := wharf.ParseConnectionName(name)
		_, err2 := wharf.ParseFormatName(name)
		if (err == nil) != ok || (err2 == nil) != ok {
			t.Errorf("%q: %v, %v", name, err, err2)
		}
		if err != nil && (!strings.Contains(err.Error(), "connection name") || !strings.Contains(err2.Error(), "file format name")) {
			t.Errorf("%q: the messages name something else: %v, %v", name, err, err2)
		}
	}
}
