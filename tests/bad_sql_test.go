package tests

import (
	"strings"
	"testing"
)

// Statements that are refused, each with its number, its SQLSTATE, and a
// message that names what is wrong and no secret.
func TestBadStatements(t *testing.T) {
	t.Parallel()
	const secret = "sQl-secret-4711"
	s := start(t, settings{secrets: []string{secret}})
	s.exec("CREATE STAGE s")
	with := func(rest string) string { return "CREATE STAGE x URL = 's3://bucket/p/' " + rest }
	for _, c := range []struct {
		name, statement string
		number          uint16
		state           string
		words           []string
	}{
		{"mistake", "CREAT STAGE x", 1064, "42000", []string{"CREAT STAGE x", "line 1", "column 1"}},
		{"mistake on line 3", "CREATE STAGE x\n\n  NONSENSE = 1", 1064, "42000", []string{"NONSENSE", "line 3", "column 3"}},
		{"mistake after a secret", with("CONNECTION = (secret_access_key = '" + secret + "') NONSENSE"), 1064, "42000", []string{"'…'", "column", "expected"}},
		{"mistake before a secret", with("CONECTION = (secret_access_key = '" + secret + "')"), 1064, "42000", []string{"CONECTION", "…"}},
		{"unclosed secret", with("CONNECTION = (secret_access_key = '" + secret), 1064, "42000", []string{"quote"}},
		{"valid MySQL", "CREATE TABLE t (a INT)", 1235, "42000", []string{"CREATE TABLE"}},
		{"valid MySQL that TiDB does not read", "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1", 1235, "42000", []string{"CREATE TRIGGER"}},
		{"unknown stage", "LIST @nosuch", 1146, "42S02", []string{"nosuch"}},
		{"drop unknown", "DROP STAGE nosuch", 1146, "42S02", []string{"nosuch"}},
		{"taken", "CREATE STAGE s", 1050, "42S01", []string{"s"}},
		{"both modes", "CREATE OR REPLACE STAGE IF NOT EXISTS x", 1064, "42000", nil},
		{"unknown connection key", with("CONNECTION = (secret_acces_key = '" + secret + "')"), 1210, "HY000", []string{"secret_acces_key"}},
		{"unknown format option", "CREATE STAGE x FILE_FORMAT = (TYPE = CSV, SKIP_HEADERS = 1)", 1210, "HY000", []string{"SKIP_HEADERS"}},
		{"bad format value", "CREATE STAGE x FILE_FORMAT = (TYPE = CSV, SKIP_HEADER = 'many')", 1210, "HY000", []string{"SKIP_HEADER"}},
		{"unknown format", "CREATE STAGE x FILE_FORMAT = (TYPE = WORD)", 1210, "HY000", []string{"WORD"}},
		{"URL without its slash", "CREATE STAGE x URL = 's3://bucket/path'", 1210, "HY000", []string{"/"}},
		{"unknown scheme", "CREATE STAGE x URL = 'gopher://bucket/path/'", 1235, "42000", []string{"gopher"}},
		{"credentials in the URL", "CREATE STAGE x URL = 's3://key:" + secret + "@bucket/path/'", 1210, "HY000", []string{"credentials"}},
		{"no bucket", "CREATE STAGE x URL = 's3:///path/'", 1210, "HY000", []string{"bucket"}},
		{"bad endpoint", with("CONNECTION = (endpoint_url = 'ftp://h')"), 1210, "HY000", []string{"endpoint"}},
		{"up", "LIST @s/../x", 1210, "HY000", []string{".."}},
		{"bare REMOVE", "REMOVE @s", 1175, "HY000", []string{"@s/"}},
		{"REMOVE of no file", "REMOVE @s/nosuch", 1146, "42S02", []string{"nosuch", "@s/nosuch/", "PATTERN"}},
		{"comment in a location", "REMOVE @s/*.csv", 1064, "42000", []string{"quote"}},
		{"bad pattern", "LIST @s PATTERN = '('", 1210, "HY000", []string{"("}},
		{"pattern that RE2 lacks", "LIST @s PATTERN = '(?=a)b'", 1210, "HY000", nil},
		{"empty", "", 1065, "42000", nil},
		{"invalid UTF-8", "CREATE STAGE x COMMENT = 'a\xffb'", 1210, "HY000", []string{"UTF-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.db("").ExecContext(s.context(), c.statement)
			wantSQLError(t, err, c.number, c.state, c.words...)
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the message holds the secret: %v", err)
			}
		})
	}
	if got := strings.Join(s.column("SHOW STAGES"), " "); got != "s" {
		t.Errorf("stages %q after refused statements, want s", got)
	}
	s.alive()
}

