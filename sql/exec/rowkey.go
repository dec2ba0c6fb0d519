package exec

import (
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// distinctRows leaves out rows that are equal to one before.
func distinctRows(rows [][]wharf.Value, columns []wharf.Column) [][]wharf.Value {
	seen := map[string]bool{}
	return slices.DeleteFunc(rows, func(row []wharf.Value) bool {
		key := rowKey(row, columns)
		was := seen[key]
		seen[key] = true
		return was
	})
}

// rowKey is the same text for rows that are equal.
func rowKey(row []wharf.Value, columns []wharf.Column) string {
	var b strings.Builder
	for i, v := range row {
		addKey(&b, datumOf(v, columns[i].Type))
	}
	return b.String()
}

// addKey appends what tells a value from others. NULL is equal to NULL here.
func addKey(b *strings.Builder, d datum) {
	if d.isNull() {
		b.WriteByte('n')
		return
	}
	text := d.text()
	if d.kind == kString {
		text = fold(text)
	}
	b.WriteString(strconv.Itoa(len(text)) + ":" + text)
}
