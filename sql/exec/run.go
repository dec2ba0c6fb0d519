package exec

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// plan is a statement that is ready to run: what it will answer, and how.
type plan struct {
	columns []wharf.Column // nil where there is no result set
	run     func(context.Context) (Result, error)
	// describe finds out the columns where they are not known without asking
	// an engine; nil where columns are all.
	describe func(context.Context) ([]wharf.Column, error)
	// timed is set for the statements that max_execution_time ends.
	timed bool
	// asks is set for statements about the diagnostics of the one before,
	// which therefore keep them.
	asks bool
	// capped is set for the statements that sql_select_limit shortens: those
	// that only show.
	capped bool
	// found counts the rows of the result without its LIMIT, for FOUND_ROWS(); nil
	// counts those that are shown.
	found *uint64
}

// Columns tells the columns that Run will answer with, without running the
// statement. It is nil for a statement without a result set, and for one that
// will fail; the error is that ctx ended.
func (s *Session) Columns(ctx context.Context, st *Stmt) ([]wharf.Column, error) {
	p, err := s.plan(st.parsed, nil)
	if err != nil {
		return nil, nil // Run will say why
	}
	if p.describe == nil {
		return p.columns, nil
	}
	columns, err := p.describe(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, wharf.WrapError(wharf.CodeCanceled, "exec.Columns", "", ctx.Err())
	case err != nil:
		return nil, nil // likewise
	}
	return columns, nil
}

// Run runs a statement with the values of its placeholders. Rows that it
// returns are part of the run: their iteration ends it, and may still fail.
func (s *Session) Run(ctx context.Context, st *Stmt, args []wharf.Value) (Result, error) {
	s.countStatement(st.parsed)
	begun := s.executor.now()
	if len(args) != st.params {
		return s.fail(wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to EXECUTE: %d values for %d placeholders", len(args), st.params))
	}
	if err := s.stillThere(ctx); err != nil {
		return s.fail(err)
	}
	s.statement.ReturnTo(0)                           // of rows that were not read
	if err := s.statement.Take(st.tree); err != nil { // its text is the listener's
		return s.fail(err)
	}
	p, err := s.plan(st.parsed, args)
	if err == nil && ctx.Err() != nil { // also where nothing of the statement takes long
		err = wharf.WrapError(wharf.CodeCanceled, "exec.Run", "", ctx.Err())
	}
	if err != nil {
		s.forgetWarnings()
		return s.fail(err)
	}
	if s.asked = p.asks; !p.asks {
		s.forgetWarnings()
		s.warnOf(st.parsed)
	}
	ctx, cancel := s.deadline(ctx, p.timed, st.maxTime)
	res, err := p.run(ctx)
	if err != nil {
		err = timedOut(ctx, err)
		cancel()
		s.countTime(begun)
		return s.fail(err)
	}
	if res.Rows == nil {
		cancel()
		s.countTime(begun)
		s.statement.ReturnTo(0)
		s.rowCount = int64(res.Affected)
		return res, nil
	}
	s.rowCount = -1
	res.Until, _ = ctx.Deadline()
	res.Rows.All = s.watch(ctx, func() {
		cancel()
		s.countTime(begun)
		if p.found != nil {
			s.foundRows = *p.found
		}
	}, res.Rows.All, s.mostRows(p))
	return res, nil
}

// stillThere refuses a user who was dropped after the login. Where the catalog cannot
// be asked, the statement finds out itself if it needs it.
func (s *Session) stillThere(ctx context.Context) error {
	_, err := s.executor.service.Access(ctx, s.client.Principal)
	if wharf.CodeOf(err) != wharf.CodeUnauthenticated {
		return nil
	}
	return err
}

// fail ends a statement with an error.
func (s *Session) fail(err error) (Result, error) {
	s.statement.ReturnTo(0)
	s.rowCount = -1
	s.noteError(err)
	return Result{}, err
}

// errDeadline is the cause of a context that max_execution_time ended.
var errDeadline = errors.New("max_execution_time is over")

// deadline gives a statement that is timed the time of its hint, or else that of
// max_execution_time.
func (s *Session) deadline(ctx context.Context, timed bool, hinted int64) (context.Context, context.CancelFunc) {
	if !timed {
		return ctx, func() {}
	}
	limit := hinted
	if limit == 0 {
		limit = s.variableValue(s.executor.variables["max_execution_time"], false).Int64()
	}
	switch most := time.Duration(limit) * time.Millisecond; {
	case limit == 0:
		return ctx, func() {}
	case s.allowance != nil:
		return s.allowance.start(ctx, most)
	default:
		return context.WithTimeoutCause(ctx, most, errDeadline)
	}
}

func timedOut(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errDeadline) {
		return &wharf.Error{Code: wharf.CodeTimeout, Op: "exec.Run", Err: err,
			Msg: "Query execution was interrupted, maximum statement execution time exceeded"}
	}
	return err
}

