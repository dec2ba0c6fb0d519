package sql

import (
	"math"
	"strconv"
)

// powersOfTen are the doubles nearest to 1e0, 1e1, … 1e308. math.Pow10 multiplies two of
// them, and is not always the nearest.
var powersOfTen = func() (all [309]float64) {
	for i := range all {
		all[i], _ = strconv.ParseFloat("1e"+strconv.Itoa(i), 64) // each is in range
	}
	return all
}()

// RoundReal returns x rounded to so many digits behind the point as MySQL's ROUND does for
// a double (my_double_round): x is scaled in binary, and the scaled value is rounded half to
// even. A negative number of places rounds digits before the point.
func RoundReal(x float64, places int64) float64 { return scaledReal(x, places, math.RoundToEven) }

// TruncateReal returns x without the digits after so many places, as MySQL's TRUNCATE does
// for a double.
func TruncateReal(x float64, places int64) float64 { return scaledReal(x, places, math.Trunc) }

func scaledReal(x float64, places int64, whole func(float64) float64) float64 {
	beyond := places >= int64(len(powersOfTen)) || -places >= int64(len(powersOfTen)) || places == math.MinInt64
	switch {
	case beyond && places < 0:
		return 0
	case beyond:
		return x
	case places < 0:
		by := powersOfTen[-places]
		return whole(x/by) * by
	}
	by := powersOfTen[places]
	scaled := x * by
	if math.IsInf(scaled, 0) {
		return x
	}
	return whole(scaled) / by
}