// The mariadb client shows the number, the state and the message.
func TestErrorAtTheCommandLine(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	out := s.mariadb("", "-e", "LIST @nosuch")
	if out.code != 1 || !strings.Contains(out.stderr, "\nERROR 1146 (42S02) at line 1: ") || !strings.Contains(out.stderr, "nosuch") {
		t.Errorf("status %d, stderr %q", out.code, out.stderr)
	}
}

// A statement of 16 MiB is answered, whichever way, and no memory is kept for
// one that is refused; a packet over the limit is 1153.
func TestHugeStatement(t *testing.T) {
	s := start(t, settings{})
	db := s.db("maxAllowedPacket=0")
	var limit int
	if err := db.QueryRowContext(s.context(), "SELECT @@max_allowed_packet").Scan(&limit); err != nil {
		t.Fatal(err)
	}
	blanks := strings.Repeat(" ", 16<<20)
	_, err := s.db("maxAllowedPacket=1073741824").ExecContext(s.context(), "CREATE STAGE huge COMMENT = '"+blanks+"'")
	wantSQLError(t, err, 1210, "HY000", "COMMENT", "16777216")
	_, err = s.db("maxAllowedPacket=1073741824").ExecContext(s.context(), "LIST"+blanks+"NONSENSE")
	wantSQLError(t, err, 1064, "42000", "column 16777221")
	_, err = s.db("maxAllowedPacket=1073741824").ExecContext(s.context(), blanks+"NONSENSE")
	wantSQLError(t, err, 1064, "42000", "line 1, column 1") // as in MySQL, a statement begins behind its blanks
	_, err = s.db("maxAllowedPacket=1073741824").ExecContext(s.context(), "CREATE STAGE huge"+strings.Repeat(" ", limit))
	wantSQLError(t, err, 1153, "08S01")
	long := strings.Repeat("c", 1000)
	s.exec("CREATE STAGE fits" + strings.Repeat(" ", limit/2) + "COMMENT = '" + long + "'")
	if got := strings.Join(s.column("SHOW STAGES"), " "); got != "fits" {
		t.Errorf("stages %q, want fits", got)
	}
	s.alive()
}

// No secret is shown by what describes a stage, and every spelling of the
// credentials is one.
func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	const key, secret, token = "hidden-key-11", "hidden-secret-22", "hidden-token-33"
	s := start(t, settings{secrets: []string{secret, token}})
	s.exec(
		"CREATE STAGE a URL = 's3://bucket/p/' CONNECTION = (access_key_id = '"+key+"', secret_access_key = '"+secret+"', session_token = '"+token+"')",
		"CREATE STAGE b URL = 's3://bucket/p/' CREDENTIALS = (AWS_KEY_ID = '"+key+"' AWS_SECRET_KEY = '"+secret+"' AWS_TOKEN = '"+token+"')",
	)
	for _, q := range []string{"SHOW STAGES", "DESC STAGE a", "DESC STAGE b", "DESCRIBE STAGE a", "SHOW PROCESSLIST", "SHOW FULL PROCESSLIST"} {
		out := s.mariadb("", "-t", "-e", q)
		if out.code != 0 {
			t.Errorf("%s: %s", q, out.stderr)
		}
		for _, hidden := range []string{secret, token, "hidden-"} {
			if strings.Contains(out.stdout, hidden) {
				t.Errorf("%s shows %q:\n%s", q, hidden, out.stdout)
			}
		}
	}
	s.Stop()
	wantSealed(t, s.dir, secret, token)
}
