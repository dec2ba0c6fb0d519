package sql

import (
	"regexp"
	"strings"

	"wharf"
)

// beyondTiDB names the statements that are valid, in MySQL or in the
// language of stages, but that TiDB's parser cannot read. It goes by their
// leading words: what follows is not checked. It gives "" for all others,
// which are mistakes.
func beyondTiDB(src source) string {
	if name := ofStages(src); name != "" {
		return name
	}
	if name := ofPrograms(src); name != "" {
		return name
	}
	if src.distinctWindow() {
		return "<window function>(DISTINCT ..)"
	}
	return byLeadingWords(src, leadingNames)
}

// distinctWindow reports whether there is COUNT(DISTINCT x) OVER, which MySQL reads and
// does not do either.
func (s source) distinctWindow() bool {
	return containsFold(s.clean, "distinct") && distinctOver.MatchString(s.clean)
}

var distinctOver = regexp.MustCompile(`(?i)\w\s*\(\s*DISTINCT\b(?:[^()]|\([^()]*\))*\)\s*OVER\b`)

// longByRight names a statement that may be longer than TiDB's parser should
// be given, "" for those that may not.
func longByRight(src source) string { return byLeadingWords(src, longNames) }

func byLeadingWords(src source, table []string) string {
	p := newParser(src)
	for _, name := range table {
		if p.acceptAll(strings.Fields(name)...) {
			return name
		}
	}
	return ""
}

var longNames = []string{
	"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "CREATE TABLE", "CREATE TEMPORARY TABLE", "ALTER TABLE", "CALL", "EXECUTE",
}

// leadingNames are statements that their first words tell.
var leadingNames = []string{
	"ALTER INSTANCE", "ALTER LOGFILE GROUP", "ALTER RESOURCE GROUP", "ALTER SERVER", "ALTER TABLESPACE", "ALTER UNDO TABLESPACE", "ALTER VIEW",
	"CACHE INDEX", "CHANGE MASTER", "CHANGE REPLICATION", "CHECK TABLE", "CHECKSUM TABLE", "CLONE",
	"CREATE LOGFILE GROUP", "CREATE RESOURCE GROUP", "CREATE SERVER", "CREATE SPATIAL REFERENCE SYSTEM",
	"CREATE OR REPLACE SPATIAL REFERENCE SYSTEM", "CREATE TABLESPACE", "CREATE UNDO TABLESPACE",
	"DROP LOGFILE GROUP", "DROP RESOURCE GROUP", "DROP SERVER", "DROP SPATIAL REFERENCE SYSTEM", "DROP TABLESPACE", "DROP UNDO TABLESPACE",
	"FLUSH", "GET CURRENT DIAGNOSTICS", "GET DIAGNOSTICS", "GET STACKED DIAGNOSTICS",
	"HANDLER", "HELP", "IMPORT TABLE", "INSTALL COMPONENT", "INSTALL PLUGIN",
	"LOAD INDEX INTO CACHE", "LOAD XML", "LOCK INSTANCE", "PURGE BINARY LOGS", "PURGE MASTER LOGS",
	"RESET MASTER", "RESET PERSIST", "RESET REPLICA", "RESET SLAVE", "RESET BINARY LOGS", "RESET QUERY CACHE",
	"REPAIR", "RESIGNAL", "SET PERSIST", "SET PERSIST_ONLY", "SIGNAL",
	"SHOW BINARY LOGS", "SHOW BINLOG EVENTS", "SHOW CREATE EVENT", "SHOW CREATE FUNCTION", "SHOW CREATE PROCEDURE",
	"SHOW CREATE TRIGGER", "SHOW ENGINE", "SHOW FUNCTION CODE", "SHOW MASTER LOGS", "SHOW PARSE_TREE",
	"SHOW PROCEDURE CODE", "SHOW RELAYLOG EVENTS", "SHOW REPLICA STATUS", "SHOW REPLICAS", "SHOW SLAVE HOSTS",
	"SHOW SLAVE STATUS", "START GROUP_REPLICATION", "START REPLICA", "START SLAVE", "STOP GROUP_REPLICATION",
	"STOP REPLICA", "STOP SLAVE", "UNINSTALL COMPONENT", "UNINSTALL PLUGIN", "UNLOCK INSTANCE",
	"XA BEGIN", "XA COMMIT", "XA END", "XA PREPARE", "XA RECOVER", "XA ROLLBACK", "XA START",
}

// maxHead is how many words and signs there may be between CREATE and what
// is created: OR REPLACE DEFINER = 'user'@'host' SQL SECURITY INVOKER.
const maxHead = 12

