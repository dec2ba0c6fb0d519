package exec

import (
	"context"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// The tables that there are to show are those of information_schema.

func showTables(_ context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	database := s.databaseOf(st.On)
	if err := s.checkNamed(database); err != nil || !isInformationSchema(database) {
		return nil, err
	}
	return rowsOf(s.executor.infoTables, func(t infoTable) []wharf.Value {
		if st.Full {
			return texts(t.name, "SYSTEM VIEW")
		}
		return texts(t.name)
	}), nil
}

// showTableStatus has of each table what TABLES has, less what a view does
// not have.
func showTableStatus(_ context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	database := s.databaseOf(st.On)
	if err := s.checkNamed(database); err != nil || !isInformationSchema(database) {
		return nil, err
	}
	return rowsOf(s.executor.infoTables, func(t infoTable) []wharf.Value {
		row := make([]wharf.Value, 18)
		row[0], row[2], row[11] = wharf.Text(t.name), wharf.Uint(10), created(s.executor)
		row[16], row[17] = wharf.Text(""), wharf.Text("")
		return row
	}), nil
}

func showCreateDatabase(_ context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	database := s.databaseOf(st.On)
	if err := s.checkNamed(database); err != nil {
		return nil, err
	}
	if isInformationSchema(database) {
		database = informationSchema
	}
	charset, collation := schemaText(database)
	return [][]wharf.Value{texts(database, "CREATE DATABASE `"+database+
		"` /*!40100 DEFAULT CHARACTER SET "+charset+" COLLATE "+collation+" */")}, nil
}

// aboutTable is a SHOW about one table; nil is one that none answers.
func aboutTable(rows func(infoTable, *sql.Show) [][]wharf.Value) func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) {
	return func(_ context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
		database := st.Database
		if database == "" {
			database = s.database
		}
		if err := s.checkNamed(database); err != nil {
			return nil, err
		}
		if !isInformationSchema(database) || rows == nil {
			return nil, wharf.Errorf(wharf.CodeNotFound, "Table '%s.%s' doesn't exist; Wharf has stages, see SHOW STAGES", database, eval.CutRunes(st.On, 64))
		}
		t, err := s.executor.findInfoTable(st.On)
		if err != nil {
			return nil, err
		}
		return rows(t, st), nil
	}
}

func noIndex(infoTable, *sql.Show) [][]wharf.Value { return nil }

func showColumns(t infoTable, st *sql.Show) [][]wharf.Value {
	return rowsOf(t.columns, func(c infoColumn) []wharf.Value {
		null := "NO"
		if c.Nullable {
			null = "YES"
		}
		if !st.Full {
			return append(texts(c.Name, c.sqlType, null, ""), wharf.Null(), wharf.Text(""))
		}
		collation := wharf.Null()
		if c.Type == wharf.TypeString {
			_, name := schemaText(informationSchema)
			collation = wharf.Text(name)
		}
		row := []wharf.Value{wharf.Text(c.Name), wharf.Text(c.sqlType), collation, wharf.Text(null), wharf.Text(""), wharf.Null()}
		return append(row, texts("", "select", "")...)
	})
}

func showCreateTable(t infoTable, _ *sql.Show) [][]wharf.Value {
	var columns []string
	for _, c := range t.columns {
		text := "  `" + c.Name + "` " + c.sqlType
		if !c.Nullable {
			text += " NOT NULL"
		}
		columns = append(columns, text)
	}
	return [][]wharf.Value{texts(t.name, "CREATE TEMPORARY TABLE `"+t.name+"` (\n"+strings.Join(columns, ",\n")+"\n)")}
}
