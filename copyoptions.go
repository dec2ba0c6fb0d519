package wharf

import "encoding/json"

// CopyOptions is how COPY INTO works: what COPY_OPTIONS = (…) says, as
// [ParseCopyOptions] read it. Words are in upper case.
type CopyOptions struct {
	OnError             Optional[string] // CONTINUE, ABORT, ABORT_n, SKIP_FILE, SKIP_FILE_n
	SizeLimit           Optional[uint64] // bytes; 0 is no limit
	MaxFiles            Optional[uint64] // 0 is no limit
	SplitSize           Optional[uint64] // bytes
	Purge               Optional[bool]
	Force               Optional[bool]
	DisableVariantCheck Optional[bool]
	ReturnFailedOnly    Optional[bool]
	ColumnMatchMode     Optional[string] // CASE_SENSITIVE, CASE_INSENSITIVE, POSITION
	Single              Optional[bool]
	MaxFileSize         Optional[uint64] // bytes
	Overwrite           Optional[bool]
	IncludeQueryID      Optional[bool]
	UseRawPath          Optional[bool]
	DetailedOutput      Optional[bool]
}

// ParseCopyOptions validates what COPY_OPTIONS = (…) says, by the rules of
// [ParseFileFormat].
func ParseCopyOptions(options []Option) (CopyOptions, error) {
	const clause = "COPY_OPTIONS"
	var c CopyOptions
	rules := copyRules()
	if err := checkNames(clause, rules, options); err != nil {
		return CopyOptions{}, err
	}
	if err := applyRules(clause, "", rules, c.fields(), options); err != nil {
		return CopyOptions{}, err
	}
	return c, nil
}

// fields lists the options in canonical order.
func (c *CopyOptions) fields() []optionField {
	return []optionField{
		{"ON_ERROR", OptionWord, &c.OnError},
		{"SIZE_LIMIT", OptionNumber, &c.SizeLimit},
		{"MAX_FILES", OptionNumber, &c.MaxFiles},
		{"SPLIT_SIZE", OptionNumber, &c.SplitSize},
		{"PURGE", OptionWord, &c.Purge},
		{"FORCE", OptionWord, &c.Force},
		{"DISABLE_VARIANT_CHECK", OptionWord, &c.DisableVariantCheck},
		{"RETURN_FAILED_ONLY", OptionWord, &c.ReturnFailedOnly},
		{"COLUMN_MATCH_MODE", OptionWord, &c.ColumnMatchMode},
		{"SINGLE", OptionWord, &c.Single},
		{"MAX_FILE_SIZE", OptionNumber, &c.MaxFileSize},
		{"OVERWRITE", OptionWord, &c.Overwrite},
		{"INCLUDE_QUERY_ID", OptionWord, &c.IncludeQueryID},
		{"USE_RAW_PATH", OptionWord, &c.UseRawPath},
		{"DETAILED_OUTPUT", OptionWord, &c.DetailedOutput},
	}
}

// Options returns what is given in canonical form, as that of a FileFormat.
func (c CopyOptions) Options() []Option { return optionsOf(c.fields()) }

// MarshalJSON implements [json.Marshaler]: catalogs store the options.
func (c CopyOptions) MarshalJSON() ([]byte, error) { return json.Marshal(c.Options()) }

// UnmarshalJSON implements [json.Unmarshaler], for what MarshalJSON wrote.
func (c *CopyOptions) UnmarshalJSON(text []byte) error {
	*c = CopyOptions{}
	return unmarshalOptions(text, c.fields())
}
