//go:build linux && !noduck

package duck

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"wharf"
)

// Of a large Parquet file that is elsewhere only the footer and the chunks of
// the columns that the query names are fetched. The worker sees a file of the
// object's length; what was not fetched reads as zeros there. DuckDB fails on
// these, because each page begins with a header that cannot be zeros.

const (
	// leastPartial is the longest Parquet file that is fetched whole. One
	// request for it costs no more than those for its parts.
	leastPartial = 1 << 20
	// footerGuess is how much of the end of a file is fetched first, in bytes.
	footerGuess = 64 << 10
	// maxChunks is the most chunks that files may have together to be fetched
	// in part.
	maxChunks = 2_000_000
)

// fetchFooter fetches the footer of a Parquet file that is linked at path. It
// reports whether there is one that can be read.
func fetchFooter(ctx context.Context, f wharf.PartialFile, path string) (bool, error) {
	size := f.Object().Size
	first := max(0, size-footerGuess)
	if err := f.Fetch(ctx, wharf.ByteRange{Off: first, Len: size - first}); err != nil {
		return false, err
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	// https://parquet.apache.org/docs/file-format/: the footer, its length in
	// four bytes, and the magic number, which is another for encrypted ones.
	var end [8]byte
	if _, err := file.ReadAt(end[:], size-int64(len(end))); err != nil {
		return false, err
	}
	footer := int64(binary.LittleEndian.Uint32(end[:])) + int64(len(end))
	if string(end[4:]) != "PAR1" || footer > size {
		return false, nil
	}
	if footer <= footerGuess {
		return true, nil
	}
	return true, f.Fetch(ctx, wharf.ByteRange{Off: size - footer, Len: footer})
}

// fetch fetches what the query reads of the files that are there in part.
func (s *sources) fetch(tr *Translation) error {
	for name, p := range s.placed {
		if !p.lacks() {
			continue
		}
		var ranges [][]wharf.ByteRange // of nothing known: all bytes
		if columns, ok := tr.named(name, s.known[name]); ok {
			without := tr.without(name)
			c, err := s.lease.chunksOf(p, columns, without)
			if without != "" && errors.As(err, &failure{}) {
				c, err = s.lease.chunksOf(p, columns, "")
			}
			if err != nil {
				return err
			}
			if !c.doubtful() {
				s.shorten(tr, s.known[name], c)
				ranges = c.ranges()
			}
		}
		if err := p.fetch(s.lease.ctx, ranges); err != nil {
			return err
		}
	}
	return nil
}

// shorten makes a query read only those row groups of its only file that LIMIT
// or WHERE leave: the first ones, or those from the first to the last that may
// have a row.
func (s *sources) shorten(tr *Translation, rel Relation, c *chunks) {
	if rel.Rows == nil || len(c.p.paths) != 1 || strings.Count(tr.SQL, rel.SQL) != 1 {
		return
	}
	groups, rows := int64(len(c.rows)), int64(0)
	starts := []int64{0} // of the row groups, and their end
	for g := range groups {
		n, ok := c.rows[g]
		if !ok {
			return
		}
		rows += n
		starts = append(starts, rows)
	}
	first, end := int64(0), groups
	if tr.First > 0 {
		for end = 0; end < groups && starts[end] < tr.First; end++ {
		}
	}
	for first < end && c.without[first] {
		first++
	}
	for first < end && c.without[end-1] {
		end--
	}
	if first == 0 && end == groups {
		return
	}
	c.first, c.end = first, end
	tr.SQL = strings.Replace(tr.SQL, rel.SQL, rel.Rows(starts[first], starts[end]), 1)
}

// named returns which of a file's columns the translated query reads. In its
// text they stand behind the source's alias and nowhere else. It is not ok
// where that does not tell.
func (tr *Translation) named(source [2]string, rel Relation) (names []string, ok bool) {
	for _, c := range rel.Columns {
		if tr.names(source, c.Name) {
			names = append(names, c.Name)
		}
	}
	for _, c := range rel.Hidden {
		if !strings.HasPrefix(c.Name, "METADATA$") && tr.names(source, c.Name) {
			return nil, false // it may be made of any column
		}
	}
	return names, true
}

func (tr *Translation) names(source [2]string, column string) bool {
	return slices.ContainsFunc(tr.Reads, func(r Read) bool {
		return r.Source == source && strings.Contains(tr.SQL, r.Alias+"."+quoteName(column))
	})
}

func (p *placement) lacks() bool {
	return slices.ContainsFunc(p.partial, func(f wharf.PartialFile) bool { return f != nil })
}

// fetch fetches these ranges of each file; nil fetches all bytes.
func (p *placement) fetch(ctx context.Context, ranges [][]wharf.ByteRange) error {
	var files errgroup.Group
	files.SetLimit(placedAtOnce)
	for i, f := range p.partial {
		switch {
		case f == nil:
		case ranges == nil:
			files.Go(func() error { return f.Fetch(ctx) })
		case len(ranges[i]) > 0:
			files.Go(func() error { return f.Fetch(ctx, ranges[i]...) })
		}
	}
	return files.Wait()
}

// complete fetches all that lacks of the files of a statement, and reports
// whether anything did.
func (s *sources) complete() (bool, error) {
	lacked := false
	for _, p := range s.placed {
		if p.lacks() {
			lacked = true
			if err := p.fetch(s.lease.ctx, nil); err != nil {
				return true, err
			}
			clear(p.partial)
		}
	}
	return lacked, nil
}

// hole reports whether a failure may come from bytes that were not fetched.
func hole(err error) bool {
	var f failure
	return errors.As(err, &f) && (strings.Contains(f.Kind, "TProtocol") || strings.Contains(f.Text, "TProtocol"))
}

// chunksOf returns where in each file the chunks of these columns are, as a
// worker reads it from the footers, and in which row groups no row can match.
func (l *lease) chunksOf(p *placement, columns []string, without string) (*chunks, error) {
	at := map[string]int{}
	quoted := make([]string, 0, len(p.paths))
	for i, path := range p.paths {
		if p.partial[i] != nil {
			at[path] = i
			quoted = append(quoted, quoteString(path))
		}
	}
	c := newChunks(p, columns)
	err := l.collect("SELECT file_name, path_in_schema, dictionary_page_offset, data_page_offset, index_page_offset, "+
		"total_compressed_size, bloom_filter_offset, bloom_filter_length, row_group_id, row_group_num_rows, "+cmp.Or(without, "false")+" "+
		"FROM parquet_metadata(["+strings.Join(quoted, ", ")+"])",
		func(row []wharf.Value) error {
			i, ok := at[row[0].String()]
			if !ok {
				return errors.New("a worker told of a file that was not asked for")
			}
			c.add(i, row[1].String(), row[2:])
			return nil
		})
	return c, err
}

// chunks gathers where the chunks of columns are. What a worker says is not
// trusted: ranges are held to their file.
type chunks struct {
	p       *placement
	columns []string // lower case
	found   []bool   // by column
	starts  [][]int64
	wanted  [][]chunk // by file
	blooms  [][]wharf.ByteRange
	rows    map[int64]int64 // by row group, of a set of one file
	without map[int64]bool  // row groups, of a set of one file, in which no row can match
	first   int64           // row group that is wanted
	end     int64           // behind the last row group that is wanted; -1 is all
	total   int
	odd     bool
}

// chunk is where a chunk is, with the length that the footer has, and its row
// group.
type chunk struct {
	wharf.ByteRange
	group int64
}

func newChunks(p *placement, columns []string) *chunks {
	n := len(p.paths)
	c := &chunks{p: p, found: make([]bool, len(columns)), rows: map[int64]int64{}, without: map[int64]bool{}, end: -1,
		starts: make([][]int64, n), wanted: make([][]chunk, n), blooms: make([][]wharf.ByteRange, n)}
	for _, name := range columns {
		c.columns = append(c.columns, strings.ToLower(name))
	}
	return c
}

// add takes one chunk: its column, and its numbers in the order of chunksOf.
func (c *chunks) add(file int, path string, numbers []wharf.Value) {
	if c.total++; c.total > maxChunks {
		c.odd = true
		return
	}
	number := func(i int) int64 {
		n, err := strconv.ParseInt(numbers[i].String(), 10, 64)
		if err != nil {
			return 0 // NULL
		}
		return n
	}
	size := c.p.partial[file].Object().Size
	start := int64(0)
	for i := range 3 {
		if n := number(i); n > 0 && (start == 0 || n < start) {
			start = n
		}
	}
	length, bloom, group, rows := number(3), wharf.ByteRange{Off: number(4), Len: number(5)}, number(6), number(7)
	if start <= 0 || length < 0 || start > size || length > size-start || bloom.Off < 0 || bloom.Len < 0 || bloom.Off > size || rows < 0 {
		c.odd = true
		return
	}
	c.rows[group] = rows
	c.without[group] = c.without[group] || number(8) == 1
	c.starts[file] = append(c.starts[file], start)
	if bloom.Off > 0 {
		c.starts[file] = append(c.starts[file], bloom.Off)
	}
	if !c.wants(path) {
		return
	}
	c.wanted[file] = append(c.wanted[file], chunk{wharf.ByteRange{Off: start, Len: length}, group})
	if bloom.Off > 0 {
		if bloom.Len == 0 {
			bloom.Len = unknownBloom
		}
		bloom.Len = min(bloom.Len, size-bloom.Off)
		c.blooms[file] = append(c.blooms[file], bloom)
	}
}

// unknownBloom is how much is fetched of a Bloom filter whose length the footer
// does not have, as those of old writers, in bytes.
const unknownBloom = 64 << 10

// wants reports whether a chunk is of a wanted column: DuckDB writes its path
// with ", " between the fields. A column that has ", " in its own name may be
// wanted without need.
func (c *chunks) wants(path string) bool {
	path = strings.ToLower(path)
	wants := false
	for i, name := range c.columns {
		if path == name || strings.HasPrefix(path, name+", ") {
			c.found[i], wants = true, true
		}
	}
	return wants
}

// doubtful reports whether the footers do not tell where all wanted columns
// are: DuckDB gives some columns another name, such as the second of two that
// differ in case.
func (c *chunks) doubtful() bool { return c.odd || slices.Contains(c.found, false) }

// ranges returns what is to be fetched of each file. Some writers count a
// chunk's bytes too low (PARQUET-816), so that a chunk goes on to where the next
// one begins.
func (c *chunks) ranges() [][]wharf.ByteRange {
	all := make([][]wharf.ByteRange, len(c.starts))
	for file, starts := range c.starts {
		if c.p.partial[file] == nil {
			continue
		}
		slices.Sort(starts)
		size := c.p.partial[file].Object().Size
		for _, r := range c.wanted[file] {
			if r.group < c.first || c.end >= 0 && r.group >= c.end {
				continue
			}
			end, next := r.Off+r.Len, size
			if k, _ := slices.BinarySearch(starts, max(end, r.Off+1)); k < len(starts) {
				next = starts[k]
			}
			r.Len = min(max(end, min(next, end+maxGap)), size) - r.Off
			all[file] = append(all[file], r.ByteRange)
		}
		all[file] = append(all[file], c.blooms[file]...)
	}
	return all
}

// maxGap is the most that is fetched behind a chunk's end, in bytes. Further
// behind it there are other parts of the file.
const maxGap = 1 << 20

// collect runs DuckDB's SQL before the statement itself, and calls row for
// each row.
func (l *lease) collect(sql string, row func([]wharf.Value) error) error {
	columns, err := l.begin(statement{SQL: sql, State: l.sources.query.State})
	if err != nil {
		return err
	}
	values := make([]wharf.Value, len(columns))
	for {
		kind, payload, err := l.read()
		switch {
		case err != nil:
			return err
		case kind == frameDone:
			return nil
		case kind != frameRows:
			return unexpected(kind, payload)
		}
		for batch := string(payload); len(batch) >= 4; {
			n := int(littleEndian(batch))
			if n > len(batch)-4 {
				return errShort
			}
			if err := decodeRow(values, batch[4:4+n]); err != nil {
				return err
			}
			if err := row(values); err != nil {
				return fmt.Errorf("the columns of a file: %w", err)
			}
			batch = batch[4+n:]
		}
	}
}
