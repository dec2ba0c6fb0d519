package exec

import (
	"strconv"
	"strings"

	"wharf"
)

// rowSet is the keys of the rows that DISTINCT has seen.
type rowSet map[string]bool

// add tells whether the key is a new one, and counts it as held then.
func (s rowSet) add(ev *evaluation, key string) (isNew bool, err error) {
	if s[key] {
		return false, nil
	}
	s[key] = true
	return true, ev.hold(entryBytes + len(key))
}

// rowKey is the same text for rows that are equal.
func rowKey(row []wharf.Value, columns []wharf.Column, shapes []shape) string {
	var b strings.Builder
	for i, v := range row {
		addKey(&b, shapes[i].read(v, columns[i].Type))
	}
	return b.String()
}

// addKey appends what tells a value from others. NULL is equal to NULL here.
func addKey(b *strings.Builder, d datum) {
	if d.isNull() {
		b.WriteByte('n')
		return
	}
	text := keyText(d)
	b.WriteString(strconv.Itoa(len(text)) + ":" + text)
}

// keyText is the same text for values that are equal: 1, 1.0 and 1.00.
func keyText(d datum) string {
	switch d.kind {
	case kString:
		return d.sortable().str
	case kDecimal:
		text := d.text()
		if d.dec.scale > 0 {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		return text
	case kFloat:
		if d.float64Bits() == 0 { // also -0
			return "0"
		}
	}
	return d.text()
}
