package wharf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"wharf"
)

// TestOptions runs tests/testdata/options. A line of the input is a set of options,
// NAME=value by NAME=value with tabs between; a value in quotes is a text, one
// that starts with a digit or '-' a number, one in parentheses a list, and
// everything else a word.
func TestOptions(t *testing.T) {
	datadriven.RunTest(t, "tests/testdata/options", func(t *testing.T, d *datadriven.TestData) string {
		read := map[string]func([]wharf.Option) ([]wharf.Option, error){
			"format": func(o []wharf.Option) ([]wharf.Option, error) {
				f, err := wharf.ParseFileFormat(o)
				return f.Options(), err
			},
			"copy": func(o []wharf.Option) ([]wharf.Option, error) {
				c, err := wharf.ParseCopyOptions(o)
				return c.Options(), err
			},
		}[d.Cmd]
		var out strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			options, err := read(parseOptions(line))
			if err != nil {
				fmt.Fprintf(&out, "%s: %s\n", wharf.CodeOf(err), wharf.MessageOf(err))
				continue
			}
			again, err := read(options)
			if err != nil || fmt.Sprint(again) != fmt.Sprint(options) {
				t.Errorf("%s: the canonical form %v is read as %v, %v", line, options, again, err)
			}
			out.WriteString(printOptions(options) + "\n")
		}
		return out.String()
	})
}

func parseOptions(line string) []wharf.Option {
	var options []wharf.Option
	for field := range strings.SplitSeq(line, "\t") {
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			continue
		}
		o := wharf.Option{Name: name, Value: value}
		switch {
		case strings.HasPrefix(value, "'"):
			o.Kind, o.Value = wharf.OptionString, strings.Trim(value, "'")
		case strings.HasPrefix(value, "("):
			o.Kind, o.Value = wharf.OptionList, ""
			o.List = strings.Split(strings.Trim(value, "()"), ",")
		case strings.IndexAny(value, "-0123456789") == 0:
			o.Kind = wharf.OptionNumber
		}
		options = append(options, o)
	}
	return options
}

func printOptions(options []wharf.Option) string {
	var parts []string
	for _, o := range options {
		value := o.Value
		switch o.Kind {
		case wharf.OptionString:
			value = fmt.Sprintf("%q", value)
		case wharf.OptionList:
			value = fmt.Sprintf("%q", o.List)
		}
		parts = append(parts, o.Name+"="+value)
	}
	return strings.Join(parts, " ")
}

func TestNoOptions(t *testing.T) {
	for _, none := range [][]wharf.Option{nil, {}} {
		if format, err := wharf.ParseFileFormat(none); !format.IsZero() || err != nil {
			t.Errorf("%v, %v", format, err)
		}
		if options, err := wharf.ParseCopyOptions(none); options.Options() != nil || err != nil {
			t.Errorf("%v, %v", options, err)
		}
	}
}

// TestLongOptions shows that messages stay short, whatever was written.
func TestLongOptions(t *testing.T) {
	long := strings.Repeat("x", 5<<20)
	items := strings.Split(strings.Repeat("x,", 1000)+"x", ",")
	for _, o := range []wharf.Option{
		{Name: long, Value: "1"},
		{Name: "TYPE", Value: long},
		{Name: "COMPRESSION", Value: long},
		{Name: "FIELD_DELIMITER", Kind: wharf.OptionString, Value: long},
		{Name: "NULL_DISPLAY", Kind: wharf.OptionString, Value: long},
		{Name: "NULL_IF", Kind: wharf.OptionList, List: []string{long}},
		{Name: "NULL_IF", Kind: wharf.OptionList, List: items},
	} {
		options := []wharf.Option{{Name: "TYPE", Value: "CSV"}, o}
		switch o.Name {
		case "TYPE":
			options = options[1:]
		case "NULL_IF":
			options[0].Value = "NDJSON"
		}
		_, err := wharf.ParseFileFormat(options)
		if msg := wharf.MessageOf(err); wharf.CodeOf(err) != wharf.CodeInvalid || len(msg) > 1000 {
			t.Errorf("%.20s: code %q, a message of %d bytes", o.Name, wharf.CodeOf(err), len(msg))
		}
	}
	format, err := wharf.ParseFileFormat([]wharf.Option{{Name: "TYPE", Value: "NDJSON"}, {Name: "NULL_IF", Kind: wharf.OptionList, List: items[:1000]}})
	if err != nil || len(format.NullIf.Value) != 1000 {
		t.Errorf("1,000 items: %v", err)
	}
}

