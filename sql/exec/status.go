package exec

import (
	"context"
	_ "embed"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"wharf"
	"wharf/sql"
)

// statusVariables has all status variables of MySQL 8.0.
//
//go:embed statusvariables.txt
var statusVariables string

// Counters are what a listener has counted: for one connection, or for all
// since it started.
type Counters struct {
	Received, Sent uint64 // bytes of packets

	// Statements that were prepared, run, closed and reset, fetches of rows,
	// and pieces of parameters.
	Prepares, Executes, Closes, Resets, Fetches, Pieces uint64

	// What follows is of all connections only.
	Connections     uint64 // that clients tried to make
	AbortedConnects uint64 // that failed before the login was done
	AbortedClients  uint64 // that ended without the client saying so
	MostConnections uint64 // that were logged in at once
	Statements      uint64 // that are prepared now
}

// statusVariable is one status variable.
type statusVariable struct {
	name, scope, value string
	served             bool // its value comes from the server
}

func statusList() []statusVariable {
	var rows []statusVariable
	for line := range strings.Lines(statusVariables) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) == 3 {
			rows = append(rows, statusVariable{fields[0], fields[1], fields[2], fields[2] == "server"})
		}
	}
	return rows
}

// commandCounters counts statements by their kinds, which are what follows Com_
// in the names of status variables.
func commandCounters(rows []statusVariable) map[string]*atomic.Uint64 {
	counters := map[string]*atomic.Uint64{}
	for _, row := range rows {
		if kind, ok := strings.CutPrefix(row.name, "Com_"); ok {
			counters[kind] = new(atomic.Uint64)
		}
	}
	return counters
}

// countStatement counts a statement that is about to run.
func (s *Session) countStatement(st sql.Statement) {
	s.executor.queries.Add(1)
	s.questions++
	kind := commandOf(st)
	counter := s.executor.commands[kind]
	if counter == nil {
		return // MySQL has no such statement
	}
	counter.Add(1)
	if s.commands == nil {
		s.commands = map[string]uint64{}
	}
	s.commands[kind]++
}

// countTime counts a statement that took longer than long_query_time.
func (s *Session) countTime(begun time.Time) {
	took, session := s.executor.now().Sub(begun), s
	if s.opener != nil {
		took, session = took-s.allowance.idle, s.opener
	}
	if took.Seconds() > s.Value("long_query_time").Float64() {
		s.executor.slow.Add(1)
		session.slow++
	}
}

// commandOf gives a statement's kind, "" for one that MySQL does not have.
func commandOf(st sql.Statement) string {
	switch st := st.(type) {
	case *sql.Select, *sql.Query, *sql.SelectInto:
		return "select"
	case *sql.Prepare:
		return "prepare_sql"
	case *sql.Execute:
		return "execute_sql"
	case *sql.Deallocate:
		return "dealloc_sql"
	case *sql.Set:
		return "set_option"
	case *sql.Use:
		return "change_db"
	case *sql.Do:
		return "do"
	case *sql.Kill:
		return "kill"
	case *sql.Transaction:
		return strings.ToLower(st.Verb)
	case *sql.Show:
		return showCommand(st.What)
	case *sql.Explain:
		return commandOf(st.Of)
	case *sql.Savepoint:
		return strings.ToLower(strings.ReplaceAll(st.Verb, " ", "_"))
	case *sql.Noop:
		name, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(st.Name, " ", "_")), "_status")
		return name
	case *sql.TableMaintenance:
		return strings.ToLower(st.Verb)
	case *sql.CreateDatabase:
		return "create_db"
	case *sql.CreateUser:
		return userCommand("create", st.IsRole)
	case *sql.DropUser:
		return userCommand("drop", st.IsRole)
	case *sql.AlterUser:
		if st.SetPassword {
			return "set_password"
		}
		return "alter_user"
	case *sql.RenameUser:
		return "rename_user"
	case *sql.Grant:
		return grantCommand(st.Revoke, "")
	case *sql.GrantRole:
		return grantCommand(st.Revoke, "_roles")
	case *sql.SetRole:
		return "set_role"
	case *sql.SetDefaultRole:
		return "alter_user_default_role"
	case *sql.Unsupported:
		return strings.ToLower(strings.ReplaceAll(st.Name, " ", "_"))
	}
	return ""
}

