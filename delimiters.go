package wharf

import "strings"

// delimiterDefault is an option that says where something ends, and its value where
// it is not given.
type delimiterDefault struct{ name, value string }

// delimitersOf are those of a type of file that have to be told apart.
func delimitersOf(typ string) []delimiterDefault {
	switch typ {
	case "CSV":
		return []delimiterDefault{{"RECORD_DELIMITER", "\n"}, {"FIELD_DELIMITER", ","}, {"QUOTE", `"`}, {"ESCAPE", ""}}
	case "TSV":
		return []delimiterDefault{{"RECORD_DELIMITER", "\n"}, {"FIELD_DELIMITER", "\t"}}
	}
	return nil
}

// checkDelimiters refuses two delimiters that are the same, or one within the
// other: no file could be read with them. One may be the value that an option
// has where it is not given.
func checkDelimiters(clause, typ string, options []Option) error {
	all := delimitersOf(typ)
	for i, d := range all {
		if at := indexOption(options, d.name); at >= 0 {
			all[i].value = options[at].Value
		}
		for _, other := range all[:i] {
			if all[i].value != "" && strings.Contains(other.value, all[i].value) {
				return Errorf(CodeInvalid, "%s: %s (%s) and %s (%s) cannot be told apart; give one of them another value",
					clause, other.name, quoteOption(other.value), d.name, quoteOption(all[i].value))
			}
		}
	}
	return nil
}