// mostRows is how many rows of a plan are shown.
func (s *Session) mostRows(p plan) uint64 {
	if !p.capped {
		return math.MaxUint64
	}
	return s.variableValue(s.executor.variables["sql_select_limit"], false).Uint64()
}

// watch counts the rows of a result and gives at most that many, ends it with
// its context, and keeps its error.
func (s *Session) watch(ctx context.Context, cancel context.CancelFunc, all iter.Seq2[[]wharf.Value, error], most uint64) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		defer cancel()
		defer s.statement.ReturnTo(0)
		s.foundRows = 0
		if most == 0 {
			return
		}
		// Not a range statement: its body would cost a small result three
		// allocations more.
		all(func(row []wharf.Value, err error) bool {
			if err != nil {
				err = timedOut(ctx, err)
				s.noteError(err)
				yield(nil, err)
				return false
			}
			s.foundRows++
			return yield(row, nil) && s.foundRows < most
		})
	}
}

// plan finds out what a statement means. args are nil where they are not
// known yet.
func (s *Session) plan(stmt sql.Statement, args []wharf.Value) (plan, error) {
	switch st := stmt.(type) {
	case *sql.Select:
		return s.planSelect(st, args)
	case *sql.Query:
		return s.planQuery(st, args)
	case *sql.Set:
		return do(func(ctx context.Context) (Result, error) { return s.set(ctx, st, args) }), nil
	case *sql.SelectInto:
		return s.planInto(st, args)
	case *sql.Prepare:
		return do(func(context.Context) (Result, error) { return Result{}, s.prepare(st) }), nil
	case *sql.Execute:
		return s.planExecute(st)
	case *sql.Deallocate:
		return do(func(context.Context) (Result, error) { return Result{}, s.deallocate(st.Name) }), nil
	case *sql.Show:
		return s.planShow(st, args)
	case *sql.Use:
		return do(func(ctx context.Context) (Result, error) { return Result{}, s.UseDatabase(ctx, st.Database) }), nil
	case *sql.Transaction:
		return do(func(context.Context) (Result, error) { return s.transaction(st) }), nil
	case *sql.Explain:
		return s.planExplain(st, args)
	case *sql.Savepoint:
		return do(func(context.Context) (Result, error) { return Result{}, s.savepoint(st) }), nil
	case *sql.Noop:
		return do(func(context.Context) (Result, error) { s.noop(st); return Result{}, nil }), nil
	case *sql.TableMaintenance:
		return s.planMaintenance(st), nil
	case *sql.CreateDatabase:
		return do(func(ctx context.Context) (Result, error) { return Result{}, s.createDatabase(ctx, st) }), nil
	case *sql.Kill:
		return do(func(ctx context.Context) (Result, error) { return Result{}, s.kill(ctx, st, args) }), nil
	case *sql.Do:
		return do(func(ctx context.Context) (Result, error) { return Result{}, s.evaluateAll(ctx, st.Exprs, args) }), nil
	case *sql.Prepared:
		return s.planPrepared(st, args)
	case *sql.CopyInto:
		p, err := s.planUnload(st)
		if err != nil {
			return plan{}, err
		}
		return s.inAccess(p, false), nil
	case *sql.Unsupported:
		if st.Instead != "" {
			return plan{}, wharf.Errorf(wharf.CodeUnsupported, "%s is not supported by Wharf; %s", st.Name, st.Instead)
		}
		return plan{}, eval.Unsupported(st.Name)
	}
	if p, ok := s.planUsers(stmt); ok {
		return s.inAccess(p, false), nil
	}
	p, err := s.planStage(stmt)
	if f, ok := stmt.(interface{ Condition() sql.Expr }); err == nil && ok && f.Condition() != nil {
		p, err = s.where(p, f.Condition(), args)
	}
	if err != nil {
		return plan{}, err
	}
	p.capped = reads(stmt)
	return s.inAccess(p, p.capped), nil
}

