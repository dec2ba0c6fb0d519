//go:build linux && !noduck

package duck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
)

// because is an error that MySQL has a number of its own for.
func because(number uint16, state string, code wharf.Code, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	return &wharf.Error{Code: code, Msg: msg, Err: &sql.Cause{Number: number, State: state, Text: msg}}
}

// The mistakes in a query, with MySQL's numbers.

func unknownColumn(name, clause string) error {
	return because(1054, "42S22", wharf.CodeInvalid, "Unknown column '%s' in '%s'", name, clause)
}

// unknownBesidePlaces is unknownColumn where a file has columns that are known by their
// places alone.
func unknownBesidePlaces(name, clause string) error {
	return because(1054, "42S22", wharf.CodeInvalid,
		"Unknown column '%s' in '%s'; a file of text at a location has the columns $1, $2, …, and those of its header with (FILE_FORMAT => (TYPE = CSV, PARSE_HEADER = TRUE))", name, clause)
}

func ambiguousColumn(name, clause string) error {
	return because(1052, "23000", wharf.CodeInvalid, "Column '%s' in %s is ambiguous", name, clause)
}

func duplicateColumn(name string) error {
	return because(1060, "42S21", wharf.CodeInvalid, "Duplicate column name '%s'", name)
}

func unknownTable(name string) error {
	return because(1051, "42S02", wharf.CodeInvalid, "Unknown table '%s'", name)
}

func notUnique(table string) error {
	return because(1066, "42000", wharf.CodeInvalid, "Not unique table/alias: '%s'", table)
}

func columnCounts() error {
	return because(1222, "21000", wharf.CodeInvalid, "The used SELECT statements have a different number of columns")
}

func operandColumns(n int) error {
	return because(1241, "21000", wharf.CodeInvalid, "Operand should contain %d column(s)", n)
}

func parameterCount(name string) error {
	return because(1582, "42000", wharf.CodeInvalid, "Incorrect parameter count in the call to native function '%s'", name)
}

func wrongLiteral(kind, text string) error {
	return because(1525, "HY000", wharf.CodeInvalid, "Incorrect %s value: '%s'", kind, text)
}

func notAggregated(item int, column string) error {
	return because(1140, "42000", wharf.CodeInvalid,
		"In aggregated query without GROUP BY, expression #%d of SELECT list contains nonaggregated column '%s'; this is incompatible with sql_mode=only_full_group_by", item, column)
}

func notGrouped(item int, of, column string) error {
	return because(1055, "42000", wharf.CodeInvalid,
		"Expression #%d of %s is not in GROUP BY clause and contains nonaggregated column '%s' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with sql_mode=only_full_group_by", item, of, column)
}

func noKey(key, table string) error {
	return because(1176, "42000", wharf.CodeInvalid, "Key '%s' doesn't exist in table '%s'", key, table)
}

// The errors of a frame that begins behind its end.

func frameStart(window string) error {
	return because(3584, "HY000", wharf.CodeInvalid, "Window '%s': frame start cannot be UNBOUNDED FOLLOWING.", window)
}

func frameEnd(window string) error {
	return because(3585, "HY000", wharf.CodeInvalid, "Window '%s': frame end cannot be UNBOUNDED PRECEDING.", window)
}

func frameOrder(window string) error {
	return because(3586, "HY000", wharf.CodeInvalid, "Window '%s': frame start or end is negative, NULL or of non-integral type", window)
}

// The errors of a frame of RANGE that begins or ends at a distance.

func rangeOrder(window string) error {
	return because(3587, "HY000", wharf.CodeInvalid, "Window '%s' with RANGE N PRECEDING/FOLLOWING frame requires exactly one ORDER BY expression, of numeric or temporal type", window)
}

func rangeOfTimes(window string) error {
	return because(3588, "HY000", wharf.CodeInvalid, "Window '%s' with RANGE frame has ORDER BY expression of datetime type. Only INTERVAL bound value allowed.", window)
}

func rangeOfNumbers(window string) error {
	return because(3589, "HY000", wharf.CodeInvalid, "Window '%s' with RANGE frame has ORDER BY expression of numeric type, INTERVAL bound value not allowed.", window)
}

func windowMisplaced(function string) error {
	return because(3593, "HY000", wharf.CodeInvalid, "You cannot use the window function '%s' in this context.", strings.ToLower(function))
}

func windowAliasMisplaced(alias string) error {
	return because(3594, "HY000", wharf.CodeInvalid, "You cannot use the alias '%s' of an expression containing a window function in this context.", alias)
}

// unreadyItem is the error of a name that a query within a SELECT's items has, of another item.
func unreadyItem(name, reason string) error {
	return because(1247, "42S22", wharf.CodeInvalid, "Reference '%s' not supported (%s)", name, reason)
}

func notGroupable(name string) error {
	return because(1056, "42000", wharf.CodeInvalid, "Can't group on '%s'", name)
}

// The errors of a window that builds on another.

func windowCircle() error {
	return because(3580, "HY000", wharf.CodeInvalid, "There is a circularity in the window dependency graph.")
}

func windowPartitioned() error {
	return because(3581, "HY000", wharf.CodeInvalid, "A window which depends on another cannot define partitioning.")
}

