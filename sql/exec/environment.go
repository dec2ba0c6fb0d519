package exec

import (
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// What follows makes a session what expressions are evaluated for.

var _ eval.Env = (*Session)(nil)

// Account is what the statement under way holds.
func (s *Session) Account() *eval.Account { return &s.statement }

// Now is the server's time, or the one that SET timestamp set.
func (s *Session) Now() time.Time {
	if !s.clock.IsZero() {
		return s.clock
	}
	return s.executor.now()
}

// Location is the session's time zone.
func (s *Session) Location() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Value is a system variable's value in the session.
func (s *Session) Value(name string) wharf.Value {
	return s.variableValue(s.executor.variables[name], false)
}

// UserVar is a user variable's value, by its folded name.
func (s *Session) UserVar(name string) eval.Datum { return s.userVars[name] }

// Function finds a function by its name in upper case.
func (s *Session) Function(name string) (eval.Function, bool) {
	f, ok := s.executor.functions[name]
	return f, ok
}

// Subquery compiles a query in an expression that stands in no other query.
func (s *Session) Subquery(e sql.Subquery, x eval.Node, args []wharf.Value) (eval.Node, error) {
	engine, ok := s.executor.relations.(eval.Subqueries)
	if !ok {
		return eval.Node{}, eval.Unsupported("a subquery")
	}
	return engine.Subquery(e, x, s.request(e.Query, args))
}
