package exec

import (
	_ "embed"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"wharf/sql/eval"

	"wharf"
)

// sysVariables has all system variables of MySQL 8.0.
//
//go:embed sysvariables.txt
var sysVariables string

// variableTable is the system variables by name, as MySQL 8.0 names them. Most
// change nothing in Wharf; those of a session are kept, so that a client reads
// back what it set.
func (e *Executor) variableTable() map[string]*variable {
	all := map[string]*variable{}
	for line := range strings.Lines(sysVariables) {
		if v := listedVariable(strings.TrimSuffix(line, "\n")); v != nil {
			all[v.name] = v
		}
	}
	for _, part := range [][]*variable{sessionVariables(), textVariables(), e.serverVariables()} {
		for _, v := range part {
			all[v.name] = v
		}
	}
	return all
}

// listedVariable reads a row of sysVariables. It gives nil for a comment and for
// what the server computes or heeds.
func listedVariable(row string) *variable {
	fields := strings.Split(row, "\t")
	if len(fields) != 4 || fields[2] == "server" {
		return nil
	}
	typ, refused := strings.CutPrefix(fields[2], "!")
	v := &variable{name: fields[0], typ: listedType(typ)}
	switch fields[1] {
	case "global":
		v.scope, v.readOnly = globalOnly, true
	case "session":
		v.scope, v.readOnly = sessionOnly, fields[2] == "const"
	}
	d := eval.StringDatum(fields[3])
	switch v.typ.column {
	case wharf.TypeInt:
		if n, err := strconv.ParseInt(fields[3], 10, 64); err == nil {
			d = eval.IntDatum(n)
		}
	case wharf.TypeFloat:
		n, _ := strconv.ParseFloat(fields[3], 64)
		d = eval.FloatDatum(n)
	}
	var ok bool
	if v.def, ok = v.typ.parse(d); !ok {
		panic("sysvariables.txt: a wrong value: " + row)
	}
	if refused {
		v.refuse = func(value wharf.Value) error {
			if value == v.def {
				return nil
			}
			return eval.Unsupported("another value of " + v.name + " than " + v.text(v.def))
		}
	}
	return v
}

func listedType(text string) variableType {
	kind, rest, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	switch kind {
	case "bool":
		return onOff()
	case "float":
		return fractionNumber()
	case "int":
		low, high := int64(math.MinInt64), int64(math.MaxInt64)
		fmt.Sscanf(rest, "%d,%d", &low, &high) // the rest of those of global variables is ""
		return number(low, high)
	case "enum":
		return oneOf(strings.Split(rest, ",")...)
	case "engine":
		t := oneOf(strings.Split(rest, ",")...)
		t.unknown = func(name string) error { return eval.Invalid(errUnknownEngine, "Unknown storage engine '%s'", name) }
		return t
	}
	return words()
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
		{name: "sql_mode", typ: sqlModeType(), def: wharf.Text(defaultSQLMode), refuse: refuseModes, warn: (*Session).warnModes, apply: (*Session).setMode},
		{name: "block_encryption_mode", typ: oneOf(encryptionModes()...), def: wharf.Text("aes-128-ecb"), refuse: refuseEncryption},
		{name: "transaction_isolation", typ: isolation, def: wharf.Text("REPEATABLE-READ")},
		{name: "transaction_read_only", typ: onOff(), def: wharf.Int(0)},
		{name: "warning_count", scope: sessionOnly, typ: number(0, maxWarnings), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(len(s.warnings))) }},
		{name: "error_count", scope: sessionOnly, typ: number(0, maxWarnings), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(s.countErrors())) }},
		{name: "pseudo_thread_id", scope: sessionOnly, typ: number(0, math.MaxUint32), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(s.client.ID)) }},
		{name: "last_insert_id", scope: sessionOnly, typ: number(0, math.MaxInt64), readOnly: true, answer: (*Session).insertID},
		{name: "identity", scope: sessionOnly, typ: number(0, math.MaxInt64), readOnly: true, answer: (*Session).insertID},
		{name: "timestamp", scope: sessionOnly, typ: fractionNumber(), apply: (*Session).setTimestamp,
			answer: func(s *Session) wharf.Value { return wharf.Float(float64(s.Now().UnixMicro()) / 1e6) }},
		{name: "insert_id", scope: sessionOnly, typ: number(0, math.MaxInt64), def: wharf.Int(0), readOnly: true},
	}
}

