package eval

import (
	"cmp"
	"strings"
)

// Compare orders two values as MySQL does: texts by their collation, bytes as
// bytes, numbers by value, a text beside a number as a number, a document of JSON beside
// any value as documents. Two texts have
// the same collation.
// known is false where one of them is NULL.
func Compare(a, b Datum) (order int, known bool) {
	if a.IsNull() || b.IsNull() {
		return 0, false
	}
	switch {
	case a.json || b.json:
		return compareDocuments(a, b), true
	case a.IsText() && b.IsText():
		return compareTexts(a, b), true
	case a.Kind == kTime && b.Kind == kTime:
		return cmp.Compare(int64(a.Num), int64(b.Num)), true
	case a.IsTemporal() && b.IsTemporal():
		return cmp.Compare(a.Num, b.Num), true
	case a.Kind == KInt && b.Kind == KInt:
		return cmp.Compare(int64(a.Num), int64(b.Num)), true
	case a.IsExact() && b.IsExact():
		return a.ToDecimal().compare(b.ToDecimal()), true
	}
	return cmp.Compare(a.ToFloat(), b.ToFloat()), true
}

// compareTexts orders two texts of one collation, or bytes.
func compareTexts(a, b Datum) int {
	if a.Kind == kBytes || b.Kind == kBytes {
		return strings.Compare(a.Str, b.Str)
	}
	return a.coll.compare(a.Str, b.Str)
}

// Sortable gives a datum that compares as d does with its like, without
// looking at the collation each time.
func (d Datum) Sortable() Datum {
	if d.json {
		return bytesDatum(d.documentKey())
	}
	if d.Kind == KString && (d.coll.Collation().rule != byBytes || d.coll.Collation().pads()) {
		return bytesDatum(d.coll.Key(d.Str))
	}
	return d
}

// isJSON reports whether the datum is a document.
func (d Datum) isJSON() bool { return d.json }

// IsText reports whether the datum is text or bytes.
func (d Datum) IsText() bool { return d.Kind == KString || d.Kind == kBytes }

// IsExact tells a number whose value is not rounded.
func (d Datum) IsExact() bool { return d.Kind == KInt || d.Kind == KUint || d.Kind == KDecimal }
