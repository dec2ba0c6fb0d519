package exec

import (
	"context"
	"iter"
	"maps"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

const (
	// cursorBytes is what a cursor counts for while its statement runs: about a
	// page of a list, or a batch of a query's rows.
	cursorBytes = 256 << 10

	// aheadAtOpen and aheadAtMost are how many bytes of rows a cursor reads ahead:
	// as it opens, so that a small result is done with at once, and before the
	// session runs another statement, which may need the worker that the cursor's
	// has.
	aheadAtOpen = 16 << 10
	aheadAtMost = 4 << 20
)

// Cursor gives the rows of a statement a few at a time, while its session runs
// others. The statement runs on only as rows are asked for, in a copy of the
// session as it was when the cursor was opened. It is used by the session's
// goroutine, and closed before the session is.
type Cursor struct {
	Columns []wharf.Column

	session *Session
	run     *Session // where the statement runs; nil when it has ended
	asks    bool     // the statement is about the diagnostics of the one before
	cancel  context.CancelCauseFunc
	next    func() ([]wharf.Value, error, bool)
	stop    func()

	ahead []aheadRow // rows that were read ahead
	bytes int64      // of them
	err   error      // what comes after them; nil if that is the end
	ended bool
}

type aheadRow struct {
	values []wharf.Value
	bytes  int64 // that are kept for it
}

// OpenCursor runs a statement as Run does, and gives a cursor instead of its
// rows. The cursor is nil, and the result is Run's, where the statement returns
// no rows or changes something: MySQL opens no cursor for these. Errors are
// those of Run and of the first rows. The cursor outlives ctx.
func (s *Session) OpenCursor(ctx context.Context, st *Stmt, args []wharf.Value) (Result, *Cursor, error) {
	if !hasCursor(st.parsed) {
		r, err := s.Run(ctx, st, args)
		return r, nil, err
	}
	if err := s.memory.Keep(cursorBytes); err != nil {
		s.forgetWarnings()
		r, err := s.fail(err)
		return r, nil, err
	}
	run := s.forCursor()
	c := &Cursor{session: s, run: run}
	under, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c.cancel = cancel
	var err error
	c.within(ctx, func() { err = c.open(under, st, args) })
	s.questions, s.commands, s.rowCount = run.questions, run.commands, -1
	c.asks = run.asked
	s.adopt(run)
	if err != nil {
		c.Close()
		return Result{}, nil, err
	}
	return Result{}, c, nil
}

// open runs the statement to its first rows.
func (c *Cursor) open(ctx context.Context, st *Stmt, args []wharf.Value) error {
	r, err := c.run.Run(ctx, st, args)
	if err != nil {
		return err
	}
	c.Columns = r.Rows.Columns
	c.next, c.stop = iter.Pull2(r.Rows.All)
	c.readAhead(aheadAtOpen)
	if len(c.ahead) == 0 {
		return c.err
	}
	return nil
}

// hasCursor reports whether a cursor can be opened for a statement: whether it
// returns rows and changes nothing.
func hasCursor(st sql.Statement) bool {
	switch st := st.(type) {
	case *sql.Select, *sql.Query, *sql.Show, *sql.Explain:
		return true
	case *sql.Prepared:
		return hasCursor(st.Form)
	}
	return reads(st)
}

// forCursor returns a copy of the session in which a cursor's statement runs.
// What the copy holds counts as the session's.
func (s *Session) forCursor() *Session {
	run := *s
	run.opener, run.allowance = s, &allowance{}
	run.statement = eval.Account{Memory: s.memory}
	run.vars, run.userVars, run.userVarBytes = maps.Clone(s.vars), maps.Clone(s.userVars), 0
	run.warnings, run.warningBytes = s.warnings[:len(s.warnings):len(s.warnings)], 0
	return &run
}

// within calls f, in which the statement runs on. The statement ends if ctx
// ends meanwhile.
func (c *Cursor) within(ctx context.Context, f func()) {
	cancel, allowance := c.cancel, c.run.allowance
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	allowance.resume()
	defer allowance.pause()
	f()
}

// adopt takes over the diagnostics of a cursor's statement.
func (s *Session) adopt(run *Session) {
	if s.asked = run.asked; s.asked {
		return
	}
	s.forgetWarnings()
	s.warnings, s.warningBytes = run.warnings, run.warningBytes
	run.warnings, run.warningBytes = nil, 0
}

// Fetch yields the next n rows, or as many as there are. Their slices are valid
// until the next one. An error is yielded last. It ends the cursor, as the end of
// ctx does, and DROP USER of the session's user.
func (c *Cursor) Fetch(ctx context.Context, n uint32) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		if !c.asks {
			c.session.asked = false
			c.session.forgetWarnings()
		}
		if err := c.session.stillThere(ctx); err != nil {
			c.Close()
			c.err = err
		}
		for ; n > 0 && len(c.ahead) > 0; n-- {
			if !yield(c.take(), nil) {
				return
			}
		}
		switch run := c.run; {
		case n == 0:
		case run != nil:
			c.within(ctx, func() { c.pull(n, yield) })
			c.session.adopt(run)
			c.ended = c.run == nil
		default:
			if c.ended = true; c.err != nil {
				c.session.noteError(c.err)
				yield(nil, c.err)
			}
		}
	}
}

