package server

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"wharf"
)

// rowEncoder appends a row's payload to the packet that was begun.
type rowEncoder func(p *packets, cols []wharf.Column, row []wharf.Value) error

// rows writes a result set: its columns, its rows as they come, and how it
// ended. An error that it returns came in place of the end, and is still to
// be told to the client.
func (p *packets) rows(ctx context.Context, r *wharf.Rows, encode rowEncoder, status uint16) error {
	p.header(r.Columns)
	p.endColumns(status)
	return p.body(ctx, r, encode)
}

// header writes the columns of a result set, without what ends them.
func (p *packets) header(cols []wharf.Column) {
	p.begin()
	p.buf = appendLenenc(p.buf, uint64(len(cols)))
	p.end()
	for _, col := range cols {
		p.column(col)
	}
}

// body writes the rows of a result set, as rows does.
func (p *packets) body(ctx context.Context, r *wharf.Rows, encode rowEncoder) error {
	// Not a range statement, whose body would be made anew for each result
	// with all that it shares with this function.
	s := &p.sink
	*s = rowSink{p: p, ctx: ctx, cols: r.Columns, encode: encode, yield: s.yield}
	if s.yield == nil {
		s.yield = s.take
	}
	p.stream(true)
	defer p.stream(false)
	r.All(s.yield)
	return s.err
}

// rowSink writes the rows of one result.
type rowSink struct {
	p      *packets
	ctx    context.Context // of the statement
	cols   []wharf.Column
	encode rowEncoder
	yield  func([]wharf.Value, error) bool // take, bound once
	err    error                           // how it ended
}

// take writes a row, and reports whether another is wanted.
func (s *rowSink) take(row []wharf.Value, err error) bool {
	if err == nil {
		err = s.write(row)
	}
	s.err = err
	return err == nil
}

func (s *rowSink) write(row []wharf.Value) (err error) {
	p := s.p
	if len(row) != len(s.cols) {
		return fmt.Errorf("a row of %d values under %d columns", len(row), len(s.cols))
	}
	p.begin()
	if err = s.encode(p, s.cols, row); err != nil {
		p.discard()
		return err
	}
	p.end()
	p.rowReady()
	// Not by Done, which makes a channel for every statement.
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return p.err
}

// textRow is a row of the text protocol.
func textRow(p *packets, cols []wharf.Column, row []wharf.Value) error {
	for i := range row {
		v := &row[i]
		switch v.Kind() {
		case wharf.NullValue:
			p.buf = append(p.buf, 0xfb)
		case wharf.TextValue:
			if isSingle(&cols[i]) {
				p.putSingle(v.Str())
				continue
			}
			p.putText(cols[i].Type, v.Str())
		case wharf.FloatValue:
			p.putFloat(&cols[i], v)
		default:
			p.buf = appendNumber(p.buf, *v)
		}
	}
	return nil
}

// putFloat writes the text of a double, with as many digits after the point as its
// column has.
func (p *packets) putFloat(c *wharf.Column, v *wharf.Value) {
	if !strings.HasPrefix(c.SQLType, "double(") {
		p.buf = appendNumber(p.buf, *v)
		return
	}
	p.putString(string(wharf.AppendFixed(nil, v.Float64(), int(describeColumn(*c).decimals))))
}

// isSingle reports whether a column is a FLOAT.
func isSingle(c *wharf.Column) bool { return c.Type == wharf.TypeFloat && c.SQLType == "float" }

// putSingle writes the text of a FLOAT, which may come with all its digits, with the six
// that MySQL shows.
func (p *packets) putSingle(s string) {
	const digits = 6
	if f, err := strconv.ParseFloat(s, 32); err == nil && len(s) > digits {
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', digits, 32), 64)
		p.buf = appendNumber(p.buf, wharf.Float(f))
		return
	}
	p.putString(s)
}

// putText writes the text of a value: text in the client's character set.
func (p *packets) putText(t wharf.Type, s string) {
	if p.encoding.convert != nil && t == wharf.TypeString {
		s = p.encoding.text(s)
	}
	p.putString(s)
}

// appendNumber writes a number as text, which is shorter than 251 bytes: one
// byte of length.
func appendNumber(b []byte, v wharf.Value) []byte {
	at := len(b)
	b = v.AppendText(append(b, 0))
	b[at] = byte(len(b) - at - 1)
	return b
}

// binaryRow is a row of the binary protocol, which prepared statements give.
func binaryRow(p *packets, cols []wharf.Column, row []wharf.Value) error {
	p.buf = append(p.buf, 0)
	nulls := len(p.buf)
	for range (len(row) + 7 + 2) / 8 {
		p.buf = append(p.buf, 0)
	}
	for i, v := range row {
		if v.IsNull() || cols[i].Type == wharf.TypeNull {
			p.buf[nulls+(i+2)/8] |= 1 << ((i + 2) % 8)
			continue
		}
		if v.Kind() == wharf.TextValue && isWrittenAsText(cols[i].Type) {
			p.putText(cols[i].Type, v.Str())
			continue
		}
		if isSingle(&cols[i]) {
			f, err := float(v)
			if err != nil {
				return fmt.Errorf("column %q: %w", cols[i].Name, err)
			}
			p.buf = binary.LittleEndian.AppendUint32(p.buf, math.Float32bits(float32(f)))
			continue
		}
		var err error
		if p.buf, err = appendBinary(p.buf, cols[i].Type, v); err != nil {
			return fmt.Errorf("column %q: %w", cols[i].Name, err)
		}
	}
	return nil
}

func isWrittenAsText(t wharf.Type) bool {
	switch t {
	case wharf.TypeInt, wharf.TypeUint, wharf.TypeBool, wharf.TypeFloat, wharf.TypeDate, wharf.TypeTime, wharf.TypeDateTime:
		return false
	}
	return true
}

func appendBinary(b []byte, t wharf.Type, v wharf.Value) ([]byte, error) {
	switch t {
	case wharf.TypeInt, wharf.TypeUint:
		n, err := integer(t, v)
		return binary.LittleEndian.AppendUint64(b, n), err
	case wharf.TypeBool:
		n, err := integer(wharf.TypeInt, v)
		return append(b, byte(n)), err
	case wharf.TypeFloat:
		f, err := float(v)
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(f)), err
	case wharf.TypeDate, wharf.TypeDateTime:
		return appendTime(b, v.Str())
	case wharf.TypeTime:
		return appendDuration(b, v.Str())
	}
	return appendNumber(b, v), nil
}

// integer returns the bits of a value in a column of integers. An engine may
// carry a number as another kind than its column has.
func integer(t wharf.Type, v wharf.Value) (uint64, error) {
	switch v.Kind() {
	case wharf.IntValue, wharf.UintValue:
		return v.Uint64(), nil
	case wharf.FloatValue:
		return uint64(int64(v.Float64())), nil
	}
	if t == wharf.TypeUint {
		return strconv.ParseUint(v.Str(), 10, 64)
	}
	n, err := strconv.ParseInt(v.Str(), 10, 64)
	return uint64(n), err
}

func float(v wharf.Value) (float64, error) {
	switch v.Kind() {
	case wharf.IntValue:
		return float64(v.Int64()), nil
	case wharf.UintValue:
		return float64(v.Uint64()), nil
	case wharf.FloatValue:
		return v.Float64(), nil
	}
	return strconv.ParseFloat(v.Str(), 64)
}
