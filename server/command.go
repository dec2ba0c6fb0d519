package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
	"wharf/sql/exec"
)

const clientSSL = mysql.CLIENT_SSL

// command runs one command. false ends the connection.
func (c *conn) command(packet []byte) bool {
	if len(packet) == 0 {
		c.fail(malformed())
		return true
	}
	body := packet[1:]
	c.encode()
	switch packet[0] {
	case mysql.COM_QUIT:
		c.quit = true
		return false
	case mysql.COM_QUERY:
		c.query(c.text(body))
	case mysql.COM_PING:
		c.done(nil)
	case mysql.COM_INIT_DB:
		c.done(c.initDB(c.text(body)))
	case mysql.COM_FIELD_LIST:
		c.fieldList(body)
	case mysql.COM_STMT_PREPARE:
		c.counted.prepares.Add(1)
		c.prepare(c.text(body))
	case mysql.COM_STMT_EXECUTE:
		c.counted.executes.Add(1)
		c.execute(body)
	case mysql.COM_STMT_SEND_LONG_DATA:
		c.counted.pieces.Add(1)
		c.sendLongData(body)
	case mysql.COM_STMT_CLOSE:
		c.counted.closes.Add(1)
		c.closeStatement(body)
	case mysql.COM_STMT_RESET:
		c.counted.resets.Add(1)
		c.done(c.resetStatement(body))
	case mysql.COM_STMT_FETCH:
		c.counted.fetches.Add(1)
		c.fetch(body)
	case mysql.COM_CHANGE_USER:
		return c.changeUser(body)
	case mysql.COM_RESET_CONNECTION:
		c.reset()
	case mysql.COM_STATISTICS:
		c.statistics()
	case mysql.COM_PROCESS_INFO:
		c.query("SHOW PROCESSLIST")
	case mysql.COM_PROCESS_KILL:
		c.done(c.processKill(body))
	case mysql.COM_SET_OPTION:
		c.setOption(body)
	case mysql.COM_DEBUG:
		c.out.eof(0, c.status())
	default:
		c.fail(unknownCommand())
	}
	return true
}

// text returns a copy of what is left of a packet, in its place.
func (c *conn) text(body []byte) string {
	text := string(body)
	c.wire.forgetBody()
	client, _ := c.session.Charsets()
	return decode(client, text)
}

func (c *conn) status() uint16 { return statusOf(c.session.Status(), false) }

// done answers a command that has no result.
func (c *conn) done(err error) {
	if err != nil {
		c.fail(err)
		return
	}
	c.out.ok(exec.Result{}, 0, c.status())
}

func (c *conn) initDB(name string) error {
	return c.statement(func(ctx context.Context) error { return c.session.UseDatabase(ctx, name) })
}

// fieldList describes a table, as SHOW COLUMNS does, to clients that complete
// names. They ask for every table: no file is read for it.
func (c *conn) fieldList(body []byte) {
	table, _, _ := bytes.Cut(body, []byte{0})
	st := exec.KnownColumns(string(table))
	err := c.statement(func(ctx context.Context) error {
		c.running(st)
		r, err := c.session.Run(ctx, st, nil)
		if err != nil || r.Rows == nil {
			return err
		}
		for row, err := range r.Rows.All {
			if err != nil {
				return err
			}
			c.out.begin()
			c.out.columnBody(wharf.Column{Name: row[0].String(), Nullable: true})
			c.out.buf = append(c.out.buf, 0xfb) // no default value
			c.out.end()
		}
		return nil
	})
	if err != nil {
		c.fail(err)
		return
	}
	c.out.eof(0, c.status())
}

func (c *conn) reset() {
	c.dropStatements()
	c.session.Reset()
	c.finish()
	c.done(nil)
}

func (c *conn) statistics() {
	up := time.Since(c.srv.started).Seconds()
	questions, threads := c.session.Questions(), 1
	if c.session.SeesAll(context.Background()) {
		questions, threads = c.srv.questions.Load(), len(c.srv.all())
	}
	c.out.begin()
	c.out.buf = fmt.Appendf(c.out.buf,
		"Uptime: %d  Threads: %d  Questions: %d  Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0  Queries per second avg: %.3f",
		int(up), threads, questions, float64(questions)/max(up, 1))
	c.out.end()
}

func (c *conn) processKill(body []byte) error {
	if len(body) < 4 {
		return malformed()
	}
	id := binary.LittleEndian.Uint32(body)
	if err := c.session.MayKill(context.Background(), id); err != nil {
		return err
	}
	err := c.srv.Kill(context.Background(), id, false)
	if err == nil && id == c.id {
		return interrupted()
	}
	return err
}

// setOption switches multi-statements on (0) or off (1).
func (c *conn) setOption(body []byte) {
	f := fields{b: body}
	switch option := f.u16(); {
	case !f.bad && option == 0:
		c.out.caps |= mysql.CLIENT_MULTI_STATEMENTS
	case !f.bad && option == 1:
		c.out.caps &^= mysql.CLIENT_MULTI_STATEMENTS
	default:
		c.fail(unknownCommand())
		return
	}
	c.out.eof(0, c.status())
}

// changeUser logs the client in anew, always under a new salt: clients differ
// in which old one they would use.
func (c *conn) changeUser(body []byte) bool {
	h, ok := parseChangeUser(body, c.out.caps)
	if !ok {
		c.fail(malformed())
		return false
	}
	err := c.beginLogin()
	if err == nil {
		err = c.authenticate(&h, nil)
	}
	if err != nil {
		c.refuseLogin(err)
		return false
	}
	if !c.enter(busy) || c.endLogin() != nil {
		return false
	}
	c.done(nil)
	return true
}