// TestEveryOptionBelongsSomewhere gives every option that a message lists to
// every type: none may be unknown to all of them.
func TestEveryOptionBelongsSomewhere(t *testing.T) {
	_, err := wharf.ParseFileFormat(parseOptions("NOPE=1"))
	_, list, ok := strings.Cut(wharf.MessageOf(err), "the options are ")
	if !ok {
		t.Fatalf("no list in %v", err)
	}
	names := strings.Split(list, ", ")
	if len(names) < 24 {
		t.Fatalf("only %d options", len(names))
	}
	for _, name := range names[2:] { // after FORMAT_NAME and TYPE
		known := 0
		for _, typ := range []string{"CSV", "TSV", "NDJSON", "PARQUET", "ORC", "AVRO"} {
			_, err := wharf.ParseFileFormat([]wharf.Option{{Name: "TYPE", Value: typ}, {Name: name, Value: "\x00"}})
			if strings.Contains(wharf.MessageOf(err), "it takes") {
				known++
			}
		}
		if known == 0 {
			t.Errorf("no type has the option %s", name)
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

// TestKeyBehindWrongQuote puts a key into an option's value, as a wrong quote
// before it does.
func TestKeyBehindWrongQuote(t *testing.T) {
	const key = "AKIAX77PDEF"
	swallowed := `') CREDENTIALS=(AWS_KEY_ID='` + key
	for _, o := range []wharf.Option{
		{Name: "FIELD_DELIMITER", Kind: wharf.OptionString, Value: swallowed},
		{Name: "QUOTE", Kind: wharf.OptionString, Value: swallowed},
		{Name: "ENCODING", Kind: wharf.OptionString, Value: swallowed},
		{Name: "SKIP_HEADER", Kind: wharf.OptionList, List: []string{swallowed}},
	} {
		_, err := wharf.ParseFileFormat([]wharf.Option{{Name: "TYPE", Value: "CSV"}, o})
		if err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

// TestStageKeepsItsFormat: whoever has the name of the format that a stage was given
// does not change how the stage is read.
func TestStageKeepsItsFormat(t *testing.T) {
	ctx := t.Context()
	f := newFixture(t)
	format := func(skip uint64) wharf.NamedFormat {
		return wharf.NamedFormat{Name: "shared", Format: wharf.FileFormat{Type: wharf.CSV, SkipHeader: wharf.Given(skip)}}
	}
	if _, err := f.CreateFileFormat(ctx, wharf.Root, format(1), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	named := wharf.FileFormat{FormatName: "shared"}
	if _, err := f.CreateStage(ctx, wharf.Root, wharf.Stage{Name: "made", FileFormat: named}, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	f.create("altered")
	if _, err := f.AlterStage(ctx, wharf.Root, "altered", wharf.StageChange{FileFormat: &named}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DropFileFormat(ctx, wharf.Root, "shared", false); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateFileFormat(ctx, wharf.Root, format(7), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	for _, name := range []wharf.StageName{"made", "altered"} {
		st, err := f.Stage(ctx, wharf.Root, name)
		if err != nil || st.FileFormat.FormatName != "" || st.FileFormat.Type != wharf.CSV || st.FileFormat.SkipHeader.Value != 1 {
			t.Errorf("%s: %+v, %v", name, st.FileFormat, err)
		}
	}
	_, err := f.CreateStage(ctx, wharf.Root, wharf.Stage{Name: "x", FileFormat: wharf.FileFormat{FormatName: "none"}}, wharf.CreateNew)
	wantCode(t, err, wharf.CodeNotFound)
}
