package eval

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
)

// piDigits is how many digits after the point PI() is shown with.
const piDigits = 6

func formatHex(n uint64) string { return strings.ToUpper(strconv.FormatUint(n, 16)) }

// numberFunctions work on numbers.
func numberFunctions() map[string]Function {
	same := func(a []Node) wharf.Type { return a[0].numericOrFloat() }
	whole := func(a []Node) wharf.Type {
		t := a[0].numericOrFloat()
		if t != wharf.TypeDecimal || a[0].Wide || a[0].fixed != nil && a[0].fixed.Kind == KDecimal && !a[0].fixed.Dec.truncate(0).unscaled.IsInt64() {
			return t
		}
		return wharf.TypeInt
	}
	power := Function{numbers: true, Min: 2, Max: 2, Typ: Always(wharf.TypeFloat), strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
		f := realPow(a[0].ToFloat(), a[1].ToFloat())
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return NullDatum(), OutOfRange("DOUBLE")
		}
		return FloatDatum(f), nil
	}}
	noPlaces := func([]sql.Expr, []Node) int { return 0 }
	ceiling := Function{numbers: true, scale: noPlaces, Min: 1, Max: 1, Typ: whole, strict: true, Run: towards(math.Ceil)}
	return map[string]Function{
		"ABS":     {numbers: true, Min: 1, Max: 1, Typ: same, strict: true, Run: runAbs},
		"CEIL":    ceiling,
		"CEILING": ceiling,
		"FLOOR":   {numbers: true, scale: noPlaces, Min: 1, Max: 1, Typ: whole, strict: true, Run: towards(math.Floor)},
		"ROUND":   {decides: true, numbers: true, Min: 1, Max: 2, Typ: same, strict: true, scale: roundScale, Run: runRound},
		"SIGN": {numbers: true, Min: 1, Max: 1, Typ: Always(wharf.TypeInt), strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			order, _ := Compare(FloatDatum(a[0].ToFloat()), IntDatum(0))
			return IntDatum(int64(order)), nil
		}},
		"MOD":   {Min: 2, Max: 2, Typ: func(a []Node) wharf.Type { return arithmeticType("%", a[0].numeric(), a[1].numeric()) }, strict: true, Run: runMod},
		"POW":   power,
		"POWER": power,
		"PI":    {shown: piDigits, Max: 0, Typ: Always(wharf.TypeFloat), Run: func(*Evaluation, []Datum) (Datum, error) { return FloatDatum(math.Pi), nil }},
		"RAND":  {Max: 1, Typ: Always(wharf.TypeFloat), Run: func(*Evaluation, []Datum) (Datum, error) { return FloatDatum(rand.Float64()), nil }},
	}
}

func runAbs(_ *Evaluation, a []Datum) (Datum, error) {
	switch d := a[0]; d.Kind {
	case KUint:
		return d, nil
	case KInt:
		if n := int64(d.Num); n == math.MinInt64 {
			return NullDatum(), OutOfRange("BIGINT")
		} else if n < 0 {
			return IntDatum(-n), nil
		}
		return d, nil
	case KDecimal:
		if d.Dec.unscaled.Sign() < 0 {
			return DecDatum(d.Dec.negate()), nil
		}
		return d, nil
	}
	return FloatDatum(math.Abs(a[0].ToFloat())), nil
}

// towards rounds to a whole number by f.
func towards(f func(float64) float64) func(*Evaluation, []Datum) (Datum, error) {
	return func(_ *Evaluation, a []Datum) (Datum, error) {
		switch d := a[0]; d.Kind {
		case KInt, KUint:
			return d, nil
		case KDecimal:
			low := d.Dec.truncate(0)
			if order := d.Dec.compare(low); order != 0 && f(0.5*float64(order)) != 0 {
				low = low.Add(DecimalFromInt(int64(order)))
			}
			if !low.unscaled.IsInt64() {
				return DecDatum(low), nil
			}
			return IntDatum(low.unscaled.Int64()), nil
		}
		return FloatDatum(f(a[0].ToFloat())), nil
	}
}

// roundScale is as many digits as ROUND was told, where that is a constant.
func roundScale(exprs []sql.Expr, args []Node) int {
	if len(exprs) == 1 {
		return 0
	}
	if args[1].fixed == nil || args[1].fixed.IsNull() {
		return args[0].Scale
	}
	return int(max(min(args[1].fixed.ToInt(), MaxDecimalScale), 0))
}

func runRound(_ *Evaluation, a []Datum) (Datum, error) {
	far := int64(0)
	if len(a) == 2 {
		far = a[1].ToInt()
	}
	places := int(max(min(far, MaxDecimalScale), -maxDecimalDigits))
	switch d := a[0]; d.Kind {
	case KInt, KUint:
		if places >= 0 {
			return d, nil
		}
		typ := wharf.TypeInt
		if d.Kind == KUint {
			typ = wharf.TypeUint
		}
		return integerFrom(d.ToDecimal().round(places).unscaled, typ)
	case KDecimal:
		return DecDatum(d.Dec.round(places)), nil
	}
	return FloatDatum(sql.RoundReal(a[0].ToFloat(), far)), nil
}

func runMod(ev *Evaluation, a []Datum) (Datum, error) {
	return operator{sign: "%"}.arithmetic(Constant(a[0], typeOfDatum(a[0])), Constant(a[1], typeOfDatum(a[1]))).Eval(ev)
}
