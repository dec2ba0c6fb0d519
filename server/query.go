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
	st, rest, err := c.parse(text)
	if err == nil && st == nil {
		c.nothing(text)
		return
	}
	for err == nil {
		// Read before st runs, because its result says whether more follow.
		next, after, nextErr := c.parse(rest)
		more := next != nil || nextErr != nil
		if more && c.out.caps&mysql.CLIENT_MULTI_STATEMENTS == 0 {
			if err = nextErr; err == nil {
				err = syntaxError("You have an error in your SQL syntax: one statement at a time, unless the client asks for multi-statements")
			}
			break
		}
		if err = c.run(st, nil, textRow, more); err != nil || !more || c.released {
			break
		}
		st, rest, err = next, after, nextErr
	}
	if err != nil && c.out.err == nil {
		c.fail(err)
	}
}

// nothing answers a text without a statement. The mysql client sends a line
// that is only a comment as a query of its own and gives up its script at an
// error, so MySQL takes that as done; blanks alone are 1065.
func (c *conn) nothing(text string) {
	if strings.Trim(text, " \t\r\n\v\f;") == "" {
		c.fail(emptyQuery())
		return
	}
	c.out.ok(exec.Result{}, 0, c.status())
}

// parse reads the first statement that is not empty. It gives nil if there is
// none.
func (c *conn) parse(text string) (Stmt, string, error) {
	for text != "" {
		st, rest, err := c.session.Parse(text)
		if st != nil || err != nil {
			return st, rest, err
		}
		if len(rest) >= len(text) {
			return nil, "", errors.New("the parser does not advance")
		}
		text = rest
	}
	return nil, "", nil
}

// run runs one statement and writes its result.
func (c *conn) run(st Stmt, args []wharf.Value, encode rowEncoder, more bool) error {
	if st.NumParams() != len(args) {
		return syntaxError("You have an error in your SQL syntax near '?': it stands for a value in prepared statements only")
	}
	return c.statement(st, func(ctx context.Context) error {
		r, err := c.session.Run(ctx, st, args)
		if err != nil {
			return err
		}
		return c.result(ctx, r, encode, more)
	})
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
	if err := c.out.rows(ctx, r.Rows, encode, statusOf(c.session.Status(), more)); err != nil {
		return err
	}
	c.out.eof(c.session.Warnings(), statusOf(c.session.Status(), more))
	return nil
}

// statement runs f as the connection's running statement: others see it and
// can interrupt it, and it is interrupted if the client leaves.
func (c *conn) statement(st Stmt, f func(context.Context) error) (err error) {
	c.srv.questions.Add(1)
	// Not under a context of the server, where all connections would meet to
	// be taken in and out: Shutdown ends each statement by itself.
	ctx, cancel := context.WithCancelCause(c.base)
	defer cancel(nil)
	c.start(st, cancel)
	defer c.finish()
	begun := time.Now()
	defer func() { c.logStatement(st, begun, err) }()
	err = f(ctx)
	if why, ok := context.Cause(ctx).(refusal); ok && wharf.CodeOf(err) == wharf.CodeCanceled {
		return why
	}
	return err
}
