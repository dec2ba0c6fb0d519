package exec

// The causes, by MySQL's numbers.
var (
	ErrUnknownDatabase = &Cause{1049, "42000", "unknown database"}
	ErrNoDatabase      = &Cause{1046, "3D000", "no database selected"}
	ErrUnknownVariable = &Cause{1193, "HY000", "unknown system variable"}
	ErrUnknownThread   = &Cause{1094, "HY000", "unknown thread"}
	ErrReadOnly        = &Cause{1792, "25006", "read-only transaction"}
	ErrInTransaction   = &Cause{1568, "25001", "transaction in progress"}

	errUnknownTable   = &Cause{1051, "42S02", "unknown table"}
	errNoTables       = &Cause{1096, "HY000", "no tables used"}
	errColumnCounts   = &Cause{1222, "21000", "different numbers of columns"}
	errOperandColumns = &Cause{1241, "21000", "operand of several columns"}
	errManyRows       = &Cause{1242, "21000", "more than one row"}
	errWrongValue     = &Cause{1231, "42000", "wrong value for a variable"}
	errWrongType      = &Cause{1232, "42000", "wrong type for a variable"}
	errVariableScope  = &Cause{1238, "HY000", "variable of another scope"}
)
