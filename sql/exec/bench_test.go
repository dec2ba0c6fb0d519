package exec_test

import (
	"strconv"
	"testing"

	"wharf"
	"wharf/sql/exec"
)

// consume reads a result to its end.
func consume(b *testing.B, res exec.Result, err error) int {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, err := range res.Rows.All {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	return n
}

// BenchmarkSelect measures what a statement costs without its parsing and its
// protocol ("run"), and with its parsing ("text").
func BenchmarkSelect(b *testing.B) {
	for _, text := range []string{"SELECT 1", "SELECT @@max_allowed_packet, @@time_zone", "SELECT CONCAT('a', 1 + 2, NOW())"} {
		b.Run("run/"+text, func(b *testing.B) {
			s := newHarness(b).session("main")
			stmt, _, err := s.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				res, err := s.Run(b.Context(), stmt, nil)
				consume(b, res, err)
			}
		})
		b.Run("text/"+text, func(b *testing.B) {
			s := newHarness(b).session("main")
			b.ReportAllocs()
			for b.Loop() {
				stmt, _, err := s.Parse(text)
				if err != nil {
					b.Fatal(err)
				}
				res, err := s.Run(b.Context(), stmt, nil)
				consume(b, res, err)
			}
		})
	}
}

// BenchmarkList measures what a row of LIST costs above the store.
func BenchmarkList(b *testing.B) {
	const files = 10_000
	h := newHarness(b)
	s := h.session("main")
	create, _, _ := s.Parse("CREATE STAGE s")
	if _, err := s.Run(b.Context(), create, nil); err != nil {
		b.Fatal(err)
	}
	keys := make([]string, files)
	for i := range keys {
		keys[i] = "folder/file-" + strconv.Itoa(i) + ".parquet"
	}
	h.put(b, "s", keys)
	list, _, err := s.Parse("LIST @s")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		res, err := s.Run(b.Context(), list, []wharf.Value{})
		if n := consume(b, res, err); n != files {
			b.Fatalf("%d rows", n)
		}
	}
	b.ReportMetric(float64(files)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
