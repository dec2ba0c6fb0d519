package eval

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// The limits of MySQL's DECIMAL.
const (
	maxDecimalDigits = 65
	MaxDecimalScale  = 30
)

// Decimal is an exact decimal number: unscaled / 10^scale. It never changes.
type Decimal struct {
	unscaled *big.Int
	Scale    int
}

// DecimalFromInt returns a whole number as a decimal.
func DecimalFromInt(v int64) *Decimal   { return &Decimal{unscaled: big.NewInt(v)} }
func decimalFromUint(v uint64) *Decimal { return &Decimal{unscaled: new(big.Int).SetUint64(v)} }

// parseDecimal reads digits with an optional sign and point.
func parseDecimal(s string) (*Decimal, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > MaxDecimalScale {
		fraction = fraction[:MaxDecimalScale]
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
	return &Decimal{unscaled: n, Scale: len(fraction)}, true
}

// String writes all digits of the scale.
func (d *Decimal) String() string {
	digits := new(big.Int).Abs(d.unscaled).String()
	if pad := d.Scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if d.Scale > 0 {
		at := len(digits) - d.Scale
		digits = digits[:at] + "." + digits[at:]
	}
	if d.unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

func (d *Decimal) isZero() bool { return d.unscaled.Sign() == 0 }

func (d *Decimal) float() float64 {
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return math.MaxFloat64 * float64(d.unscaled.Sign())
	}
	return f
}

// int64 rounds half away from zero, and gives the nearest int64 where the
// number is out of range.
func (d *Decimal) int64() int64 {
	n := d.round(0).unscaled
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// Fits tells whether the number has no more digits before the point than
// MySQL's DECIMAL.
func (d *Decimal) Fits() bool {
	return len(d.truncate(0).unscaled.Text(10)) <= maxDecimalDigits
}

// Fit gives the number with exactly scale digits after the point.
func (d *Decimal) Fit(scale int) *Decimal {
	return &Decimal{unscaled: d.round(scale).at(scale), Scale: scale}
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// at gives the unscaled number at a scale that is not smaller.
func (d *Decimal) at(scale int) *big.Int {
	if scale == d.Scale {
		return d.unscaled
	}
	return new(big.Int).Mul(d.unscaled, pow10(scale-d.Scale))
}

// truncate cuts the digits after scale off.
func (d *Decimal) truncate(scale int) *Decimal {
	if scale >= d.Scale {
		return d
	}
	return &Decimal{unscaled: new(big.Int).Quo(d.unscaled, pow10(d.Scale-scale)), Scale: scale}
}

// round rounds half away from zero to scale digits, which may be negative:
// round(-2) gives hundreds, with scale 0.
func (d *Decimal) round(scale int) *Decimal {
	if scale >= d.Scale {
		return d
	}
	unit := pow10(d.Scale - scale)
	half := new(big.Int).Quo(unit, big.NewInt(2))
	n := new(big.Int).Set(d.unscaled)
	if n.Sign() < 0 {
		half.Neg(half)
	}
	n.Quo(n.Add(n, half), unit)
	if scale < 0 {
		return &Decimal{unscaled: n.Mul(n, pow10(-scale))}
	}
	return &Decimal{unscaled: n, Scale: scale}
}

func (d *Decimal) compare(o *Decimal) int {
	scale := max(d.Scale, o.Scale)
	return d.at(scale).Cmp(o.at(scale))
}

func (d *Decimal) negate() *Decimal {
	return &Decimal{unscaled: new(big.Int).Neg(d.unscaled), Scale: d.Scale}
}

// Add returns d + o, exactly.
func (d *Decimal) Add(o *Decimal) *Decimal {
	scale := max(d.Scale, o.Scale)
	return &Decimal{unscaled: new(big.Int).Add(d.at(scale), o.at(scale)), Scale: scale}
}

func (d *Decimal) multiply(o *Decimal) *Decimal {
	product := &Decimal{unscaled: new(big.Int).Mul(d.unscaled, o.unscaled), Scale: d.Scale + o.Scale}
	return product.round(min(product.Scale, MaxDecimalScale))
}

// Divide gives the quotient, cut off where MySQL cuts it: its decimals are
// groups of nine digits, and the quotient has as many groups as both numbers
// more digits need, which is div_precision_increment. What is shown of it is
// rounded later, so that 1/3*3 is 1.0000. The divisor is not zero.
func (d *Decimal) Divide(o *Decimal, more int) *Decimal {
	const group = 9
	groups := func(digits int) int { return (digits + group - 1) / group * group }
	left, right := groups(d.Scale), groups(o.Scale)
	more = max(more-(left-d.Scale)-(right-o.Scale), 0)
	scale := groups(left + right + more)
	n := new(big.Int).Mul(d.unscaled, pow10(scale+o.Scale-d.Scale))
	return &Decimal{unscaled: n.Quo(n, o.unscaled), Scale: scale}
}

// wholeQuotient gives d DIV o. The divisor is not zero.
func (d *Decimal) wholeQuotient(o *Decimal) *big.Int {
	scale := max(d.Scale, o.Scale)
	return new(big.Int).Quo(d.at(scale), o.at(scale))
}

// remainder gives d % o, with d's sign. The divisor is not zero.
func (d *Decimal) remainder(o *Decimal) *Decimal {
	scale := max(d.Scale, o.Scale)
	return &Decimal{unscaled: new(big.Int).Rem(d.at(scale), o.at(scale)), Scale: scale}
}
