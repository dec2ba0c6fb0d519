package eval

import (
	"math"
	"math/big"
	mathbits "math/bits"

	"wharf"
	"wharf/sql"
)

// mathFunctions are those of doubles, and TRUNCATE and BIT_COUNT. Where there is no value, it is NULL.
func mathFunctions() map[string]Function {
	double := func(least, most int, f func(x, y float64) float64) Function {
		return Function{numbers: true, Min: least, Max: most, Typ: Always(wharf.TypeFloat), strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			y := math.NaN()
			if len(a) == 2 {
				y = a[1].ToFloat()
			}
			v := f(a[0].ToFloat(), y)
			switch {
			case math.IsNaN(v):
				return NullDatum(), nil
			case math.IsInf(v, 0):
				return NullDatum(), OutOfRange("DOUBLE")
			}
			return FloatDatum(v), nil
		}}
	}
	one := func(f func(float64) float64) Function {
		return double(1, 1, func(x, _ float64) float64 { return f(x) })
	}
	logarithm := func(f func(float64) float64) func(float64) float64 {
		return func(x float64) float64 {
			if x <= 0 {
				return math.NaN()
			}
			return f(x)
		}
	}
	// Outside of its range a logarithm is NULL, with a warning.
	warned := func(f Function) Function {
		run := f.Run
		f.Run = func(ev *Evaluation, a []Datum) (Datum, error) {
			d, err := run(ev, a)
			if err == nil && d.IsNull() {
				ev.Env.Warn(warnNoLogarithm, "Invalid argument for logarithm")
			}
			return d, err
		}
		return f
	}
	arc := double(1, 2, func(x, y float64) float64 {
		if math.IsNaN(y) {
			return realAtan(x)
		}
		return realAtan2(x, y)
	})
	return map[string]Function{
		"SQRT": one(math.Sqrt), "EXP": one(realExp), "LN": warned(one(logarithm(realLog))), "LOG2": warned(one(logarithm(realLog2))), "LOG10": warned(one(logarithm(realLog10))),
		"LOG": logarithmOf(warned(double(1, 2, func(x, y float64) float64 {
			switch {
			case math.IsNaN(y):
				return logarithm(realLog)(x)
			case x <= 0 || x == 1 || y <= 0:
				return math.NaN()
			}
			return realLog(y) / realLog(x)
		}))),
		"SIN": one(realSin), "COS": one(realCos), "TAN": one(realTan), "COT": one(func(x float64) float64 { return 1 / realTan(x) }),
		"ASIN": one(realAsin), "ACOS": one(realAcos), "ATAN": arc, "ATAN2": double(2, 2, realAtan2),
		"DEGREES": one(func(x float64) float64 { return x * (180 / math.Pi) }), "RADIANS": one(func(x float64) float64 { return x * (math.Pi / 180) }),
		"TRUNCATE": {decides: true, numbers: true, Min: 2, Max: 2, Typ: func(a []Node) wharf.Type { return a[0].numericOrFloat() }, strict: true, scale: roundScale, Run: runTruncate},
		"BIT_COUNT": {Min: 1, Max: 1, Typ: Always(wharf.TypeInt), strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			if a[0].Kind == kBytes && !a[0].Literal { // a binary string of any length
				n := 0
				for _, b := range []byte(a[0].Str) {
					n += mathbits.OnesCount8(b)
				}
				return IntDatum(int64(n)), nil
			}
			return IntDatum(int64(mathbits.OnesCount64(ev.bits(a[0])))), nil
		}},
	}
}

// logarithmOf is LOG, which looks at the base before it looks whether the number is
// NULL.
func logarithmOf(f Function) Function {
	run := f.Run
	f.strict = false
	f.Run = func(ev *Evaluation, a []Datum) (Datum, error) {
		switch {
		case a[0].IsNull():
			return NullDatum(), nil
		case len(a) == 2 && a[1].IsNull() && a[0].ToFloat() > 0:
			return NullDatum(), nil
		}
		return run(ev, a)
	}
	return f
}

// truncated cuts a decimal's digits off, with a negative number of places those
// before the point.
func truncated(d *Decimal, places int) *Decimal {
	if places >= 0 {
		return d.truncate(places)
	}
	n := d.truncate(0).unscaled
	n = new(big.Int).Quo(n, pow10(-places))
	return &Decimal{unscaled: n.Mul(n, pow10(-places))}
}

func runTruncate(_ *Evaluation, a []Datum) (Datum, error) {
	places := int(max(min(a[1].ToInt(), MaxDecimalScale), -maxDecimalDigits))
	switch d := a[0]; d.Kind {
	case KInt, KUint:
		if places >= 0 {
			return d, nil
		}
		typ := wharf.TypeInt
		if d.Kind == KUint {
			typ = wharf.TypeUint
		}
		return integerFrom(truncated(d.ToDecimal(), places).unscaled, typ)
	case KDecimal:
		return DecDatum(truncated(d.Dec, places)), nil
	}
	return FloatDatum(sql.TruncateReal(a[0].ToFloat(), a[1].ToInt())), nil
}
