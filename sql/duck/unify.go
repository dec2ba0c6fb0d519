//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"
)

// unify is the type that expressions have together, in CASE, COALESCE, UNION
// and their like; its sql is empty.
func unify(all ...expr) expr {
	var u expr
	for i, e := range all {
		if i == 0 || u.kind == kindNull {
			constant := e.constant && (i == 0 || u.constant)
			u = e
			u.constant = constant
			continue
		}
		if e.kind == kindNull {
			continue
		}
		u = pair(u, e)
	}
	u.sql, u.literal, u.inner, u.written, u.asStored, u.logical, u.column = "", nil, 0, "", false, false, false
	u.normal = u.normal && !slices.ContainsFunc(all, func(e expr) bool { return !e.normal })
	u.ofDay = u.ofDay && !slices.ContainsFunc(all, func(e expr) bool { return !e.ofDay && e.kind != kindNull })
	u.single = u.single && !slices.ContainsFunc(all, func(e expr) bool { return !e.single })
	return u
}

// choice is the type of an expression that gives one of others as it is: a
// decimal keeps the digits that it was computed to.
func choice(all ...expr) expr {
	u := unify(all...)
	if u.kind == kindDecimal {
		for _, e := range all {
			u.inner = max(u.inner, e.behind()-u.scale)
		}
		u.inner = max(0, min(u.inner, maxDigits-u.precision))
	}
	return u
}

// collated gives the collation that two texts are compared by: what COLLATE
// says, else the connection's where both have it, else bytes.
func collated(a, b expr) (binary, folded bool, collation string) {
	switch {
	case a.explicit():
		return a.binary, a.folded, a.collation
	case b.explicit():
		return b.binary, b.folded, b.collation
	case a.implied && !b.ofFile():
		return a.binary, a.folded, a.collation
	case b.implied && !a.ofFile():
		return b.binary, b.folded, b.collation
	case a.foldedText() && b.foldedText():
		return false, a.folded || b.folded || !a.constant || !b.constant, ""
	}
	return a.binary || b.binary, false, ""
}

// explicit reports whether COLLATE says the collation of e.
func (e expr) explicit() bool { return e.collation != "" && !e.implied }

// ofFile reports whether e is text of a file, which is compared by its bytes.
func (e expr) ofFile() bool { return e.kind == kindText && !e.foldedText() }

// mixed reports whether COLLATE says different collations of two of the values.
func mixed(all ...expr) bool {
	said := ""
	for _, e := range all {
		if e.explicit() && said != "" && e.collation != said {
			return true
		}
		if e.explicit() {
			said = e.collation
		}
	}
	return false
}

// asColumn is an expression as the column of a query: text that reads no file
// keeps the collation of the connection. The other rows of the column, such as
// those of a recursive query, need not have the value that is written in it.
func (e expr) asColumn() expr {
	e.folded = e.kind == kindText && e.foldedText()
	e.constant, e.literal, e.written, e.logical = false, nil, "", false
	return e
}

func pair(a, b expr) expr {
	u := a
	u.constant = a.constant && b.constant
	u.binary, u.folded, u.collation = collated(a, b)
	u.implied = u.collation != "" && !a.explicit() && !b.explicit()
	u.uniform = a.uniform && b.uniform
	u.stored = a.stored && b.stored
	u.scale = max(a.scale, b.scale)
	switch {
	case a.kind == b.kind && a.kind != kindDecimal:
	case a.numeric() && b.numeric():
		u.kind = max(a.kind, b.kind)
		if min(a.kind, b.kind) == kindBool {
			u.kind = max(u.kind, kindInt)
		}
		if u.kind == kindUint && min(a.kind, b.kind) != kindUint {
			u.kind = kindDecimal // neither holds the other
		}
		if u.kind == kindDecimal {
			whole := max(a.whole(), b.whole())
			u.precision = min(38, whole+u.scale)
		}
	case a.temporal() && b.temporal() && a.kind != b.kind:
		u.kind = kindMoment
	case a.kind == kindBytes || b.kind == kindBytes:
		u.kind = kindBytes
	default:
		u.kind = kindText
	}
	if u.places = 0; u.kind == kindDouble {
		u.places = sharedPlaces(a, b)
	}
	if u.numeric() || u.temporal() {
		u.folded = false // it is no text
	}
	return u
}

// whole is how many digits a number has before its point.
func (e expr) whole() int {
	switch e.kind {
	case kindBool:
		return 1
	case kindInt:
		if e.written != "" {
			return len(strings.TrimPrefix(e.written, "-"))
		}
		return 19
	case kindUint:
		return 20
	}
	return e.precision - e.scale
}

// as gives e as a value of the unified type u.
func (e expr) as(u expr) string {
	if e.kind == kindJSON && !e.normal && u.kind == kindJSON {
		return "CAST(" + e.sql + " AS VARCHAR)" // DuckDB's JSON is not what the evaluator gives
	}
	if e.kind == u.kind && e.kind != kindDecimal {
		return e.sql
	}
	switch u.kind {
	case kindText:
		return e.text()
	case kindBytes:
		if e.kind == kindNull {
			return "CAST(NULL AS BLOB)"
		}
		return "encode(" + e.text() + ")"
	case kindMoment:
		return e.moment()
	case kindBool, kindInt, kindUint, kindDecimal, kindDouble:
		if e.kind == kindNull {
			return "CAST(NULL AS " + u.duck() + ")"
		}
		if u.kind == kindDecimal {
			return "CAST(" + e.number().sql + " AS " + u.innerDuck() + ")"
		}
		return "CAST(" + e.number().sql + " AS " + u.duck() + ")"
	}
	return "CAST(" + e.sql + " AS " + u.duck() + ")"
}
