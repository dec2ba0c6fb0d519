//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"wharf"
	"wharf/sql"
)

// ordered has columns of all types that have statistics, all in the order of
// the rows, and one that is not.
const ordered = `SELECT i AS id, (i * 3)::UINTEGER AS u, (i / 100)::DECIMAL(12,2) AS price, DATE '2020-01-01' + (i // 100)::INTEGER AS day,
	TIMESTAMP '2020-01-01 00:00:00' + to_seconds(i * 60) AS at, 'n' || lpad(i::VARCHAR, 7, '0') AS name, hash(i) AS h, hash(i + 1) AS h2,
	CASE WHEN i < 51200 THEN NULL ELSE i END AS late, 'né\' || lpad(i::VARCHAR, 7, '0') AS accent, i::DOUBLE AS d FROM range(102400) t(i)`

// TestRowGroupsOfWhere fetches only the row groups of a Parquet file that is
// elsewhere in which a row may match, and gives the same answers as of the whole
// file.
func TestRowGroupsOfWhere(t *testing.T) {
	p := open(t, nil)
	r := newRemote(t, "a.parquet", p.writes(t, ordered, ", ROW_GROUP_SIZE 10240, COMPRESSION uncompressed"))
	parts := map[string][]sql.File{"w": {r.file()}}
	f := r.file()
	f.Local = func(context.Context) (wharf.LocalFile, error) { return whole(t, r.data), nil }
	full := map[string][]sql.File{"w": {f}}
	share := func(query string) float64 {
		t.Helper()
		want, err := p.ask(t, query, full)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		r.forget(t)
		got, err := p.ask(t, query, parts)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s:\n%v, %v\nwant\n%v", query, got, err, want)
		}
		return r.share()
	}
	wholes := map[string]float64{} // the shares of queries of all row groups
	for _, c := range []struct {
		column, where string
		groups        int // that are fetched, of ten
	}{
		{"id", "id = 42000", 1}, {"id", "42000 = id", 1}, {"id", "(id > 41000 AND (id) <= 42000)", 1}, {"id", "id BETWEEN 40950 AND 40970", 2}, {"id", "id < 10240", 1}, {"id", "id <= 10240", 2},
		{"id", "id >= 92160", 1}, {"id", "id > 92158", 2}, {"id", "id IN (35000, 40000)", 1}, {"id", "id IN (5000, 95000)", 10}, {"id", "id = -1", 0}, {"id", "id > 42000.5 AND id < 42000.75", 1},
		{"u", "u = 126000", 1}, {"u", "u = -1", 0}, {"price", "price = 420", 1}, {"price", "price BETWEEN 420.01 AND 420.02", 1}, {"day", "day = '2020-06-01'", 1}, {"day", "day >= '2022-09-01'", 1},
		{"at", "at < '2020-01-02'", 1}, {"at", "at BETWEEN '2020-01-15 05:00:00' AND '2020-01-15 06:00:00'", 2}, {"name", "name = 'n0042000'", 1}, {"name", "name >= 'n0095'", 1},
		{"name", "name < 'n001' AND h <> 4", 1}, {"late", "late = 61000", 1}, {"late", "late >= 90000", 2},
		// No bound, or none that the order of the column tells.
		{"id", "id <> 42000", 10}, {"id", "id = 42000 OR h = 4", 10}, {"id", "NOT id = 42000", 10}, {"id", "id + 1 = 42000", 10}, {"id", "id = h", 10}, {"id", "id NOT BETWEEN 1 AND 2", 10},
		{"name", "name = 'N0042000' COLLATE utf8mb4_general_ci", 10}, {"d", "d = 42000", 10}, {"id", "id <=> 42000", 10}, {"accent", "accent = 'né\\\\0042000'", 10}, {"id", "id = (SELECT 42000)", 10},
		{"id", "id = 42000 + FLOOR(RAND())", 10},
	} {
		query := fmt.Sprintf("SELECT COUNT(*), SUM(h), MIN(h2), MAX(%s) FROM w WHERE %s", c.column, c.where)
		if wholes[c.column] == 0 {
			wholes[c.column] = share(fmt.Sprintf("SELECT COUNT(*), SUM(h), MIN(h2), MAX(%s) FROM w WHERE NOT (%s) OR h = 0", c.column, c.where))
		}
		whole := wholes[c.column]
		got := share(query)
		least, most := whole*float64(c.groups)/10-0.016, whole*float64(c.groups)/10+0.016
		if got < least || got > most {
			t.Errorf("WHERE %s fetched %.3f of the file, which is not %d of ten row groups of %.3f", c.where, got, c.groups, whole)
		}
	}
}

