package server

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
)

// A row is with the client while its statement waits for the next one, over each
// kind of connection.
func TestRowsAreFlushedInTime(t *testing.T) {
	r := start(t, withTLS(t, Options{}))
	for _, params := range []string{"", "?compress=true", "?tls=skip-verify", "?compress=true&tls=skip-verify"} {
		db := r.open(t, "root", params)
		stmt, err := db.Prepare("late")
		if err != nil {
			t.Fatal(err)
		}
		wantEarly(t, params, func(ctx context.Context) (*sql.Rows, error) { return db.QueryContext(ctx, "late") })
		wantEarly(t, params+", prepared", func(ctx context.Context) (*sql.Rows, error) { return stmt.QueryContext(ctx) })
	}
}

func wantEarly(t *testing.T, how string, query func(context.Context) (*sql.Rows, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows, err := query(ctx)
	if err != nil {
		t.Fatalf("%s: %v", how, err)
	}
	var got string
	if !rows.Next() || rows.Scan(&got) != nil || got != "early" {
		t.Errorf("%s: the row is %q, %v", how, got, rows.Err())
	}
	cancel()
	rows.Close()
}

// A second result of the connection is flushed too, and KILL ends a statement
// that waits.
func TestRowsAreFlushedAgain(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(mysql.CLIENT_DEPRECATE_EOF)
	for range 3 {
		c.send("late")
		c.read() // count
		c.read() // column
		if row := string(c.read()); row != "\x05early" {
			t.Errorf("the row is %q", row)
		}
		if err := r.Kill(context.Background(), c.id(), true); err != nil {
			t.Fatal(err)
		}
		wantErr(t, c.read(), 1317, "")
	}
}

// A flush at any moment changes no byte of the answer.
func TestFlushAtAnyMoment(t *testing.T) {
	answer := func(flush bool) []byte {
		var out bytes.Buffer
		p := packets{w: &out}
		result, ends := stringRows(20_000, nil).Rows, make(chan struct{})
		if flush {
			go func() {
				defer close(ends)
				for range 2000 {
					p.flushInTime()
				}
			}()
		} else {
			close(ends)
		}
		if err := p.rows(t.Context(), result, textRow, 0); err != nil {
			t.Error(err)
		}
		<-ends
		p.flush()
		return out.Bytes()
	}
	if !bytes.Equal(answer(true), answer(false)) {
		t.Error("the answers differ")
	}
}

// A row that is not whole is never flushed.
func TestHalfRowIsNotFlushed(t *testing.T) {
	var out bytes.Buffer
	p := packets{w: &out}
	half := func(p *packets, _ []wharf.Column, _ []wharf.Value) error {
		p.buf = append(p.buf, "half"...)
		panic("as asked")
	}
	func() {
		defer func() { recover() }()
		p.rows(t.Context(), stringRows(1, nil).Rows, half, 0)
	}()
	p.stream(true)
	p.flushInTime()
	p.stream(false)
	if slices.Contains(out.Bytes(), 'h') {
		t.Errorf("a part of a row was written: %q", out.Bytes())
	}
}
