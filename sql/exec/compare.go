package exec

import (
	"cmp"
	"strings"
)

// compare orders two values as MySQL does: texts by their collation, bytes as
// bytes, numbers by value, a text beside a number as a number. Two texts have
// the same collation.
// known is false where one of them is NULL.
func compare(a, b datum) (order int, known bool) {
	if a.isNull() || b.isNull() {
		return 0, false
	}
	switch {
	case a.isText() && b.isText():
		return compareTexts(a, b), true
	case a.kind == kTime && b.kind == kTime:
		return cmp.Compare(int64(a.num), int64(b.num)), true
	case a.isTemporal() && b.isTemporal():
		return cmp.Compare(a.num, b.num), true
	case a.kind == kInt && b.kind == kInt:
		return cmp.Compare(int64(a.num), int64(b.num)), true
	case a.isExact() && b.isExact():
		return a.toDecimal().compare(b.toDecimal()), true
	}
	return cmp.Compare(a.toFloat(), b.toFloat()), true
}

// compareTexts orders two texts of one collation, or bytes.
func compareTexts(a, b datum) int {
	if a.kind == kBytes || b.kind == kBytes {
		return strings.Compare(a.str, b.str)
	}
	return a.coll.compare(a.str, b.str)
}

// sortable gives a datum that compares as d does with its like, without
// looking at the collation each time.
func (d datum) sortable() datum {
	if d.kind == kString && (d.coll.collation().rule != byBytes || d.coll.collation().pads()) {
		return bytesDatum(d.coll.key(d.str))
	}
	return d
}

func (d datum) isText() bool { return d.kind == kString || d.kind == kBytes }

// isExact tells a number whose value is not rounded.
func (d datum) isExact() bool { return d.kind == kInt || d.kind == kUint || d.kind == kDecimal }
