package exec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"wharf"
)

// TestQueryBounds has queries that would look at, or hold, far more than is
// sensible.
func TestQueryBounds(t *testing.T) {
	s := newHarness(t).session("main")
	for _, text := range []string{
		"SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c",
		"SELECT a.column_name FROM information_schema.columns a, information_schema.columns b",
		"SELECT COUNT(DISTINCT a.column_name, a.table_name, b.column_name, b.table_name) FROM information_schema.columns a, information_schema.columns b",
		"SELECT GROUP_CONCAT(a.column_name) FROM information_schema.columns a, information_schema.columns b",
		"SELECT 1 FROM (SELECT 1 FROM information_schema.columns a JOIN information_schema.columns b) t",
		// The result is small in these, and only what it is made by is large.
		"SELECT 1 FROM information_schema.columns ORDER BY REPEAT(column_name, 100000)",
		"SELECT COUNT(*) FROM information_schema.columns GROUP BY REPEAT(CONCAT(table_name, column_name), 20000)",
		"SELECT LENGTH(MAX(REPEAT(column_name, 100000))) FROM information_schema.columns GROUP BY table_name, column_name",
		"SELECT LENGTH(GROUP_CONCAT('x' ORDER BY REPEAT(column_name, 100000))) FROM information_schema.columns",
		"SELECT GREATEST(1" + strings.Repeat(", COUNT(1)", 1000) + ") FROM information_schema.columns GROUP BY table_name, column_name",
		"SELECT 'x' UNION SELECT column_name FROM (SELECT column_name FROM information_schema.columns) t ORDER BY REPEAT(x, 50000)",
	} {
		if rows, err := query(t, s, text); wharf.CodeOf(err) != wharf.CodeTooLarge {
			t.Errorf("%.100s: %d rows, %v", text, len(rows), err)
		}
	}
	// A subquery gives back what it held.
	must(t, s, "SELECT COUNT(*) FROM information_schema.columns WHERE table_name IN (SELECT table_name FROM information_schema.columns)")
}

func TestQueryIsCanceled(t *testing.T) {
	s := newHarness(t).session("main")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stmt, _, err := s.Parse("SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(ctx, stmt, nil); wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("a query under a context that has ended: %v", err)
	}
}

// TestUnionIsLinear compares what unions of one and two hundred parts make,
// which is the same on every machine.
func TestUnionIsLinear(t *testing.T) {
	s := newHarness(t).session("main")
	allocations := func(parts int) float64 {
		text := "SELECT 0"
		for i := range parts {
			text += fmt.Sprintf(" UNION SELECT %d", i)
		}
		stmt, _, err := s.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(2, func() {
			if _, err := s.Run(t.Context(), stmt, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if one, two := allocations(100), allocations(200); two > 2.5*one {
		t.Errorf("100 parts take %.0f allocations, 200 take %.0f", one, two)
	}
}
