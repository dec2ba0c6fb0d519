package exec

import (
	"math"
	"os"

	"wharf/sql/eval"

	"wharf"
)

// variableTable is the system variables by name, as MySQL 8.0 names them:
// those that clients ask for or set. Most change nothing in Wharf; they are
// kept, so that a client reads back what it set.
func (e *Executor) variableTable() map[string]*variable {
	all := map[string]*variable{}
	for _, part := range [][]*variable{
		sessionVariables(), textVariables(), limitVariables(), timeoutVariables(), e.serverVariables(), featureVariables(),
	} {
		for _, v := range part {
			all[v.name] = v
		}
	}
	return all
}

// sessionVariables are those that change what Wharf does, or what it says of
// itself in Status.
func sessionVariables() []*variable {
	flag := func(set func(*Session, bool)) func(*Session, wharf.Value) error {
		return func(s *Session, v wharf.Value) error { set(s, v.Int64() != 0); return nil }
	}
	isolation := oneOf("READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE")
	return []*variable{
		{name: "autocommit", typ: onOff(), def: wharf.Int(1), apply: flag((*Session).setAutocommit)},
		{name: "sql_safe_updates", typ: onOff(), def: wharf.Int(1)},
		{name: "max_execution_time", typ: number(0, math.MaxUint32), def: wharf.Int(0)},
		{name: "time_zone", typ: words(), def: wharf.Text("SYSTEM"), apply: (*Session).setTimeZone},
		{name: "sql_mode", typ: sqlModeType(), def: wharf.Text(defaultSQLMode), apply: (*Session).setMode},
		{name: "transaction_isolation", typ: isolation, def: wharf.Text("REPEATABLE-READ")},
		{name: "transaction_read_only", typ: onOff(), def: wharf.Int(0)},
		{name: "warning_count", scope: sessionOnly, typ: number(0, maxWarnings), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(len(s.warnings))) }},
		{name: "error_count", scope: sessionOnly, typ: number(0, maxWarnings), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(s.countErrors())) }},
		{name: "pseudo_thread_id", scope: sessionOnly, typ: number(0, math.MaxUint32), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(s.client.ID)) }},
		{name: "last_insert_id", scope: sessionOnly, typ: number(0, math.MaxInt64), def: wharf.Int(0), readOnly: true},
		{name: "insert_id", scope: sessionOnly, typ: number(0, math.MaxInt64), def: wharf.Int(0), readOnly: true},
	}
}

// textVariables are the character sets and collations.
func textVariables() []*variable {
	utf8 := wharf.Text("utf8mb4")
	return []*variable{
		{name: "character_set_client", typ: charsetType(), def: utf8},
		{name: "character_set_connection", typ: charsetType(), def: utf8},
		{name: "character_set_results", typ: charsetType(), def: utf8},
		{name: "character_set_database", typ: charsetType(), def: utf8},
		{name: "character_set_server", typ: charsetType(), def: utf8},
		{name: "character_set_filesystem", typ: charsetType(), def: wharf.Text("binary")},
		{name: "character_set_system", scope: globalOnly, typ: charsetType(), def: wharf.Text("utf8mb3"), readOnly: true},
		{name: "collation_connection", typ: collationType(), def: wharf.Text(eval.DefaultCollation)},
		{name: "collation_database", typ: collationType(), def: wharf.Text(eval.DefaultCollation)},
		{name: "collation_server", typ: collationType(), def: wharf.Text(eval.DefaultCollation)},
		{name: "default_collation_for_utf8mb4", typ: oneOf("utf8mb4_0900_ai_ci", "utf8mb4_general_ci"), def: wharf.Text(eval.DefaultCollation)},
		{name: "lc_messages", typ: words(), def: wharf.Text("en_US")},
		{name: "lc_time_names", typ: words(), def: wharf.Text("en_US")},
	}
}

// limitVariables are numbers that clients set for statements on tables.
func limitVariables() []*variable {
	n := func(name string, def, low, high int64) *variable {
		return &variable{name: name, typ: number(low, high), def: wharf.Int(def)}
	}
	return []*variable{
		n("auto_increment_increment", 1, 1, 65535),
		n("auto_increment_offset", 1, 1, 65535),
		n("bulk_insert_buffer_size", 8<<20, 0, math.MaxInt64),
		n("cte_max_recursion_depth", 1000, 0, math.MaxUint32),
		n("default_week_format", 0, 0, 7),
		n("div_precision_increment", eval.DivisionScale, eval.DivisionScale, eval.DivisionScale),
		n("eq_range_index_dive_limit", 200, 0, math.MaxUint32),
		n("group_concat_max_len", 1024, 4, math.MaxInt64),
		n("information_schema_stats_expiry", 86400, 0, 31536000),
		n("join_buffer_size", 256<<10, 128, math.MaxInt64),
		{name: "long_query_time", typ: fractionNumber(), def: wharf.Float(10)},
		n("max_error_count", maxWarnings, maxWarnings, maxWarnings),
		n("max_heap_table_size", 16<<20, 16<<10, math.MaxInt64),
		n("max_join_size", math.MaxInt64, 1, math.MaxInt64),
		n("max_length_for_sort_data", 4096, 4, 8<<20),
		n("max_sort_length", 1024, 4, 8<<20),
		n("net_buffer_length", 16<<10, 1<<10, 1<<20),
		n("net_retry_count", 10, 1, math.MaxUint32),
		n("optimizer_prune_level", 1, 0, 1),
		n("optimizer_search_depth", 62, 0, 62),
		n("range_optimizer_max_mem_size", 8<<20, 0, math.MaxInt64),
		n("read_buffer_size", 128<<10, 8<<10, math.MaxInt32),
		n("sort_buffer_size", 256<<10, 32<<10, math.MaxInt64),
		n("sql_select_limit", math.MaxInt64, 0, math.MaxInt64),
		n("tmp_table_size", 16<<20, 1<<10, math.MaxInt64),
	}
}

