package exec

import (
	"context"
	"encoding/json"
	"strings"

	"wharf"
	"wharf/sql"
)

// planExplain plans EXPLAIN of a SELECT: that what it names is there, and that
// each table is read from its beginning to its end, by no key.
func (s *Session) planExplain(st *sql.Explain, args []wharf.Value) (plan, error) {
	of, err := s.plan(st.Of, args)
	if err != nil {
		return plan{}, err
	}
	columns, rows := explained(st)
	p := s.answer(columns, func(ctx context.Context) ([][]wharf.Value, error) {
		if of.describe != nil {
			if _, err := of.describe(ctx); err != nil {
				return nil, err
			}
		}
		return rows, nil
	})
	p.timed = true
	return p, nil
}

// explained gives the columns and rows in a format.
func explained(st *sql.Explain) ([]wharf.Column, [][]wharf.Value) {
	tables := tablesRead(st.Of)
	switch st.Format {
	case "JSON":
		return []wharf.Column{text("EXPLAIN")}, [][]wharf.Value{texts(explainedJSON(tables))}
	case "TREE":
		lines := []string{"-> Rows fetched before execution"}
		if len(tables) > 0 {
			lines = nil
		}
		for _, table := range tables {
			lines = append(lines, "-> Table scan on "+table)
		}
		return []wharf.Column{text("EXPLAIN")}, [][]wharf.Value{texts(strings.Join(lines, "\n") + "\n")}
	}
	columns := []wharf.Column{{Name: "id", Type: wharf.TypeUint}, text("select_type"), textNull("table"), textNull("partitions"), textNull("type"),
		textNull("possible_keys"), textNull("key"), textNull("key_len"), textNull("ref"), integerNull("rows"),
		{Name: "filtered", Type: wharf.TypeFloat, Nullable: true}, textNull("Extra")}
	null := wharf.Null()
	row := func(table, access, filtered, extra wharf.Value) []wharf.Value {
		return []wharf.Value{wharf.Uint(1), wharf.Text("SIMPLE"), table, null, access, null, null, null, null, null, filtered, extra}
	}
	if len(tables) == 0 {
		return columns, [][]wharf.Value{row(null, null, null, wharf.Text("No tables used"))}
	}
	return columns, rowsOf(tables, func(table string) []wharf.Value {
		return row(wharf.Text(table), wharf.Text("ALL"), wharf.Float(100), null)
	})
}

// tablesRead are the tables and locations of a SELECT, as they were written.
func tablesRead(of sql.Statement) []string {
	q, ok := of.(*sql.Query)
	if !ok {
		return nil
	}
	var all []string
	for _, t := range q.Tables {
		all = append(all, t.Name)
	}
	for i, f := range q.Files {
		for j, name := range all {
			if name == f.Name {
				all[j] = "@" + string(q.Files[i].Location)
			}
		}
	}
	return all
}

func explainedJSON(tables []string) string {
	type access struct {
		Name string `json:"table_name"`
		Type string `json:"access_type"`
	}
	type table struct {
		Table access `json:"table"`
	}
	block := map[string]any{"select_id": 1}
	switch len(tables) {
	case 0:
		block["message"] = "No tables used"
	case 1:
		block["table"] = access{tables[0], "ALL"}
	default:
		var loop []table
		for _, name := range tables {
			loop = append(loop, table{access{name, "ALL"}})
		}
		block["nested_loop"] = loop
	}
	text, err := json.MarshalIndent(map[string]any{"query_block": block}, "", "  ")
	if err != nil {
		panic(err) // it has nothing that JSON does not
	}
	return string(text)
}
