package eval

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

// TestRealMath wants values that are known to the last digit: those near which a rounded
// reduction or series goes wrong.
func TestRealMath(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"sin 1e22", realSin(1e22), -0.8522008497671888},
		{"cos 1e22", realCos(1e22), 0.523214785395139},
		{"tan 1e22", realTan(1e22), -1.6287782256068988},
		{"sin pi", realSin(math.Pi), 1.2246467991473532e-16},
		{"cos pi/2", realCos(math.Pi / 2), 6.123233995736766e-17},
		{"tan pi/2", realTan(math.Pi / 2), 1.633123935319537e16},
		{"sin of the largest", realSin(math.MaxFloat64), 0.004961954789184062},
		{"cos of the largest", realCos(math.MaxFloat64), -0.9999876894265599},
		{"sin of little", realSin(0x1p-30), 0x1p-30},
		{"exp 1", realExp(1), 2.718281828459045},
		{"exp -745", realExp(-745), 5e-324},
		{"exp 709.7", realExp(709.7), 1.6549840276802644e308},
		{"exp 1e-17", realExp(1e-17), 1},
		{"exp 800", realExp(800), math.Inf(1)},
		{"log 1+", realLog(1 + 0x1p-52), 2.2204460492503128e-16},
		{"log 10", realLog(10), 2.302585092994046},
		{"log of the least", realLog(5e-324), -744.4400719213812},
		{"log2 8", realLog2(8), 3},
		{"log2 3", realLog2(3), 1.5849625007211563},
		{"log2 2**29", realLog2(1 << 29), 29.000000000000004},
		{"log10 2e-310", realLog10(2e-310), -309.69897000433605},
		{"log10 1000", realLog10(1000), 3},
		{"log10 1e300", realLog10(1e300), 300},
		{"pow 10 2", realPow(10, 2), 100},
		{"pow 10 22", realPow(10, 22), 1e22},
		{"pow 10 300", realPow(10, 300), 1e300},
		{"pow 2 0.5", realPow(2, 0.5), math.Sqrt2},
		{"pow 2 -1074", realPow(2, -1074), 5e-324},
		{"pow 134217729 2", realPow(134217729, 2), 18014398777917440}, // halfway between two doubles
		{"pow -8 1/3", realPow(-8, 1.0/3), math.NaN()},
		{"pow -3 3", realPow(-3, 3), -27},
		{"pow 0 -1", realPow(0, -1), math.Inf(1)},
		{"asin 0.5", realAsin(0.5), 0.5235987755982989},
		{"asin 1", realAsin(1), math.Pi / 2},
		{"acos 0.5", realAcos(0.5), 1.0471975511965979},
		{"acos near 1", realAcos(1 - 0x1p-53), 1.4901161193847656e-08},
		{"acos -1", realAcos(-1), math.Pi},
		{"atan 1", realAtan(1), math.Pi / 4},
		{"atan 1e300", realAtan(1e300), math.Pi / 2},
		{"atan2 1 -1", realAtan2(1, -1), 2.356194490192345},
		{"atan2 of large", realAtan2(1e308, 1e308), math.Pi / 4},
		{"atan2 of little", realAtan2(-5e-324, 5e-324), -math.Pi / 4},
		{"atan2 -0 -1", realAtan2(math.Copysign(0, -1), -1), -math.Pi},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestRealExpIsNearest wants e**x rounded once, against its series in 300 bits.
func TestRealExpIsNearest(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		x := r.NormFloat64() * 100
		got, want := realExp(x), bigExp(x)
		if got != want {
			t.Errorf("exp %v is %v, want %v", x, got, want)
		}
		// The logarithm goes back to x, as near as one double tells.
		if back := realLog(got); math.Abs(back-x) > 1e-15*math.Max(1, math.Abs(x)) && got > 1e-300 {
			t.Errorf("log %v is %v, want %v", got, back, x)
		}
	}
}

func bigExp(x float64) float64 {
	const precision = 400
	f := func(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }
	r := f(x)
	const halvings = 20
	r.SetMantExp(r, -halvings)
	sum, term := f(1), f(1)
	for n := 1.; n < 60; n++ {
		term.Mul(term, r)
		term.Quo(term, f(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	v, _ := sum.Float64()
	return v
}
