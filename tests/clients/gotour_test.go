package clients

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// goTour is the tour with go-sql-driver.
func goTour(o *tourist) error {
	db := o.open(o.env["SQL_PORT"], o.env["SQL_PASSWORD"], "")
	defer db.Close()
	if o.mode == "login" {
		o.rows(db, "login", "SELECT CURRENT_USER()")
		secure := o.open(o.env["PROXY_PORT"], o.env["SQL_PASSWORD"], "tls=skip-verify")
		o.rows(secure, "over TLS", "SELECT CURRENT_USER()")
		o.fail("close", secure.Close())
		wrong := o.open(o.env["SQL_PORT"], "wrong", "")
		o.failed("wrong password", wrong.PingContext(o.ctx))
		o.fail("close", wrong.Close())
	} else {
		o.tour(db)
	}
	o.fail("close", db.Close())
	o.say("end", "closed")
	return o.err
}

func (o *tourist) tour(db *sql.DB) {
	stage := o.env["STAGE"]
	o.rows(db, "version", "SELECT VERSION()")
	o.does(db, "create", "CREATE STAGE "+stage)
	o.table(db, "empty list", "LIST @"+stage)
	o.upload("books.parquet", content)
	o.table(db, "list", "LIST @"+stage)
	o.table(db, "full", "LIST FULL @"+stage)
	o.table(db, "types", allTypes)
	for _, e := range [][2]string{
		{"syntax", "SELEKT 1"},
		{"not found", "LIST @" + stage + "_none"},
		{"exists", "CREATE STAGE " + stage},
		{"unsupported", "CREATE TABLE t (a INT)"},
		{"unsafe", "REMOVE @" + stage},
		{"invalid", "CREATE STAGE " + stage + "_bad FILE_FORMAT = (TYPE = WORD)"},
	} {
		o.does(db, e[0], e[1])
	}
	o.values()
	o.prepared(db, stage)
	o.transactions(db)
	o.session(db, stage)
	o.compressed()
	o.interrupted(db)
	o.table(db, "remove", "REMOVE @"+stage+"/books.parquet")
	o.does(db, "drop", "DROP STAGE "+stage)
}

// values puts values into the text by itself.
func (o *tourist) values() {
	db := o.open(o.env["SQL_PORT"], "", "interpolateParams=true")
	defer db.Close()
	for _, args := range bound {
		o.rows(db, "bound", "SELECT ?, ?", args...)
	}
}

func (o *tourist) prepared(db *sql.DB, stage string) {
	two, err := db.PrepareContext(o.ctx, "SELECT ?, ?")
	o.fail("prepare", err)
	list, err := db.PrepareContext(o.ctx, "LIST @"+stage)
	o.fail("prepare", err)
	types, err := db.PrepareContext(o.ctx, allTypes)
	o.fail("prepare", err)
	if o.err != nil {
		return
	}
	for _, args := range bound {
		rows, err := two.QueryContext(o.ctx, args...)
		o.show("prepared", rows, err, false)
	}
	rows, err := types.QueryContext(o.ctx)
	o.show("prepared types", rows, err, true)
	for range 2 {
		rows, err := list.QueryContext(o.ctx)
		o.show("prepared list", rows, err, false)
	}
	none, err := db.PrepareContext(o.ctx, "LIST @"+stage+"_none")
	if err == nil {
		_, err = none.ExecContext(o.ctx)
		none.Close()
	}
	o.failed("prepared error", err)
	for _, s := range []*sql.Stmt{two, list, types} {
		o.fail("close", s.Close())
	}
}

func (o *tourist) transactions(db *sql.DB) {
	conn, err := db.Conn(o.ctx)
	if err != nil {
		o.fail("connect", err)
		return
	}
	defer conn.Close()
	for i, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback, (*sql.Tx).Commit} {
		o.exec(conn, fmt.Sprintf("SET autocommit = %d", i/2))
		tx, err := conn.BeginTx(o.ctx, nil)
		if err != nil {
			o.fail("begin", err)
			return
		}
		o.rows(tx, "autocommit", "SELECT @@autocommit")
		o.fail("end", end(tx))
	}
}

func (o *tourist) session(db *sql.DB, stage string) {
	conn, err := db.Conn(o.ctx)
	if err != nil {
		o.fail("connect", err)
		return
	}
	o.exec(conn, "USE `default`")
	o.rows(conn, "use", "SELECT DATABASE()")
	o.does(conn, "use", "USE nowhere")
	o.fail("close", conn.Close())
	many := o.open(o.env["SQL_PORT"], "", "multiStatements=true")
	defer many.Close()
	o.rows(many, "multi", "SELECT 1; SELECT 'two'; LIST @"+stage)
	o.rows(many, "multi error", "SELECT 1; LIST @"+stage+"_none; SELECT 3")
}

func (o *tourist) compressed() {
	db := o.open(o.env["PROXY_PORT"], "", "compress=true&maxAllowedPacket=1048576")
	defer db.Close()
	big := strings.Repeat("x", 300_000)
	o.rows(db, "compressed", "SELECT LENGTH('"+big+"')")
	var got string
	o.fail("compressed", db.QueryRowContext(o.ctx, "SELECT '"+big+"'").Scan(&got))
	o.say("compressed", map[bool]string{true: "same", false: "different"}[got == big])
}

func (o *tourist) interrupted(db *sql.DB) {
	conn, err := db.Conn(o.ctx)
	if err != nil {
		o.fail("connect", err)
		return
	}
	defer conn.Close()
	o.exec(conn, "SET max_execution_time = 100")
	o.rows(conn, "timeout", "SELECT SLEEP(30)")
	o.exec(conn, "SET max_execution_time = 0")
	o.rows(conn, "sleeping", "SELECT CONNECTION_ID()")
	o.rows(conn, "killed", "SELECT SLEEP(30)")
	o.rows(conn, "after", "SELECT 1")
	other, err := db.Conn(o.ctx)
	if err != nil {
		o.fail("connect", err)
		return
	}
	defer other.Close()
	var id int64
	o.fail("kill", other.QueryRowContext(o.ctx, "SELECT CONNECTION_ID()").Scan(&id))
	_, err = conn.ExecContext(o.ctx, "KILL ?", id)
	o.fail("kill", err)
	err = other.PingContext(o.ctx)
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) {
		o.say("kill", "gone")
	}
}
