package exec

import (
	"cmp"
	"strings"
)

// compare orders two values as MySQL does: texts by the default collation, or
// by their bytes where COLLATE asked for one that knows case, bytes as bytes, numbers by value, a text beside a number as a number.
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

// compareTexts folds long texts piece by piece, so that comparing them takes
// no memory in proportion to them, and no time for what is behind the first
// difference.
func compareTexts(a, b datum) int {
	if len(a.str)+len(b.str) <= 2*foldPiece {
		x, y := folded(a, b)
		return strings.Compare(x, y)
	}
	if a.kind == kBytes || b.kind == kBytes || a.exact || b.exact {
		return strings.Compare(a.str, b.str)
	}
	x, y := folding{rest: a.str}, folding{rest: b.str}
	for {
		if hasX, hasY := x.more(), y.more(); !hasX || !hasY {
			return cmp.Compare(len(x.piece), len(y.piece))
		}
		n := min(len(x.piece), len(y.piece))
		if order := strings.Compare(x.piece[:n], y.piece[:n]); order != 0 {
			return order
		}
		x.piece, y.piece = x.piece[n:], y.piece[n:]
	}
}

// folded gives two texts in a form in which they are compared byte by byte.
func folded(a, b datum) (string, string) {
	x, y := a.text(), b.text()
	if a.kind == kBytes || b.kind == kBytes || a.exact || b.exact {
		return x, y
	}
	return fold(x), fold(y)
}

// folded gives a datum that compares as d does with its like, without
// folding anew each time.
func (d datum) folded() datum {
	if d.kind == kString && !d.exact {
		d.str, d.exact = fold(d.str), true
	}
	return d
}

func (d datum) isText() bool { return d.kind == kString || d.kind == kBytes }

// isExact tells a number whose value is not rounded.
func (d datum) isExact() bool { return d.kind == kInt || d.kind == kUint || d.kind == kDecimal }
