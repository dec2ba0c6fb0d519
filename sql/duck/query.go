//go:build linux && !noduck

package duck

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"wharf"
)

// query is a prepared statement with its columns.
type query struct {
	stmt    duckdb.PreparedStatement
	columns []column
	types   []vectorType
}

// column is a result's column as a worker describes it.
type column struct {
	Name     string
	Type     wharf.Type
	Decimals uint8
	Duck     string   // DuckDB's type
	Fields   []column `json:",omitempty"` // of a nested type: the element, the fields, or the key and the value
	bytes    byteKind
	exact    exactType // of a column of numbers; "" where it is the type that was told
	raw      bool      // read from the document's text, where DuckDB would read a double
	field    *string   // of the documents, where DuckDB gives the column another name
	inRange  bool      // a date, or a date with its time, that is in MySQL's years, as the footers say
	digits   int       // of a decimal of more than maxDigits, of which DuckDB would make a wrong double
}

// batchBytes is how much a batch of rows has, at least, when it is sent. The
// first one is sent with its first chunk, so that a client sees rows at once.
const batchBytes = 192 << 10

// roundsName is the name of a sequence that counts the repetitions of a recursive
// query. A statement has a connection of its own, so that each begins at 1.
var roundsName = regexp.MustCompile(rounds + `t\d+\b`)

// prepare prepares a SELECT or an EXPLAIN, the only statements that are let
// through. Columns of types that no vector reader knows are turned into text,
// nested ones into JSON.
func (c *connection) prepare(st statement) (*query, error) {
	for _, name := range roundsName.FindAllString(st.SQL, -1) {
		if err := c.exec("CREATE TEMP SEQUENCE IF NOT EXISTS " + name); err != nil {
			return nil, err
		}
	}
	q, err := c.prepareText(st.SQL, st.Unload)
	if err != nil {
		return nil, err
	}
	if wrapped, needed := q.shown(st.SQL); needed && !st.Describe {
		names := q.columns
		q.close()
		if q, err = c.prepareText(wrapped, false); err != nil {
			return nil, err
		}
		for i := range q.columns {
			q.columns[i].Name = names[i].Name
			if names[i].Type == wharf.TypeJSON {
				q.columns[i].Type = wharf.TypeJSON
			}
		}
	}
	for i, n := range st.Decimals {
		if i < len(q.types) && n >= 0 {
			q.types[i].decimals, q.columns[i].Decimals = uint8(n), uint8(n)
		}
	}
	return q, nil
}

func (c *connection) prepareText(text string, unload bool) (*query, error) {
	q := &query{}
	if duckdb.Prepare(c.conn, text, &q.stmt) != duckdb.StateSuccess {
		err := failed(duckdb.PrepareError(q.stmt))
		q.close()
		return nil, err
	}
	if !c.unlocked && !c.allowed(q, text, unload) {
		q.close()
		return nil, failure{Kind: "Permission Error", Text: "only a SELECT reads files"}
	}
	for i := range duckdb.PreparedStatementColumnCount(q.stmt) {
		t := vectorTypeOf(duckdb.PreparedStatementColumnLogicalType(q.stmt, i))
		q.types = append(q.types, t)
		q.columns = append(q.columns, column{
			Name: duckdb.PreparedStatementColumnName(q.stmt, i), Type: t.column, Decimals: t.decimals, Duck: t.name, Fields: t.fields,
		})
	}
	return q, nil
}

// explain begins the statements that show a plan. ANALYZE runs the statement.
var explain = regexp.MustCompile(`(?i)^\s*EXPLAIN\s+(ANALYZE\s+)?(\([^()]*\)\s*)?`)

// allowed reports whether a statement is a SELECT, shows the plan of one, or
// is a COPY that was asked for.
func (c *connection) allowed(q *query, text string, unload bool) bool {
	switch duckdb.PreparedStatementType(q.stmt) {
	case duckdb.StatementTypeSelect:
		return true
	case duckdb.StatementTypeCopy:
		return unload
	case duckdb.StatementTypeExplain:
		inner := &query{}
		defer inner.close()
		rest := text[len(explain.FindString(text)):]
		return duckdb.Prepare(c.conn, rest, &inner.stmt) == duckdb.StateSuccess &&
			duckdb.PreparedStatementType(inner.stmt) == duckdb.StatementTypeSelect
	}
	return false
}

func (q *query) close() { duckdb.DestroyPrepare(&q.stmt) }

// shown gives the statement around text that casts the columns that need it.
func (q *query) shown(text string) (string, bool) {
	if !slices.ContainsFunc(q.types, func(t vectorType) bool { return t.cast != "" }) {
		return "", false
	}
	items, names := make([]string, len(q.types)), make([]string, len(q.types))
	for i, t := range q.types {
		names[i] = fmt.Sprintf("c%d", i)
		items[i] = strings.ReplaceAll(t.cast, "$", names[i])
		if t.cast == "" {
			items[i] = names[i]
		}
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM (" + text + ") AS shown(" + strings.Join(names, ", ") + ")", true
}

// rows runs the statement and writes its rows in batches.
func (q *query) rows(f *framed) error {
	var result duckdb.Result
	defer duckdb.DestroyResult(&result)
	if duckdb.ExecutePreparedStreaming(q.stmt, &result) != duckdb.StateSuccess {
		return failed(duckdb.ResultError(&result))
	}
	b := batch{to: f, rows: make([]byte, 0, batchBytes*2)}
	for {
		chunk := duckdb.FetchChunk(result)
		if chunk.Ptr == nil {
			break
		}
		err := q.encode(&b, chunk)
		duckdb.DestroyDataChunk(&chunk)
		if err == nil && !b.sent {
			err = b.flush()
		}
		if err != nil {
			return err
		}
	}
	if text := duckdb.ResultError(&result); text != "" {
		return failed(text)
	}
	return b.flush()
}

// maxRow bounds one row, in bytes: it is as large as a statement may be
// (max_allowed_packet).
const maxRow = 64 << 20

// batch is rows that are sent together.
type batch struct {
	to   *framed
	rows []byte
	sent bool // one was
}

func (b *batch) flush() error {
	if len(b.rows) == 0 {
		return nil
	}
	if err := b.to.write(frameRows, b.rows); err != nil {
		return err
	}
	b.rows, b.sent = b.rows[:0], true
	if cap(b.rows) > maxRow {
		b.rows = nil
	}
	return b.to.w.Flush()
}

// encode adds the rows of a chunk: for each the length of what follows in
// four bytes, little endian, and its values as MySQL's text protocol has them.
func (q *query) encode(b *batch, chunk duckdb.DataChunk) error {
	n := int(duckdb.DataChunkGetSize(chunk))
	readers := make([]vectorReader, len(q.types))
	for i, t := range q.types {
		readers[i] = t.reader(duckdb.DataChunkGetVector(chunk, duckdb.IdxT(i)))
	}
	for row := range n {
		at := len(b.rows)
		b.rows = append(b.rows, 0, 0, 0, 0)
		for i := range readers {
			b.rows = readers[i].append(b.rows, row)
		}
		size := len(b.rows) - at - 4
		if size > maxRow {
			return failure{Kind: "Out of Range Error", Text: fmt.Sprintf("a row of %d bytes is larger than 64 MiB, the most that one may be", size)}
		}
		binary.LittleEndian.PutUint32(b.rows[at:], uint32(size))
		if len(b.rows) >= batchBytes {
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}
