package enginetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/sql"
)

// queryCase is a query and what it gives: rows, each with its values joined by '|',
// or the code of an error.
type queryCase struct {
	Query   string
	Args    []wharf.Value
	Want    []string
	ByBytes []string // instead, under Differences.TextByBytes; nil is the same
	AsText  []string // instead, under Differences.DecimalsAsText; nil is the same
	Code    wharf.Code
}

// Differences are what an engine does in another way than MySQL, and README.md
// says so.
type Differences struct {
	TextByBytes    bool // text of files without COLLATE is compared by its bytes
	DecimalsAsText bool // those of tables that the server holds
	AllNullable    bool // any column of a result may be NULL
}

// Run holds an engine to all of the suite, over tables that the server holds.
func Run(t *testing.T, engine sql.Engine, d Differences) {
	run(t, asker{engine, relations(), d})
}

// RunFiles holds an engine to all of the suite, over Parquet files that it wrote
// itself.
func RunFiles(t *testing.T, engine sql.Unloader, d Differences) {
	tables := map[string]sql.Source{}
	for name, text := range map[string]string{
		"people": "SELECT * FROM people", "nothing": "SELECT * FROM nothing",
		"visits": "SELECT id, person, place, CAST(price AS DECIMAL(6, 2)) AS price FROM visits",
	} {
		tables[name] = unloaded(t, asker{engine, relations(), d}, name, text)
	}
	d.DecimalsAsText = false
	run(t, asker{engine, tables, d})
}

func run(t *testing.T, ask asker) {
	for _, c := range cases {
		t.Run(c.Query, func(t *testing.T) { runCase(t, ask, c) })
	}
	t.Run("columns", func(t *testing.T) { testColumns(t, ask) })
	t.Run("a context that ended", func(t *testing.T) { testEnds(t, ask) })
	t.Run("rows that nobody reads", func(t *testing.T) { testGivenUp(t, ask) })
}

func runCase(t *testing.T, ask asker, c queryCase) {
	got, err := read(t.Context(), t, ask, c.Query, c.Args...)
	if code := wharf.CodeOf(err); code != c.Code {
		t.Fatalf("code %q, want %q (%v)", code, c.Code, err)
	}
	want := c.Want
	if ask.TextByBytes && c.ByBytes != nil {
		want = c.ByBytes
	}
	if ask.DecimalsAsText && c.AsText != nil {
		want = c.AsText
	}
	if !strings.Contains(c.Query, "ORDER BY") {
		got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func read(ctx context.Context, t testing.TB, ask asker, text string, args ...wharf.Value) ([]string, error) {
	rows, err := ask.rows(ctx, t, text, args...)
	if err != nil {
		return nil, err
	}
	var got []string
	for row, err := range rows.All {
		if err != nil {
			return got, err
		}
		values := make([]string, len(row))
		for i, v := range row {
			values[i] = "NULL"
			if !v.IsNull() {
				values[i] = v.String()
			}
		}
		got = append(got, strings.Join(values, "|"))
	}
	return got, nil
}

// testColumns wants names, types and whether there may be a NULL.
func testColumns(t *testing.T, ask asker) {
	for text, want := range map[string][]wharf.Column{
		"SELECT id, name AS n, age FROM people": {
			{Name: "id", Type: wharf.TypeInt}, {Name: "n", Type: wharf.TypeString}, {Name: "age", Type: wharf.TypeInt, Nullable: true},
		},
		"SELECT COUNT(*), id + 0.5 FROM people GROUP BY id": {
			{Name: "COUNT(*)", Type: wharf.TypeInt}, {Name: "id + 0.5", Type: wharf.TypeDecimal, Nullable: true},
		},
		"SELECT p.name, v.id FROM people p LEFT JOIN visits v ON v.person = p.id": {
			{Name: "name", Type: wharf.TypeString}, {Name: "id", Type: wharf.TypeInt, Nullable: true},
		},
	} {
		rows, err := ask.rows(t.Context(), t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i := range want {
			want[i].Nullable = want[i].Nullable || ask.AllNullable
			want[i].SQLType = rows.Columns[i].SQLType // which an engine may leave out
		}
		for range rows.All {
			break
		}
		columns, err := ask.engine.Columns(t.Context(), ask.request(t, text, nil))
		if err != nil || !slices.Equal(columns, rows.Columns) {
			t.Errorf("%s: Columns gives %v, %v, and Query %v", text, columns, err, rows.Columns)
		}
		if !slices.Equal(rows.Columns, want) {
			t.Errorf("%s: columns %v, want %v", text, rows.Columns, want)
		}
	}
}

// testEnds wants a query to end with its context.
func testEnds(t *testing.T, ask asker) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cross := "SELECT COUNT(*) FROM people a" + strings.Repeat(", people b", 1)
	for i := range 6 {
		cross += ", people c" + string(rune('a'+i))
	}
	if _, err := read(ctx, t, ask, cross); wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("under a context that ended: %v", err)
	}
}

// testGivenUp stops reading at the first row, and asks again.
func testGivenUp(t *testing.T, ask asker) {
	for range 3 {
		rows, err := ask.rows(t.Context(), t, "SELECT a.id FROM people a, people b ORDER BY a.id")
		if err != nil {
			t.Fatal(err)
		}
		err = errors.New("no row")
		for row, rowErr := range rows.All {
			if err = rowErr; err == nil && row[0].String() != "1" {
				t.Errorf("the first row is %v", row)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
