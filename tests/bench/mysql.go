package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// sqlServer is one of those that speak MySQL.
type sqlServer struct {
	name string
	addr string
	db   *sql.DB
	proc *process
}

func (b *bench) sqlServers() []sqlServer {
	return []sqlServer{b.wharf.sql(), b.mariadb.sql()}
}

func (w *wharf) sql() sqlServer { return sqlServer{w.name, w.mysqlAddr, w.db, w.process} }

func (m *mariadb) sql() sqlServer { return sqlServer{"MariaDB", m.addr, m.db, m.process} }

// rowRounds times how the servers, in turn, give the same number of rows.
func (b *bench) rowRounds(load string, rows int, servers []sqlServer, count func(sqlServer) (int, error)) error {
	results := make([]*result, len(servers))
	for i, s := range servers {
		results[i] = b.table.add(&result{load: load, server: s.name, unit: "rows/s", syncs: "-"})
	}
	for round := range b.rounds {
		for i, s := range inTurn(round, servers) {
			cpu := s.proc.cpu()
			if err := timed(results[i], rows, func() (int, error) { return count(s) }); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			results[i].cpu += s.proc.cpu() - cpu
			results[i].done += float64(rows)
		}
	}
	return nil
}

// selects is the load of the smallest statement, in text or prepared once a
// connection.
func (b *bench) selects(conns int, prepared bool) func(string) error {
	return func(load string) error {
		return b.perServer(load, "statements/s", conns, func(s sqlServer) (func() error, func() error, error) {
			conn, err := s.db.Conn(b.ctx)
			if err != nil {
				return nil, nil, err
			}
			var got int
			if !prepared {
				return func() error { return conn.QueryRowContext(b.ctx, "SELECT 1").Scan(&got) }, conn.Close, nil
			}
			st, err := conn.PrepareContext(b.ctx, "SELECT ?")
			if err != nil {
				return nil, nil, err
			}
			return func() error { return st.QueryRowContext(b.ctx, 1).Scan(&got) },
				func() error { return errors.Join(st.Close(), conn.Close()) }, nil
		})
	}
}

// logins is the load of connecting, logging in and leaving.
func (b *bench) logins(conns int) func(string) error {
	return func(load string) error {
		return b.perServer(load, "logins/s", conns, func(s sqlServer) (func() error, func() error, error) {
			db, err := sql.Open("mysql", "root@tcp("+s.addr+")/")
			if err != nil {
				return nil, nil, err
			}
			db.SetMaxIdleConns(0)
			return func() error { return db.PingContext(b.ctx) }, db.Close, nil
		})
	}
}

// perServer counts how often conns workers can do a thing; open makes a
// worker's thing, and what ends it.
func (b *bench) perServer(load, unit string, conns int, open func(sqlServer) (do, done func() error, err error)) error {
	results := make(map[string]*result)
	for _, s := range b.sqlServers() {
		results[s.name] = b.table.add(&result{load: load, server: s.name, unit: unit, syncs: "-"})
	}
	for round := range b.rounds {
		for _, s := range inTurn(round, b.sqlServers()) {
			if err := b.sqlRound(results[s.name], s, conns, open); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

func (b *bench) sqlRound(r *result, s sqlServer, conns int, open func(sqlServer) (do, done func() error, err error)) error {
	var n atomic.Int64
	var over atomic.Bool
	errs := make([]error, conns)
	var wg sync.WaitGroup
	s.proc.resetPeak()
	cpu, from := s.proc.cpu(), time.Now()
	for i := range conns {
		do, done, err := open(s)
		if err != nil {
			return err
		}
		wg.Go(func() {
			for !over.Load() && errs[i] == nil {
				errs[i] = do()
				n.Add(1)
			}
			errs[i] = errors.Join(errs[i], done())
		})
	}
	time.Sleep(b.length)
	over.Store(true)
	wg.Wait()
	r.figures = append(r.figures, float64(n.Load())/time.Since(from).Seconds())
	r.cpu += s.proc.cpu() - cpu
	r.done += float64(n.Load())
	r.peak = max(r.peak, s.proc.peak())
	return errors.Join(errs...)
}

// countRows reads a result to its end, as a program would that does not keep
// the rows.
func countRows(ctx context.Context, db *sql.DB, query string) (n int, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	var name sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&name); err != nil {
			return n, errors.Join(err, rows.Close())
		}
		n++
	}
	return n, errors.Join(rows.Err(), rows.Close())
}

// countLines runs the mariadb command line and counts what it prints.
func countLines(ctx context.Context, addr, database, query string) (int, error) {
	host, port, _ := net.SplitHostPort(addr)
	args := []string{"--no-defaults", "-h" + host, "-P" + port, "-uroot", "-N", "--quick", "--skip-ssl", "-e", query}
	if database != "" {
		args = append(args, database)
	}
	cmd := exec.CommandContext(ctx, "mariadb", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	n, err := newlines(out)
	return n, errors.Join(err, cmd.Wait())
}

func newlines(r io.Reader) (n int, err error) {
	br := bufio.NewReaderSize(r, 256<<10)
	for {
		_, err := br.ReadSlice('\n')
		switch {
		case err == nil:
			n++
		case errors.Is(err, io.EOF):
			return n, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return n, err
		}
	}
}

// countWide reads a result of any number of columns to its end.
func countWide(ctx context.Context, db *sql.DB, query string) (n int, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	columns, err := rows.Columns()
	if err != nil {
		return 0, errors.Join(err, rows.Close())
	}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return n, errors.Join(err, rows.Close())
		}
		n++
	}
	return n, errors.Join(rows.Err(), rows.Close())
}