// take returns the first row that was read ahead.
func (c *Cursor) take() []wharf.Value {
	row := c.ahead[0]
	c.ahead[0], c.ahead = aheadRow{}, c.ahead[1:]
	c.bytes -= row.bytes
	c.session.memory.Unkeep(row.bytes)
	return row.values
}

// pull yields at most n rows as the statement makes them.
func (c *Cursor) pull(n uint32, yield func([]wharf.Value, error) bool) {
	for ; n > 0; n-- {
		row, err, ok := c.next()
		if !ok {
			c.end()
			return
		}
		if err != nil {
			c.err = err
			c.end()
		}
		if !yield(row, err) || err != nil {
			return
		}
	}
}

// Ended reports whether more rows were asked for than there were.
func (c *Cursor) Ended() bool { return c.ended }

// ReadAhead makes way for another statement of the session. A cursor over files
// has one of the workers that queries of files share: it reads rows ahead, and
// returns the worker if these were all.
func (c *Cursor) ReadAhead(ctx context.Context) {
	run := c.run
	if run == nil || !run.worker {
		return
	}
	c.within(ctx, func() { c.readAhead(aheadAtMost) })
	run.forgetWarnings()
}

// readAhead reads rows until so many bytes of them are held. One row may be held
// without being counted, where there is no memory for it.
func (c *Cursor) readAhead(most int64) {
	for c.bytes < most {
		row, err, ok := c.next()
		if !ok || err != nil {
			c.err = err
			c.end()
			return
		}
		held := aheadRow{make([]wharf.Value, len(row)), int64(eval.RowBytes(row))}
		for i, v := range row {
			if held.values[i] = v; v.Kind() == wharf.TextValue {
				held.values[i] = wharf.Text(strings.Clone(v.Str())) // of a batch
			}
		}
		full := c.session.memory.Keep(held.bytes) != nil
		if full {
			held.bytes = 0
		}
		c.bytes += held.bytes
		if c.ahead = append(c.ahead, held); full {
			return
		}
	}
}

// end ends the statement and returns what it holds.
func (c *Cursor) end() {
	run := c.run
	if run == nil {
		return
	}
	if c.stop != nil {
		c.stop()
	}
	c.cancel(nil)
	c.session.foundRows, c.session.lastInsertID = run.foundRows, run.lastInsertID
	run.statement.ReturnTo(0)
	c.run = nil
	c.session.memory.Unkeep(cursorBytes + run.userVarBytes)
}

// Close ends the statement, and drops the rows that are left.
func (c *Cursor) Close() {
	if run := c.run; run != nil {
		c.end()
		run.forgetWarnings()
	}
	for len(c.ahead) > 0 {
		c.take()
	}
	c.err = nil
}
