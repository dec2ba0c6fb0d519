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

// Answer asks an engine for the rows of a query over [Tables], which are found
// by their names without a schema.
type Answer func(ctx context.Context, t testing.TB, text string, args ...wharf.Value) (*wharf.Rows, error)

// Tables are those that the queries of the suite read.
func Tables() []sql.Source {
	integer := func(name string, null bool) wharf.Column {
		return wharf.Column{Name: name, Type: wharf.TypeInt, Nullable: null}
	}
	text := func(name string, null bool) wharf.Column {
		return wharf.Column{Name: name, Type: wharf.TypeString, Nullable: null}
	}
	row := func(values ...any) []wharf.Value {
		out := make([]wharf.Value, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case int:
				out[i] = wharf.Int(int64(v))
			case string:
				out[i] = wharf.Text(v)
			}
		}
		return out
	}
	return []sql.Source{
		{Name: "people", Relation: &sql.Relation{
			Columns: []wharf.Column{integer("id", false), text("name", false), integer("age", true), text("city", true)},
			Rows: [][]wharf.Value{
				row(1, "Ann", 30, "Rome"), row(2, "bob", 25, "Oslo"), row(3, "Cid", nil, "Rome"), row(4, "Dan", 30, nil), row(5, "ann", 41, "Oslo"),
			},
		}},
		{Name: "visits", Relation: &sql.Relation{
			Columns: []wharf.Column{integer("id", false), integer("person", true), text("place", false), {Name: "price", Type: wharf.TypeDecimal, Nullable: true}},
			Rows: [][]wharf.Value{
				row(1, 1, "zoo", "10.50"), row(2, 1, "bar", "0.10"), row(3, 2, "zoo", "10.50"), row(4, nil, "zoo", nil), row(5, 9, "bar", "0.20"),
			},
		}},
		{Name: "nothing", Relation: &sql.Relation{Columns: []wharf.Column{integer("id", false), text("name", true)}}},
	}
}

// Case is a query and what it gives: rows, each with its values joined by '|',
// or the code of an error.
type Case struct {
	Query string
	Args  []wharf.Value
	Want  []string
	Code  wharf.Code
}

// Run holds an engine to all of the suite.
func Run(t *testing.T, answer Answer) {
	for _, c := range cases {
		t.Run(c.Query, func(t *testing.T) { runCase(t, answer, c) })
	}
	t.Run("columns", func(t *testing.T) { testColumns(t, answer) })
	t.Run("a context that ended", func(t *testing.T) { testEnds(t, answer) })
	t.Run("rows that nobody reads", func(t *testing.T) { testGivenUp(t, answer) })
}

func runCase(t *testing.T, answer Answer, c Case) {
	got, err := read(t.Context(), t, answer, c.Query, c.Args...)
	if code := wharf.CodeOf(err); code != c.Code {
		t.Fatalf("code %q, want %q (%v)", code, c.Code, err)
	}
	want := c.Want
	if !strings.Contains(c.Query, "ORDER BY") {
		got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func read(ctx context.Context, t testing.TB, answer Answer, text string, args ...wharf.Value) ([]string, error) {
	rows, err := answer(ctx, t, text, args...)
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
func testColumns(t *testing.T, answer Answer) {
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
		rows, err := answer(t.Context(), t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !slices.Equal(rows.Columns, want) {
			t.Errorf("%s: columns %v, want %v", text, rows.Columns, want)
		}
	}
}

// testEnds wants a query to end with its context.
func testEnds(t *testing.T, answer Answer) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cross := "SELECT COUNT(*) FROM people a" + strings.Repeat(", people b", 1)
	for i := range 6 {
		cross += ", people c" + string(rune('a'+i))
	}
	if _, err := read(ctx, t, answer, cross); wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("under a context that ended: %v", err)
	}
}

// testGivenUp stops reading at the first row, and asks again.
func testGivenUp(t *testing.T, answer Answer) {
	for range 3 {
		rows, err := answer(t.Context(), t, "SELECT a.id FROM people a, people b ORDER BY a.id")
		if err != nil {
			t.Fatal(err)
		}
		err = errors.New("no row")
		for row, rowErr := range rows.All {
			if err = rowErr; err == nil && row[0].Int64() != 1 {
				t.Errorf("the first row is %v", row)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
