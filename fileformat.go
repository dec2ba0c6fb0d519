package wharf

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
)

// FileFormat is how files are read and written: what FILE_FORMAT = (…) says,
// as [ParseFileFormat] read it. The zero FileFormat is none. Else either
// FormatName is there and nothing else, or Type and those of the options that
// the type has and that were given. Words are in upper case.
type FileFormat struct {
	FormatName FormatName // of the named format that it refers to, or ""
	Type       FileType   // "" with a FormatName

	Compression                Optional[string] // AUTO, NONE, GZIP, ZSTD, …
	RecordDelimiter            Optional[string]
	FieldDelimiter             Optional[string] // "" for lines of one field
	SkipHeader                 Optional[uint64] // lines
	ParseHeader                Optional[bool]
	OutputHeader               Optional[bool]
	Quote                      Optional[string]
	QuoteStyle                 Optional[string] // QUOTE_NOT_NULL, QUOTE_MINIMAL
	Escape                     Optional[string] // "" for none
	TrimSpace                  Optional[bool]
	NaNDisplay                 Optional[string]
	NullDisplay                Optional[string]
	AllowQuotedNulls           Optional[bool]
	ErrorOnColumnCountMismatch Optional[bool]
	EmptyFieldAs               Optional[string] // NULL, STRING, FIELD_DEFAULT
	QuotedEmptyFieldAs         Optional[string] // likewise
	NullFieldAs                Optional[string] // NULL, FIELD_DEFAULT
	MissingFieldAs             Optional[string] // ERROR, NULL, FIELD_DEFAULT
	NullIf                     Optional[[]string]
	UseLogicType               Optional[bool]
	BinaryFormat               Optional[string] // HEX, BASE64
	Encoding                   Optional[string] // a label of the Encoding Standard
	EncodingErrorMode          Optional[string] // STRICT, REPLACE
	BinaryAsText               Optional[bool]
}

// fields lists the options in canonical order.
func (f *FileFormat) fields() []optionField {
	return []optionField{
		{"FORMAT_NAME", OptionString, &f.FormatName},
		{"TYPE", OptionWord, &f.Type},
		{"COMPRESSION", OptionWord, &f.Compression},
		{"RECORD_DELIMITER", OptionString, &f.RecordDelimiter},
		{"FIELD_DELIMITER", OptionString, &f.FieldDelimiter},
		{"SKIP_HEADER", OptionNumber, &f.SkipHeader},
		{"PARSE_HEADER", OptionWord, &f.ParseHeader},
		{"OUTPUT_HEADER", OptionWord, &f.OutputHeader},
		{"QUOTE", OptionString, &f.Quote},
		{"QUOTE_STYLE", OptionWord, &f.QuoteStyle},
		{"ESCAPE", OptionString, &f.Escape},
		{"TRIM_SPACE", OptionWord, &f.TrimSpace},
		{"NAN_DISPLAY", OptionString, &f.NaNDisplay},
		{"NULL_DISPLAY", OptionString, &f.NullDisplay},
		{"ALLOW_QUOTED_NULLS", OptionWord, &f.AllowQuotedNulls},
		{"ERROR_ON_COLUMN_COUNT_MISMATCH", OptionWord, &f.ErrorOnColumnCountMismatch},
		{"EMPTY_FIELD_AS", OptionWord, &f.EmptyFieldAs},
		{"QUOTED_EMPTY_FIELD_AS", OptionWord, &f.QuotedEmptyFieldAs},
		{"NULL_FIELD_AS", OptionWord, &f.NullFieldAs},
		{"MISSING_FIELD_AS", OptionWord, &f.MissingFieldAs},
		{"NULL_IF", OptionList, &f.NullIf},
		{"USE_LOGIC_TYPE", OptionWord, &f.UseLogicType},
		{"BINARY_FORMAT", OptionWord, &f.BinaryFormat},
		{"ENCODING", OptionString, &f.Encoding},
		{"ENCODING_ERROR_MODE", OptionWord, &f.EncodingErrorMode},
		{"BINARY_AS_TEXT", OptionWord, &f.BinaryAsText},
	}
}

// Options returns what is given in canonical form: names and words in upper
// case, in one fixed order.
func (f FileFormat) Options() []Option { return optionsOf(f.fields()) }

// IsZero reports whether there is no file format.
func (f FileFormat) IsZero() bool { return len(f.Options()) == 0 }

// Clone returns a copy that shares nothing that can be changed.
func (f FileFormat) Clone() FileFormat {
	f.NullIf.Value = slices.Clone(f.NullIf.Value)
	return f
}

