package exec

import (
	"context"
	"math"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// transaction keeps the flag that clients rely on. Statements of stages take
// effect at once, in a transaction or not; ROLLBACK warns where files that
// were removed stay removed.
func (s *Session) transaction(st *sql.Transaction) (Result, error) {
	switch st.Verb {
	case "BEGIN":
		readOnly := s.nextIsReadOnly()
		if st.Access != "" {
			readOnly = st.Access == "READ ONLY"
		}
		s.endTransaction()
		s.inTransaction, s.readOnly = true, readOnly
		return Result{}, nil
	case "COMMIT":
		return s.complete(st), nil
	case "ROLLBACK":
		if s.changed {
			s.warn("Warning", warnNotRolledBack, "Some non-transactional changed tables couldn't be rolled back")
		}
		return s.complete(st), nil
	}
	return Result{}, eval.Unsupported(st.Verb)
}

// complete ends the transaction, and does what it says of what comes after, or
// what completion_type says where it does not: the next transaction begins,
// with the same access, or the connection ends.
func (s *Session) complete(st *sql.Transaction) Result {
	usual := s.variableValue(s.executor.variables["completion_type"], false).Str()
	readOnly := s.readOnly
	s.endTransaction()
	if st.Chain == sql.Yes || st.Chain == sql.Unsaid && usual == "CHAIN" {
		s.inTransaction, s.readOnly = true, readOnly
	}
	return Result{Release: st.Release == sql.Yes || st.Release == sql.Unsaid && usual == "RELEASE"}
}

// endTransaction ends the transaction that is open, and what SET TRANSACTION
// said of it.
func (s *Session) endTransaction() {
	s.inTransaction, s.changed, s.readOnly, s.nextReadOnly = false, false, false, nil
	s.savepoints = nil
}

// nextIsReadOnly tells whether a transaction that begins now is read-only.
func (s *Session) nextIsReadOnly() bool {
	if s.nextReadOnly != nil {
		return *s.nextReadOnly
	}
	return s.flag("transaction_read_only")
}

// inAccess holds a plan of a statement of stages to the transaction's access:
// in a read-only one, only what reads may run. What SET TRANSACTION said of the
// next transaction is said of one statement where each is its own.
func (s *Session) inAccess(p plan, reads bool) plan {
	run := p.run
	p.run = func(ctx context.Context) (Result, error) {
		readOnly := s.readOnly
		if !s.inTransaction {
			readOnly = s.nextIsReadOnly()
		}
		if s.autocommit && !s.inTransaction {
			s.nextReadOnly = nil
		}
		if readOnly && !reads {
			return Result{}, eval.Because(ErrReadOnly, wharf.CodeDenied, "Cannot execute statement in a READ ONLY transaction.")
		}
		return run(ctx)
	}
	return p
}

// reads tells the statements of stages that change nothing.
func reads(stmt sql.Statement) bool {
	switch st := stmt.(type) {
	case *sql.ShowStages, *sql.DescStage, *sql.ShowCreateStage, *sql.ListFiles,
		*sql.DescConnection, *sql.ShowConnections, *sql.DescFileFormat, *sql.ShowFileFormats:
		return true
	case *sql.Presign:
		return !st.Upload
	}
	return false
}

// kill ends a connection or its statement.
func (s *Session) kill(ctx context.Context, st *sql.Kill, args []wharf.Value) error {
	id := st.ID
	if st.Expr != nil {
		c := eval.Compiler{Env: s, Args: args}
		n, err := c.Compile(st.Expr)
		if err != nil {
			return err
		}
		d, err := n.Eval(eval.NewEvaluation(ctx, s))
		if err != nil {
			return err
		}
		id = eval.Bits(d)
	}
	if id > math.MaxUint32 {
		return unknownThread(id)
	}
	if err := s.MayKill(ctx, uint32(id)); err != nil {
		return err
	}
	err := s.client.Sessions.Kill(ctx, uint32(id), st.Query)
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		return unknownThread(id)
	}
	return err
}

// Questions is how many statements the session ran.
func (s *Session) Questions() uint64 { return s.questions }

// SeesAll reports whether the session's user may know what other users do.
func (s *Session) SeesAll(ctx context.Context) bool {
	a, err := s.executor.service.Access(ctx, s.client.Principal)
	return err == nil && a.IsSuper()
}

// User is who the session's connection belongs to.
func (s *Session) User(ctx context.Context) (wharf.ConnectionUser, error) {
	return s.executor.service.ConnectionUser(ctx, s.client.Principal)
}

// MayKill refuses the connections of others to users without SUPER, in the words in
// which one is refused that is not there.
func (s *Session) MayKill(ctx context.Context, id uint32) error {
	a, err := s.executor.service.Access(ctx, s.client.Principal)
	if err != nil || a.IsSuper() {
		return err
	}
	for _, p := range s.client.Sessions.Processes() {
		if p.ID == id && a.SameUser(p.Owner) {
			return nil
		}
	}
	return unknownThread(uint64(id))
}

func unknownThread(id uint64) error {
	return eval.Because(ErrUnknownThread, wharf.CodeNotFound, "Unknown thread id: %d", id)
}

// noSessions is a listener that knows of no connections.
type noSessions struct{}

func (noSessions) Processes() []Process { return nil }

func (noSessions) Counters() Counters { return Counters{} }

func (noSessions) Kill(_ context.Context, id uint32, _ bool) error { return unknownThread(uint64(id)) }
