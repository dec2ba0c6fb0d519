package rowexec

import (
	"strconv"
	"strings"

	"wharf/sql/eval"

	"wharf"
)

// rowSet is the keys of the rows that DISTINCT has seen.
type rowSet map[string]bool

// add tells whether the key is a new one, and counts it as held then.
func (s rowSet) add(ev *eval.Evaluation, key string) (isNew bool, err error) {
	if s[key] {
		return false, nil
	}
	s[key] = true
	return true, ev.Hold(eval.EntryBytes + len(key))
}

// rowKey is the same text for rows that are equal.
func rowKey(row []wharf.Value, columns []wharf.Column, shapes []eval.Shape) string {
	var b strings.Builder
	for i, v := range row {
		addKey(&b, shapes[i].Read(v, columns[i].Type))
	}
	return b.String()
}

// addKey appends what tells a value from others. NULL is equal to NULL here.
func addKey(b *strings.Builder, d eval.Datum) {
	if d.IsNull() {
		b.WriteByte('n')
		return
	}
	text := keyText(d)
	b.WriteString(strconv.Itoa(len(text)) + ":" + text)
}

// keyText is the same text for values that are equal: 1, 1.0 and 1.00.
func keyText(d eval.Datum) string {
	switch d.Kind {
	case eval.KString:
		return d.Sortable().Str
	case eval.KDecimal:
		text := d.Text()
		if d.Dec.Scale > 0 {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		return text
	case eval.KFloat:
		if d.Float64Bits() == 0 { // also -0
			return "0"
		}
	}
	return d.Text()
}