// MarshalJSON implements [json.Marshaler]: catalogs store the options.
func (f FileFormat) MarshalJSON() ([]byte, error) { return json.Marshal(f.Options()) }

// UnmarshalJSON implements [json.Unmarshaler], for what MarshalJSON wrote.
func (f *FileFormat) UnmarshalJSON(text []byte) error {
	*f = FileFormat{}
	return unmarshalOptions(text, f.fields())
}

// FormatName is the validated name of a named file format. Names are
// case-sensitive, but those of the types (CSV, Parquet), which every server
// has.
type FormatName string

// ParseFormatName validates a name by the rules of a stage's, [CodeInvalid]
// otherwise.
func ParseFormatName(s string) (FormatName, error) {
	if err := checkName("file format name", s); err != nil {
		return "", err
	}
	return FormatName(s), nil
}

// NamedFormat is a file format under a name: FILE_FORMAT = (FORMAT_NAME =
// '…') refers to it.
type NamedFormat struct {
	Name      FormatName
	Format    FileFormat // by [ParseNamedFormat]
	Creator   string
	CreatedOn time.Time // UTC
	Owner     UserID
}

// FileType is a type of file.
type FileType string

// The types of files.
const (
	CSV     FileType = "CSV"
	TSV     FileType = "TSV" // also called TEXT
	NDJSON  FileType = "NDJSON"
	Parquet FileType = "PARQUET"
	ORC     FileType = "ORC"
	Avro    FileType = "AVRO"
)

// typeNames are the types as messages list them.
const typeNames = "CSV, TSV (or TEXT), NDJSON, PARQUET, ORC or AVRO"

// fileTypes are the words for the types.
func fileTypes() []string {
	return []string{string(CSV), string(TSV), "TEXT", string(NDJSON), string(Parquet), string(ORC), string(Avro)}
}

// parseFileType returns the type of that name, in any case, and whether there
// is one.
func parseFileType(s string) (FileType, bool) {
	s = strings.ToUpper(s)
	if s == "TEXT" {
		return TSV, true
	}
	return FileType(s), slices.Contains(fileTypes(), s)
}

// ParseFileFormat validates what FILE_FORMAT = (…) says. No options are no
// file format.
//
// Either FORMAT_NAME stands alone, or TYPE is there and every other option
// belongs to that type. An unknown option, one of another type, one given
// twice, two delimiters that cannot be told apart, and a value that is not of
// the option's kind or range are [CodeInvalid], with a message that names the
// offender and what would be right. Whether a named format exists is not
// looked up.
func ParseFileFormat(options []Option) (FileFormat, error) {
	if len(options) == 0 {
		return FileFormat{}, nil
	}
	const clause = "FILE_FORMAT"
	rules := fileFormatRules()
	if err := checkNames(clause, rules, options); err != nil {
		return FileFormat{}, err
	}
	if i := indexOption(options, "FORMAT_NAME"); i >= 0 {
		if len(options) > 1 {
			other := options[1-min(i, 1)].Name
			return FileFormat{}, Errorf(CodeInvalid, "FILE_FORMAT: FORMAT_NAME stands alone; take %s out, or give TYPE instead of FORMAT_NAME", other)
		}
		return readFormat(clause, "", rules, options)
	}
	if indexOption(options, "TYPE") < 0 {
		return FileFormat{}, Errorf(CodeInvalid, "FILE_FORMAT needs TYPE = %s, or FORMAT_NAME = '…'", typeNames)
	}
	return typedFormat(clause, rules, options)
}

// ParseNamedFormat validates what CREATE FILE FORMAT says, by the rules of
// [ParseFileFormat]. It always has a TYPE and never refers to another format
// by name.
func ParseNamedFormat(options []Option) (FileFormat, error) {
	const clause = "FILE FORMAT"
	rules := slices.DeleteFunc(fileFormatRules(), func(r optionRule) bool { return r.name == "FORMAT_NAME" })
	if err := checkNames(clause, rules, options); err != nil {
		return FileFormat{}, err
	}
	if indexOption(options, "TYPE") < 0 {
		return FileFormat{}, Errorf(CodeInvalid, "FILE FORMAT needs TYPE = %s", typeNames)
	}
	return typedFormat(clause, rules, options)
}

// typedFormat reads options with a TYPE among them.
func typedFormat(clause string, rules []optionRule, options []Option) (FileFormat, error) {
	o := options[indexOption(options, "TYPE")]
	typ, ok := parseFileType(o.Value)
	if !ok || o.Kind == OptionList {
		return FileFormat{}, Errorf(CodeInvalid, "%s: TYPE = %s is not known%s; it is %s",
			clause, optionText(o), DidYouMean(o.Value, fileTypes()), typeNames)
	}
	return readFormat(clause, typ, rules, options)
}

