package exec

import (
	"slices"
	"strings"

	"wharf/sql/eval"

	"wharf"
)

// defaultSQLMode is MySQL 8.0's.
const defaultSQLMode = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

// sqlModes are the modes in the order in which MySQL prints them.
func sqlModes() []string {
	return []string{
		"REAL_AS_FLOAT", "IGNORE_SPACE", "ONLY_FULL_GROUP_BY", "NO_UNSIGNED_SUBTRACTION", "NO_DIR_IN_CREATE",
		"NO_AUTO_VALUE_ON_ZERO", "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE",
		"ALLOW_INVALID_DATES", "ERROR_FOR_DIVISION_BY_ZERO", "TRADITIONAL", "NO_ENGINE_SUBSTITUTION",
		"PAD_CHAR_TO_FULL_LENGTH", "TIME_TRUNCATE_FRACTIONAL",
	}
}

// readingModes change how a statement is read, which Wharf does in one way
// only: to accept them would be to misread what follows.
func readingModes() []string {
	return []string{"ANSI", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT", "HIGH_NOT_PRECEDENCE"}
}

// sqlModeType is a list of modes, in any order, printed in one.
func sqlModeType() variableType {
	known := sqlModes()
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		if !d.IsText() {
			return wharf.Text(""), d.Kind == eval.KInt && d.Num == 0
		}
		given := map[string]bool{}
		for mode := range strings.SplitSeq(strings.ToUpper(d.Str), ",") {
			mode = strings.TrimSpace(mode)
			if mode != "" && !slices.Contains(known, mode) {
				return wharf.Null(), false
			}
			given[mode] = true
		}
		if given["TRADITIONAL"] {
			for _, implied := range []string{"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"} {
				given[implied] = true
			}
		}
		return wharf.Text(strings.Join(slices.DeleteFunc(slices.Clone(known), func(m string) bool { return !given[m] }), ",")), true
	}}
}

// refuseReadingModes tells of a mode that Wharf could not keep to.
func refuseReadingModes(text string) error {
	for mode := range strings.SplitSeq(strings.ToUpper(text), ",") {
		if mode = strings.TrimSpace(mode); slices.Contains(readingModes(), mode) {
			return wharf.Errorf(wharf.CodeUnsupported, "sql_mode %s is not supported by Wharf", mode)
		}
	}
	return nil
}
