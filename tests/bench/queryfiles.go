package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// queryFiles are the files that are queried. DuckDB makes them once; they are
// kept between runs, in the scratch folder under their number of rows.
type queryFiles struct {
	parquet string // b.rows rows
	csv     string // a part of them, 400 MB of 20,000,000
	wide    string // Parquet, one row in 20
	wideTSV string // the same, for MariaDB
	small   string // Parquet of three rows
}

// Of 20,000,000 rows so many are in the CSV and in the wide files.
const (
	csvPart  = 20.0 / 4.5
	widePart = 20
)

// queryColumns are ten columns of several types.
const queryColumns = `i AS id, (hash(i) % 97)::INTEGER AS grp, (hash(i + 1) % 1000)::INTEGER AS qty,
	((hash(i + 2) % 1000000) / 100)::DECIMAL(12,2) AS price, round((hash(i + 3) % 1000000007) / 1000000007.0, 6)::DOUBLE AS ratio,
	'city_' || (hash(i + 4) % 500) AS city, 'name_' || (hash(i + 5) % 1000000) AS name,
	TIMESTAMP '2020-01-01' + to_seconds((hash(i + 6) % 150000000)::BIGINT) AS created,
	DATE '2020-01-01' + (hash(i + 7) % 1800)::INTEGER AS day, 'note ' || (hash(i + 8) % 10) AS note`

// makeQueryFiles makes what is not there yet.
func (b *bench) makeQueryFiles() (*queryFiles, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("bench-files-%d", b.rows))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f := &queryFiles{
		parquet: filepath.Join(dir, "rows.parquet"), csv: filepath.Join(dir, "rows.csv"), wide: filepath.Join(dir, "wide.parquet"),
		wideTSV: filepath.Join(dir, "wide.tsv"), small: filepath.Join(dir, "small.parquet"),
	}
	l, err := b.startLibrary("2GiB")
	if err != nil {
		return nil, err
	}
	for _, m := range []struct {
		path, options string
		rows          int
	}{
		{f.parquet, "FORMAT parquet", b.rows},
		{f.csv, "FORMAT csv, HEADER", int(float64(b.rows) / csvPart)},
		{f.wide, "FORMAT parquet", b.rows / widePart},
		{f.wideTSV, `FORMAT csv, HEADER false, DELIMITER '\t'`, b.rows / widePart},
		{f.small, "FORMAT parquet", 3},
	} {
		if err := makeQueryFile(l, m.path, m.options, m.rows); err != nil {
			return nil, errors.Join(err, l.stop())
		}
	}
	return f, l.stop()
}

// makeQueryFile leaves no file that was begun and not finished.
func makeQueryFile(l *library, path, options string, rows int) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	_, _, err := l.run(fmt.Sprintf("COPY (SELECT %s FROM range(%d) AS t(i)) TO '%s.new' (%s)", queryColumns, rows, path, options))
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// loadWide puts the rows of the wide files into a table of MariaDB.
func (b *bench) loadWide(f *queryFiles) error {
	for _, q := range []string{
		"CREATE DATABASE IF NOT EXISTS bench",
		`CREATE OR REPLACE TABLE bench.wide (id BIGINT, grp INT, qty INT, price DECIMAL(12,2), ratio DOUBLE, city VARCHAR(20), name VARCHAR(20),
			created DATETIME, day DATE, note VARCHAR(20)) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
		"LOAD DATA INFILE '" + f.wideTSV + "' INTO TABLE bench.wide",
	} {
		if _, err := b.mariadb.db.ExecContext(b.ctx, q); err != nil {
			return err
		}
	}
	return nil
}
