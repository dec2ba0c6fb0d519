//go:build linux && !noduck

package duck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

// relation is a table whose rows the server holds; they follow it.
type relation struct {
	Name    string
	Columns []relationColumn
}

type relationColumn struct{ Name, Type string } // Type is DuckDB's

// load reads the rows of a relation and makes the table that the statement
// reads.
func (c *connection) load(f *framed, r relation) error {
	texts, casts := make([]string, len(r.Columns)), make([]string, len(r.Columns))
	types := make([]duckdb.LogicalType, len(r.Columns))
	for i, col := range r.Columns {
		texts[i] = fmt.Sprintf("c%d VARCHAR", i)
		casts[i] = fmt.Sprintf("CAST(c%d AS %s) AS %s", i, col.Type, quoteName(col.Name))
		types[i] = duckdb.CreateLogicalType(duckdb.TypeVarchar)
	}
	defer func() {
		for i := range types {
			duckdb.DestroyLogicalType(&types[i])
		}
	}()
	held := "held " + r.Name
	if err := c.exec("CREATE TEMP TABLE " + quoteName(held) + " (" + strings.Join(texts, ", ") + ")"); err != nil {
		return err
	}
	if err := c.fill(f, held, types); err != nil {
		return err
	}
	return c.exec("CREATE TEMP VIEW " + quoteName(r.Name) + " AS SELECT " + strings.Join(casts, ", ") + " FROM " + quoteName(held))
}

func (c *connection) fill(f *framed, table string, types []duckdb.LogicalType) error {
	var appender duckdb.Appender
	if duckdb.AppenderCreateExt(c.conn, "temp", "main", table, &appender) != duckdb.StateSuccess {
		return errors.New("duckdb: " + duckdb.AppenderError(appender))
	}
	defer duckdb.AppenderDestroy(&appender)
	chunk := duckdb.CreateDataChunk(types)
	defer duckdb.DestroyDataChunk(&chunk)
	full := int(duckdb.VectorSize())
	at := 0
	for last := false; !last; {
		kind, payload, err := f.read()
		switch {
		case err != nil:
			return err
		case kind == frameRelationEnd:
			last = true
		case kind != frameRow:
			return fmt.Errorf("a frame %q in a relation's rows", kind)
		default:
			if err := setRow(chunk, at, payload, len(types)); err != nil {
				return err
			}
			at++
		}
		if at == full || last && at > 0 {
			duckdb.DataChunkSetSize(chunk, duckdb.IdxT(at))
			if duckdb.AppendDataChunk(appender, chunk) != duckdb.StateSuccess {
				return errors.New("duckdb: " + duckdb.AppenderError(appender))
			}
			duckdb.DataChunkReset(chunk)
			at = 0
		}
	}
	if duckdb.AppenderClose(appender) != duckdb.StateSuccess {
		return errors.New("duckdb: " + duckdb.AppenderError(appender))
	}
	return nil
}

// setRow puts the values of a row, each behind its length in four bytes, which
// is all ones for NULL, into place at of a chunk.
func setRow(chunk duckdb.DataChunk, at int, payload []byte, columns int) error {
	for i := range columns {
		if len(payload) < 4 {
			return errors.New("a short row")
		}
		n := binary.LittleEndian.Uint32(payload)
		payload = payload[4:]
		v := duckdb.DataChunkGetVector(chunk, duckdb.IdxT(i))
		if n == nullLength {
			duckdb.VectorEnsureValidityWritable(v)
			duckdb.ValiditySetRowInvalid(duckdb.VectorGetValidity(v), duckdb.IdxT(at))
			continue
		}
		if uint32(len(payload)) < n {
			return errors.New("a short row")
		}
		duckdb.VectorAssignStringElementLen(v, duckdb.IdxT(at), payload[:n])
		payload = payload[n:]
	}
	return nil
}

const nullLength = 1<<32 - 1
