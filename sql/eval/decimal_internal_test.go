package eval

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func mustDecimal(t *testing.T, s string) *Decimal {
	t.Helper()
	d, ok := parseDecimal(s)
	if !ok {
		t.Fatalf("%q is no decimal", s)
	}
	return d
}

func (d *Decimal) rat() *big.Rat { return new(big.Rat).SetFrac(d.unscaled, pow10(d.Scale)) }

// TestDecimalArithmetic holds decimals against fractions of any size.
func TestDecimalArithmetic(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	random := func() *Decimal {
		scale := rng.IntN(12)
		return &Decimal{unscaled: big.NewInt(rng.Int64() - rng.Int64()), Scale: scale}
	}
	for range 2000 {
		a, b := random(), random()
		if got := a.Add(b).rat(); got.Cmp(new(big.Rat).Add(a.rat(), b.rat())) != 0 {
			t.Fatalf("%s + %s = %s", a, b, got)
		}
		if got := a.multiply(b).rat(); got.Cmp(new(big.Rat).Mul(a.rat(), b.rat())) != 0 {
			t.Fatalf("%s * %s = %s", a, b, got)
		}
		if a.compare(b) != a.rat().Cmp(b.rat()) {
			t.Fatalf("%s <=> %s = %d", a, b, a.compare(b))
		}
		if back := mustDecimal(t, a.String()); back.compare(a) != 0 || back.Scale != a.Scale {
			t.Fatalf("%s was read as %s", a, back)
		}
		if b.isZero() {
			continue
		}
		const more = 4
		quotient := a.Divide(b, more)
		missing := new(big.Rat).Sub(new(big.Rat).Quo(a.rat(), b.rat()), quotient.rat())
		unit := new(big.Rat).SetFrac(big.NewInt(1), pow10(quotient.Scale))
		if missing.Abs(missing).Cmp(unit) >= 0 || quotient.Scale < a.Scale+more {
			t.Fatalf("%s / %s = %s is off by %s", a, b, quotient, missing.FloatString(40))
		}
		whole := &Decimal{unscaled: a.wholeQuotient(b)}
		if back := whole.multiply(b).Add(a.remainder(b)); back.compare(a) != 0 {
			t.Fatalf("%s: %s DIV and %% give %s", a, b, back)
		}
	}
}

func TestDecimalRounding(t *testing.T) {
	for _, c := range []struct {
		text  string
		scale int
		want  string
	}{
		{"2.5", 0, "3"}, {"-2.5", 0, "-3"}, {"2.4999", 0, "2"}, {"1.005", 2, "1.01"}, {"-0.04", 1, "0.0"}, {"0.05", 1, "0.1"},
		{"1250", -2, "1300"}, {"1249", -2, "1200"}, {"49", -2, "0"}, {"50", -2, "100"}, {"1.5", 3, "1.5"}, {"9.99", 1, "10.0"},
	} {
		if got := mustDecimal(t, c.text).round(c.scale).String(); got != c.want {
			t.Errorf("ROUND(%s, %d) = %s, want %s", c.text, c.scale, got, c.want)
		}
	}
	if got := mustDecimal(t, "-1.29").truncate(1).String(); got != "-1.2" {
		t.Errorf("got %s", got)
	}
}

func TestBits(t *testing.T) {
	for _, c := range []struct {
		d    Datum
		want uint64
	}{
		{IntDatum(-1), math.MaxUint64}, {UintDatum(math.MaxUint64), math.MaxUint64}, {FloatDatum(1e30), math.MaxUint64},
		{FloatDatum(1 << 63), 1 << 63}, {FloatDatum(2.5), 2}, {FloatDatum(-1), math.MaxUint64}, {FloatDatum(-1e30), 1 << 63},
		{DecDatum(mustDecimal(t, "18446744073709551615")), math.MaxUint64}, {DecDatum(mustDecimal(t, "99999999999999999999")), math.MaxInt64},
		{StringDatum("7x"), 7}, {StringDatum(""), 0},
	} {
		if got := Bits(c.d); got != c.want {
			t.Errorf("%s: %d, want %d", c.d.Text(), got, c.want)
		}
	}
}

func TestNumberPrefix(t *testing.T) {
	for text, want := range map[string]float64{
		"": 0, "x": 0, "12": 12, " 12abc": 12, "-1.5e2x": -150, "1e": 1, "1e+": 1, "+.5": 0.5, ".": 0, "-": 0, "1.2.3": 1.2,
		"0x1f": 0, "1e400": 1.7976931348623157e308, "-1e400": -1.7976931348623157e308, "inf": 0, "nan": 0, "\t\n7": 7,
	} {
		if got := StringDatum(text).ToFloat(); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	long := strings.Repeat("9", 500)
	for text, want := range map[string]int64{
		"": 0, "x": 0, "12.9x": 12, "-12.9": -12, "1.5e1": 1, long: math.MaxInt64, "-" + long: math.MinInt64,
		"9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64,
	} {
		if got := StringDatum(text).ToInt(); got != want {
			t.Errorf("%.30q is %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]string{"": "0", "1.50x": "1.50", "1.5e1": "15", "-.5": "-0.5", "1e400": "", long: ""} {
		got := StringDatum(text).ToDecimal().String()
		if want != "" && got != want || want == "" && len(got) != 309 {
			t.Errorf("%.30q is %s, want %s", text, got, want)
		}
	}
}
