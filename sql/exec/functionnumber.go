package exec

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
func numberFunctions() map[string]function {
	same := func(a []node) wharf.Type { return a[0].numericOrFloat() }
	whole := func(a []node) wharf.Type {
		t := a[0].numericOrFloat()
		if t != wharf.TypeDecimal || a[0].wide || a[0].fixed != nil && a[0].fixed.kind == kDecimal && !a[0].fixed.dec.truncate(0).unscaled.IsInt64() {
			return t
		}
		return wharf.TypeInt
	}
	power := function{numbers: true, min: 2, max: 2, typ: always(wharf.TypeFloat), strict: true, run: func(_ *evaluation, a []datum) (datum, error) {
		f := math.Pow(a[0].toFloat(), a[1].toFloat())
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return nullDatum(), outOfRange("DOUBLE")
		}
		return floatDatum(f), nil
	}}
	noPlaces := func([]sql.Expr, []node) int { return 0 }
	ceiling := function{numbers: true, scale: noPlaces, min: 1, max: 1, typ: whole, strict: true, run: towards(math.Ceil)}
	return map[string]function{
		"ABS":     {numbers: true, min: 1, max: 1, typ: same, strict: true, run: runAbs},
		"CEIL":    ceiling,
		"CEILING": ceiling,
		"FLOOR":   {numbers: true, scale: noPlaces, min: 1, max: 1, typ: whole, strict: true, run: towards(math.Floor)},
		"ROUND":   {numbers: true, min: 1, max: 2, typ: same, strict: true, scale: roundScale, run: runRound},
		"SIGN": {numbers: true, min: 1, max: 1, typ: always(wharf.TypeInt), strict: true, run: func(_ *evaluation, a []datum) (datum, error) {
			order, _ := compare(floatDatum(a[0].toFloat()), intDatum(0))
			return intDatum(int64(order)), nil
		}},
		"MOD":   {min: 2, max: 2, typ: func(a []node) wharf.Type { return arithmeticType("%", a[0].numeric(), a[1].numeric()) }, strict: true, run: runMod},
		"POW":   power,
		"POWER": power,
		"PI":    {shown: piDigits, max: 0, typ: always(wharf.TypeFloat), run: func(*evaluation, []datum) (datum, error) { return floatDatum(math.Pi), nil }},
		"RAND":  {max: 0, typ: always(wharf.TypeFloat), run: func(*evaluation, []datum) (datum, error) { return floatDatum(rand.Float64()), nil }},
	}
}

func runAbs(_ *evaluation, a []datum) (datum, error) {
	switch d := a[0]; d.kind {
	case kUint:
		return d, nil
	case kInt:
		if n := int64(d.num); n == math.MinInt64 {
			return nullDatum(), outOfRange("BIGINT")
		} else if n < 0 {
			return intDatum(-n), nil
		}
		return d, nil
	case kDecimal:
		if d.dec.unscaled.Sign() < 0 {
			return decDatum(d.dec.negate()), nil
		}
		return d, nil
	}
	return floatDatum(math.Abs(a[0].toFloat())), nil
}

// towards rounds to a whole number by f.
func towards(f func(float64) float64) func(*evaluation, []datum) (datum, error) {
	return func(_ *evaluation, a []datum) (datum, error) {
		switch d := a[0]; d.kind {
		case kInt, kUint:
			return d, nil
		case kDecimal:
			low := d.dec.truncate(0)
			if order := d.dec.compare(low); order != 0 && f(0.5*float64(order)) != 0 {
				low = low.add(decimalFromInt(int64(order)))
			}
			if !low.unscaled.IsInt64() {
				return decDatum(low), nil
			}
			return intDatum(low.unscaled.Int64()), nil
		}
		return floatDatum(f(a[0].toFloat())), nil
	}
}

// roundScale is as many digits as ROUND was told, where that is a constant.
func roundScale(exprs []sql.Expr, args []node) int {
	if len(exprs) == 1 {
		return 0
	}
	if args[1].fixed == nil || args[1].fixed.isNull() {
		return args[0].scale
	}
	return int(max(min(args[1].fixed.toInt(), maxDecimalScale), 0))
}

func runRound(_ *evaluation, a []datum) (datum, error) {
	places := 0
	if len(a) == 2 {
		places = int(max(min(a[1].toInt(), maxDecimalScale), -maxDecimalDigits))
	}
	switch d := a[0]; d.kind {
	case kInt, kUint:
		if places >= 0 {
			return d, nil
		}
		typ := wharf.TypeInt
		if d.kind == kUint {
			typ = wharf.TypeUint
		}
		return integerFrom(d.toDecimal().round(places).unscaled, typ)
	case kDecimal:
		return decDatum(d.dec.round(places)), nil
	}
	scale := math.Pow(10, float64(places))
	f := math.RoundToEven(a[0].toFloat()*scale) / scale
	if math.IsInf(f, 0) || math.IsNaN(f) {
		f = a[0].toFloat()
	}
	return floatDatum(f), nil
}

func runMod(ev *evaluation, a []datum) (datum, error) {
	return arithmetic("%", constant(a[0], typeOfDatum(a[0])), constant(a[1], typeOfDatum(a[1]))).eval(ev)
}
