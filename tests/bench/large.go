package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"
)

// filler is the name of the i-th file of a filled stage.
func filler(i int) string { return fmt.Sprintf("part-%08d.csv", i) }

// fill lands files with the names filler(from) to filler(to-1), a hundred in
// a form, over 64 connections.
func (b *bench) fill(w *wharf, stage string, from, to int) error {
	const conns, perForm = 64, 100
	forms := make(chan int)
	errs := make([]error, conns)
	var wg sync.WaitGroup
	for i := range conns {
		c, err := dial(w.httpAddr)
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer c.close()
			for first := range forms {
				if errs[i] == nil {
					errs[i] = c.do(form(stage, w.httpAddr, first, min(first+perForm, to)))
				}
			}
		})
	}
	for first := from; first < to; first += perForm {
		forms <- first
	}
	close(forms)
	wg.Wait()
	return errors.Join(errs...)
}

func form(stage, host string, from, to int) []byte {
	var body strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"%s\"\r\n\r\n%d\n\r\n", boundary, filler(i), i)
	}
	fmt.Fprintf(&body, "--%s--\r\n", boundary)
	return fmt.Appendf(nil, "PUT /v1/upload_to_stage HTTP/1.1\r\nHost: %s\r\nstage_name: %s\r\nContent-Length: %d\r\n"+
		"Content-Type: multipart/form-data; boundary=%s\r\n\r\n%s", host, stage, body.Len(), boundary, body.String())
}

// largeStage is what a stage of a million files costs: landing one more,
// memory, a start, listing, removing, dropping.
func (b *bench) largeStage(string) error {
	if err := b.createStages("large"); err != nil {
		return err
	}
	first, many, err := b.fillLarge(b.wharf)
	if err != nil {
		return err
	}
	b.table.fact(fmt.Sprintf("uploads of 4 KiB at %d files stored, beside those at %d", b.files, few(b.files)),
		fmt.Sprintf("%.0f/s and %.0f/s: %.2fx", many, first, many/first), "at least 0.5x", many >= 0.5*first)
	if err := b.memoryAndStart(); err != nil {
		return err
	}
	if err := b.listLarge(); err != nil {
		return err
	}
	return b.emptyLarge()
}

// fillLarge fills the large stage of a server. It returns the rates of landing
// when there are few files in it, and when all are.
func (b *bench) fillLarge(w *wharf) (first, many float64, err error) {
	if err := b.fill(w, "large", 0, few(b.files)); err != nil {
		return 0, 0, err
	}
	if first, err = b.landingRate(w, "large"); err != nil {
		return 0, 0, err
	}
	if err := b.fill(w, "large", few(b.files), b.files); err != nil {
		return 0, 0, err
	}
	many, err = b.landingRate(w, "large")
	return first, many, err
}

// few is how many files the large stage has at first.
func few(files int) int { return min(10_000, files/2) }

// memoryAndStart tells the memory at all files stored, and how long a start
// takes after the server was killed, beside those of the earlier server.
func (b *bench) memoryAndStart() error {
	rss := b.wharf.resident()
	b.table.fact(fmt.Sprintf("resident memory at %d files", b.files), mebibytes(rss), "under 200 MiB", rss < 200<<20)
	if b.before != nil {
		if _, _, err := b.fillLarge(b.before); err != nil { // the same work, so that the memory can be compared
			return err
		}
		// Pages of the program's file are left out: with DuckDB in it, it has
		// twice as many, which the kernel can drop at any time.
		own, old := b.wharf.anonymous(), b.before.anonymous()
		b.table.fact("the same without pages of the program, beside "+b.before.name, mebibytes(own)+" and "+mebibytes(old), "no more", own <= old)
	}
	took, err := b.wharf.restart(syscall.SIGKILL)
	if err != nil {
		return err
	}
	b.table.fact(fmt.Sprintf("start to ready after SIGKILL, %d files", b.files), took.Round(time.Millisecond).String(), "under 1 s", took < time.Second)
	if b.before != nil {
		earlier, err := b.before.restart(syscall.SIGKILL)
		if err != nil {
			return err
		}
		b.table.fact("the same of "+b.before.name, earlier.Round(time.Millisecond).String(), "-", true)
	}
	return nil
}