// textVariables are the character sets and collations.
func textVariables() []*variable {
	utf8 := wharf.Text("utf8mb4")
	return []*variable{
		{name: "character_set_client", typ: charsetType(), def: utf8},
		{name: "character_set_connection", typ: charsetType(), def: utf8, apply: setsCollation("collation_connection")},
		{name: "character_set_results", typ: charsetType(), def: utf8},
		{name: "character_set_database", typ: charsetType(), def: utf8, apply: setsCollation("collation_database")},
		{name: "character_set_server", typ: charsetType(), def: utf8, apply: setsCollation("collation_server")},
		{name: "character_set_filesystem", typ: charsetType(), def: wharf.Text("binary")},
		{name: "character_set_system", scope: globalOnly, typ: charsetType(), def: wharf.Text("utf8mb3"), readOnly: true},
		{name: "collation_connection", typ: collationType(), def: wharf.Text(eval.DefaultCollation), apply: setsCharset("character_set_connection")},
		{name: "collation_database", typ: collationType(), def: wharf.Text(eval.DefaultCollation), apply: setsCharset("character_set_database")},
		{name: "collation_server", typ: collationType(), def: wharf.Text(eval.DefaultCollation), apply: setsCharset("character_set_server")},
		{name: "lc_messages", typ: localeType(), def: wharf.Text("en_US")},
		{name: "lc_time_names", typ: localeType(), def: wharf.Text("en_US"), refuse: refuseTimeNames},
	}
}

// setsCollation makes a character set's own collation the value of a variable.
func setsCollation(name string) func(*Session, wharf.Value) error {
	return func(s *Session, v wharf.Value) error {
		if set, ok := eval.FindCharset(v.Str()); ok {
			s.setVar(name, wharf.Text(set.Collation))
		}
		return nil
	}
}

// setsCharset makes a collation's character set the value of a variable.
func setsCharset(name string) func(*Session, wharf.Value) error {
	return func(s *Session, v wharf.Value) error {
		if id, ok := eval.FindCollation(v.Str()); ok {
			s.setVar(name, wharf.Text(id.Collation().Charset))
		}
		return nil
	}
}

// refuseTimeNames refuses locales whose names of days and months are not English.
func refuseTimeNames(v wharf.Value) error {
	if _, english, _ := eval.FindLocale(v.Str()); !english {
		return eval.Unsupported("a locale with other names of days and months than the English ones for lc_time_names")
	}
	return nil
}

// encryptionModes are the values of block_encryption_mode.
func encryptionModes() []string {
	var all []string
	for _, mode := range []string{"ecb", "cbc", "cfb1", "cfb8", "cfb128", "ofb"} {
		for _, bits := range []string{"128", "192", "256"} {
			all = append(all, "aes-"+bits+"-"+mode)
		}
	}
	return all
}

// refuseEncryption refuses the modes that AES_ENCRYPT does not have.
func refuseEncryption(v wharf.Value) error {
	if mode := v.Str(); !strings.HasSuffix(mode, "-ecb") && !strings.HasSuffix(mode, "-cbc") {
		return eval.Unsupported("block_encryption_mode = '" + mode + "'")
	}
	return nil
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
	ssl := wharf.Text("DISABLED")
	if e.tls {
		ssl = wharf.Text("YES")
	}
	return []*variable{
		fixed("have_ssl", words(), ssl),
		fixed("have_openssl", words(), ssl),
		fixed("version", words(), wharf.Text(e.version)),
		fixed("version_comment", words(), wharf.Text("Wharf, a stage server")),
		fixed("version_compile_machine", words(), wharf.Text(machine())),
		fixed("version_compile_os", words(), wharf.Text(system())),
		fixed("protocol_version", number(10, 11), wharf.Int(10)),
		fixed("hostname", words(), wharf.Text(hostname)),
		{name: "port", scope: globalOnly, typ: number(0, 65535), readOnly: true, answer: func(s *Session) wharf.Value { return wharf.Int(int64(s.executor.port())) }},
		{name: "max_allowed_packet", typ: number(1024, 1<<30), def: wharf.Int(e.maxPacket), readOnly: true},
		fixed("max_connections", number(1, 100000), wharf.Int(e.maxConns)),
		{name: "max_user_connections", typ: number(0, 100000), def: wharf.Int(e.maxUserConns), readOnly: true},
		fixed("system_time_zone", words(), wharf.Text("UTC")),
		fixed("license", words(), wharf.Text("Apache-2.0")),
	}
}
