//go:build linux && !noduck

package duck

import (
	"fmt"
	"strings"
	"testing"

	"wharf"
	"wharf/sql"
)

// TestDescriptions looks for the columns of a file once for each version and
// each way to read it.
func TestDescriptions(t *testing.T) {
	p := open(t, nil)
	known := func() int { return len(p.described.young) + len(p.described.old) }
	make := func(query string) *remote { return newRemote(t, "rows.parquet", p.writes(t, query, "")) }
	first := make("SELECT 1 AS a, 'x' AS b")
	ask := func(text string, r *remote, want string, remembered int) {
		t.Helper()
		got, err := p.ask(t, text, map[string][]sql.File{"t": {r.file()}})
		if err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
		if n := known(); n != remembered {
			t.Errorf("%s: the columns of %d files are remembered, want %d", text, n, remembered)
		}
	}
	ask("SELECT * FROM t", first, "[1 x]", 1)
	ask("SELECT b FROM t", first, "[x]", 1)
	ask("SELECT METADATA$FILE_ROW_NUMBER, a FROM t", first, "[0 1]", 2)
	ask("SELECT * FROM t", make("SELECT 2.5 AS c"), "[2.5]", 3)
	ask("SELECT * FROM t", first, "[1 x]", 3)

	damaged := make("SELECT 3 AS d")
	damaged.damaged = wharf.Errorf(wharf.CodeInternal, "damaged")
	if _, err := p.ask(t, "SELECT * FROM t", map[string][]sql.File{"t": {damaged.file()}}); err == nil {
		t.Error("a damaged file was read")
	}
	if n := known(); n != 3 {
		t.Errorf("the columns of a damaged file are remembered: %d", n)
	}
}

func TestDescriptionsAreBounded(t *testing.T) {
	var d descriptions
	for i := range 10 * describedColumns {
		d.remember(fmt.Sprint(i), []column{{Name: "a"}})
		d.find("0")
	}
	if n := len(d.young) + len(d.old); n > 2*describedColumns {
		t.Errorf("%d columns are remembered", n)
	}
	if d.find("0") == nil {
		t.Error("what is asked for again and again was forgotten")
	}
}
