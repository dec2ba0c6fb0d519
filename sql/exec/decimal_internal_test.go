package exec

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func mustDecimal(t *testing.T, s string) *decimal {
	t.Helper()
	d, ok := parseDecimal(s)
	if !ok {
		t.Fatalf("%q is no decimal", s)
	}
	return d
}

func (d *decimal) rat() *big.Rat { return new(big.Rat).SetFrac(d.unscaled, pow10(d.scale)) }

// TestDecimalArithmetic holds decimals against fractions of any size.
func TestDecimalArithmetic(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	random := func() *decimal {
		scale := rng.IntN(12)
		return &decimal{unscaled: big.NewInt(rng.Int64() - rng.Int64()), scale: scale}
	}
	for range 2000 {
		a, b := random(), random()
		if got := a.add(b).rat(); got.Cmp(new(big.Rat).Add(a.rat(), b.rat())) != 0 {
			t.Fatalf("%s + %s = %s", a, b, got)
		}
		if got := a.multiply(b).rat(); got.Cmp(new(big.Rat).Mul(a.rat(), b.rat())) != 0 {
			t.Fatalf("%s * %s = %s", a, b, got)
		}
		if a.compare(b) != a.rat().Cmp(b.rat()) {
			t.Fatalf("%s <=> %s = %d", a, b, a.compare(b))
		}
		if back := mustDecimal(t, a.String()); back.compare(a) != 0 || back.scale != a.scale {
			t.Fatalf("%s was read as %s", a, back)
		}
		if b.isZero() {
			continue
		}
		quotient := a.divide(b)
		if want := new(big.Rat).Quo(a.rat(), b.rat()).FloatString(a.scale + divisionScale); strings.TrimPrefix(quotient.String(), "-") != strings.TrimPrefix(want, "-") {
			t.Fatalf("%s / %s = %s, want %s", a, b, quotient, want)
		}
		whole := &decimal{unscaled: a.wholeQuotient(b)}
		if back := whole.multiply(b).add(a.remainder(b)); back.compare(a) != 0 {
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

func TestNumberPrefix(t *testing.T) {
	for text, want := range map[string]float64{
		"": 0, "x": 0, "12": 12, " 12abc": 12, "-1.5e2x": -150, "1e": 1, "1e+": 1, "+.5": 0.5, ".": 0, "-": 0, "1.2.3": 1.2,
		"0x1f": 0, "1e400": 1.7976931348623157e308, "-1e400": -1.7976931348623157e308, "inf": 0, "nan": 0, "\t\n7": 7,
	} {
		if got := stringDatum(text).toFloat(); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}