// timeoutVariables are in seconds.
func timeoutVariables() []*variable {
	n := func(name string, def int64) *variable {
		return &variable{name: name, typ: number(1, 31536000), def: wharf.Int(def)}
	}
	return []*variable{
		n("innodb_lock_wait_timeout", 50),
		n("interactive_timeout", 28800),
		n("lock_wait_timeout", 31536000),
		n("net_read_timeout", 30),
		n("net_write_timeout", 60),
		n("wait_timeout", 28800),
		{name: "connect_timeout", scope: globalOnly, typ: number(2, 31536000), def: wharf.Int(10), readOnly: true},
	}
}

// serverVariables tell of the server, and cannot be set.
func (e *Executor) serverVariables() []*variable {
	fixed := func(name string, typ variableType, v wharf.Value) *variable {
		return &variable{name: name, scope: globalOnly, typ: typ, def: v, readOnly: true}
	}
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "localhost"
	}
	return []*variable{
		fixed("version", words(), wharf.Text(e.version)),
		fixed("version_comment", words(), wharf.Text("Wharf, a stage server")),
		fixed("version_compile_machine", words(), wharf.Text(machine())),
		fixed("version_compile_os", words(), wharf.Text(system())),
		fixed("protocol_version", number(10, 11), wharf.Int(10)),
		fixed("hostname", words(), wharf.Text(hostname)),
		{name: "port", scope: globalOnly, typ: number(0, 65535), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(s.executor.port())) }},
		{name: "max_allowed_packet", typ: number(1024, 1<<30), def: wharf.Int(e.maxPacket), readOnly: true},
		fixed("max_connections", number(1, 100000), wharf.Int(e.maxConns)),
		fixed("system_time_zone", words(), wharf.Text("UTC")),
		fixed("license", words(), wharf.Text("Apache-2.0")),
		fixed("lower_case_table_names", number(0, 2), wharf.Int(0)),
		fixed("lower_case_file_system", onOff(), wharf.Int(0)),
		fixed("read_only", onOff(), wharf.Int(0)),
		fixed("super_read_only", onOff(), wharf.Int(0)),
		fixed("server_id", number(0, math.MaxUint32), wharf.Int(0)),
		fixed("init_connect", words(), wharf.Text("")),
		fixed("default_authentication_plugin", words(), wharf.Text("caching_sha2_password")),
		fixed("have_profiling", words(), wharf.Text("NO")),
		fixed("have_query_cache", words(), wharf.Text("NO")),
		fixed("local_infile", onOff(), wharf.Int(0)),
		fixed("log_bin", onOff(), wharf.Int(0)),
		fixed("performance_schema", onOff(), wharf.Int(0)),
		fixed("skip_name_resolve", onOff(), wharf.Int(1)),
		fixed("gtid_mode", words(), wharf.Text("OFF")),
		fixed("event_scheduler", words(), wharf.Text("DISABLED")),
	}
}

// featureVariables are switches and names that clients set.
func featureVariables() []*variable {
	on := func(name string) *variable { return &variable{name: name, typ: onOff(), def: wharf.Int(1)} }
	off := func(name string) *variable { return &variable{name: name, typ: onOff(), def: wharf.Int(0)} }
	return []*variable{
		on("foreign_key_checks"), on("unique_checks"), on("sql_notes"), on("sql_quote_show_create"),
		on("explicit_defaults_for_timestamp"), on("updatable_views_with_limit"), on("innodb_strict_mode"),
		on("sql_big_selects"),
		off("big_tables"), off("end_markers_in_json"), off("sql_auto_is_null"), off("sql_buffer_result"),
		off("sql_warnings"), off("sql_log_off"), off("low_priority_updates"), off("keep_files_on_create"), off("new"),
		off("old_alter_table"), off("profiling"), off("sql_require_primary_key"), off("session_track_schema"), off("session_track_state_change"),
		{name: "completion_type", typ: oneOf("NO_CHAIN", "CHAIN", "RELEASE"), def: wharf.Text("NO_CHAIN")},
		{name: "concurrent_insert", scope: globalOnly, typ: oneOf("NEVER", "AUTO", "ALWAYS"), def: wharf.Text("AUTO"), readOnly: true},
		{name: "default_storage_engine", typ: oneOf("WHARF"), def: wharf.Text("WHARF")},
		{name: "default_tmp_storage_engine", typ: oneOf("WHARF"), def: wharf.Text("WHARF")},
		{name: "optimizer_switch", typ: words(), def: wharf.Text("")},
		{name: "session_track_system_variables", typ: words(), def: wharf.Text("")},
		{name: "session_track_transaction_info", typ: oneOf("OFF", "STATE", "CHARACTERISTICS"), def: wharf.Text("OFF")},
		{name: "sql_log_bin", scope: sessionOnly, typ: onOff(), def: wharf.Int(1)},
		{name: "use_secondary_engine", scope: sessionOnly, typ: oneOf("OFF", "ON", "FORCED"), def: wharf.Text("ON")},
	}
}
