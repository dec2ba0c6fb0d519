package eval

import (
	"math"
	"math/big"
	"sync"
)

// The functions of doubles as MySQL has them, from the C library, which rounds nearly all
// of their values to the nearest double, but for those of LOG10. Those of package math are off by one in the last
// digit rather often. So values are computed as pairs of doubles, and rounded once.

// ln2 is a pair: what is left of it is less than 2**-107 of it.
var ln2 = pair{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}

// halfPi is π/2 in four parts, of which the first three have at most 33 bits: a whole number
// below 2**20 times one of them is exact.
var halfPi = [4]float64{0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69, 0x1.b839a252049c1p-104}

// expPair is e**x for |x| below 746, without a power of two that it is to be scaled by.
func expPair(x pair) (pair, int) {
	k := math.Round(x.hi / ln2.hi)
	r := x.minus(ln2.times(pair{k, 0}))
	const halvings = 9
	r = r.scaled(-halvings)
	// e**r - 1 by its series, so that squaring keeps what is small.
	sum, term := r, r
	for n := 2; n <= 9; n++ {
		term = term.times(r).over(pair{float64(n), 0})
		sum = sum.plus(term)
	}
	for range halvings {
		sum = sum.scaled(1).plus(sum.times(sum))
	}
	return sum.plus(pair{1, 0}), int(k)
}

// logPair is the natural logarithm of a positive number.
func logPair(x float64) pair {
	f, e := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f, e = 2*f, e-1
	}
	whole := ln2.times(pair{float64(e), 0})
	if math.Abs(f-1) < 1./32 { // by the series of the inverse hyperbolic tangent, which keeps what is small
		z := twoSum(f, -1).over(twoSum(f, 1))
		square := z.times(z)
		sum, power := z, z
		for n := 3.; n <= 21; n += 2 {
			power = power.times(square)
			sum = sum.plus(power.over(pair{n, 0}))
		}
		return sum.scaled(1).plus(whole)
	}
	guess := math.Log(f)
	at, k := expPair(pair{guess, 0})
	at = at.scaled(k)
	// Halley's step: the error of the guess goes down to its third power.
	step := pair{f, 0}.minus(at).scaled(1).over(pair{f, 0}.plus(at))
	return pair{guess, 0}.plus(step).plus(whole)
}

func realExp(x float64) float64 {
	if !(math.Abs(x) < 746) || math.Abs(x) < 0x1p-60 {
		return math.Exp(x)
	}
	v, k := expPair(pair{x, 0})
	return scaledOnce(v, k)
}

// scaledOnce is a number times a power of two, rounded once also where few digits are left.
func scaledOnce(v pair, k int) float64 {
	if k > -1000 {
		return math.Ldexp(v.value(), k)
	}
	f := new(big.Float).SetPrec(200).SetFloat64(v.hi)
	f.Add(f, new(big.Float).SetFloat64(v.lo))
	d, _ := f.SetMantExp(f, k).Float64()
	return d
}

func realLog(x float64) float64 {
	if special(x) || x <= 0 {
		return math.Log(x)
	}
	return logPair(x).value()
}

// realLog2 is the quotient of two doubles, as in MySQL, which is not always a whole number
// for a power of two.
func realLog2(x float64) float64 { return realLog(x) / math.Ln2 }

// realLog10 is log10 of the C library (fdlibm's e_log10.c), which is off by one in the last
// digit in one value of twenty. The conversions keep products from being added in one step.
func realLog10(x float64) float64 {
	if special(x) || x <= 0 {
		return math.Log10(x)
	}
	const inverse, high, low = 0x1.bcb7b1526e50ep-2, 0x1.34413509f6p-2, 0x1.9fef311f12b36p-42 // 1/ln 10, and log10 2 in two parts
	f, e := math.Frexp(x)
	if e--; e < 0 {
		e++
	} else {
		f *= 2
	}
	return float64(float64(float64(e)*low)+float64(inverse*realLog(f))) + float64(float64(e)*high)
}

func realPow(x, y float64) float64 {
	rough := math.Pow(x, y)
	if special(x) || special(y) || special(rough) || x == 0 || y == 0 || rough == 0 || math.Abs(x) == 1 {
		return rough
	}
	if n := math.Abs(y); n <= 64 && n == math.Trunc(n) && math.Abs(math.Log2(math.Abs(rough))) < 900 {
		v := pair{1, 0}
		for range int(n) {
			v = v.times(pair{x, 0})
		}
		if y < 0 {
			v = pair{1, 0}.over(v)
		}
		return v.value()
	}
	v, k := expPair(logPair(math.Abs(x)).times(pair{y, 0}))
	return math.Copysign(scaledOnce(v, k), rough)
}

// special reports whether x is infinite or no number.
func special(x float64) bool { return math.IsInf(x, 0) || math.IsNaN(x) }

