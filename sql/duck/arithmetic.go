//go:build linux && !noduck

package duck

import (
	"fmt"
	"strings"

	"wharf/sql"
)

// sharedPlaces is how many digits behind its point a double is shown with that is
// made of two numbers, 0 where one of them has as many as it has.
func sharedPlaces(a, b expr) int {
	most := 0
	for _, e := range []expr{a, b} {
		switch e.kind {
		case kindDouble:
			if e.places == 0 {
				return 0
			}
			most = max(most, e.places)
		case kindDecimal:
			most = max(most, e.scale)
		}
	}
	return sql.DoubleScale(most)
}

// divisionScale is div_precision_increment: how many digits behind the point a
// quotient has beyond those of the dividend.
func (t *translator) divisionScale() int {
	if t.quotients == nil {
		more, ok := t.variable("div_precision_increment")
		if !ok {
			more = standardScale
		}
		t.quotients = new(int(more))
	}
	return *t.quotients
}

// morePlaces is sharedPlaces of a quotient.
func (t *translator) morePlaces(places int) int {
	if places == 0 {
		return 0
	}
	return sql.DoubleScale(min(max(0, places)+t.divisionScale(), maxScale))
}

// arithmetic is + - *.
func (t *translator) arithmetic(op string, a, b expr) expr {
	a, b = a.number(), b.number()
	e := expr{constant: a.constant && b.constant}
	switch {
	case a.kind == kindDouble || b.kind == kindDouble:
		e.kind, e.sql = kindDouble, fmt.Sprintf("mysql_finite(%s %s %s)", a.real(), op, b.real())
		e.places = sharedPlaces(a, b)
	case a.kind == kindDecimal || b.kind == kindDecimal:
		return t.decimalArithmetic(op, a, b)
	case a.kind == kindUint || b.kind == kindUint:
		e.kind = kindUint
		if op == "-" && t.hasMode("NO_UNSIGNED_SUBTRACTION") {
			e.kind = kindInt
		}
		e.sql = fmt.Sprintf("CAST(CAST(%s AS HUGEINT) %s CAST(%s AS HUGEINT) AS %s)", a.sql, op, b.sql, e.duck())
	default:
		e.kind, e.sql = kindInt, fmt.Sprintf("(%s %s %s)", a.sql, op, b.sql)
	}
	return e
}

// decimalArithmetic is + - * of exact numbers, one of which is a decimal.
func (t *translator) decimalArithmetic(op string, a, b expr) expr {
	e := expr{kind: kindDecimal, constant: a.constant && b.constant, scale: max(a.scale, b.scale)}
	behind := max(a.behind(), b.behind())
	whole := max(a.whole(), b.whole()) + 1
	if op == "*" {
		e.scale, behind, whole = a.scale+b.scale, a.behind()+b.behind(), a.whole()+b.whole()
	}
	if e.scale > maxScale && t.expressions != nil {
		return t.evaluatesExact("i0 "+op+" i1", []expr{a, b}, whole, 0)
	}
	e.inner = min(behind, maxScale) - e.scale
	if t.expressions != nil && a.scale+a.whole()+b.scale+b.whole() > maxDigits && (op == "*" || max(a.whole(), b.whole())+e.scale >= maxDigits) {
		return t.evaluatesExact("i0 "+op+" i1", []expr{a, b}, whole, e.inner)
	}
	e.precision = min(maxDigits-e.inner, whole+e.scale)
	l, r := a.within(maxDigits-1), b.within(maxDigits-1)
	if op == "*" {
		// The product has the digits of both; a value that does not fit is an
		// error when it comes.
		left := min(a.digits(), max(maxDigits-b.digits(), a.behind()+9, maxDigits/2))
		l, r = a.within(max(left, min(maxDigits-b.digits(), long))), b.within(min(b.digits(), maxDigits-left))
	}
	e.sql = "CAST((" + l + " " + op + " " + r + ") AS " + e.innerDuck() + ")"
	return e
}

const (
	maxDigits = 38 // of DuckDB's decimals
	maxScale  = 30 // of MySQL's
	// standardScale is what div_precision_increment is unless it is set.
	standardScale = 4
	long          = 19 // digits from which on DuckDB computes in 128 bits
)

// behind is how many digits an exact number has behind its point in sql.
func (e expr) behind() int { return e.scale + e.inner }

// digits is how many digits an exact number has in sql.
func (e expr) digits() int { return e.whole() + e.behind() }

func (e expr) innerDuck() string {
	return fmt.Sprintf("DECIMAL(%d,%d)", min(maxDigits, max(1, e.digits())), e.behind())
}

// within gives an exact number as a decimal of that many digits, and of enough
// that what is computed from it is not cut to 64 bits.
func (e expr) within(digits int) string {
	return fmt.Sprintf("CAST(%s AS DECIMAL(%d,%d))", e.sql, max(digits, e.behind()+1), e.behind())
}

// exact gives an exact number as a decimal of its own size.
func (e expr) exact() string { return e.within(min(maxDigits, e.digits())) }

// quotientDigits is how many digits MySQL computes behind the point of a
// quotient: it counts in words of nine, and adds more digits to what the operands
// have, unless their words have as many to spare.
func quotientDigits(a, b, more int) int {
	const word = 9
	words := func(n int) int { return (n + word - 1) / word * word }
	spare := words(a) - a + words(b) - b
	return words(words(a) + words(b) + max(0, more-spare))
}