func windowFramed(base string) error {
	return because(3582, "HY000", wharf.CodeInvalid, "Window '%s' has a frame definition, so cannot be referenced by another window.", base)
}

func windowOrdered(window, base string) error {
	return because(3583, "HY000", wharf.CodeInvalid, "Window '%s' cannot inherit '%s' since both contain an ORDER BY clause.", window, base)
}

func windowTwice(name string) error {
	return because(3591, "HY000", wharf.CodeInvalid, "Window '%s' is defined twice.", name)
}

func unknownWindow(name string) error {
	return because(3579, "HY000", wharf.CodeInvalid, "Window name '%s' is not defined.", name)
}

// known gives MySQL's own error for a failure that DuckDB found in a query, or
// nil.
func (f failure) known() error {
	has := func(part string) bool { return strings.Contains(f.Text, part) }
	switch {
	case f.Kind == "Out of Range Error", f.Kind == "Conversion Error" && has("out of range"), has("value is out of range"),
		has("Could not cast value"), has("Failed to cast decimal"), has("Casting value"), tooLongDecimal.MatchString(f.Text):
		if f.rangeOf() == "DECIMAL" { // MySQL's have up to 65 digits
			return refused(fmt.Sprintf("a decimal of more than %d digits", maxDigits))
		}
		return because(1690, "22003", wharf.CodeInvalid, "%s value is out of range%s", f.rangeOf(), f.values())
	case has("must appear in the GROUP BY clause"):
		return because(1055, "42000", wharf.CodeInvalid,
			"Expression of SELECT list is not in GROUP BY clause and contains nonaggregated column%s which is not functionally dependent on columns in GROUP BY clause; put it into GROUP BY or ANY_VALUE()", f.ungrouped())
	case has("Argument for ntile"):
		return because(1210, "HY000", wharf.CodeInvalid, "Incorrect arguments to ntile")
	case has("More than one row returned by a subquery"):
		return because(1242, "21000", wharf.CodeInvalid, "Subquery returns more than 1 row")
	case has("cannot contain aggregates"), has("aggregate function calls cannot be nested"), has("cannot contain window functions"):
		return because(1111, "HY000", wharf.CodeInvalid, "Invalid use of group function")
	case f.Kind == "Binder Error" && duckTypes.MatchString(f.Text):
		// What it says lists DuckDB's own types and functions.
		if m := noMatch.FindStringSubmatch(f.Text); m != nil {
			return because(1210, "HY000", wharf.CodeInvalid, "Incorrect arguments to %s: values of these types are not supported", strings.TrimPrefix(m[1], "mysql_"))
		}
		return because(1210, "HY000", wharf.CodeInvalid, "Incorrect arguments: the query puts values together whose types do not fit")
	}
	return nil
}

var (
	noMatch   = regexp.MustCompile(`No function matches the given name and argument types '([^(']+)\(`)
	duckTypes = regexp.MustCompile(`Candidate functions|\b(?:VARCHAR|U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|INTERVAL|DOUBLE|FLOAT|DECIMAL|BLOB|DATE|TIME|TIMESTAMP(?:_\w+)?|STRUCT|MAP|UUID|BOOLEAN)\b`)
)

// translated is what stands in translations alone: functions of the prelude, what is
// said to the server's evaluator, and, in what DuckDB says of the text of a
// statement, names of columns and of tables.
var (
	translated      = regexp.MustCompile(`\bmysql_\w+|\{"Text":|\b__internal_`)
	translatedNames = regexp.MustCompile(`\bc\d+\b|\bt\d+\.`)
)

// tellsTranslation reports whether a failure tells how the query was translated,
// which says nothing to its author.
func (f failure) tellsTranslation() bool {
	return translated.MatchString(f.Text) ||
		slices.Contains([]string{"Binder Error", "Parser Error", "Catalog Error"}, f.Kind) && translatedNames.MatchString(f.Text)
}

// tooLongDecimal is of a decimal that the server's evaluator computed.
var tooLongDecimal = regexp.MustCompile(`Could not convert string "-?[0-9.]+" to DECIMAL\(`)

var overflow = regexp.MustCompile(`Overflow in \w+ of \w+ (\(.*\))`)

// values is the computation that a value of which left its range.
func (f failure) values() string {
	if m := overflow.FindStringSubmatch(f.Text); m != nil {
		return " in '" + m[1] + "'"
	}
	return ""
}

var (
	ungrouped = regexp.MustCompile(`column "?(?:t\d+\.)?([^"]+?)"? must appear in the GROUP BY`)
	numbered  = regexp.MustCompile(`^c\d+$`) // of a derived table
)

// ungrouped names the column that is not grouped by, where that is known.
func (f failure) ungrouped() string {
	m := ungrouped.FindStringSubmatch(f.Text)
	if m == nil || numbered.MatchString(m[1]) {
		return ""
	}
	return " '" + m[1] + "'"
}

// rangeOf names the type whose range a value left.
func (f failure) rangeOf() string {
	text, _, _ := strings.Cut(f.Text, "\n") // the part of the statement is behind it
	switch {
	case strings.Contains(text, "UINT64"):
		return "BIGINT UNSIGNED"
	case strings.Contains(text, "DOUBLE"):
		return "DOUBLE"
	case strings.Contains(text, "DECIMAL"):
		return "DECIMAL"
	}
	return "BIGINT"
}
