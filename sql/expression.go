package sql

import (
	"context"

	"wharf"
)

// Expressions computes single expressions of MySQL, for an engine that has no
// words of its own for them.
type Expressions interface {
	// Compile makes an expression ready to be computed, until the context ends.
	// What is wrong with it is an error, what is not known is
	// wharf.CodeUnsupported.
	Compile(ctx context.Context, e Expression) (*Compiled, error)
}

// Expression is an expression in which names stand for values that it is given.
type Expression struct {
	Text   string // of MySQL
	Inputs []Input
	Args   []wharf.Value // of the placeholders in Text
	// Key asks not for a text but for bytes that are in the order of its
	// collation, and the same where that holds texts equal.
	Key bool
	// Unrounded asks for a number with all digits that it was computed to, which
	// may be more than its scale.
	Unrounded bool
	// Marked asks for the text of a document in which values of SQL keep their types, by
	// characters of [TypeMarks] behind them. An [Input] may have these.
	Marked bool
	// Warn takes the warnings about its value; nil leaves them to the session.
	Warn func(number uint16, text string)
}

// Input is a value that an [Expression] is given.
type Input struct {
	Name  string
	Type  wharf.Type
	Scale int // digits behind the point of a decimal, which may come with more, or of a time; of a double see [DoubleScale]
	Width int `json:",omitempty"` // the most digits of a decimal; 0 is not known
	// Collation is that of a text. "" is the connection's, as of a literal.
	Collation string
	Explicit  bool // said by COLLATE
	Truth     bool `json:",omitempty"` // a truth value, which JSON has as true or false
}

// TypeMarks are the characters that values of SQL have behind them in the text of a document
// that an [Expression] gives as Marked: a decimal, an unsigned integer, a date, a time, and a
// date with its time. No other text of a document has them. A number has its mark at its end,
// a text before its last quote: 1.5\x01, "2026-01-31\x03". Without the marks the text is what
// MySQL shows.
const TypeMarks = "\x01\x02\x03\x04\x05"

// Compiled is an [Expression] that is ready. It is not safe for concurrent use.
type Compiled struct {
	Type  wharf.Type
	Scale int  // digits behind the point of a decimal or a time, -1 is as many as each value has; of a double see [DoubleScale]
	Truth bool // a truth value, which JSON has as true or false
	Width int  // the most characters of a text, or digits of a decimal; 0 is not known
	// Collation is that of a text. Explicit is set where COLLATE says it, Implicit where it is as
	// firm as a column's.
	Collation          string
	Explicit, Implicit bool

	Eval func(inputs []wharf.Value) (wharf.Value, error)
}

// DoubleScale is the scale of a double that is shown with so many digits behind its point.
// That of one with none, as ROUND gives it, is below 0: 0 is of one that is shown with as
// many as it has.
func DoubleScale(digits int) int {
	if digits > 0 {
		return digits
	}
	return -1
}

// Cause is why a statement failed, where MySQL has a number of its own for
// what a [wharf.Code] does not tell apart. Drivers go by some of these numbers:
// one that asks for a variable of another version expects to hear that it is
// unknown.
type Cause struct {
	Number uint16
	State  string // SQLSTATE, five characters
	Text   string
}

// invalid is an error by MySQL's number that a statement has as it is read.
func invalid(number uint16, state, msg string) error {
	return &wharf.Error{Code: wharf.CodeInvalid, Msg: msg, Err: &Cause{Number: number, State: state, Text: msg}}
}

// Error says the cause in a few words, for the log.
func (c *Cause) Error() string { return c.Text }
