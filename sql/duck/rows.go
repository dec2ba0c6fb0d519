//go:build linux && !noduck

package duck

import (
	"context"
	"encoding/binary"
	"errors"

	"wharf"
	"wharf/sql"
)

// table is a relation that the server holds, under the name that the query
// reads it by.
type table struct {
	name string
	sql.ServerTable
}

func littleEndian(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

var errShort = errors.New("a worker sent a short row")

// decodeRow sets a row from its values as MySQL's text protocol has them.
func decodeRow(row []wharf.Value, values string) error {
	for i := range row {
		if values == "" {
			return errShort
		}
		first := values[0]
		values = values[1:]
		n := int(first)
		switch width := lengthBytes(first); {
		case first == null:
			row[i] = wharf.Null()
			continue
		case width > len(values):
			return errShort
		case width > 0:
			n = 0
			for k := range width {
				n |= int(values[k]) << (8 * k)
			}
			values = values[width:]
		}
		if n < 0 || n > len(values) {
			return errShort
		}
		row[i] = wharf.Text(values[:n])
		values = values[n:]
	}
	return nil
}

// lengthBytes is how many bytes of a length follow its first one.
func lengthBytes(first byte) int {
	switch first {
	case 0xfc:
		return 2
	case 0xfd:
		return 3
	case 0xfe:
		return 8
	}
	return 0
}

// sendTable sends a relation and its rows as the server makes them.
func sendTable(ctx context.Context, f *framed, t table) error {
	r := relation{Name: t.name}
	for _, c := range t.Columns {
		r.Columns = append(r.Columns, relationColumn{Name: c.Name, Type: duckType(c.Type)})
	}
	if err := f.send(frameRelation, r); err != nil {
		return err
	}
	var b []byte
	err := t.Each(ctx, nil, func(row []wharf.Value) error {
		b = encodeRow(b[:0], row)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return f.write(frameRow, b)
	})
	if err != nil {
		return err
	}
	return f.write(frameRelationEnd, nil)
}

// encodeRow appends the values of a row, each behind its length in four bytes.
func encodeRow(b []byte, row []wharf.Value) []byte {
	for _, v := range row {
		if v.IsNull() {
			b = binary.LittleEndian.AppendUint32(b, nullLength)
			continue
		}
		at := len(b)
		b = v.AppendText(append(b, 0, 0, 0, 0))
		binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	}
	return b
}

// duckType is DuckDB's type for the values of a column.
func duckType(t wharf.Type) string {
	switch t {
	case wharf.TypeInt:
		return "BIGINT"
	case wharf.TypeUint:
		return "UBIGINT"
	case wharf.TypeFloat:
		return "DOUBLE"
	case wharf.TypeBool:
		return "BOOLEAN"
	case wharf.TypeDate:
		return "DATE"
	case wharf.TypeDateTime:
		return "TIMESTAMP"
	case wharf.TypeJSON:
		return "JSON"
	}
	return "VARCHAR"
}
