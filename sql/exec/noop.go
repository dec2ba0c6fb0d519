package exec

import (
	"context"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// maxSavepoints is how many savepoints a transaction can have.
const maxSavepoints = 1000

// savepoint keeps the names of savepoints, which is all that they are in Wharf:
// what was changed after one stays changed.
func (s *Session) savepoint(st *sql.Savepoint) error {
	name := strings.Clone(eval.Fold(st.Name))
	at := slices.Index(s.savepoints, name)
	if st.Verb != "SAVEPOINT" && at < 0 {
		return eval.Because(errNoSavepoint, wharf.CodeNotFound, "SAVEPOINT %s does not exist", eval.CutRunes(st.Name, 64))
	}
	switch st.Verb {
	case "ROLLBACK TO SAVEPOINT":
		s.savepoints = s.savepoints[:at+1]
		s.warnNotUndone()
		return nil
	case "RELEASE SAVEPOINT":
		s.savepoints = s.savepoints[:at]
		return nil
	}
	if at >= 0 {
		s.savepoints = slices.Delete(s.savepoints, at, at+1)
	}
	switch {
	case s.autocommit && !s.inTransaction:
		return nil // it ends with its own transaction
	case len(s.savepoints) >= maxSavepoints:
		return wharf.Errorf(wharf.CodeTooLarge, "a transaction can have %d savepoints", maxSavepoints)
	}
	s.savepoints = append(s.savepoints, name)
	return nil
}

// warnNotUndone tells that ROLLBACK TO SAVEPOINT undoes nothing: as a warning
// where something was changed.
func (s *Session) warnNotUndone() {
	level := "Note"
	if s.changed {
		level = "Warning"
	}
	s.warn(level, warnNotRolledBack, "ROLLBACK TO SAVEPOINT undoes nothing: changes of stages and files take effect at once")
}

// noop does what MySQL's tools expect of a statement beside its name. As in
// MySQL, LOCK TABLES and FLUSH end the open transaction.
func (s *Session) noop(st *sql.Noop) {
	switch st.Name {
	case "LOCK TABLES", "FLUSH":
		s.endTransaction()
	case "FLUSH STATUS":
		s.endTransaction()
		s.commands, s.questions, s.slow = nil, 0, 0
	}
}

// createDatabase tells that the database is there, or that there can be no
// other.
func (s *Session) createDatabase(ctx context.Context, st *sql.CreateDatabase) error {
	_, err := s.findSchema(ctx, st.Name)
	switch {
	case err == nil && st.IfNotExists:
		s.warn("Note", errDatabaseExists.Number, "Can't create database '%s'; database exists", st.Name)
		return nil
	case err == nil:
		return eval.Because(errDatabaseExists, wharf.CodeExists, "Can't create database '%s'; database exists", st.Name)
	case wharf.CodeOf(err) != wharf.CodeNotFound:
		return err
	}
	return wharf.Errorf(wharf.CodeUnsupported, "CREATE DATABASE is not supported by Wharf; CREATE STAGE makes a stage, whose files are tables")
}
