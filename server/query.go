package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
	"wharf/sql/exec"
)

// query runs the statements of a COM_QUERY: one, or several if the client
// asked for that when it logged in.
func (c *conn) query(text string) {
	err := c.statement(func(ctx context.Context) error { return c.statements(ctx, text) })
	if err != nil && c.out.err == nil {
		c.fail(err)
	}
}

// statements runs the statements of a text one after the other. It ends at the
// first that fails, and where the client is gone.
func (c *conn) statements(ctx context.Context, text string) error {
	st, rest, err := c.parse(ctx, text)
	if err == nil && st == nil {
		return c.nothing(text)
	}
	for err == nil {
		// Read before st runs, because its result says whether more follow.
		next, after, nextErr := c.parse(ctx, rest)
		more := next != nil || nextErr != nil
		if more && c.out.caps&mysql.CLIENT_MULTI_STATEMENTS == 0 {
			if nextErr != nil {
				return nextErr
			}
			return syntaxError("You have an error in your SQL syntax: one statement at a time, unless the client asks for multi-statements")
		}
		if err = c.run(ctx, st, nil, textRow, more); err != nil || !more || c.released || c.out.err != nil {
			return err
		}
		st, rest, err = next, after, nextErr
	}
	return err
}

// blanks are what may stand between two statements beside comments.
const blanks = " \t\r\n\v\f;"

// nothing answers a text without a statement. The mysql client sends a line
// that is only a comment as a query of its own and gives up its script at an
// error, so MySQL takes that as done; blanks alone are 1065.
func (c *conn) nothing(text string) error {
	if strings.Trim(text, blanks) == "" {
		return emptyQuery()
	}
	c.out.ok(exec.Result{}, 0, c.status())
	return nil
}

// parse reads the first statement that is not empty. It returns nil if there is
// none.
func (c *conn) parse(ctx context.Context, text string) (*exec.Stmt, string, error) {
	for {
		if text = strings.TrimLeft(text, blanks); text == "" {
			return nil, "", nil
		}
		if err := ctx.Err(); err != nil {
			return nil, "", wharf.WrapError(wharf.CodeCanceled, "server.parse", "", err)
		}
		begun := time.Now()
		st, rest, err := c.session.Parse(text)
		if err != nil {
			c.observeUnread(begun, err)
		}
		if st != nil || err != nil {
			return st, rest, err
		}
		if len(rest) >= len(text) {
			return nil, "", errors.New("the parser does not advance")
		}
		text = rest
	}
}

// run runs one statement and writes its result.
func (c *conn) run(ctx context.Context, st *exec.Stmt, args []wharf.Value, encode rowEncoder, more bool) error {
	return c.attempt(ctx, st, args, func() error {
		r, err := c.session.Run(ctx, st, args)
		if err != nil {
			return err
		}
		return c.result(ctx, r, encode, more)
	})
}

// attempt calls run, which runs the statement.
func (c *conn) attempt(ctx context.Context, st *exec.Stmt, args []wharf.Value, run func() error) (err error) {
	if st.NumParams() != len(args) {
		return syntaxError("You have an error in your SQL syntax near '?': it stands for a value in prepared statements only")
	}
	c.srv.questions.Add(1)
	c.running(st)
	c.readCursorsAhead(ctx)
	begun := time.Now()
	defer func() {
		c.logStatement(st, begun, err)
		c.observe(st, begun, err)
	}()
	return run()
}

func (c *conn) result(ctx context.Context, r exec.Result, encode rowEncoder, more bool) error {
	if r.Release {
		c.released, more = true, false
	}
	if r.Rows == nil {
		c.out.ok(r, c.session.Warnings(), statusOf(c.session.Status(), more))
		return nil
	}
	c.wire.until = r.Until
	c.encode() // an earlier statement of the same text may have set another
	if err := c.out.rows(ctx, r.Rows, encode, statusOf(c.session.Status(), more)); err != nil {
		return err
	}
	c.out.eof(c.session.Warnings(), statusOf(c.session.Status(), more))
	return nil
}

// statement runs f, which reads and runs statements, so that others can
// interrupt it; it is interrupted if the client leaves.
func (c *conn) statement(f func(context.Context) error) error {
	// Not under a context of the server, where all connections would meet to
	// be taken in and out: Shutdown ends each statement by itself.
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	c.start(cancel)
	defer c.finish()
	err := f(ctx)
	if why, ok := context.Cause(ctx).(refusal); ok && wharf.CodeOf(err) == wharf.CodeCanceled {
		return why
	}
	return err
}