// landingRate is files of 4 KiB a second into a stage as it is; they are
// removed again.
func (b *bench) landingRate(w *wharf, stage string) (float64, error) {
	r := &result{}
	err := b.uploadRound(r, w.putter(stage), randomBytes(4<<10), 64, 0)
	if err == nil {
		_, err = countRows(b.ctx, w.db, "REMOVE @"+stage+"/r0/")
	}
	return r.median(), err
}

// listLarge compares LIST with MariaDB's SELECT of the same names, to two
// clients, and with the LIST of the earlier server.
func (b *bench) listLarge() error {
	for _, q := range []string{
		"CREATE DATABASE IF NOT EXISTS bench",
		"CREATE OR REPLACE TABLE bench.files (name VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL)",
		fmt.Sprintf("INSERT INTO bench.files SELECT CONCAT('part-', LPAD(seq, 8, '0'), '.csv') FROM seq_0_to_%d", b.files-1),
	} {
		if _, err := b.mariadb.db.ExecContext(b.ctx, q); err != nil {
			return err
		}
	}
	const list, sel = "LIST @large", "SELECT name FROM bench.files"
	before := b.wharf.resident()
	b.wharf.resetPeak()
	for _, c := range []struct {
		load  string
		count func(s sqlServer, query string) (int, error)
	}{
		{"list, mariadb client", func(s sqlServer, query string) (int, error) { return countLines(b.ctx, s.addr, "", query) }},
		{"list, go-sql-driver", func(s sqlServer, query string) (int, error) { return countRows(b.ctx, s.db, query) }},
	} {
		servers := []sqlServer{b.wharf.sql(), b.mariadb.sql()}
		if b.before != nil {
			servers = append(servers, b.before.sql())
		}
		if err := b.rowRounds(c.load, b.files, servers, func(s sqlServer) (int, error) {
			if s.name == "MariaDB" {
				return c.count(s, sel)
			}
			return c.count(s, list)
		}); err != nil {
			return err
		}
	}
	more := b.wharf.peak() - before
	b.table.fact("memory that LIST of all takes more", mebibytes(more), "under 64 MiB", more < 64<<20)
	return nil
}

// emptyLarge times REMOVE of all, cancelled once, and DROP.
func (b *bench) emptyLarge() error {
	if err := b.cancelRemove(); err != nil {
		return err
	}
	left, err := countRows(b.ctx, b.wharf.db, "LIST @large")
	if err != nil {
		return err
	}
	from := time.Now()
	if _, err := countRows(b.ctx, b.wharf.db, "REMOVE @large/"); err != nil {
		return err
	}
	took := time.Since(from)
	b.table.fact(fmt.Sprintf("REMOVE of the %d files left", left), took.Round(time.Millisecond).String(), "under 10 s", took < 10*time.Second)
	if err := b.fill(b.wharf, "large", 0, b.files); err != nil {
		return err
	}
	from = time.Now()
	_, err = b.wharf.db.ExecContext(b.ctx, "DROP STAGE large")
	took = time.Since(from)
	b.table.fact(fmt.Sprintf("DROP STAGE of %d files", b.files), took.Round(100*time.Microsecond).String(), "under 100 ms", took < 100*time.Millisecond)
	return err
}

// cancelRemove kills a REMOVE soon after its first rows.
func (b *bench) cancelRemove() error {
	conn, err := b.wharf.db.Conn(b.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var id int
	if err := conn.QueryRowContext(b.ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return err
	}
	rows, err := conn.QueryContext(b.ctx, "REMOVE @large/")
	if err != nil {
		return err
	}
	rows.Next()
	from := time.Now()
	if _, err := b.wharf.db.ExecContext(b.ctx, fmt.Sprintf("KILL QUERY %d", id)); err != nil {
		return err
	}
	for rows.Next() {
	}
	took := time.Since(from)
	rows.Close()
	if rows.Err() == nil {
		return errors.New("REMOVE was killed and ended without an error")
	}
	b.table.fact("KILL QUERY of a REMOVE under way", took.Round(time.Millisecond).String(), "under 1 s", took < time.Second)
	return nil
}
