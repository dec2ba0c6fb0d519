package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// queryMemory is what a query may take in Wharf, unless --query-memory says
// otherwise, and what DuckDB gets here.
const queryMemory = "512MiB"

// compared are the queries that Wharf and DuckDB answer; %s is the file.
var compared = []struct{ name, text string }{
	{"count", "SELECT COUNT(*) FROM %s"},
	{"filter", "SELECT id, name, price FROM %s WHERE city = 'city_77' AND qty >= 900"},
	{"GROUP BY", "SELECT grp, COUNT(*), SUM(qty), MAX(price) FROM %s GROUP BY grp"},
	{"top 10", "SELECT id, city, price FROM %s ORDER BY price DESC, id LIMIT 10"},
}

// queries are the queries of files, beside DuckDB on the same files and
// MariaDB with the same rows.
func (b *bench) queries(string) error {
	files, err := b.makeQueryFiles()
	if err != nil {
		return err
	}
	if err := b.uploadQueryFiles(files); err != nil {
		return err
	}
	// A new process has not the memory that the uploads took.
	if _, err := b.wharf.restart(syscall.SIGTERM); err != nil {
		return err
	}
	idle := b.wharf.resident()
	b.wharf.resetPeak()
	watch := watchChildren(b.wharf.process)
	err = errors.Join(b.besideLibrary(files), b.wideRows(files), b.fullScan(), b.smallQueries())
	workers := watch.stop()
	if err != nil {
		return err
	}
	more := b.wharf.peak() - idle
	b.table.fact("memory of the server during all queries, more than idle", mebibytes(more), "under 64 MiB", more < 64*mebibyte)
	b.table.fact("memory of the largest worker", mebibytes(workers), "under 400 MiB", workers < 400*mebibyte)
	return b.partOfS3(files)
}

func (b *bench) uploadQueryFiles(f *queryFiles) error {
	if err := b.wharf.createStage("q", ""); err != nil {
		return err
	}
	for _, path := range []string{f.parquet, f.csv, f.wide, f.small} {
		if err := curl("-T", path, "http://"+b.wharf.httpAddr+"/v1/stage/q/"+filepath.Base(path)); err != nil {
			return err
		}
	}
	return nil
}

// besideLibrary times the compared queries over Parquet and CSV.
func (b *bench) besideLibrary(f *queryFiles) error {
	l, err := b.startLibrary(queryMemory)
	if err != nil {
		return err
	}
	for _, file := range []struct{ name, wharf, path string }{
		{"Parquet", "@q/rows.parquet", f.parquet},
		{"CSV", "q.`rows.csv`", f.csv},
	} {
		for _, q := range compared {
			err := b.besideLibraryOne(l, file.name+", "+q.name, fmt.Sprintf(q.text, file.wharf), fmt.Sprintf(q.text, "'"+file.path+"'"))
			if err != nil {
				return errors.Join(err, l.stop())
			}
		}
	}
	return l.stop()
}

// besideLibraryOne times one query. The first run of each is not counted: the
// server verifies a file that it finds at its start once. Short queries are run
// several times in a round.
func (b *bench) besideLibraryOne(l *library, load, own, peer string) error {
	results := []*result{
		b.table.add(&result{load: load, server: newest, unit: milliseconds, syncs: "-"}),
		b.table.add(&result{load: load, server: duckDB, unit: milliseconds, syncs: "-"}),
	}
	if _, _, err := b.bothTimes(l, own, peer); err != nil {
		return err
	}
	for range b.rounds {
		from := time.Now()
		for again := true; again; again = time.Since(from) < 200*time.Millisecond {
			took, tookPeer, err := b.bothTimes(l, own, peer)
			if err != nil {
				return err
			}
			results[0].figures = append(results[0].figures, inMilliseconds(took))
			results[1].figures = append(results[1].figures, inMilliseconds(tookPeer))
		}
	}
	return nil
}

// bothTimes runs a query through Wharf and in DuckDB.
func (b *bench) bothTimes(l *library, own, peer string) (took, tookPeer time.Duration, err error) {
	from := time.Now()
	got, err := countWide(b.ctx, b.wharf.db, own)
	took = time.Since(from)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", own, err)
	}
	want, tookPeer, err := l.run(peer)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", peer, err)
	}
	if got != want {
		return 0, 0, fmt.Errorf("%s: %d rows, and DuckDB has %d", own, got, want)
	}
	return took, tookPeer, nil
}