// ofPrograms names CREATE, ALTER and DROP of stored programs.
func ofPrograms(src source) string {
	p := newParser(src)
	verb := strings.ToUpper(p.advance())
	if verb != "CREATE" && verb != "ALTER" && verb != "DROP" {
		return ""
	}
	for range maxHead {
		switch what := strings.ToUpper(p.text()); what {
		case "TRIGGER", "EVENT", "FUNCTION", "PROCEDURE", "LIBRARY":
			return verb + " " + what
		case "VIEW":
			return ""
		case "OR", "REPLACE", "DEFINER", "AGGREGATE", "=", "@", "CURRENT_USER", "(", ")", "SQL", "SECURITY", "INVOKER":
		default:
			if p.tok.kind == kindEnd || p.tok.kind == kindWord && !p.inDefiner() {
				return ""
			}
		}
		p.advance()
	}
	return ""
}

// inDefiner tells whether the next token may be the user or the host of a
// DEFINER: it follows '=' or '@'.
func (p *parser) inDefiner() bool {
	before := strings.TrimRight(p.src.clean[:p.tok.start], " \t\n\v\f\r")
	return strings.HasSuffix(before, "=") || strings.HasSuffix(before, "@")
}

// stageNames are statements of Databend and Snowflake that their first words
// tell.
var stageNames = []string{
	"ALTER CONNECTION", "ALTER FILE FORMAT", "COPY INTO", "CREATE OR REPLACE TEMP STAGE", "CREATE OR REPLACE TEMPORARY STAGE",
	"CREATE TEMP STAGE", "CREATE TEMPORARY STAGE", "CREATE STORAGE INTEGRATION", "SHOW CREATE CONNECTION",
	"SHOW CREATE FILE FORMAT", "SHOW GRANTS ON", "SHOW WAREHOUSES", "TRUNCATE STAGE", "UNDROP",
	"USE CATALOG", "USE ROLE", "USE SCHEMA", "USE WAREHOUSE", "VACUUM",
}

// instead tells what to do in place of a statement.
var instead = map[string]string{
	"PUT": "upload over HTTP, with PUT /v1/stage/<stage>/<path>",
	"GET": "download over HTTP, with GET /v1/stage/<stage>/<path>",

	"CREATE TABLE":   written,
	"INSERT":         written,
	"REPLACE":        replaced,
	"UPDATE":         replaced,
	"DELETE":         replaced + ", and REMOVE deletes it",
	"TRUNCATE TABLE": "REMOVE @stage/path deletes a file",
	"DROP TABLE":     "REMOVE @stage/path deletes a file",
	"RENAME TABLE":   "COPY FILES INTO copies a file, and REMOVE deletes it",
	"DROP DATABASE":  "DROP STAGE drops a stage",
	intoOutfile:      "COPY INTO @stage FROM (SELECT …) writes files",
	copyIntoTable:    "there are no tables to load; SELECT reads files where they are",
}

// copyIntoTable names a COPY INTO whose target is no location.
const copyIntoTable = "COPY INTO a table"

// intoOutfile names a query that writes a file, wherever its INTO stands.
const intoOutfile = "SELECT … INTO OUTFILE"

// intoFile reports whether a query writes a file of the server's machine.
func (s source) intoFile() bool {
	if !containsFold(s.clean, "outfile") && !containsFold(s.clean, "dumpfile") {
		return false
	}
	for p := newParser(s); p.tok.kind != kindEnd; {
		if p.accept("INTO") && (p.accept("OUTFILE") || p.accept("DUMPFILE")) && p.tok.kind == kindString {
			return true
		}
		p.advance()
	}
	return false
}

const (
	written  = "upload a file over HTTP, or write it by COPY INTO @stage FROM (SELECT …)"
	replaced = "a file is replaced as a whole, by an upload or by COPY INTO @stage … OVERWRITE = TRUE"
)

// notDone is the error of a clause that is valid elsewhere.
func notDone(name string) error {
	return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported by Wharf", name)
}

// ofStages names what of the language of stages is not done yet.
func ofStages(src source) string {
	p := newParser(src)
	switch {
	case p.accept("PUT"):
		return "PUT"
	case p.accept("GET") && (p.is("@") || p.tok.kind == kindString):
		return "GET"
	case byLeadingWords(src, stageNames) != "":
		return byLeadingWords(src, stageNames)
	case p.is("SELECT") || p.is("WITH") || p.is("INSERT") || p.is("REPLACE") || p.is("CREATE") || p.is("EXPLAIN") || p.is("("):
		return p.fromStage()
	}
	return ""
}

// fromStage looks for FROM @stage, for table functions, and for INTO @var,
// which TiDB's parser does not read either.
func (p *parser) fromStage() string {
	for p.tok.kind != kindEnd {
		if p.accept("INTO") && p.is("@") {
			return "SELECT … INTO"
		}
		if p.accept("FROM") {
			if p.is("@") || p.tok.kind == kindString && strings.HasPrefix(p.text()[1:], "@") {
				return "SELECT from a stage"
			}
			continue
		}
		called := strings.ToUpper(p.advance())
		switch called {
		case "JSON_TABLE":
			if p.is("(") {
				return called
			}
		}
	}
	return ""
}
