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

	errUnknownTable   = eval.NewCause(1051, "42S02", "unknown table")
	errNoTables       = eval.NewCause(1096, "HY000", "no tables used")
	errColumnCounts   = eval.NewCause(1222, "21000", "different numbers of columns")
	errOperandColumns = eval.NewCause(1241, "21000", "operand of several columns")
	errManyRows       = eval.NewCause(1242, "21000", "more than one row")
	errWrongValue     = eval.NewCause(1231, "42000", "wrong value for a variable")
	errWrongType      = eval.NewCause(1232, "42000", "wrong type for a variable")
	errVariableScope  = eval.NewCause(1238, "HY000", "variable of another scope")
)