func userCommand(verb string, isRole bool) string {
	if isRole {
		return verb + "_role"
	}
	return verb + "_user"
}

func grantCommand(revoke bool, what string) string {
	if revoke {
		return "revoke" + what
	}
	return "grant" + what
}

// showCommand gives the kind of SHOW what.
func showCommand(what string) string {
	switch what {
	case "COLUMNS":
		return "show_fields"
	case "INDEX":
		return "show_keys"
	case "COLLATION":
		return "show_collations"
	case "CHARACTER SET":
		return "show_charsets"
	case "ENGINES":
		return "show_storage_engines"
	case "CREATE DATABASE":
		return "show_create_db"
	case "BINARY LOGS":
		return "show_binlogs"
	case "COUNT(*) WARNINGS":
		return "show_warnings"
	case "COUNT(*) ERRORS":
		return "show_errors"
	}
	return "show_" + strings.ToLower(strings.ReplaceAll(what, " ", "_"))
}

// showStatus is SHOW STATUS, of the session or of the server. What other users do is
// for users with SUPER: to others, the server is their session and their connections.
func showStatus(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	a, err := s.executor.service.Access(ctx, s.client.Principal)
	if err != nil {
		return nil, err
	}
	processes, err := s.processes(ctx)
	if err != nil {
		return nil, err
	}
	all := st.Global && a.IsSuper()
	served := s.servedStatus(all, a.IsSuper(), processes)
	var rows [][]wharf.Value
	for _, row := range s.executor.status {
		value := row.value
		switch kind, ok := strings.CutPrefix(row.name, "Com_"); {
		case st.Global && row.scope == "session":
			continue
		case ok:
			value = strconv.FormatUint(s.counted(kind, all), 10)
		case row.served:
			value = served[row.name]
		}
		rows = append(rows, texts(row.name, value))
	}
	return rows, nil
}

// counted is how many statements of a kind ran.
func (s *Session) counted(kind string, global bool) uint64 {
	c := s.client.Counters()
	if global {
		c = s.client.Sessions.Counters()
	}
	switch kind {
	case "stmt_prepare":
		return c.Prepares
	case "stmt_execute":
		return c.Executes
	case "stmt_close":
		return c.Closes
	case "stmt_reset":
		return c.Resets
	case "stmt_fetch":
		return c.Fetches
	case "stmt_send_long_data":
		return c.Pieces
	}
	if global {
		return s.executor.commands[kind].Load()
	}
	return s.commands[kind]
}

// servedStatus gives the values that Wharf counts or tells, but for Com_…: with
// super those of all connections, which processes are then, too.
func (s *Session) servedStatus(global, super bool, processes []Process) map[string]string {
	e := s.executor
	of, questions, slow := s.client.Counters(), s.questions, s.slow
	queries, flushes := s.questions, s.commands["flush"]
	all := Counters{Connections: uint64(len(processes)), MostConnections: uint64(len(processes))}
	if super {
		all, queries, flushes = s.client.Sessions.Counters(), e.queries.Load(), e.commands["flush"].Load()
	}
	if global {
		of, questions, slow = all, e.queries.Load(), e.slow.Load()
	}
	running := 0
	for _, p := range processes {
		if p.Command != "Sleep" {
			running++
		}
	}
	compression := "OFF"
	if s.client.Compressed {
		compression = "ON"
	}
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	uptime := number(uint64(e.now().Sub(e.started).Seconds()))
	return map[string]string{
		"Aborted_clients":           number(all.AbortedClients),
		"Aborted_connects":          number(all.AbortedConnects),
		"Bytes_received":            number(of.Received),
		"Bytes_sent":                number(of.Sent),
		"Compression":               compression,
		"Connections":               number(all.Connections),
		"Flush_commands":            number(flushes),
		"Max_used_connections":      number(all.MostConnections),
		"Prepared_stmt_count":       number(all.Statements),
		"Queries":                   number(queries),
		"Questions":                 number(questions),
		"Slow_queries":              number(slow),
		"Ssl_cipher":                s.client.Cipher,
		"Ssl_version":               s.client.TLSVersion,
		"Threads_connected":         strconv.Itoa(len(processes)),
		"Threads_created":           number(all.Connections),
		"Threads_running":           strconv.Itoa(running),
		"Uptime":                    uptime,
		"Uptime_since_flush_status": uptime,
	}
}
