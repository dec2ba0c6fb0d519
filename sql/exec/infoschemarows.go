package exec

import (
	"context"
	_ "embed" // of MySQL's reserved words
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

//go:embed reserved.txt
var reservedWords string

// infoRowsTable is the tables of information_schema that are not empty.
func infoRowsTable() map[string]infoRows {
	return map[string]infoRows{
		"CHARACTER_SETS": infoList(infoCharsets),
		"COLLATIONS":     infoList(infoCollations),
		"COLLATION_CHARACTER_SET_APPLICABILITY": infoList(func(context.Context, *Session) ([][]wharf.Value, error) {
			return rowsOf(eval.ListedCollations(), func(c eval.Collation) []wharf.Value { return texts(c.Name, c.Charset) }), nil
		}),
		"COLUMNS":  infoColumns,
		"ENGINES":  infoList(shownRows("ENGINES")),
		"KEYWORDS": infoList(infoKeywords),
		"PLUGINS":  infoList(infoPlugins),
		"PROCESSLIST": infoList(func(ctx context.Context, s *Session) ([][]wharf.Value, error) {
			return showProcesses(ctx, s, &sql.Show{Full: true})
		}),
		"SCHEMATA": infoSchemas(func(d schema) []wharf.Value {
			charset, collation := d.charset()
			return append(texts("def", d.name, charset, collation), wharf.Null(), wharf.Text("NO"))
		}),
		"SCHEMATA_EXTENSIONS": infoSchemas(func(d schema) []wharf.Value { return texts("def", d.name, "") }),
		"TABLES":              infoTableRows,
		"USER_ATTRIBUTES":     infoList(infoUsers),
		"USER_PRIVILEGES":     infoList(infoUserPrivileges),
		"VIEWS":               infoViews,
	}
}

// infoSchemas is an infoRows with a row for each database.
func infoSchemas(row func(schema) []wharf.Value) infoRows {
	return infoList(func(ctx context.Context, s *Session) ([][]wharf.Value, error) {
		all, err := s.schemas(ctx)
		return rowsOf(all, row), err
	})
}

// shownRows are the rows of a SHOW that has the same columns.
func shownRows(what string) func(context.Context, *Session) ([][]wharf.Value, error) {
	return func(ctx context.Context, s *Session) ([][]wharf.Value, error) {
		return s.executor.shows[what].rows(ctx, s, &sql.Show{What: what})
	}
}

func infoCharsets(context.Context, *Session) ([][]wharf.Value, error) {
	return rowsOf(eval.Charsets(), func(c eval.Charset) []wharf.Value {
		return append(texts(c.Name, c.Collation, c.Description), wharf.Uint(uint64(c.MaxLen)))
	}), nil
}

func infoCollations(context.Context, *Session) ([][]wharf.Value, error) {
	return rowsOf(eval.ListedCollations(), func(c eval.Collation) []wharf.Value {
		isDefault := ""
		if c.IsDefault {
			isDefault = "Yes"
		}
		return []wharf.Value{wharf.Text(c.Name), wharf.Text(c.Charset), wharf.Uint(uint64(c.Id)), wharf.Text(isDefault),
			wharf.Text("Yes"), wharf.Uint(1), wharf.Text(c.Pad)}
	}), nil
}

func infoKeywords(context.Context, *Session) ([][]wharf.Value, error) {
	return rowsOf(strings.Fields(reservedWords), func(word string) []wharf.Value {
		return []wharf.Value{wharf.Text(word), wharf.Int(1)}
	}), nil
}

func infoPlugins(ctx context.Context, s *Session) ([][]wharf.Value, error) {
	shown, err := shownRows("PLUGINS")(ctx, s)
	if err != nil {
		return nil, err
	}
	table, err := s.executor.findInfoTable("PLUGINS")
	return rowsOf(shown, func(row []wharf.Value) []wharf.Value {
		return table.row(map[string]wharf.Value{
			"PLUGIN_NAME": row[0], "PLUGIN_VERSION": wharf.Text("1.0"), "PLUGIN_STATUS": row[1], "PLUGIN_TYPE": row[2],
			"PLUGIN_TYPE_VERSION": wharf.Text("1.0"), "PLUGIN_LICENSE": row[4], "LOAD_OPTION": wharf.Text("FORCE"),
		})
	}), err
}
