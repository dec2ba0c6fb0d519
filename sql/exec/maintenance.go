package exec

import (
	"context"
	"strings"

	"wharf"
	"wharf/sql"
)

// planMaintenance plans ANALYZE TABLE and its like, by which tools look after tables:
// a file needs none of it.
func (s *Session) planMaintenance(st *sql.TableMaintenance) plan {
	columns := []wharf.Column{text("Table"), text("Op"), text("Msg_type"), text("Msg_text")}
	if st.Verb == "CHECKSUM" {
		columns = []wharf.Column{text("Table"), {Name: "Checksum", Type: wharf.TypeUint, Nullable: true}}
	}
	return s.answer(columns, func(ctx context.Context) ([][]wharf.Value, error) {
		var rows [][]wharf.Value
		for _, t := range st.Tables {
			about, err := s.maintain(ctx, st.Verb, t)
			if err != nil {
				return nil, err
			}
			rows = append(rows, about...)
		}
		return rows, nil
	})
}

// maintain gives the rows about a table. One that is not there is no error, as in MySQL.
func (s *Session) maintain(ctx context.Context, verb string, t sql.NamedTable) ([][]wharf.Value, error) {
	found, err := s.tableNamed(ctx, t.Schema, t.Name, false)
	missing := wharf.CodeOf(err) == wharf.CodeNotFound
	if err != nil && !missing {
		return nil, err
	}
	name, op := s.databaseOf(t.Schema)+"."+t.Name, strings.ToLower(verb)
	if verb == "CHECKSUM" {
		if missing {
			s.warn("Error", ErrNoTable.Number, "Table '%s' doesn't exist", name)
		}
		return [][]wharf.Value{{wharf.Text(name), wharf.Null()}}, nil
	}
	isView := err == nil && found.file != nil && found.file.isFolder()
	switch {
	case missing:
		return [][]wharf.Value{texts(name, op, "Error", "Table '"+name+"' doesn't exist"), texts(name, op, "status", "Operation failed")}, nil
	case isView && verb == "CHECK":
		return [][]wharf.Value{texts(name, op, "status", "OK")}, nil
	case isView:
		return [][]wharf.Value{texts(name, op, "Error", "'"+name+"' is not BASE TABLE"), texts(name, op, "status", "Operation failed")}, nil
	}
	return [][]wharf.Value{texts(name, op, "note", "The storage engine for the table doesn't support "+op)}, nil
}
