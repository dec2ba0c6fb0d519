package exec

import (
	"context"

	"wharf"
	"wharf/sql"
)

// schemaShows tell of databases and tables: of the stages and their files, and
// of information_schema.
func schemaShows() map[string]show {
	return map[string]show{
		"DATABASES": {columns: fixed(text("Database")), rows: func(ctx context.Context, s *Session, _ *sql.Show) ([][]wharf.Value, error) {
			all, err := s.schemas(ctx)
			return rowsOf(all, func(d schema) []wharf.Value { return texts(d.name) }), err
		}},
		"TABLES": {rows: showTables, columns: func(s *Session, st *sql.Show) []wharf.Column {
			name := "Tables_in_" + s.databaseOf(st.On)
			if st.Like != nil {
				name += " (" + *st.Like + ")"
			}
			columns := []wharf.Column{text(name)}
			if st.Full {
				columns = append(columns, text("Table_type"))
			}
			return columns
		}},
		"TABLE STATUS": {rows: showTableStatus, columns: fixed(
			text("Name"), textNull("Engine"), integerNull("Version"), textNull("Row_format"), integerNull("Rows"),
			integerNull("Avg_row_length"), integerNull("Data_length"), integerNull("Max_data_length"),
			integerNull("Index_length"), integerNull("Data_free"), integerNull("Auto_increment"),
			dateNull("Create_time"), dateNull("Update_time"), dateNull("Check_time"), textNull("Collation"),
			integerNull("Checksum"), textNull("Create_options"), textNull("Comment"))},
		"OPEN TABLES": {rows: inDatabase(noRows), columns: fixed(text("Database"), text("Table"), integer("In_use"), integer("Name_locked"))},
		"CREATE DATABASE": {columns: fixed(text("Database"), text("Create Database")),
			rows: showCreateDatabase},
		"COLUMNS":      {columns: columnColumns, rows: aboutTable(true, showColumns)},
		knownColumns:   {columns: columnColumns, rows: showKnownColumns},
		"CREATE TABLE": {columns: createColumns, rows: showCreateTable},
		"CREATE VIEW":  {columns: fixed(viewColumns()...), rows: showCreateView},
		"INDEX": {rows: aboutTable(false, noIndex), columns: fixed(text("Table"), integer("Non_unique"), text("Key_name"), integer("Seq_in_index"),
			text("Column_name"), textNull("Collation"), integerNull("Cardinality"), integerNull("Sub_part"), textNull("Packed"),
			text("Null"), text("Index_type"), text("Comment"), text("Index_comment"), text("Visible"), textNull("Expression"))},
	}
}

// emptyShows are about what a Wharf never has.
func emptyShows() map[string]show {
	tail := []wharf.Column{text("character_set_client"), text("collation_connection"), text("Database Collation")}
	with := func(columns ...wharf.Column) show {
		return show{columns: fixed(append(columns, tail...)...), rows: inDatabase(noRows)}
	}
	routine := with(text("Db"), text("Name"), text("Type"), text("Definer"), dateNull("Modified"), dateNull("Created"),
		text("Security_type"), text("Comment"))
	return map[string]show{
		"TRIGGERS": with(text("Trigger"), text("Event"), text("Table"), text("Statement"), text("Timing"),
			dateNull("Created"), text("sql_mode"), text("Definer")),
		"EVENTS": with(text("Db"), text("Name"), text("Definer"), text("Time zone"), text("Type"), dateNull("Execute at"),
			textNull("Interval value"), textNull("Interval field"), dateNull("Starts"), dateNull("Ends"), text("Status"), integer("Originator")),
		"PROCEDURE STATUS": anywhereShow(routine),
		"FUNCTION STATUS":  anywhereShow(routine),
	}
}

// anywhereShow is a SHOW that needs no database.
func anywhereShow(s show) show {
	s.rows = func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) { return nil, nil }
	s.name = 1
	return s
}

func noRows() [][]wharf.Value { return nil }

// inDatabase checks that the database is there before it gives rows.
func inDatabase(rows func() [][]wharf.Value) func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) {
	return func(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
		if _, err := s.findSchema(ctx, s.databaseOf(st.On)); err != nil {
			return nil, err
		}
		return rows(), nil
	}
}

func columnColumns(_ *Session, st *sql.Show) []wharf.Column {
	if st.Full {
		return []wharf.Column{text("Field"), text("Type"), textNull("Collation"), text("Null"), text("Key"),
			textNull("Default"), text("Extra"), text("Privileges"), text("Comment")}
	}
	return []wharf.Column{text("Field"), text("Type"), text("Null"), text("Key"), textNull("Default"), text("Extra")}
}
