package exec

import (
	"fmt"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Warn adds a warning about a value to the statement under way.
func (s *Session) Warn(number uint16, format string, args ...any) {
	s.warn("Warning", number, format, args...)
}

// maxWarnings is how many diagnostics a statement keeps, as MySQL's
// max_error_count says.
const maxWarnings = 1024

// The numbers that MySQL's own warnings have.
const (
	warnUserExists     = 3163 // ER_USER_ALREADY_EXISTS
	warnNoUser         = 3162 // ER_USER_DOES_NOT_EXIST
	warnNoSuchTable    = 1051 // ER_BAD_TABLE_ERROR
	warnExists         = 1050 // ER_TABLE_EXISTS_ERROR
	warnNotRolledBack  = 1196 // ER_WARNING_NOT_COMPLETE_ROLLBACK
	warnRangeAdjusted  = 1292 // ER_TRUNCATED_WRONG_VALUE
	warnNoRow          = 1329 // ER_SP_FETCH_NO_DATA
	warnModesMerged    = 3135 // ER_SQL_MODE_MERGED
	warnDeprecatedMode = 3090 // ER_WARN_DEPRECATED_SQLMODE
	warnLeftOut        = 1642 // ER_SIGNAL_WARN, for conditions that MySQL does not have
)

// warning is one line of SHOW WARNINGS.
type warning struct {
	level   string // "Note", "Warning", "Error"
	number  uint16
	message string
}

// warn adds a diagnostic to the statement under way.
// Notes are left out where sql_notes is off.
func (s *Session) warn(level string, number uint16, format string, args ...any) {
	if level == "Note" && !s.flag("sql_notes") {
		return
	}
	if len(s.warnings) < maxWarnings {
		s.keepWarning(warning{level, number, fmt.Sprintf(format, args...)})
	}
}

// warnOf adds the warnings about how a statement is written.
func (s *Session) warnOf(st sql.Statement) {
	for _, w := range sql.Warnings(st) {
		s.warn("Warning", w.Number, "%s", w.Text)
	}
}

// noteError keeps an error for SHOW WARNINGS and SHOW ERRORS.
func (s *Session) noteError(err error) {
	if len(s.warnings) < maxWarnings {
		s.keepWarning(warning{"Error", s.executor.errorNumber(err), wharf.MessageOf(err)})
	}
}

// Warnings returns how many diagnostics the last statement has: the count in
// the packet that ends its answer, so it is asked for after the last row. It
// is 0 for a statement about those of the one before.
func (s *Session) Warnings() uint16 {
	if s.asked {
		return 0
	}
	return uint16(len(s.warnings))
}

// keepWarning keeps a diagnostic if there is memory for it.
func (s *Session) keepWarning(w warning) {
	size := int64(eval.ValueBytes + len(w.message))
	if s.memory.Keep(size) == nil {
		s.warningBytes += size
		s.warnings = append(s.warnings, w)
	}
}

// forgetWarnings forgets the diagnostics of the statement before.
func (s *Session) forgetWarnings() {
	if s.warnings == nil {
		return
	}
	s.memory.Unkeep(s.warningBytes)
	s.warnings, s.warningBytes = nil, 0
}

func (s *Session) countErrors() int {
	n := 0
	for _, w := range s.warnings {
		if w.level == "Error" {
			n++
		}
	}
	return n
}

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
	ErrNoTable         = eval.NewCause(1146, "42S02", "unknown table")
	errTableDenied     = eval.NewCause(1142, "42000", "table of MySQL's own")
	errDatabaseExists  = eval.NewCause(1007, "HY000", "database exists")
	errNoSavepoint     = eval.NewCause(1305, "42000", "unknown savepoint")
	errUnknownEngine   = eval.NewCause(1286, "42000", "unknown storage engine")
	errNoGrant         = eval.NewCause(1141, "42000", "no such grant")
	errNoInfoTable     = eval.NewCause(1109, "42S02", "unknown table of information_schema")
	errUserOperation   = eval.NewCause(1396, "HY000", "a statement about a user failed")
	errNeedsSuper      = eval.NewCause(1227, "42000", "SUPER is needed")
	errNoPrepared      = eval.NewCause(1243, "HY000", "unknown prepared statement")
	errEmptyQuery      = eval.NewCause(1065, "42000", "query was empty")
	errNotPreparable   = eval.NewCause(1295, "HY000", "not in a prepared statement")
	errManyRows        = eval.NewCause(1172, "42000", "more than one row")
	errColumnCounts    = eval.NewCause(1222, "21000", "different number of columns")
	errNoRole          = eval.NewCause(3530, "HY000", "role not granted")
	errLockName        = eval.NewCause(3057, "42000", "wrong name of a lock")
	ErrInTransaction   = eval.NewCause(1568, "25001", "transaction in progress")

	errWrongObject   = eval.NewCause(1347, "HY000", "not an object of that kind")
	errWrongValue    = eval.NewCause(1231, "42000", "wrong value for a variable")
	errUnknownLocale = eval.NewCause(1649, "HY000", "unknown locale")
	errWrongType     = eval.NewCause(1232, "42000", "wrong type for a variable")
	errVariableScope = eval.NewCause(1238, "HY000", "variable of another scope")
)
