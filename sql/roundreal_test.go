package sql

import (
	"math"
	"testing"
)

func TestRoundReal(t *testing.T) {
	for _, c := range []struct {
		x      float64
		places int64
		want   float64
	}{
		{11.245000000000001, 2, 11.24}, {5.025, 2, 5.03}, {8.345, 2, 8.35}, {10.075, 2, 10.07}, {36.995, 2, 36.99},
		{0.575, 2, 0.57}, {9.995, 2, 9.99}, {2.45, 1, 2.4}, {2.5, 0, 2}, {1000000000000000.5, 0, 1000000000000000},
		{150, -2, 200}, {250, -2, 200}, {-250.1, -2, -300}, {1e300, 20, 1e300}, {1e-300, 308, 1e-300}, {12345, -400, 0},
		{1.5, 400, 1.5}, {1.5, math.MaxInt64, 1.5}, {1.5, math.MinInt64, 0},
	} {
		if got := RoundReal(c.x, c.places); got != c.want {
			t.Errorf("%v to %d places is %v, want %v", c.x, c.places, got, c.want)
		}
	}
	if got := TruncateReal(-1.999, 2); got != -1.99 {
		t.Errorf("-1.999 cut to 2 places is %v", got)
	}
}