// wideRows times all rows and columns of a file, beside a table of MariaDB.
func (b *bench) wideRows(f *queryFiles) error {
	if err := b.loadWide(f); err != nil {
		return err
	}
	servers := []sqlServer{b.wharf.sql(), b.mariadb.sql()}
	query := func(s sqlServer) string {
		if s.name == newest {
			return "SELECT * FROM @q/wide.parquet"
		}
		return "SELECT * FROM bench.wide"
	}
	rows := b.rows / widePart
	err := b.rowRounds("SELECT * of 10 columns, mariadb client", rows, servers, func(s sqlServer) (int, error) {
		return countLines(b.ctx, s.addr, "", query(s))
	})
	if err != nil {
		return err
	}
	return b.rowRounds("SELECT * of 10 columns, go-sql-driver", rows, servers, func(s sqlServer) (int, error) {
		return countWide(b.ctx, s.db, query(s))
	})
}

// fullScan times the first row of all rows, and reads on for a round, so that
// the memory shows what streaming takes.
func (b *bench) fullScan() error {
	first := &result{unit: milliseconds}
	for range b.rounds {
		took, err := b.firstRow()
		if err != nil {
			return err
		}
		first.figures = append(first.figures, inMilliseconds(took))
	}
	b.table.fact(fmt.Sprintf("first row of SELECT * of %d rows", b.rows), figure(first.median(), milliseconds), "under 200 ms", first.median() < 200)
	return nil
}

func (b *bench) firstRow() (time.Duration, error) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	from := time.Now()
	rows, err := b.wharf.db.QueryContext(ctx, "SELECT * FROM @q/rows.parquet")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return 0, errors.Join(errors.New("there is no first row"), rows.Err())
	}
	took := time.Since(from)
	for time.Since(from) < b.length && rows.Next() {
	}
	return took, nil
}

// smallQueries counts the queries of a small file that eight connections of
// one user get answered.
func (b *bench) smallQueries() error {
	const conns = 8
	var n atomic.Int64
	var over atomic.Bool
	errs := make([]error, conns)
	var wg sync.WaitGroup
	from := time.Now()
	for i := range conns {
		wg.Go(func() {
			for !over.Load() && errs[i] == nil {
				_, errs[i] = countWide(b.ctx, b.wharf.db, "SELECT * FROM @q/small.parquet WHERE id < 2")
				n.Add(1)
			}
		})
	}
	time.Sleep(b.length)
	over.Store(true)
	wg.Wait()
	rate := float64(n.Load()) / time.Since(from).Seconds()
	b.table.fact("small queries from 8 connections of one user", fmt.Sprintf("%.0f/s", rate), "at least 100/s", rate >= 100)
	return errors.Join(errs...)
}

// partOfS3 tells how much of a Parquet file in a bucket a query moves that
// needs three of its ten columns.
func (b *bench) partOfS3(f *queryFiles) error {
	proxy, err := countingProxy(b.versitygw.addr)
	if err != nil {
		return err
	}
	defer proxy.close()
	if err := b.wharf.createStage("qs3", fmt.Sprintf(" URL = 's3://%s/q/' CONNECTION = (ENDPOINT_URL = 'http://%s', ACCESS_KEY_ID = '%s', SECRET_ACCESS_KEY = '%s')",
		bucket, proxy.addr(), gatewayKey, gatewayKey)); err != nil {
		return err
	}
	if err := curl("-T", f.wide, "http://"+b.wharf.httpAddr+"/v1/stage/qs3/wide.parquet"); err != nil {
		return err
	}
	size := proxy.sent.Load() // all of it went through the proxy once
	proxy.received.Store(0)
	if _, err := countWide(b.ctx, b.wharf.db, "SELECT city, COUNT(*), SUM(price), MAX(qty) FROM @qs3/wide.parquet GROUP BY city"); err != nil {
		return err
	}
	moved := proxy.received.Load()
	share := float64(moved) / float64(size)
	b.table.fact("bytes that a query of 3 of the 10 columns of a Parquet file in S3 moves",
		fmt.Sprintf("%.1f of %.1f MiB: %.0f %%", float64(moved)/mebibyte, float64(size)/mebibyte, 100*share), "under 40 %", share < 0.4)
	return nil
}
