//go:build linux && !noduck

package duck

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

// TestMoments compares what is written of dates and times with package time, at
// the ends of what MySQL can show and at many places between.
func TestMoments(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	edges := []int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 1, -1, 0, 1, 59, 86399, 86400}
	for _, day := range []string{"0000-01-01", "0000-02-29", "0000-03-01", "1582-10-15", "1600-02-29", "1900-02-28", "1900-03-01", "2000-02-29",
		"2024-02-29", "2100-03-01", "9999-12-31"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		edges = append(edges, at.Unix()-1, at.Unix(), at.Unix()+1, at.Unix()+86399, at.Unix()+86400)
	}
	for _, c := range []struct {
		name     string
		storage  duckdb.Type
		decimals uint8
		ticks    int64 // a second has
		layout   string
	}{
		{"TIMESTAMP_S", duckdb.TypeTimestampS, 0, 1, "2006-01-02 15:04:05"},
		{"TIMESTAMP_MS", duckdb.TypeTimestampMS, 3, 1e3, "2006-01-02 15:04:05.000"},
		{"TIMESTAMP", duckdb.TypeTimestamp, 6, 1e6, "2006-01-02 15:04:05.000000"},
		{"TIMESTAMP of one digit", duckdb.TypeTimestamp, 1, 1e6, "2006-01-02 15:04:05.0"},
		{"TIMESTAMP of none", duckdb.TypeTimestamp, 0, 1e6, "2006-01-02 15:04:05"},
		{"TIMESTAMP_NS", duckdb.TypeTimestampNS, 6, 1e9, "2006-01-02 15:04:05.000000"},
		{"TIME", duckdb.TypeTime, 6, 1e6, "15:04:05.000000"},
	} {
		var values []int64
		for _, n := range edges {
			values = append(values, n)
			if at := n * c.ticks; at/c.ticks == n {
				values = append(values, at, at+c.ticks-1, at-1)
			}
		}
		for range 20_000 {
			values = append(values, random.Int64N(13000*365*86400)*c.ticks/2-random.Int64N(4000*365*86400)*c.ticks/2+random.Int64N(c.ticks))
		}
		read := vectorType{storage: c.storage, decimals: c.decimals}.moments(unsafe.Pointer(&values[0]), len(values))
		for i, n := range values {
			if c.storage == duckdb.TypeTime && (n < 0 || n >= 86400*1e6) {
				continue // DuckDB has no other times but 24:00:00
			}
			seconds, rest := floorDivide(n, c.ticks)
			checkMoment(t, c.name, read(nil, i), time.Unix(seconds, rest*(1e9/c.ticks)).UTC(), c.layout)
		}
	}
	checkText(t, "TIME 24:00:00", vectorType{storage: duckdb.TypeTime}.moments(unsafe.Pointer(&[]int64{86400 * 1e6}[0]), 1)(nil, 0), "24:00:00")
	var days []int32
	for day := -719528 - 400; day < 2932896+400; day += 1 + random.IntN(5) {
		days = append(days, int32(day))
	}
	days = append(days, -719529, -719528, 2932896, 2932897, math.MinInt32, math.MaxInt32, -math.MaxInt32)
	read := vectorType{storage: duckdb.TypeDate}.moments(unsafe.Pointer(&days[0]), len(days))
	for i, day := range days {
		checkMoment(t, "DATE", read(nil, i), time.Unix(int64(day)*86400, 0).UTC(), "2006-01-02")
	}
}

func checkMoment(t *testing.T, what string, got []byte, at time.Time, layout string) {
	t.Helper()
	if y := at.Year(); y < 0 || y > 9999 {
		if len(got) != 1 || got[0] != null {
			t.Errorf("%s: %v is %q, want NULL", what, at, got)
		}
		return
	}
	checkText(t, what, got, at.Format(layout))
}

func checkText(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if len(got) == 0 || int(got[0]) != len(got)-1 || string(got[1:]) != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
