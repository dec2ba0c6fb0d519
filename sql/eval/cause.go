package eval

import (
	"fmt"

	"wharf"
)

// Cause is why a statement failed, where MySQL has a number of its own for
// what a [wharf.Code] does not tell apart. Drivers go by some of these numbers:
// one that asks for a variable of another version expects to hear that it is
// unknown.
type Cause struct {
	Number uint16
	State  string // SQLSTATE, five characters
	text   string
}

// Error says the cause in a few words, for the log.
func (c *Cause) Error() string { return c.text }

// NewCause returns a cause by MySQL's number and SQLSTATE, which text says in a
// few words.
func NewCause(number uint16, state, text string) *Cause { return &Cause{number, state, text} }

// The causes that expressions have, by MySQL's numbers.
var (
	errAmbiguous       = &Cause{1052, "23000", "ambiguous column"}
	ErrUnknownColumn   = &Cause{1054, "42S22", "unknown column"}
	errGroupFunction   = &Cause{1111, "HY000", "invalid use of a group function"}
	ErrUnknownCharset  = &Cause{1115, "42000", "unknown character set"}
	ErrCharsetMismatch = &Cause{1253, "42000", "collation of another character set"}
	errMixedCollations = &Cause{1267, "HY000", "illegal mix of collations"}
	ErrUnknownCollate  = &Cause{1273, "HY000", "unknown collation"}
	errUnknownZone     = &Cause{1298, "HY000", "unknown time zone"}
	errPrecision       = &Cause{1426, "42000", "too big precision"}
	errScale           = &Cause{1425, "42000", "too big scale"}
	errScalePrecision  = &Cause{1427, "42000", "scale over precision"}
	errWrongLiteral    = &Cause{1525, "HY000", "incorrect value"}
	errParameterCount  = &Cause{1582, "42000", "wrong number of parameters"}
	errOutOfRange      = &Cause{1690, "22003", "out of range"}
	errRegexp          = &Cause{3688, "HY000", "wrong regular expression"}
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