// divide is /, which makes a decimal of exact numbers, with more digits than the
// dividend has. It is cut behind the digits that are computed.
func (t *translator) divide(a, b expr) expr { return t.quotient(a, b, a.whole()+b.behind()) }

// quotient is divide where the result has at most that many digits before its point.
func (t *translator) quotient(a, b expr, whole int) expr {
	return t.once([]expr{a, b}, func(of []expr) expr { return t.quotientOf(of[0], of[1], whole) })
}

func (t *translator) quotientOf(a, b expr, whole int) expr {
	e := expr{constant: a.constant && b.constant}
	if a.kind == kindDouble || b.kind == kindDouble {
		e.kind, e.sql = kindDouble, fmt.Sprintf("(%s / mysql_by(%s, %s))", a.real(), b.real(), a.real())
		e.places = t.morePlaces(sharedPlaces(a, b))
		return e
	}
	const step = 9
	more := t.divisionScale()
	e.kind, e.scale = kindDecimal, min(maxScale, a.scale+more)
	e.inner = max(0, quotientDigits(a.behind(), b.behind(), more)-e.scale)
	e.precision = maxDigits - e.inner - 1
	behind := e.behind()
	if more > standardScale && whole+behind > maxDigits {
		return t.refuse(fmt.Sprintf("a quotient that may have more than %d digits, as with div_precision_increment = %d,", maxDigits, more))
	}
	if t.expressions != nil && (behind > step || a.digits()+b.behind()+behind > maxDigits) {
		return t.evaluatesExact("i0 / i1", []expr{a, b}, whole, e.inner)
	}
	if behind > step || a.digits()+b.behind()+behind > maxDigits {
		e.inner = 0
		e.precision = maxDigits
		e.sql = fmt.Sprintf("CAST(round(%s / mysql_by(%s, %s), %d) AS %s)", a.real(), b.real(), a.real(), e.scale, e.duck())
		return e
	}
	if behind == 0 {
		e.precision = min(e.precision, a.whole())
		e.sql = fmt.Sprintf("CAST(mysql_cut_quotient(%s, %s) AS %s)", unscaled(a), unscaled(b), e.innerDuck())
		return e
	}
	up := behind - a.behind() + b.behind() // powers of ten on the dividend's integer
	e.precision = min(e.precision, a.whole()+b.behind()+e.scale)
	e.sql = fmt.Sprintf("CAST((CAST(mysql_cut_quotient(%s * %s, %s) AS DECIMAL(%d,0)) * CAST('0.%s1' AS DECIMAL(%d,%d))) AS %s)",
		unscaled(a), power(up), unscaled(b), maxDigits-behind-1, strings.Repeat("0", behind-1), behind+1, behind, e.innerDuck())
	return e
}

// unscaled gives an exact number's digits as an integer.
func unscaled(e expr) string {
	n := e.behind()
	if n == 0 {
		return "CAST(" + e.sql + " AS HUGEINT)"
	}
	return fmt.Sprintf("CAST(CAST(%s AS DECIMAL(%d,%d)) * %s AS HUGEINT)", e.sql, min(maxDigits-n-1, max(e.digits(), n+1)), n, power(n))
}

func power(n int) string { return "1" + strings.Repeat("0", n) }

func intDivide(a, b expr) expr {
	e := expr{kind: kindInt, constant: a.constant && b.constant}
	switch {
	case a.kind == kindUint && b.kind <= kindUint, a.kind <= kindUint && b.kind == kindUint:
		e.kind, e.sql = kindUint, "CAST(mysql_div_unsigned("+a.sql+", "+b.sql+") AS UBIGINT)"
		return e
	case a.kind <= kindUint && b.kind <= kindUint:
		e.sql = "mysql_div_integer(" + a.sql + ", " + b.sql + ")"
		return e
	}
	e.sql = "mysql_div(" + a.sql + ", " + b.sql + ")"
	return e
}

func (t *translator) modulo(a, b expr) expr {
	return t.once([]expr{a, b}, func(of []expr) expr { return modulo(of[0], of[1]) })
}

func modulo(a, b expr) expr {
	e := expr{constant: a.constant && b.constant}
	switch {
	case a.kind == kindDouble || b.kind == kindDouble:
		e.kind, e.sql = kindDouble, fmt.Sprintf("(%s %% mysql_by(%s, %s))", a.real(), b.real(), a.real())
		e.places = sharedPlaces(a, b)
	case a.kind == kindDecimal || b.kind == kindDecimal:
		e.kind, e.scale, e.inner = kindDecimal, max(a.scale, b.scale), max(a.behind(), b.behind())-max(a.scale, b.scale)
		divisor := expr{precision: min(maxDigits, b.digits()), scale: b.behind(), kind: kindDecimal}
		e.sql = fmt.Sprintf("(%s %% CAST(mysql_by(%s, %s) AS %s))", a.exact(), b.exact(), a.sql, divisor.duck())
		e.precision = min(maxDigits-e.inner, max(a.whole(), b.whole())+e.scale)
	default:
		e.kind, e.sql = a.kind, fmt.Sprintf("CAST(CAST(%s AS HUGEINT) %% mysql_by(CAST(%s AS HUGEINT), %s) AS %s)", a.sql, b.sql, a.sql, a.duck())
	}
	return e
}
