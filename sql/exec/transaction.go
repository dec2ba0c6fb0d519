package exec

import (
	"context"
	"math"

	"wharf"
	"wharf/sql"
)

// transaction keeps the flag that clients rely on. Statements of stages take
// effect at once, in a transaction or not; ROLLBACK warns where files that
// were removed stay removed.
func (s *Session) transaction(verb string) error {
	switch verb {
	case "BEGIN":
		s.inTransaction, s.changed = true, false
	case "COMMIT":
		s.inTransaction, s.changed = false, false
	case "ROLLBACK":
		if s.changed {
			s.warn("Warning", warnNotRolledBack, "Some non-transactional changed tables couldn't be rolled back")
		}
		s.inTransaction, s.changed = false, false
	default:
		return unsupported(verb)
	}
	return nil
}

// kill ends a connection or its statement.
func (s *Session) kill(ctx context.Context, st *sql.Kill, args []wharf.Value) error {
	id := st.ID
	if st.Expr != nil {
		c := compiler{s: s, args: args}
		n, err := c.compile(st.Expr)
		if err != nil {
			return err
		}
		d, err := n.eval(s.evaluation(ctx))
		if err != nil {
			return err
		}
		id = bits(d)
	}
	if id > math.MaxUint32 {
		return unknownThread(id)
	}
	err := s.executor.sessions.Kill(ctx, uint32(id), st.Query)
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return unknownThread(id)
	}
	return err
}

func unknownThread(id uint64) error {
	return because(ErrUnknownThread, wharf.CodeNotFound, "Unknown thread id: %d", id)
}

// noSessions is a listener that knows of no connections.
type noSessions struct{}

func (noSessions) Processes() []Process { return nil }

func (noSessions) Kill(_ context.Context, id uint32, _ bool) error { return unknownThread(uint64(id)) }
