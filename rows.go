package wharf

import "iter"

// Rows is a result that streams: its columns first, then its rows.
type Rows struct {
	Columns []Column
	// All yields the rows, each with one Value a column. The slice is valid
	// until the next row only. An error is yielded once, last, with a nil
	// row. It may be ranged over once.
	All iter.Seq2[[]Value, error]
}

// Column describes one column of a result.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
}

// Type is the type of a column.
type Type uint8

// The types of columns.
const (
	TypeString   Type = iota // text, UTF-8
	TypeBytes                // bytes without a character set
	TypeInt                  // 64-bit signed
	TypeUint                 // 64-bit unsigned
	TypeFloat                // 64-bit floating point
	TypeDecimal              // exact decimal, carried as text
	TypeBool                 // carried as the integers 0 and 1
	TypeDate                 // YYYY-MM-DD, carried as text
	TypeDateTime             // YYYY-MM-DD hh:mm:ss[.ffffff] in UTC, carried as text
	TypeJSON                 // JSON, carried as text
	TypeNull                 // the type of a bare NULL
)
