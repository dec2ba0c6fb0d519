package exec

import "wharf/sql/eval"

// Cause is why a statement failed, where MySQL has a number of its own for
// what a wharf.Code does not tell apart.
type Cause = eval.Cause

// The causes, by MySQL's numbers.
var (
	ErrUnknownDatabase = eval.NewCause(1049, "42000", "unknown database")
	ErrNoDatabase      = eval.NewCause(1046, "3D000", "no database selected")
	ErrUnknownVariable = eval.NewCause(1193, "HY000", "unknown system variable")
	ErrUnknownThread   = eval.NewCause(1094, "HY000", "unknown thread")
	ErrReadOnly        = eval.NewCause(1792, "25006", "read-only transaction")
	ErrInTransaction   = eval.NewCause(1568, "25001", "transaction in progress")

	errWrongObject   = eval.NewCause(1347, "HY000", "not an object of that kind")
	errWrongValue    = eval.NewCause(1231, "42000", "wrong value for a variable")
	errWrongType     = eval.NewCause(1232, "42000", "wrong type for a variable")
	errVariableScope = eval.NewCause(1238, "HY000", "variable of another scope")
)
