package wharf

import (
	"slices"
	"strings"
)

// NewFileFormat validates what FILE_FORMAT = (…) says and gives it in
// canonical form: names and words in upper case, TEXT as TSV, TYPE first and
// the others in one fixed order. No options are no file format.
//
// Either FORMAT_NAME stands alone, or TYPE is there and every other option
// belongs to that type. An unknown option, one of another type, one given
// twice, two delimiters that cannot be told apart, and a value that is not of the option's kind or range are
// [CodeInvalid], with a message that names the offender and what would be
// right. Whether a named format exists is not looked up.
func NewFileFormat(options []Option) ([]Option, error) {
	if len(options) == 0 {
		return nil, nil
	}
	const clause = "FILE_FORMAT"
	rules := fileFormatRules()
	if err := checkNames(clause, rules, options); err != nil {
		return nil, err
	}
	if i := indexOption(options, "FORMAT_NAME"); i >= 0 {
		if len(options) > 1 {
			other := options[1-min(i, 1)].Name
			return nil, Errorf(CodeInvalid, "FILE_FORMAT: FORMAT_NAME stands alone; take %s out, or give TYPE instead of FORMAT_NAME", other)
		}
		return applyRules(clause, "", rules, options)
	}
	if indexOption(options, "TYPE") < 0 {
		return nil, Errorf(CodeInvalid, "FILE_FORMAT needs TYPE = %s, or FORMAT_NAME = '…'", typeNames)
	}
	return typedFormat(clause, rules, options)
}

// NewNamedFormat validates what CREATE FILE FORMAT says, by the rules of
// [NewFileFormat], and gives it in canonical form. It always has a TYPE and
// never refers to another format by name.
func NewNamedFormat(options []Option) ([]Option, error) {
	const clause = "FILE FORMAT"
	rules := slices.DeleteFunc(fileFormatRules(), func(r optionRule) bool { return r.name == "FORMAT_NAME" })
	if err := checkNames(clause, rules, options); err != nil {
		return nil, err
	}
	if indexOption(options, "TYPE") < 0 {
		return nil, Errorf(CodeInvalid, "FILE FORMAT needs TYPE = %s", typeNames)
	}
	return typedFormat(clause, rules, options)
}

// typedFormat reads options with a TYPE among them.
func typedFormat(clause string, rules []optionRule, options []Option) ([]Option, error) {
	i := indexOption(options, "TYPE")
	typ, ok := formatType(options[i])
	if !ok {
		return nil, Errorf(CodeInvalid, "%s: TYPE = %s is not known%s; it is %s",
			clause, optionText(options[i]), didYouMean(options[i].Value, fileTypes()), typeNames)
	}
	canonical, err := applyRules(clause, typ, rules, options)
	if err == nil {
		err = checkDelimiters(clause, typ, canonical)
	}
	if err != nil {
		return nil, err
	}
	return canonical, nil
}

// NewCopyOptions validates what COPY_OPTIONS = (…) says, by the rules of
// [NewFileFormat], and gives it in canonical form.
func NewCopyOptions(options []Option) ([]Option, error) {
	if len(options) == 0 {
		return nil, nil
	}
	const clause = "COPY_OPTIONS"
	rules := copyRules()
	if err := checkNames(clause, rules, options); err != nil {
		return nil, err
	}
	return applyRules(clause, "", rules, options)
}

// BuiltinFormat tells whether FORMAT_NAME may give this name without anybody
// having created it: the types' own names, in any case.
func BuiltinFormat(name string) bool {
	_, ok := formatType(Option{Value: name})
	return ok
}

const typeNames = "CSV, TSV (or TEXT), NDJSON, PARQUET, ORC or AVRO"

func fileTypes() []string {
	return []string{"CSV", "TSV", "TEXT", "NDJSON", "PARQUET", "ORC", "AVRO"}
}

// formatType reads the value of TYPE.
func formatType(o Option) (string, bool) {
	typ := strings.ToUpper(o.Value)
	if o.Kind == OptionList || !slices.Contains(fileTypes(), typ) {
		return "", false
	}
	if typ == "TEXT" {
		typ = "TSV"
	}
	return typ, true
}

// checkNames refuses options that no type has, and repeated ones.
func checkNames(clause string, rules []optionRule, options []Option) error {
	names := ruleNames(rules)
	for i, o := range options {
		if !slices.Contains(names, o.Name) {
			return Errorf(CodeInvalid, "%s: there is no option %s%s; the options are %s",
				clause, shown(o.Name), didYouMean(o.Name, names), strings.Join(names, ", "))
		}
		if indexOption(options[:i], o.Name) >= 0 {
			return Errorf(CodeInvalid, "%s: %s is given twice", clause, o.Name)
		}
	}
	return nil
}

// applyRules reads every option by its rule for typ, in the rules' order.
func applyRules(clause, typ string, rules []optionRule, options []Option) ([]Option, error) {
	for _, o := range options {
		if !slices.ContainsFunc(rules, func(r optionRule) bool { return r.name == o.Name && r.belongsTo(typ) }) {
			return nil, Errorf(CodeInvalid, "%s: %s has no option %s; it belongs to %s",
				clause, typ, o.Name, strings.Join(typesWith(rules, o.Name), ", "))
		}
	}
	canonical := make([]Option, 0, len(options))
	for _, r := range rules {
		i := indexOption(options, r.name)
		if i < 0 || !r.belongsTo(typ) {
			continue
		}
		o, ok := r.value.read(options[i])
		if !ok {
			return nil, Errorf(CodeInvalid, "%s: %s = %s is wrong; it takes %s",
				clause, r.name, optionText(options[i]), r.value.want)
		}
		o.Name = r.name
		canonical = append(canonical, o)
	}
	return canonical, nil
}

func indexOption(options []Option, name string) int {
	return slices.IndexFunc(options, func(o Option) bool { return o.Name == name })
}

// optionText writes an option's value as a statement would, for a message.
func optionText(o Option) string {
	switch o.Kind {
	case OptionString:
		return quoteOption(shown(o.Value))
	case OptionList:
		if len(o.List) == 0 {
			return "()"
		}
		more := ""
		if len(o.List) > 1 {
			more = ", …"
		}
		return "(" + quoteOption(shown(o.List[0])) + more + ")"
	}
	return shown(o.Value)
}

func quoteOption(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`).Replace(s) + "'"
}
