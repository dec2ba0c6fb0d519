package eval

import (
	"fmt"

	"wharf"
	"wharf/sql"
)

// Cause is why a statement failed, where MySQL has a number of its own for
// what a [wharf.Code] does not tell apart.
type Cause = sql.Cause

// NewCause returns a cause by MySQL's number and SQLSTATE, which text says in a
// few words.
func NewCause(number uint16, state, text string) *Cause {
	return &Cause{Number: number, State: state, Text: text}
}

// The causes that expressions have, by MySQL's numbers.
var (
	errAmbiguous       = &Cause{Number: 1052, State: "23000", Text: "ambiguous column"}
	ErrUnknownColumn   = &Cause{Number: 1054, State: "42S22", Text: "unknown column"}
	errGroupFunction   = &Cause{Number: 1111, State: "HY000", Text: "invalid use of a group function"}
	ErrCharsetMismatch = &Cause{Number: 1253, State: "42000", Text: "collation of another character set"}
	errCharsetMismatch = &Cause{Number: 3995, State: "HY000", Text: "character sets that do not go together"}
	errMixedCollations = &Cause{Number: 1267, State: "HY000", Text: "illegal mix of collations"}
	errUnknownZone     = &Cause{Number: 1298, State: "HY000", Text: "unknown time zone"}
	ErrOperandColumns  = &Cause{Number: 1241, State: "21000", Text: "operand of several columns"}
	errNoFunction      = &Cause{Number: 1305, State: "42000", Text: "unknown function"}
	errPrecision       = &Cause{Number: 1426, State: "42000", Text: "too big precision"}
	errScale           = &Cause{Number: 1425, State: "42000", Text: "too big scale"}
	errScalePrecision  = &Cause{Number: 1427, State: "42000", Text: "scale over precision"}
	errWrongLiteral    = &Cause{Number: 1525, State: "HY000", Text: "incorrect value"}
	errParameterCount  = &Cause{Number: 1582, State: "42000", Text: "wrong number of parameters"}
	errShortVector     = &Cause{Number: 1882, State: "HY000", Text: "short initialization vector"}
	errOutOfRange      = &Cause{Number: 1690, State: "22003", Text: "out of range"}
	errWrongArguments  = &Cause{Number: 1210, State: "HY000", Text: "wrong arguments"}
	ErrNotUnique       = &Cause{Number: 1066, State: "42000", Text: "table or alias given twice"}
	ErrDuplicateColumn = &Cause{Number: 1060, State: "42S21", Text: "column given twice"}
	ErrNoAlias         = &Cause{Number: 1248, State: "42000", Text: "derived table without an alias"}
	errInvalidJSON     = &Cause{Number: 3141, State: "22032", Text: "invalid JSON text"}
	errInvalidPath     = &Cause{Number: 3143, State: "42000", Text: "invalid JSON path"}
	errJSONType        = &Cause{Number: 3853, State: "22032", Text: "JSON of another type"}
	errJSONCharset     = &Cause{Number: 3144, State: "22032", Text: "JSON of bytes"}
	errJSONManyPlaces  = &Cause{Number: 3149, State: "42000", Text: "JSON path of many places"}
	errJSONRoot        = &Cause{Number: 3153, State: "42000", Text: "the whole document as a path in JSON"}
	errJSONNullKey     = &Cause{Number: 3158, State: "22032", Text: "NULL as a name in JSON"}
	errJSONOneOrAll    = &Cause{Number: 3154, State: "42000", Text: "neither one nor all"}
	errJSONNoCell      = &Cause{Number: 3165, State: "42000", Text: "JSON path of no cell"}
	errJSONMissing     = &Cause{Number: 3665, State: "22035", Text: "no value for a column of JSON_TABLE"}
	errJSONWrongValue  = &Cause{Number: 3666, State: "2203F", Text: "wrong value for a column of JSON_TABLE"}
	errNoJSONValue     = &Cause{Number: 3966, State: "22035", Text: "no value for JSON_VALUE"}
	errJSONOutOfRange  = &Cause{Number: 3669, State: "22003", Text: "out of range for a column of JSON_TABLE"}
	errWrongJSONValue  = &Cause{Number: 3156, State: "22018", Text: "a value of JSON that does not become one of SQL"}
	errWrongForType    = &Cause{Number: 1411, State: "HY000", Text: "wrong value for a function"}
	errOperandSizes    = &Cause{Number: 3513, State: "HY000", Text: "operands of unequal length"}
	errRegexpIndex     = &Cause{Number: 3686, State: "HY000", Text: "index out of bounds"}
	errRegexpGroup     = &Cause{Number: 3887, State: "HY000", Text: "no such group"}
)

// Because is [wharf.Errorf] with a cause.
func Because(cause error, code wharf.Code, format string, args ...any) error {
	return &wharf.Error{Code: code, Msg: fmt.Sprintf(format, args...), Err: cause}
}

// Invalid is [because] of a value that is wrong.
func Invalid(cause error, format string, args ...any) error {
	return Because(cause, wharf.CodeInvalid, format, args...)
}

// wrongCount is the error of a call with too many or too few arguments.
func wrongCount(name string) error {
	return Invalid(errParameterCount, "Incorrect parameter count in the call to native function '%s'", CutRunes(name, 64))
}

// Unsupported is the error of what is valid MySQL that Wharf does not do.
func Unsupported(name string) error {
	return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported by Wharf", name)
}
