package exec

import (
	"context"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// The tables that there are to show are those of information_schema, and the
// files and folders of stages.

// shownTables finds the tables of a database for a SHOW that begins with their
// names. A LIKE without wildcards finds any file.
func (s *Session) shownTables(ctx context.Context, st *sql.Show) (schema, []*fileTable, error) {
	found, err := s.findSchema(ctx, s.databaseOf(st.On))
	if err != nil || !found.isStage() {
		return found, nil, err
	}
	if st.Like != nil {
		if name, ok := eval.PlainLike(*st.Like); ok {
			if t, err := s.fileTable(ctx, found.stage, name); err == nil && t.isData {
				return found, []*fileTable{t}, nil
			}
		}
	}
	tables, more, err := s.fileTables(ctx, found.stage, "")
	if more && st.Like != nil && eval.LikePrefix(*st.Like) != "" {
		tables, more, err = s.fileTables(ctx, found.stage, eval.LikePrefix(*st.Like))
	}
	if more {
		s.warnMore(found.stage)
	}
	return found, tables, err
}

func showTables(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	row := func(name, kind string) []wharf.Value {
		if st.Full {
			return texts(name, kind)
		}
		return texts(name)
	}
	found, tables, err := s.shownTables(ctx, st)
	if err == nil && found.name == informationSchema {
		return rowsOf(s.executor.infoTables, func(t infoTable) []wharf.Value { return row(t.name, "SYSTEM VIEW") }), nil
	}
	return rowsOf(tables, func(t *fileTable) []wharf.Value { return row(t.name, t.tableType()) }), err
}

// showTableStatus has of each table what TABLES has, less what a view does
// not have.
func showTableStatus(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	found, tables, err := s.shownTables(ctx, st)
	if err == nil && found.name == informationSchema {
		return rowsOf(s.executor.infoTables, func(t infoTable) []wharf.Value {
			row := make([]wharf.Value, 18)
			row[0], row[2], row[11] = wharf.Text(t.name), wharf.Uint(10), created(s.executor)
			row[16], row[17] = wharf.Text(""), wharf.Text("")
			return row
		}), nil
	}
	return rowsOf(tables, func(t *fileTable) []wharf.Value { return statusRow(t, s.executor.fileColumns.rows(found.stage.ID, t)) }), err
}

func statusRow(t *fileTable, rows wharf.Value) []wharf.Value {
	row := make([]wharf.Value, 18)
	row[0], row[11], row[17] = wharf.Text(t.name), t.time(), wharf.Text("VIEW")
	if t.isFolder() {
		return row
	}
	row[1], row[2], row[3] = wharf.Text(fileEngine), wharf.Uint(10), wharf.Text("Dynamic")
	for i := 7; i < 10; i++ {
		row[i] = wharf.Uint(0)
	}
	row[4], row[5] = rows, t.rowLength(rows)
	row[6], row[12], row[14] = wharf.Uint(uint64(t.size)), t.time(), wharf.Text(fileCollation)
	row[16], row[17] = wharf.Text(""), wharf.Text("")
	return row
}

func showCreateDatabase(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	found, err := s.findSchema(ctx, s.databaseOf(st.On))
	if err != nil {
		return nil, err
	}
	charset, collation := found.charset()
	return [][]wharf.Value{texts(found.name, "CREATE DATABASE "+quoteName(found.name)+
		" /*!40100 DEFAULT CHARACTER SET "+charset+" COLLATE "+collation+" */")}, nil
}

// aboutTable is a SHOW about one table, with its columns where they are wanted.
func aboutTable(columns bool, rows func(infoTable, *sql.Show) [][]wharf.Value) func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) {
	return func(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
		t, err := s.tableNamed(ctx, st.Database, st.On, columns)
		if err != nil {
			return nil, err
		}
		return rows(t, st), nil
	}
}

func noIndex(infoTable, *sql.Show) [][]wharf.Value { return nil }

// knownColumns is a Show like COLUMNS, but without the columns of files that
// were not asked for before.
const knownColumns = "KNOWN COLUMNS"

// KnownColumns is a statement like SHOW COLUMNS FROM a table of the database in
// use, which reads no file: clients that complete names ask for every table.
func KnownColumns(table string) *Stmt {
	return NewStmt(&sql.Show{What: knownColumns, On: table}, 0)
}

func showKnownColumns(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	t, err := s.tableNamed(ctx, st.Database, st.On, false)
	if err != nil {
		return nil, err
	}
	if t.file != nil {
		t.columns, _ = s.executor.fileColumns.find(t.stage.ID, t.file)
	}
	return showColumns(t, st), nil
}

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
			_, name := c.charset()
			collation = wharf.Text(name)
		}
		row := []wharf.Value{wharf.Text(c.Name), wharf.Text(c.sqlType), collation, wharf.Text(null), wharf.Text(""), wharf.Null()}
		return append(row, texts("", "select", "")...)
	})
}

func viewColumns() []wharf.Column {
	return []wharf.Column{text("View"), text("Create View"), text("character_set_client"), text("collation_connection")}
}

// createColumns are those of SHOW CREATE TABLE, which of a view are others.
func createColumns(s *Session, st *sql.Show) []wharf.Column {
	if strings.HasSuffix(st.On, "/") && s.isStage(s.databaseOf(st.Database)) {
		return viewColumns()
	}
	return []wharf.Column{text("Table"), text("Create Table")}
}

func showCreateTable(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	t, err := s.tableNamed(ctx, st.Database, st.On, !strings.HasSuffix(st.On, "/"))
	switch {
	case err != nil:
		return nil, err
	case t.file != nil && t.file.isFolder():
		return s.createView(t), nil
	}
	begin, end := "CREATE TEMPORARY TABLE ", ")"
	if t.file != nil {
		begin, end = "CREATE TABLE ", ") DEFAULT CHARSET=utf8mb4 COLLATE="+fileCollation
	}
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = "  " + quoteName(c.Name) + " " + c.sqlType
		if !c.Nullable {
			columns[i] += " NOT NULL"
		}
	}
	return [][]wharf.Value{texts(t.name, begin+quoteName(t.name)+" (\n"+strings.Join(columns, ",\n")+"\n"+end)}, nil
}

func showCreateView(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	t, err := s.tableNamed(ctx, st.Database, st.On, false)
	switch {
	case err != nil:
		return nil, err
	case t.file == nil || !t.file.isFolder():
		return nil, eval.Because(errWrongObject, wharf.CodeInvalid, "'%s.%s' is not VIEW", s.databaseOf(st.Database), eval.CutRunes(st.On, 64))
	}
	return s.createView(t), nil
}

func (s *Session) createView(t infoTable) [][]wharf.Value {
	user := quoteName(s.client.Principal.User)
	return [][]wharf.Value{texts(t.name, "CREATE ALGORITHM=UNDEFINED DEFINER="+user+"@`%` SQL SECURITY INVOKER VIEW "+
		quoteName(t.name)+" AS "+viewText(t.stage.Name, t.file), "utf8mb4", fileCollation)}
}