// reduced is x less a multiple of π/2, at most π/4, and which quarter of a turn that is.
func reduced(x float64) (pair, int) {
	k := math.Round(x / (math.Pi / 2))
	if math.Abs(k) >= 1<<20 {
		return reducedBig(x)
	}
	r := twoSum(x, -k*halfPi[0])
	r = r.minus(pair{k * halfPi[1], 0}).minus(pair{k * halfPi[2], 0}).minus(twoProduct(k, halfPi[3]))
	return r, int(k) & 3
}

// bigHalfPi is π/2 with the digits that the largest double needs, by Machin's formula.
var bigHalfPi = sync.OnceValue(func() *big.Float {
	const precision = 1400
	one := new(big.Int).Lsh(big.NewInt(1), precision)
	arctan := func(n int64) *big.Int {
		term := new(big.Int).Div(one, big.NewInt(n))
		sum, square := new(big.Int).Set(term), big.NewInt(n*n)
		for i := int64(3); term.Sign() != 0; i += 2 {
			term.Div(term, square)
			part := new(big.Int).Div(term, big.NewInt(i))
			if i%4 == 3 {
				part.Neg(part)
			}
			sum.Add(sum, part)
		}
		return sum
	}
	pi := new(big.Int).Mul(arctan(5), big.NewInt(16))
	pi.Sub(pi, new(big.Int).Mul(arctan(239), big.NewInt(4)))
	f := new(big.Float).SetPrec(precision).SetInt(pi)
	return f.SetMantExp(f, -precision-1)
})

func reducedBig(x float64) (pair, int) {
	half := bigHalfPi()
	v := new(big.Float).SetPrec(half.Prec()).SetFloat64(x)
	q := new(big.Float).SetPrec(half.Prec()).Quo(v, half)
	if q.Signbit() {
		q.Sub(q, big.NewFloat(0.5))
	} else {
		q.Add(q, big.NewFloat(0.5))
	}
	k, _ := q.Int(nil)
	v.Sub(v, q.Mul(half, new(big.Float).SetPrec(half.Prec()).SetInt(k)))
	hi, _ := v.Float64()
	lo, _ := v.Sub(v, big.NewFloat(hi)).Float64()
	return pair{hi, lo}, int(new(big.Int).And(k, big.NewInt(3)).Int64())
}

// sineCosine are the sine and the cosine of x.
func sineCosine(x float64) (sine, cosine pair) {
	r, quarter := reduced(x)
	square := r.times(r)
	sine, cosine = r, pair{1, 0}
	s, c := r, pair{1, 0}
	for n := 1; n <= 14; n++ {
		m := float64(2 * n)
		c = c.times(square).over(pair{-m * (m - 1), 0})
		s = s.times(square).over(pair{-m * (m + 1), 0})
		sine, cosine = sine.plus(s), cosine.plus(c)
	}
	switch quarter {
	case 1:
		return cosine, pair{-sine.hi, -sine.lo}
	case 2:
		return pair{-sine.hi, -sine.lo}, pair{-cosine.hi, -cosine.lo}
	case 3:
		return pair{-cosine.hi, -cosine.lo}, sine
	}
	return sine, cosine
}

func realSin(x float64) float64 {
	if special(x) || math.Abs(x) < 0x1p-100 {
		return math.Sin(x)
	}
	s, _ := sineCosine(x)
	return s.value()
}

func realCos(x float64) float64 {
	if special(x) {
		return math.Cos(x)
	}
	_, c := sineCosine(x)
	return c.value()
}

func realTan(x float64) float64 {
	if special(x) || math.Abs(x) < 0x1p-100 {
		return math.Tan(x)
	}
	s, c := sineCosine(x)
	return s.over(c).value()
}

// arcPair is the angle of the point (x, y), near a guess.
func arcPair(y, x pair, guess float64) float64 {
	s, c := sineCosine(guess)
	d := y.times(c).minus(x.times(s)).over(x.times(c).plus(y.times(s)))
	return pair{guess, 0}.plus(d).value()
}

func realAtan(x float64) float64 { return realAtan2(x, 1) }

func realAtan2(y, x float64) float64 {
	guess := math.Atan2(y, x)
	_, ey := math.Frexp(y)
	_, ex := math.Frexp(x)
	if special(x) || special(y) || x == 0 || y == 0 || ey-ex > 200 || ex-ey > 200 {
		return guess
	}
	scale := -max(ex, ey)
	return arcPair(pair{math.Ldexp(y, scale), 0}, pair{math.Ldexp(x, scale), 0}, guess)
}

// other is the other leg of a right triangle whose longest side is 1.
func other(x float64) pair {
	return twoSum(1, -x).times(twoSum(1, x)).root()
}

func realAsin(x float64) float64 {
	if !(math.Abs(x) < 1) || math.Abs(x) < 0x1p-100 {
		return math.Asin(x)
	}
	leg := other(x)
	return arcPair(pair{x, 0}, leg, math.Atan2(x, leg.hi))
}

func realAcos(x float64) float64 {
	if !(math.Abs(x) < 1) {
		return math.Acos(x)
	}
	leg := other(x)
	return arcPair(leg, pair{x, 0}, math.Atan2(leg.hi, x))
}
