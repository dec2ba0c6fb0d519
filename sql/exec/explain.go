package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"wharf"
	"wharf/sql"
)

// planExplain plans EXPLAIN of a SELECT: that what it names is there, and that
// each table is read from its beginning to its end, by no key. In the format
// TREE, a query of files tells its steps, with a row for each.
func (s *Session) planExplain(st *sql.Explain, args []wharf.Value) (plan, error) {
	of, err := s.plan(st.Of, args)
	if err != nil {
		return plan{}, err
	}
	columns := []wharf.Column{text("EXPLAIN")}
	if st.Format == "TRADITIONAL" {
		columns = explainColumns()
	}
	p := s.answer(columns, func(ctx context.Context) ([][]wharf.Value, error) {
		if st.Format == "TREE" {
			return s.explainTree(ctx, st, of, args)
		}
		if of.describe != nil {
			if _, err := of.describe(ctx); err != nil {
				return nil, err
			}
		}
		if st.Format == "JSON" {
			return [][]wharf.Value{texts(explainedJSON(tablesRead(st.Of)))}, nil
		}
		return s.explainTables(ctx, st.Of)
	})
	p.timed = true
	return p, nil
}

func explainColumns() []wharf.Column {
	return []wharf.Column{{Name: "id", Type: wharf.TypeUint}, text("select_type"), textNull("table"), textNull("partitions"), textNull("type"),
		textNull("possible_keys"), textNull("key"), textNull("key_len"), textNull("ref"), integerNull("rows"),
		{Name: "filtered", Type: wharf.TypeFloat, Nullable: true}, textNull("Extra")}
}

// explainTables has a row for each table, as MySQL's EXPLAIN does. Extra tells of
// its files.
func (s *Session) explainTables(ctx context.Context, of sql.Statement) ([][]wharf.Value, error) {
	null := wharf.Null()
	row := func(table, access, filtered, extra wharf.Value) []wharf.Value {
		return []wharf.Value{wharf.Uint(1), wharf.Text("SIMPLE"), table, null, access, null, null, null, null, null, filtered, extra}
	}
	tables := tablesRead(of)
	if len(tables) == 0 {
		return [][]wharf.Value{row(null, null, null, wharf.Text("No tables used"))}, nil
	}
	q, all := of.(*sql.Query), [][]wharf.Value(nil)
	for i, table := range tables {
		source, err := s.source(ctx, q, q.Tables[i].Schema, q.Tables[i].Name)
		if err != nil {
			return nil, err
		}
		all = append(all, row(wharf.Text(table), wharf.Text("ALL"), wharf.Float(100), sourceText(source)))
	}
	return all, nil
}

// sourceText tells how many files a source has, of how many bytes, and of which
// formats; NULL of a source without files.
func sourceText(source sql.Source) wharf.Value {
	if source.Files == nil {
		return wharf.Null()
	}
	files, size, formats := 0, int64(0), []string(nil)
	for _, set := range append([]*sql.FileSet{source.Files}, source.Also...) {
		files += len(set.Files)
		for _, f := range set.Files {
			size += f.Size
		}
		formats = append(formats, string(set.Format.Type))
	}
	return wharf.Text(fmt.Sprintf("Files: %d; bytes: %d; format: %s", files, size, strings.Join(formats, ", ")))
}

// tablesRead are the tables and locations of a SELECT, as they were written.
func tablesRead(of sql.Statement) []string {
	q, ok := of.(*sql.Query)
	if !ok {
		return nil
	}
	var all []string
	for _, t := range q.Tables {
		name := t.Name
		for _, f := range q.Files {
			switch {
			case f.Name != name || t.Schema != "":
			case f.Function != "":
				name = strings.ToLower(f.Function)
			default:
				name = "@" + string(f.Location)
			}
		}
		all = append(all, name)
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