func readFormat(clause string, typ FileType, rules []optionRule, options []Option) (FileFormat, error) {
	var f FileFormat
	if err := applyRules(clause, typ, rules, f.fields(), options); err != nil {
		return FileFormat{}, err
	}
	if err := f.checkDelimiters(clause); err != nil {
		return FileFormat{}, err
	}
	return f, nil
}

// checkDelimiters refuses two delimiters that are the same, or one within the
// other: no file could be read with them. One may be the value that an option
// has where it is not given.
func (f FileFormat) checkDelimiters(clause string) error {
	type delimiter struct{ name, value string }
	all := []delimiter{{"RECORD_DELIMITER", f.RecordDelimiter.Or("\n")}}
	switch f.Type {
	case CSV:
		all = append(all, delimiter{"FIELD_DELIMITER", f.FieldDelimiter.Or(",")}, delimiter{"QUOTE", f.Quote.Or(`"`)}, delimiter{"ESCAPE", f.Escape.Or("")})
	case TSV:
		all = append(all, delimiter{"FIELD_DELIMITER", f.FieldDelimiter.Or("\t")})
	}
	for i, d := range all {
		for _, other := range all[:i] {
			if d.value != "" && strings.Contains(other.value, d.value) {
				return Errorf(CodeInvalid, "%s: %s (%s) and %s (%s) cannot be told apart; give one of them another value",
					clause, other.name, quoteOption(other.value), d.name, quoteOption(d.value))
			}
		}
	}
	return nil
}

// CreateFileFormat makes a named file format from def, whose Creator and
// CreatedOn it fills. It reports whether it was made; only CreateIfNotExists
// leaves an existing one and returns false. A taken name is CodeExists, the
// name of a type CodeInvalid.
func (s *Service) CreateFileFormat(ctx context.Context, p Principal, def NamedFormat, mode CreateMode) (bool, error) {
	if err := checkOwnFormat(def.Name); err != nil {
		return false, err
	}
	a, err := s.mayCreate(ctx, p, "file format")
	if err != nil {
		return false, err
	}
	def.Creator, def.Owner, def.CreatedOn = p.User, p.ID, s.now().UTC()
	_, created, err := s.catalog.CreateFileFormat(ctx, def, mode, ownFormat(a))
	return created, err
}

// DropFileFormat removes a named file format. A stage that refers to it says
// so when its files are read. With ifExists, it reports whether there was one;
// without, an unknown name is CodeNotFound.
func (s *Service) DropFileFormat(ctx context.Context, p Principal, name FormatName, ifExists bool) (bool, error) {
	if err := checkOwnFormat(name); err != nil {
		return false, err
	}
	a, err := s.authorize(ctx, p)
	if err != nil {
		return false, err
	}
	return existed(s.catalog.DropFileFormat(ctx, name, ownFormat(a)), ifExists)
}

// checkOwnFormat refuses the names of the types.
func checkOwnFormat(name FormatName) error {
	if _, ok := parseFileType(string(name)); ok {
		return Errorf(CodeInvalid, "%s is a type that every server has as a file format; it is neither created nor dropped", name)
	}
	return nil
}

// FileFormat returns the file format of that name. The names of the types
// are among them, in any case.
func (s *Service) FileFormat(ctx context.Context, p Principal, name FormatName) (NamedFormat, error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return NamedFormat{}, err
	}
	if typ, ok := parseFileType(string(name)); ok {
		return NamedFormat{Name: name, Format: FileFormat{Type: typ}}, nil
	}
	return s.catalog.FileFormat(ctx, name)
}

// FileFormats streams all file formats that were created, in byte order of
// name.
func (s *Service) FileFormats(ctx context.Context, p Principal) (iter.Seq2[NamedFormat, error], error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return nil, err
	}
	return paged(ctx, s.catalog.FileFormats, func(f NamedFormat) FormatName { return f.Name }), nil
}

// copiedFormat returns the format with the options of the named one that it refers to,
// CodeNotFound if there is none. A stage has a copy, so that the owner of the name,
// or of the next format of that name, does not change how the stage is read.
func (s *Service) copiedFormat(ctx context.Context, f FileFormat) (FileFormat, error) {
	if f.FormatName == "" {
		return f, nil
	}
	if typ, ok := parseFileType(string(f.FormatName)); ok {
		return FileFormat{Type: typ}, nil
	}
	named, err := s.catalog.FileFormat(ctx, f.FormatName)
	return named.Format, err
}
