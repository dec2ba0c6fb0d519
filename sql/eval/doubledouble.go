package eval

import "math"

// pair is a number as the sum of two doubles, of which the second is at most half of the
// last digit of the first: some 106 bits.
type pair struct{ hi, lo float64 }

// twoSum is a + b without an error.
func twoSum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

// quickSum is a + b without an error, where a is the larger.
func quickSum(a, b float64) pair {
	s := a + b
	return pair{s, b - (s - a)}
}

// twoProduct is a * b without an error.
func twoProduct(a, b float64) pair {
	p := a * b
	return pair{p, math.FMA(a, b, -p)}
}

func (a pair) plus(b pair) pair {
	s, t := twoSum(a.hi, b.hi), twoSum(a.lo, b.lo)
	s = quickSum(s.hi, s.lo+t.hi)
	return quickSum(s.hi, s.lo+t.lo)
}

func (a pair) minus(b pair) pair { return a.plus(pair{-b.hi, -b.lo}) }

func (a pair) times(b pair) pair {
	p := twoProduct(a.hi, b.hi)
	return quickSum(p.hi, p.lo+(a.hi*b.lo+a.lo*b.hi))
}

func (a pair) over(b pair) pair {
	q := a.hi / b.hi
	r := a.minus(b.times(pair{q, 0}))
	more := r.hi / b.hi
	r = r.minus(b.times(pair{more, 0}))
	return quickSum(q, more).plus(pair{r.hi / b.hi, 0})
}

// scaled is a times a power of two.
func (a pair) scaled(exponent int) pair {
	return pair{math.Ldexp(a.hi, exponent), math.Ldexp(a.lo, exponent)}
}

// root is the square root of a number that is not negative.
func (a pair) root() pair {
	if a.hi == 0 {
		return a
	}
	x := math.Sqrt(a.hi)
	rest := a.minus(twoProduct(x, x))
	return quickSum(x, rest.hi/(2*x))
}

func (a pair) value() float64 { return a.hi + a.lo }