// planPrepared plans a statement of stages with the values of its
// placeholders; without them, only the columns of the plan mean anything.
func (s *Session) planPrepared(st *sql.Prepared, args []wharf.Value) (plan, error) {
	if args == nil {
		return s.plan(st.Form, nil)
	}
	bound, err := st.Bind(args)
	if err != nil {
		return plan{}, err
	}
	return s.plan(bound, args)
}

// planStage plans the statements of the stage dialect.
func (s *Session) planStage(stmt sql.Statement) (plan, error) {
	switch st := stmt.(type) {
	case *sql.CreateStage:
		return s.definition(func(ctx context.Context) error { return s.createStage(ctx, st) }), nil
	case *sql.DropStage:
		return s.definition(func(ctx context.Context) error { return s.dropStage(ctx, st) }), nil
	case *sql.ShowStages:
		return s.showStages(st), nil
	case *sql.DescStage:
		return s.descStage(st), nil
	case *sql.ShowCreateStage:
		return s.showCreateStage(st), nil
	case *sql.ListFiles:
		return s.listFiles(st), nil
	case *sql.RemoveFiles:
		return s.removeFiles(st), nil
	case *sql.CopyFiles:
		return s.copyFiles(st), nil
	case *sql.Presign:
		return s.presign(st), nil
	}
	return s.planDefinition(stmt)
}

// planDefinition plans the statements about what stages are made with, and
// those that change them.
func (s *Session) planDefinition(stmt sql.Statement) (plan, error) {
	switch st := stmt.(type) {
	case *sql.AlterStage:
		return s.definition(func(ctx context.Context) error { return s.alterStage(ctx, st) }), nil
	case *sql.CreateConnection:
		return s.definition(func(ctx context.Context) error { return s.createConnection(ctx, st) }), nil
	case *sql.DropConnection:
		return s.definition(func(ctx context.Context) error { return s.dropConnection(ctx, st) }), nil
	case *sql.DescConnection:
		return s.descConnection(st), nil
	case *sql.ShowConnections:
		return s.showConnections(st), nil
	case *sql.CreateFileFormat:
		return s.definition(func(ctx context.Context) error { return s.createFileFormat(ctx, st) }), nil
	case *sql.DropFileFormat:
		return s.definition(func(ctx context.Context) error { return s.dropFileFormat(ctx, st) }), nil
	case *sql.DescFileFormat:
		return s.descFileFormat(st), nil
	case *sql.ShowFileFormats:
		return s.showFileFormats(st), nil
	}
	return plan{}, eval.Unsupported("this statement")
}

// do is a plan without a result set.
func do(run func(context.Context) (Result, error)) plan { return plan{run: run} }

// definition is a plan that changes the catalog. As in MySQL, it ends the
// open transaction first.
func (s *Session) definition(run func(context.Context) error) plan {
	return do(func(ctx context.Context) (Result, error) {
		s.endTransaction()
		return Result{}, run(ctx)
	})
}

// answer is a plan with a result set of few rows.
func (s *Session) answer(columns []wharf.Column, rows func(context.Context) ([][]wharf.Value, error)) plan {
	return plan{columns: columns, run: func(ctx context.Context) (Result, error) {
		all, err := rows(ctx)
		if err != nil {
			return Result{}, err
		}
		if err := s.holdRows(all); err != nil {
			return Result{}, err
		}
		return Result{Rows: &wharf.Rows{Columns: columns, All: each(all)}}, nil
	}}
}

// holdRows counts rows that the statement holds.
func (s *Session) holdRows(rows [][]wharf.Value) error {
	bytes := 0
	for _, row := range rows {
		bytes += eval.RowBytes(row)
	}
	return s.statement.Take(int64(bytes))
}

func each(rows [][]wharf.Value) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
