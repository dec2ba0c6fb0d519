package wharf_test

import (
	"math"
	"testing"
	"time"

	"wharf"
)

func TestValues(t *testing.T) {
	for _, c := range []struct {
		v    wharf.Value
		kind wharf.ValueKind
		text string
	}{
		{wharf.Value{}, wharf.NullValue, "NULL"},
		{wharf.Null(), wharf.NullValue, "NULL"},
		{wharf.Int(math.MinInt64), wharf.IntValue, "-9223372036854775808"},
		{wharf.Uint(math.MaxUint64), wharf.UintValue, "18446744073709551615"},
		{wharf.Float(0.1), wharf.FloatValue, "0.1"},
		{wharf.Float(-1.5e10), wharf.FloatValue, "-15000000000"},
		{wharf.Float(999999999999999), wharf.FloatValue, "999999999999999"},
		{wharf.Float(1e15), wharf.FloatValue, "1e15"},
		{wharf.Float(-1000000000000003), wharf.FloatValue, "-1000000000000003"},
		{wharf.Float(1000000000012345.6), wharf.FloatValue, "1000000000012345.6"},
		{wharf.Float(1.3143305152518056e20), wharf.FloatValue, "1.3143305152518056e20"},
		{wharf.Float(-1.25e300), wharf.FloatValue, "-1.25e300"},
		{wharf.Float(1e-5), wharf.FloatValue, "0.00001"},
		{wharf.Float(1e-15), wharf.FloatValue, "0.000000000000001"},
		{wharf.Float(1.5e-16), wharf.FloatValue, "1.5e-16"},
		{wharf.Float(math.Copysign(0, -1)), wharf.FloatValue, "0"},
		{wharf.Float(math.Inf(1)), wharf.FloatValue, "+Inf"},
		{wharf.Text("ü"), wharf.TextValue, "ü"},
		{wharf.Text(""), wharf.TextValue, ""},
		{wharf.Bool(true), wharf.IntValue, "1"},
		{wharf.Bool(false), wharf.IntValue, "0"},
		{wharf.DateTime(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("x", 3600))), wharf.TextValue, "2026-01-02 02:04:05.000006"},
	} {
		if c.v.Kind() != c.kind || c.v.String() != c.text || c.v.IsNull() != (c.kind == wharf.NullValue) {
			t.Errorf("%v: kind %d", c.v, c.v.Kind())
		}
	}
	if got := string(wharf.Null().AppendText([]byte("x"))); got != "x" {
		t.Errorf("NULL appended to it: %q", got)
	}
	if wharf.Int(-3).Int64() != -3 || wharf.Uint(3).Uint64() != 3 || wharf.Float(2.5).Float64() != 2.5 || wharf.Text("a").Str() != "a" {
		t.Error("a value does not come out as it went in")
	}
}

func TestAppendFixed(t *testing.T) {
	for _, c := range []struct {
		f      float64
		places int
		text   string
	}{
		{1.5, 0, "2"}, {1.5, 3, "1.500"}, {-2, 2, "-2.00"}, {0.15, 1, "0.1"}, {math.Copysign(0, -1), 1, "0.0"}, {3, 0, "3"},
		{1234567890123456.7, 3, "1234567890123456.800"}, {0.1, 30, "0.100000000000000000000000000000"}, {1e22, 1, "10000000000000000000000.0"},
	} {
		if got := string(wharf.AppendFixed([]byte("x"), c.f, c.places)); got != "x"+c.text {
			t.Errorf("%v with %d places is %s, want x%s", c.f, c.places, got, c.text)
		}
	}
}
