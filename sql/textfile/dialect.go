package textfile

import "fmt"

// Dialect is how the records of a file stand in its text.
type Dialect struct {
	Record    string // what ends a record; "" is the end of a line, of any kind
	Field     string // between fields; "" for records of one field
	Quote     string // around fields; "" for none
	Escape    string // in front of a quote within quotes; "" doubles it
	Backslash bool   // \t, \n, \r and \\ stand for a tab, line ends and a backslash
	Skip      uint64 // lines in front
	Trim      bool   // blanks and tabs around a field are left out

	Nulls       []string // what stands for NULL outside quotes
	QuotedNull  bool     // they do within quotes too
	EmptyNull   bool     // an empty field is NULL
	QuotedEmpty bool     // an empty quoted field is NULL
	Ragged      bool     // a record may have more or fewer fields than the first
	AnyBytes    bool     // what is no UTF-8 is read as U+FFFD
}

// Field is one value of a record.
type Field struct {
	Text   string
	Null   bool
	Quoted bool
}

// BadRecord says what is wrong with a file and where. Line counts from 1, 0
// is of the file as a whole; Column counts fields from 1, 0 where there is
// none.
type BadRecord struct {
	Line, Column int
	Records      bool // Line counts records, for lines do not end them
	Reason       string
}

func (b *BadRecord) Error() string {
	if b.Line == 0 {
		return b.Reason
	}
	unit := "line"
	if b.Records {
		unit = "record"
	}
	if b.Column == 0 {
		return fmt.Sprintf("%s %d: %s", unit, b.Line, b.Reason)
	}
	return fmt.Sprintf("%s %d, column %d: %s", unit, b.Line, b.Column, b.Reason)
}
