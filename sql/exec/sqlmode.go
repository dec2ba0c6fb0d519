package exec

import (
	"math/bits"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// defaultSQLMode is MySQL 8.0's.
const defaultSQLMode = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

// sqlModes are the modes by their bits in the number that sql_mode takes, which
// is also the order in which MySQL prints them; "" is a bit that MySQL 8.0
// does not use.
func sqlModes() []string {
	return []string{
		"REAL_AS_FLOAT", "PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "", "ONLY_FULL_GROUP_BY", "NO_UNSIGNED_SUBTRACTION", "NO_DIR_IN_CREATE",
		"", "", "", "", "", "", "", "", "", "", "ANSI", "NO_AUTO_VALUE_ON_ZERO", "NO_BACKSLASH_ESCAPES", "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES",
		"NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ALLOW_INVALID_DATES", "ERROR_FOR_DIVISION_BY_ZERO", "TRADITIONAL", "", "HIGH_NOT_PRECEDENCE",
		"NO_ENGINE_SUBSTITUTION", "PAD_CHAR_TO_FULL_LENGTH", "TIME_TRUNCATE_FRACTIONAL",
	}
}

// impliedModes are those that a mode stands for beside itself.
func impliedModes(mode string) []string {
	switch mode {
	case "ANSI":
		return []string{"REAL_AS_FLOAT", "PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "ONLY_FULL_GROUP_BY"}
	case "TRADITIONAL":
		return []string{"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"}
	}
	return nil
}

// sqlModeType is a list of modes in any order, printed in one, or the number
// whose bits they are.
func sqlModeType() variableType {
	known := sqlModes()
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		var set uint64
		switch {
		case d.Kind == eval.KInt || d.Kind == eval.KUint:
			set = d.Num
		case !d.IsText():
			return wharf.Null(), false
		default:
			for mode := range strings.SplitSeq(strings.ToUpper(d.Str), ",") {
				bit := slices.Index(known, strings.TrimRight(mode, " "))
				switch {
				case bit >= 0 && known[bit] != "":
					set |= 1 << bit
				case mode != "":
					return wharf.Null(), false
				}
			}
		}
		return modesOf(set, known)
	}}
}

// modesOf gives the text for a set of modes; ok is false where MySQL has no
// such mode.
func modesOf(set uint64, known []string) (v wharf.Value, ok bool) {
	given := map[string]bool{}
	for ; set != 0; set &= set - 1 {
		bit := bits.TrailingZeros64(set)
		if bit >= len(known) || known[bit] == "" {
			return wharf.Null(), false
		}
		given[known[bit]] = true
		for _, mode := range impliedModes(known[bit]) {
			given[mode] = true
		}
	}
	return wharf.Text(strings.Join(slices.DeleteFunc(slices.Clone(known), func(m string) bool { return !given[m] }), ",")), true
}

// refuseModes refuses the modes that would change what functions of dates answer.
func refuseModes(v wharf.Value) error {
	for mode := range strings.SplitSeq(v.Str(), ",") {
		if mode == "ALLOW_INVALID_DATES" || mode == "TIME_TRUNCATE_FRACTIONAL" {
			return eval.Unsupported("the mode " + mode + " of sql_mode")
		}
	}
	return nil
}

// warnModes warns of strict modes without those that are to become a part of them, and the
// other way round, and of a mode that is deprecated.
func (s *Session) warnModes(v wharf.Value) {
	modes := strings.Split(v.Str(), ",")
	has := func(of ...string) (n int) {
		for _, mode := range of {
			if slices.Contains(modes, mode) {
				n++
			}
		}
		return n
	}
	strict, parts := has("STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"), has("NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ERROR_FOR_DIVISION_BY_ZERO")
	if strict+parts > 0 && (strict == 0 || parts < 3) {
		s.Warn(warnModesMerged, "'NO_ZERO_DATE', 'NO_ZERO_IN_DATE' and 'ERROR_FOR_DIVISION_BY_ZERO' sql modes should be used with strict mode. They will be merged with strict mode in a future release.")
	}
	if has("PAD_CHAR_TO_FULL_LENGTH") > 0 {
		s.Warn(warnDeprecatedMode, "Changing sql mode 'PAD_CHAR_TO_FULL_LENGTH' is deprecated. It will be removed in a future release.")
	}
}

// setMode makes statements be read by a value of sql_mode.
func (s *Session) setMode(v wharf.Value) error {
	s.mode = sql.ModeOf(v.Str())
	return nil
}
