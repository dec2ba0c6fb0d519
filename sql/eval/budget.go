package eval

import (
	"github.com/santhosh-tekuri/jsonschema/v6"

	"wharf"
)

// The bounds of one statement's work.
const (
	maxRowsSeen = 2_000_000 // joined rows count one by one
	MaxRowsKept = 100_000
	// maxSteps is how many bytes and characters a statement may look at, those
	// of a text for each time that LIKE goes back in it. They take about a
	// minute.
	maxSteps = 1 << 32
)

// The sizes of what a statement holds, in bytes.
const (
	ValueBytes   = 48 // of a value in memory, without its text
	decimalBytes = 96 // of the number that a decimal points to
	EntryBytes   = 64 // of an entry in a map, without what its key says
	SumBytes     = 256
)

// work is what a statement has looked at and how many rows it holds. The bytes
// that it holds are counted by the session.
type work struct {
	seen, Rows    int
	steps, looked int // steps now, and when the context was last asked

	lastPattern string // of REGEXP, most often a constant
	lastFlags   patternFlags
	compiled    *pattern
	lastSchema  string // of JSON_SCHEMA_VALID, likewise
	schema      *jsonschema.Schema
	schemaParts int

	once     map[*Node]Datum // operands that are written several times, of the operators that are at work
	implicit bool            // the warning of a document as a condition was given
}

// See counts a row that is looked at.
func (ev *Evaluation) See() error {
	const often = 128
	ev.Work.seen++
	if ev.Work.seen > maxRowsSeen {
		return wharf.Errorf(wharf.CodeTooLarge, "the query looks at more than %d rows", maxRowsSeen)
	}
	if ev.Work.seen%often == 0 {
		return ev.Canceled()
	}
	return nil
}

// step counts n steps, and ends a statement that took too many, or that is to
// end.
func (ev *Evaluation) step(n int) error {
	const often = 1 << 16
	w := ev.Work
	w.steps += n
	if w.steps > maxSteps {
		return wharf.Errorf(wharf.CodeTooLarge, "the statement has too much to compare: over %d characters", maxSteps)
	}
	if w.steps-w.looked < often {
		return nil
	}
	w.looked = w.steps
	return ev.Canceled()
}

// Canceled is the error of a statement that is to end, or nil.
func (ev *Evaluation) Canceled() error {
	if err := ev.Ctx.Err(); err != nil {
		return wharf.WrapError(wharf.CodeCanceled, "exec.query", "", err)
	}
	return nil
}

// Keep counts a row that is held.
func (ev *Evaluation) Keep(row []wharf.Value) error {
	if ev.Work.Rows++; ev.Work.Rows > MaxRowsKept {
		return wharf.Errorf(wharf.CodeTooLarge, "the query holds more than %d rows", MaxRowsKept)
	}
	return ev.Hold(RowBytes(row))
}

// RowBytes is what a row takes in memory.
func RowBytes(row []wharf.Value) int {
	bytes := len(row) * ValueBytes
	for _, v := range row {
		bytes += len(v.Str())
	}
	return bytes
}

// Hold counts bytes that are held, those of a row or what it is told by: the
// keys of an order, a group, a DISTINCT. Fewer than none are returned.
func (ev *Evaluation) Hold(bytes int) error {
	account := ev.Held
	if bytes < 0 {
		account.ReturnTo(account.Taken() + int64(bytes))
		return nil
	}
	return account.Take(int64(bytes))
}
