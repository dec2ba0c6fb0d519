package wharf

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// optionRule is one option of a clause: which types of file have it, and what
// its value may be. An option whose value differs by type has several rules.
type optionRule struct {
	name  string
	types []FileType // nil: it does not depend on the type
	value valueRule
}

func (r optionRule) belongsTo(typ FileType) bool {
	return r.types == nil || slices.Contains(r.types, typ)
}

func ruleNames(rules []optionRule) []string {
	var names []string
	for _, r := range rules {
		if !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}

func typesWith(rules []optionRule, name string) []string {
	var types []string
	for _, r := range rules {
		if r.name == name {
			for _, typ := range r.types {
				types = append(types, string(typ))
			}
		}
	}
	return types
}

// checkNames refuses options that no type has, and repeated ones.
func checkNames(clause string, rules []optionRule, options []Option) error {
	names := ruleNames(rules)
	for i, o := range options {
		if !slices.Contains(names, o.Name) {
			return Errorf(CodeInvalid, "%s: there is no option %s%s; the options are %s",
				clause, shown(o.Name), DidYouMean(o.Name, names), strings.Join(names, ", "))
		}
		if indexOption(options[:i], o.Name) >= 0 {
			return Errorf(CodeInvalid, "%s: %s is given twice", clause, o.Name)
		}
	}
	return nil
}

// applyRules reads every option by its rule for typ into its field.
func applyRules(clause string, typ FileType, rules []optionRule, fields []optionField, options []Option) error {
	for _, o := range options {
		if !slices.ContainsFunc(rules, func(r optionRule) bool { return r.name == o.Name && r.belongsTo(typ) }) {
			return Errorf(CodeInvalid, "%s: %s has no option %s; it belongs to %s",
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
			return Errorf(CodeInvalid, "%s: %s = %s is wrong; it takes %s",
				clause, r.name, optionText(options[i]), r.value.want)
		}
		o.Name = r.name
		canonical = append(canonical, o)
	}
	return setOptions(fields, canonical)
}

func indexOption(options []Option, name string) int {
	return slices.IndexFunc(options, func(o Option) bool { return o.Name == name })
}

// optionText writes an option's value as a statement would, for a message.
func optionText(o Option) string {
	switch o.Kind {
	case OptionString:
		return textForMessage(o.Value)
	case OptionList:
		if len(o.List) == 0 {
			return "()"
		}
		more := ""
		if len(o.List) > 1 {
			more = ", …"
		}
		return "(" + textForMessage(o.List[0]) + more + ")"
	}
	return shown(o.Value)
}

// textForMessage quotes a text, unless a wrong quote may have put into it what
// follows in the statement: that may be a key.
func textForMessage(s string) string {
	const longest = 3 // of a text that no key hides in, in bytes
	if len(s) > longest && strings.ContainsAny(s, "'\"`=()") {
		return "'…'"
	}
	return quoteOption(shown(s))
}

func quoteOption(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`).Replace(s) + "'"
}

// valueRule reads one option's value into its canonical form, and says in
// words what it takes.
type valueRule struct {
	want string
	read func(Option) (Option, bool)
}

// anyOf takes one of the words, bare or quoted, in any case.
func anyOf(words ...string) valueRule {
	return valueRule{want: orList(words), read: func(o Option) (Option, bool) {
		word := strings.ToUpper(o.Value)
		ok := (o.Kind == OptionWord || o.Kind == OptionString) && slices.Contains(words, word)
		return Option{Kind: OptionWord, Value: word}, ok
	}}
}

// boolean takes TRUE or FALSE, bare or quoted, or 1 or 0.
func boolean() valueRule {
	return valueRule{want: "TRUE or FALSE", read: func(o Option) (Option, bool) {
		v, err := strconv.ParseBool(strings.ToLower(o.Value))
		ok := err == nil && o.Kind != OptionList && len(o.Value) != 1 || o.Kind == OptionNumber && (o.Value == "0" || o.Value == "1")
		return Option{Kind: OptionWord, Value: strings.ToUpper(strconv.FormatBool(v))}, ok
	}}
}

// integer takes a whole number of at least low.
func integer(low uint64) valueRule {
	want := "a whole number, " + strconv.FormatUint(low, 10) + " or more"
	return valueRule{want: want, read: func(o Option) (Option, bool) {
		n, err := strconv.ParseUint(o.Value, 10, 63)
		ok := err == nil && n >= low && o.Kind != OptionList
		return Option{Kind: OptionNumber, Value: strconv.FormatUint(n, 10)}, ok
	}}
}

// delimiter takes one of the texts, or one character that is no letter and no
// digit; either may be written as an escape.
func delimiter(want string, texts ...string) valueRule {
	return valueRule{want: want, read: func(o Option) (Option, bool) {
		text, ok := unescape(o.Value)
		r, size := utf8.DecodeRuneInString(text)
		single := size == len(text) && size > 0 && r != utf8.RuneError && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		ok = ok && o.Kind == OptionString && (single || slices.Contains(texts, text))
		return Option{Kind: OptionString, Value: text}, ok
	}}
}

// exactly takes one of the texts, which may be written as escapes.
func exactly(want string, texts ...string) valueRule {
	return valueRule{want: want, read: func(o Option) (Option, bool) {
		text, ok := unescape(o.Value)
		return Option{Kind: OptionString, Value: text}, ok && o.Kind == OptionString && slices.Contains(texts, text)
	}}
}

// unescape reads the escapes that a delimiter may be written in where the
// statement's own string left them alone: \b, \f, \t, \n, \r, \\, \', \", \0
// and \xHH.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || len(s) == 1 {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i == len(s):
			return "", false
		case s[i] == 'x':
			if i+2 >= len(s) {
				return "", false
			}
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 7)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			at := strings.IndexByte(`bftnr0\'"`, s[i])
			if at < 0 {
				return "", false
			}
			b.WriteByte("\b\f\t\n\r\x00\\'\""[at])
		}
	}
	return b.String(), true
}

