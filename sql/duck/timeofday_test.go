//go:build linux && !noduck

package duck

import (
	"maps"
	"testing"

	"wharf"
)

// TestTimesOfDay wants the columns of times that COPY INTO writes as TIME: those of files,
// also of days in UTC, and what is one of them.
func TestTimesOfDay(t *testing.T) {
	resolve := func(_, _ string) (Relation, error) {
		return Relation{SQL: "f", Columns: []Column{{"tm", "TIME"}, {"z", "TIME WITH TIME ZONE"}, {"ns", "TIME_NS"}, {"s", "VARCHAR"}}}, nil
	}
	tr, err := Translate(t.Context(), "SELECT tm, z, ns, COALESCE(tm, NULL), IF(s = 'x', tm, z), IF(s = 'x', tm, s), x FROM (SELECT *, tm AS x FROM f) q", Session{Zone: "UTC"}, resolve)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(tr.OfDay, func(_ int, is bool) bool { return !is })
	if want := map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true, 6: true}; !maps.Equal(tr.OfDay, want) {
		t.Errorf("%v are times of a day, want %v", tr.OfDay, want)
	}
	field := output{}.field("c0", column{Type: wharf.TypeTime, Duck: "VARCHAR"}, 6)
	if rows, err := open(t, nil).run(t, "ann", "SELECT typeof("+field+") FROM (SELECT '10:20:30.500000' AS c0)"); err != nil || len(rows) != 1 || rows[0] != "[TIME]" {
		t.Errorf("a time is written as %v, %v", rows, err)
	}
}
