package enginetest

import (
	"context"

	"wharf"
	"wharf/sql"
)

// tables are those that the queries of the suite read, by name.
func relations() map[string]sql.Source {
	return map[string]sql.Source{
		"people": relation("people", []wharf.Column{integer("id", false), text("name", false), integer("age", true), text("city", true)},
			row(1, "Ann", 30, "Rome"), row(2, "bob", 25, "Oslo"), row(3, "Cid", nil, "Rome"), row(4, "Dan", 30, nil), row(5, "ann", 41, "Oslo")),
		"visits": relation("visits", []wharf.Column{integer("id", false), integer("person", true), text("place", false), {Name: "price", Type: wharf.TypeDecimal, Nullable: true}},
			row(1, 1, "zoo", "10.50"), row(2, 1, "bar", "0.10"), row(3, 2, "zoo", "10.50"), row(4, nil, "zoo", nil), row(5, 9, "bar", "0.20")),
		"nothing": relation("nothing", []wharf.Column{integer("id", false), text("name", true)}),
	}
}

func integer(name string, null bool) wharf.Column {
	return wharf.Column{Name: name, Type: wharf.TypeInt, Nullable: null}
}

func text(name string, null bool) wharf.Column {
	return wharf.Column{Name: name, Type: wharf.TypeString, Nullable: null}
}

func row(values ...any) []wharf.Value {
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

// relation is a table of those rows, which the server makes anew each time.
func relation(name string, columns []wharf.Column, rows ...[]wharf.Value) sql.Source {
	return sql.Source{Name: name, Relation: &sql.ServerTable{Name: name, Columns: columns,
		Each: func(_ context.Context, _ sql.Known, row func([]wharf.Value) error) error {
			reused := make([]wharf.Value, len(columns))
			for _, r := range rows {
				copy(reused, r)
				if err := row(reused); err != nil {
					return err
				}
				clear(reused)
			}
			return nil
		}}}
}
