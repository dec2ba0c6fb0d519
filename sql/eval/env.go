package eval

import (
	"time"

	"wharf"
	"wharf/sql"
)

// Env is the session that an expression is evaluated for.
type Env interface {
	// Account is what its statement holds.
	Account() *Account
	// Warn adds a warning, by MySQL's number, to those of the statement.
	Warn(number uint16, format string, args ...any)
	Now() time.Time
	Location() *time.Location
	// Value is a system variable's value in the session.
	Value(name string) wharf.Value
	// SysVar compiles a system variable, and Subquery a query in an expression
	// that stands in no other query. x is what is before its IN.
	SysVar(sql.SysVar) (Node, error)
	Subquery(e sql.Subquery, x Node, args []wharf.Value) (Node, error)
	// UserVar is a user variable's value now, by its folded name.
	UserVar(name string) Datum
	// Function finds a function, by its name in upper case.
	Function(name string) (Function, bool)
}

// Subqueries is a [sql.Engine] that can make a query a part of an expression,
// within the session and the evaluation of that.
type Subqueries interface {
	// Subquery compiles a query in an expression that stands in no other query;
	// x is what is before its IN.
	Subquery(e sql.Subquery, x Node, q sql.Request) (Node, error)
}

// names are what columns, aggregates and queries in an expression mean.
type names interface {
	Column(sql.Column) (Node, error)
	Aggregate(sql.Aggregate) (Node, error)
	// Subquery compiles a query; x is what is before its IN.
	Subquery(e sql.Subquery, x Node) (Node, error)
}

// The numbers that MySQL's warnings about values have.
const (
	warnInvalidJSONCast  = 3156 // ER_INVALID_JSON_VALUE_FOR_CAST
	warnImplicitJSON     = 3986 // ER_IMPLICIT_COMPARISON_FOR_JSON
	warnDivisionByZero   = 1365 // ER_DIVISION_BY_ZERO
	warnTruncated        = 1292 // ER_TRUNCATED_WRONG_VALUE
	warnDataOutOfRange   = 1264 // ER_WARN_DATA_OUT_OF_RANGE
	warnWrongValue       = 1411 // ER_WRONG_VALUE_FOR_TYPE
	warnOverflow         = 1441 // ER_DATETIME_FUNCTION_OVERFLOW
	WarnAmbiguous        = 1052 // ER_NON_UNIQ_ERROR
	WarnCutByGroupConcat = 1260 // ER_CUT_VALUE_GROUP_CONCAT
	warnCorrupted        = 1259 // ER_ZLIB_Z_DATA_ERROR
	warnNoLogarithm      = 3020 // ER_INVALID_ARGUMENT_FOR_LOGARITHM
	warnUnknownLocale    = 1649 // ER_UNKNOWN_LOCALE
	warnInvalidText      = 1300 // ER_INVALID_CHARACTER_STRING
	warnResultTooLong    = 1301 // ER_WARN_ALLOWED_PACKET_OVERFLOWED
	warnWrongParameters  = 1583 // ER_WRONG_PARAMETERS_TO_NATIVE_FCT
	warnOptionIgnored    = 1618 // WARN_OPTION_IGNORED
)
