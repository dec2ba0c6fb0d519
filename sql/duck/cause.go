//go:build linux && !noduck

package duck

import (
	"fmt"
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

func ambiguousColumn(name, clause string) error {
	return because(1052, "23000", wharf.CodeInvalid, "Column '%s' in %s is ambiguous", name, clause)
}

func unknownTable(name string) error {
	return because(1051, "42S02", wharf.CodeInvalid, "Unknown table '%s'", name)
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

func unknownCollation(name string) error {
	return because(1273, "HY000", wharf.CodeInvalid, "Unknown collation: '%s'", name)
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
		has("Could not cast value"), has("Failed to cast decimal"), has("Casting value"):
		return because(1690, "22003", wharf.CodeInvalid, "%s value is out of range", f.rangeOf())
	case has("must appear in the GROUP BY clause"):
		return because(1055, "42000", wharf.CodeInvalid, "a column of the SELECT list is not in GROUP BY, and is not functionally dependent on what is; put it into GROUP BY or ANY_VALUE()")
	case has("More than one row returned by a subquery"):
		return because(1242, "21000", wharf.CodeInvalid, "Subquery returns more than 1 row")
	case has("cannot contain aggregates"), has("aggregate function calls cannot be nested"), has("cannot contain window functions"):
		return because(1111, "HY000", wharf.CodeInvalid, "Invalid use of group function")
	}
	return nil
}

// rangeOf names the type whose range a value left.
func (f failure) rangeOf() string {
	switch {
	case strings.Contains(f.Text, "UINT64"):
		return "BIGINT UNSIGNED"
	case strings.Contains(f.Text, "DOUBLE"):
		return "DOUBLE"
	case strings.Contains(f.Text, "DECIMAL"):
		return "DECIMAL"
	}
	return "BIGINT"
}