// text takes a string of up to 1,024 bytes.
func text() valueRule {
	return valueRule{want: "a quoted text of at most 1,024 bytes", read: func(o Option) (Option, bool) {
		ok := o.Kind == OptionString && len(o.Value) <= 1024 && utf8.ValidString(o.Value)
		return Option{Kind: OptionString, Value: o.Value}, ok
	}}
}

// name takes a word or a text that is not empty.
func name() valueRule {
	return valueRule{want: "a name", read: func(o Option) (Option, bool) {
		ok := (o.Kind == OptionString || o.Kind == OptionWord) && o.Value != "" && len(o.Value) <= MaxStageName && utf8.ValidString(o.Value)
		return Option{Kind: OptionString, Value: o.Value}, ok
	}}
}

// textList takes a list of up to 1,000 texts.
func textList() valueRule {
	return valueRule{want: "a list of at most 1,000 quoted texts, ('a', 'b'), each of at most 1,024 bytes", read: func(o Option) (Option, bool) {
		odd := func(s string) bool { return len(s) > 1024 || !utf8.ValidString(s) }
		ok := o.Kind == OptionList && len(o.List) <= 1000 && !slices.ContainsFunc(o.List, odd)
		return Option{Kind: OptionList, List: slices.Clone(o.List)}, ok
	}}
}

// fileType takes the name of a type of file.
func fileType() valueRule {
	return valueRule{want: typeNames, read: func(o Option) (Option, bool) {
		typ, ok := parseFileType(o.Value)
		return Option{Kind: OptionWord, Value: string(typ)}, ok
	}}
}

// encoding takes the name of a character set, as the Encoding Standard spells
// them; which of them can be read is for the engine to say.
func encoding() valueRule {
	return valueRule{want: "the name of a character set, such as 'UTF-8', 'GBK' or 'SHIFT_JIS'", read: func(o Option) (Option, bool) {
		label := strings.ToUpper(o.Value)
		ok := (o.Kind == OptionString || o.Kind == OptionWord) && knownEncoding(label)
		return Option{Kind: OptionString, Value: label}, ok
	}}
}

// onError takes what COPY does at a bad record: CONTINUE, SKIP_FILE, ABORT,
// and the latter two with a number.
func onError() valueRule {
	return valueRule{want: "CONTINUE, ABORT, ABORT_n, SKIP_FILE or SKIP_FILE_n", read: func(o Option) (Option, bool) {
		word := strings.ToUpper(o.Value)
		ok := word == "CONTINUE" || word == "ABORT" || word == "SKIP_FILE"
		for _, prefix := range []string{"ABORT_", "SKIP_FILE_"} {
			if digits, found := strings.CutPrefix(word, prefix); found {
				n, err := strconv.ParseUint(digits, 10, 31)
				ok = ok || err == nil && n > 0
			}
		}
		return Option{Kind: OptionWord, Value: word}, ok && (o.Kind == OptionWord || o.Kind == OptionString)
	}}
}

func orList(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
