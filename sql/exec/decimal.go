package exec

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// The limits of MySQL's DECIMAL.
const (
	maxDecimalDigits = 65
	maxDecimalScale  = 30
	divisionScale    = 4 // div_precision_increment
)

// decimal is an exact decimal number: unscaled / 10^scale. It never changes.
type decimal struct {
	unscaled *big.Int
	scale    int
}

func decimalFromInt(v int64) *decimal   { return &decimal{unscaled: big.NewInt(v)} }
func decimalFromUint(v uint64) *decimal { return &decimal{unscaled: new(big.Int).SetUint64(v)} }

// parseDecimal reads digits with an optional sign and point.
func parseDecimal(s string) (*decimal, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > maxDecimalScale {
		fraction = fraction[:maxDecimalScale]
	}
	if len(whole) > 400 { // more than any double has; not worth the time
		return nil, false
	}
	digits := whole + fraction
	if digits == "" || digits == "-" || digits == "+" {
		return nil, false
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return nil, false
	}
	return &decimal{unscaled: n, scale: len(fraction)}, true
}

// String writes all digits of the scale.
func (d *decimal) String() string {
	digits := new(big.Int).Abs(d.unscaled).String()
	if pad := d.scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if d.scale > 0 {
		at := len(digits) - d.scale
		digits = digits[:at] + "." + digits[at:]
	}
	if d.unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

func (d *decimal) isZero() bool { return d.unscaled.Sign() == 0 }

func (d *decimal) float() float64 {
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return math.MaxFloat64 * float64(d.unscaled.Sign())
	}
	return f
}

// int64 rounds half away from zero, and gives the nearest int64 where the
// number is out of range.
func (d *decimal) int64() int64 {
	n := d.round(0).unscaled
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// fits tells whether the number has no more digits before the point than
// MySQL's DECIMAL.
func (d *decimal) fits() bool {
	return len(d.truncate(0).unscaled.Text(10)) <= maxDecimalDigits
}

// fit gives the number with exactly scale digits after the point.
func (d *decimal) fit(scale int) *decimal {
	return &decimal{unscaled: d.round(scale).at(scale), scale: scale}
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// at gives the unscaled number at a scale that is not smaller.
func (d *decimal) at(scale int) *big.Int {
	if scale == d.scale {
		return d.unscaled
	}
	return new(big.Int).Mul(d.unscaled, pow10(scale-d.scale))
}

// truncate cuts the digits after scale off.
func (d *decimal) truncate(scale int) *decimal {
	if scale >= d.scale {
		return d
	}
	return &decimal{unscaled: new(big.Int).Quo(d.unscaled, pow10(d.scale-scale)), scale: scale}
}

// round rounds half away from zero to scale digits, which may be negative:
// round(-2) gives hundreds, with scale 0.
func (d *decimal) round(scale int) *decimal {
	if scale >= d.scale {
		return d
	}
	unit := pow10(d.scale - scale)
	half := new(big.Int).Quo(unit, big.NewInt(2))
	n := new(big.Int).Set(d.unscaled)
	if n.Sign() < 0 {
		half.Neg(half)
	}
	n.Quo(n.Add(n, half), unit)
	if scale < 0 {
		return &decimal{unscaled: n.Mul(n, pow10(-scale))}
	}
	return &decimal{unscaled: n, scale: scale}
}

func (d *decimal) compare(o *decimal) int {
	scale := max(d.scale, o.scale)
	return d.at(scale).Cmp(o.at(scale))
}

func (d *decimal) negate() *decimal {
	return &decimal{unscaled: new(big.Int).Neg(d.unscaled), scale: d.scale}
}

func (d *decimal) add(o *decimal) *decimal {
	scale := max(d.scale, o.scale)
	return &decimal{unscaled: new(big.Int).Add(d.at(scale), o.at(scale)), scale: scale}
}

func (d *decimal) multiply(o *decimal) *decimal {
	product := &decimal{unscaled: new(big.Int).Mul(d.unscaled, o.unscaled), scale: d.scale + o.scale}
	return product.round(min(product.scale, maxDecimalScale))
}

// divide gives the quotient, cut off where MySQL cuts it: its decimals are
// groups of nine digits, and the quotient has as many groups as both numbers
// and divisionScale more digits need. What is shown of it is rounded later, so
// that 1/3*3 is 1.0000. The divisor is not zero.
func (d *decimal) divide(o *decimal) *decimal {
	const group = 9
	groups := func(digits int) int { return (digits + group - 1) / group * group }
	left, right := groups(d.scale), groups(o.scale)
	more := max(divisionScale-(left-d.scale)-(right-o.scale), 0)
	scale := groups(left + right + more)
	n := new(big.Int).Mul(d.unscaled, pow10(scale+o.scale-d.scale))
	return &decimal{unscaled: n.Quo(n, o.unscaled), scale: scale}
}

// wholeQuotient gives d DIV o. The divisor is not zero.
func (d *decimal) wholeQuotient(o *decimal) *big.Int {
	scale := max(d.scale, o.scale)
	return new(big.Int).Quo(d.at(scale), o.at(scale))
}

// remainder gives d % o, with d's sign. The divisor is not zero.
func (d *decimal) remainder(o *decimal) *decimal {
	scale := max(d.scale, o.scale)
	return &decimal{unscaled: new(big.Int).Rem(d.at(scale), o.at(scale)), scale: scale}
}
