package exec

import (
	"context"
	"strings"

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
		"MASTER STATUS":     emptyShow("File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB", "Executed_Gtid_Set"),
		"BINARY LOG STATUS": emptyShow("File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB", "Executed_Gtid_Set"),
		"BINARY LOGS":       emptyShow("Log_name", "File_size", "Encrypted"),
		"BINLOG EVENTS":     emptyShow("Log_name", "Pos", "Event_type", "Server_id", "End_log_pos", "Info"),
		"RELAYLOG EVENTS":   emptyShow("Log_name", "Pos", "Event_type", "Server_id", "End_log_pos", "Info"),
		"REPLICAS":          emptyShow("Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"),
		"SLAVE HOSTS":       emptyShow("Server_id", "Host", "Port", "Master_id", "Slave_UUID"),
		"REPLICA STATUS":    emptyShow(strings.Fields(replicaStatus)...),
		"SLAVE STATUS":      emptyShow(strings.Fields(strings.NewReplacer("Replica", "Slave", "Source", "Master", "Get_Source_public_key", "Get_master_public_key").Replace(replicaStatus))...),
		"ENGINE STATUS":     emptyShow("Type", "Name", "Status"),
		"ENGINE MUTEX":      emptyShow("Type", "Name", "Status"),
		"PROFILES":          emptyShow("Query_ID", "Duration", "Query"),
		"PROCEDURE STATUS":  anywhereShow(routine),
		"FUNCTION STATUS":   anywhereShow(routine),
	}
}

// replicaStatus is the columns of SHOW REPLICA STATUS.
const replicaStatus = `Replica_IO_State Source_Host Source_User Source_Port Connect_Retry Source_Log_File Read_Source_Log_Pos
Relay_Log_File Relay_Log_Pos Relay_Source_Log_File Replica_IO_Running Replica_SQL_Running Replicate_Do_DB Replicate_Ignore_DB
Replicate_Do_Table Replicate_Ignore_Table Replicate_Wild_Do_Table Replicate_Wild_Ignore_Table Last_Errno Last_Error Skip_Counter
Exec_Source_Log_Pos Relay_Log_Space Until_Condition Until_Log_File Until_Log_Pos Source_SSL_Allowed Source_SSL_CA_File
Source_SSL_CA_Path Source_SSL_Cert Source_SSL_Cipher Source_SSL_Key Seconds_Behind_Source Source_SSL_Verify_Server_Cert
Last_IO_Errno Last_IO_Error Last_SQL_Errno Last_SQL_Error Replicate_Ignore_Server_Ids Source_Server_Id Source_UUID Source_Info_File
SQL_Delay SQL_Remaining_Delay Replica_SQL_Running_State Source_Retry_Count Source_Bind Last_IO_Error_Timestamp
Last_SQL_Error_Timestamp Source_SSL_Crl Source_SSL_Crlpath Retrieved_Gtid_Set Executed_Gtid_Set Auto_Position Replicate_Rewrite_DB
Channel_Name Source_TLS_Version Source_public_key_path Get_Source_public_key Network_Namespace`

// emptyShow is a SHOW without rows, of texts.
func emptyShow(names ...string) show {
	columns := make([]wharf.Column, len(names))
	for i, name := range names {
		columns[i] = textNull(name)
	}
	return show{columns: fixed(columns...), rows: func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) { return nil, nil }}
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