// TestBoundsOfQueries asks queries in which a condition bounds a column where it
// may not, and wants the answers of the whole file.
func TestBoundsOfQueries(t *testing.T) {
	p := open(t, nil)
	r := newRemote(t, "a.parquet", p.writes(t, ordered, ", ROW_GROUP_SIZE 10240, COMPRESSION uncompressed"))
	other := newRemote(t, "b.parquet", p.writes(t, "SELECT id, h AS more FROM ("+ordered+") WHERE id % 3 = 0", ", ROW_GROUP_SIZE 4096, COMPRESSION uncompressed"))
	parts, full := map[string][]sql.File{}, map[string][]sql.File{}
	for name, files := range map[string][]*remote{"w": {r}, "o": {other}, "u": {r, other}} {
		for _, r := range files {
			parts[name] = append(parts[name], r.file())
			f := r.file()
			f.Local = func(context.Context) (wharf.LocalFile, error) { return whole(t, r.data), nil }
			full[name] = append(full[name], f)
		}
	}
	for _, query := range []string{
		"SELECT COUNT(*), MAX(x.h) FROM w x, w y WHERE x.id = 5 AND y.id = 95000",
		"SELECT COUNT(*), MAX(y.id) FROM w x JOIN w y ON x.id = y.id WHERE x.id < 100",
		"SELECT COUNT(*), COUNT(o.id), MAX(o.more) FROM w LEFT JOIN o ON w.id = o.id WHERE w.id > 95000",
		"SELECT COUNT(*), COUNT(o.id), MAX(o.more) FROM w LEFT JOIN o ON w.id = o.id WHERE o.id > 95000",
		"SELECT COUNT(*), COUNT(w.id) FROM w RIGHT JOIN o ON w.id = o.id WHERE w.id < 200",
		"SELECT COUNT(*), MAX(id) FROM w NATURAL JOIN o WHERE id BETWEEN 45000 AND 46000",
		"SELECT COUNT(*) FROM w WHERE id < 100 AND EXISTS (SELECT 1 FROM o WHERE o.id = w.id AND w.h > 5)",
		"SELECT COUNT(*) FROM w WHERE EXISTS (SELECT 1 FROM o WHERE o.id = w.id AND w.id < 500 AND o.id > 100)",
		"SELECT w.id, (SELECT MAX(x.more) FROM o x WHERE x.id = w.id AND x.id > 50000) FROM w WHERE w.id < 9 ORDER BY 1",
		"WITH c AS (SELECT id, h FROM w WHERE id >= 99990) SELECT COUNT(*), MAX(a.h) FROM c a, c b WHERE a.id < 99995",
		"SELECT COUNT(*) FROM w WHERE id < 100 UNION ALL SELECT COUNT(*) FROM o WHERE id > 99900",
		"SELECT id, h FROM w WHERE id >= 42000 ORDER BY h LIMIT 3", "SELECT id FROM w WHERE id >= 42000 LIMIT 3",
		"SELECT METADATA$FILE_ROW_NUMBER, h FROM w WHERE id = 42000", "SELECT METADATA$FILENAME, h FROM w WHERE id = 42000",
		"SELECT COUNT(*), MAX(h), COUNT(more) FROM u WHERE id = 42000", "SELECT day, COUNT(*) FROM w WHERE day IN ('2021-02-03', '2021-02-04') GROUP BY day WITH ROLLUP",
		"SELECT id, RANK() OVER (ORDER BY h) FROM w WHERE name BETWEEN 'n0042000' AND 'n0042003'",
		"SELECT x.id FROM (SELECT id, h AS day FROM w) x WHERE x.id = 7 AND day > 0", "SELECT late FROM w WHERE late IS NULL AND id = 7", "SELECT COUNT(*) FROM w WHERE id = NULL",
	} {
		for _, r := range []*remote{r, other} {
			r.forget(t)
		}
		want, err := p.ask(t, query, full)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got, err := p.ask(t, query, parts)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s:\n%v, %v\nwant\n%v", query, got, err, want)
		}
	}
}
