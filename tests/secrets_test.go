package tests

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Secrets of TestNoSecretAnywhere. Each is a word of its own, so that a search
// finds it in whatever way it was written.
const (
	userSecret    = "hush-user-password"
	changedSecret = "hush-changed-password"
	keySecret     = "hush0access0key"
	tokenSecret   = "hush-session-token"
	outerSecret   = "hush-external-id"
	wrongSecret   = "hush-wrong-password"
	headerSecret  = "hush-in-a-header"
	typedSecret   = "hush-in-a-statement"
	nativeHash    = "*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9"
	sealingKey    = "6875736868757368687573686875736868757368687573686875736868757368"
)

var allSecrets = []string{rootPassword, fakeSecret, userSecret, changedSecret, keySecret, tokenSecret, outerSecret,
	wrongSecret, headerSecret, nativeHash, sealingKey, "hushhushhush", "$A$005$", typedSecret}

// TestNoSecretAnywhere gives a server every kind of secret in every way that
// there is, and searches for them in all that it shows and writes: SHOW, DESC and
// their like, information_schema, EXPLAIN, errors and warnings, the process list,
// metrics, pages, the log at level debug, the audit log, the stacks that the
// runtime writes at a crash, and each byte of the data folder.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	audit := filepath.Join(t.TempDir(), "audit.log")
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, settings{dir: dir, args: []string{"--audit-log", audit, "--metrics-addr", "127.0.0.1:0"}, secrets: allSecrets, killed: true,
		env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword, "WHARF_KEY=" + sealingKey}})
	db := s.dbAs("root:"+rootPassword, "")
	w := &watcher{t: t, s: s, db: db}
	signature := w.putIn()
	s.Hide(signature)
	w.secrets = append(append([]string{}, allSecrets...), signature)
	rows := w.show()
	if rows < 500 {
		t.Errorf("only %d rows were searched", rows)
	}
	for _, url := range []string{"http://" + s.Ports["metrics"] + "/metrics", "http://" + s.http + "/", "http://" + s.http + "/v1/health/ready",
		"http://" + s.http + "/v1/stage/s/", "http://" + s.http + "/v1/stage/none/a"} {
		r := s.curl("-i", "-u", "root:"+rootPassword, url)
		w.search(url, string(r.body))
	}
	for _, stack := range s.Goroutines() {
		w.search("a stack", stack)
	}
	text, err := os.ReadFile(audit)
	if err != nil || !strings.Contains(string(text), "CREATE USER") {
		t.Errorf("the audit log: %v", err)
	}
	w.search("the audit log", string(text))
	wantSealed(t, dir, w.secrets...)
}

// watcher searches for secrets.
type watcher struct {
	t       *testing.T
	s       *server
	db      *sql.DB
	secrets []string
}

func (w *watcher) search(where, text string) {
	w.t.Helper()
	for _, secret := range w.secrets {
		if i := strings.Index(text, secret); i >= 0 {
			w.t.Errorf("%s shows %q: %.200q", where, secret, text[max(0, i-80):])
		}
	}
}

var signatureOf = regexp.MustCompile(`(?i)[?&]X-Wharf-Signature=([^&]+)`)

// putIn gives the server secrets in all ways. It returns the signature of a
// presigned URL that was used.
func (w *watcher) putIn() (signature string) {
	w.t.Helper()
	keys := fmt.Sprintf("ACCESS_KEY_ID = '%s' SECRET_ACCESS_KEY = '%s' SESSION_TOKEN = '%s'", keySecret, fakeSecret, tokenSecret)
	for _, q := range []string{
		"CREATE STAGE s", "CREATE STAGE outer URL = 's3://bucket/' CONNECTION = (ENDPOINT_URL = 'http://127.0.0.1:1' " + keys + ")",
		"CREATE STAGE again URL = 's3://bucket/' CONNECTION = (" + keys + ")", "CREATE OR REPLACE STAGE again", "DROP STAGE again",
		"CREATE CONNECTION c STORAGE_TYPE = 's3' " + keys,
		"CREATE USER ann IDENTIFIED BY '" + userSecret + "'", "CREATE USER nat IDENTIFIED WITH mysql_native_password AS '" + nativeHash + "'",
		"ALTER USER ann IDENTIFIED BY '" + changedSecret + "'", "SET PASSWORD FOR ann = '" + userSecret + "'", "GRANT READ ON STAGE s TO ann",
	} {
		if _, err := w.db.ExecContext(w.s.context(), q); err != nil {
			w.t.Fatalf("%.40s…: %v", q, err)
		}
	}
	if _, err := w.db.ExecContext(w.s.context(), "CREATE CONNECTION p STORAGE_TYPE = 's3' ACCESS_KEY_ID = ? SECRET_ACCESS_KEY = ?", keySecret, fakeSecret); err != nil {
		w.t.Fatal(err)
	}
	// Statements that fail, each in another way.
	for _, q := range []string{
		"CREATE USER ann IDENTIFIED BY '" + typedSecret + "'", "CREATE USR x IDENTIFIED BY '" + typedSecret + "'", "CREATE USER x IDENTIFIED BY '" + typedSecret,
		`CREATE USER x IDENTIFIED BY "` + typedSecret + `" OOPS`, "SET PASSWORD FOR nobody = '" + typedSecret + "'", "ALTER USER nobody IDENTIFIED BY '" + typedSecret + "'",
		"CREATE STAGE s CONNECTION = (SECRET_ACCESS_KEY = '" + typedSecret + "')", "CREATE STAGE x URL = 's3://b/' CONNECTION = (SECRET_ACCESS_KY = '" + typedSecret + "')",
		"CREATE STAGE x URL = 's3://b/' CONNECTION = (SECRET_ACCESS_KEY = '" + typedSecret + "' SECRET_ACCESS_KEY = '" + typedSecret + "')",
		"LIST @outer", "SELECT * FROM @outer/a.csv", "COPY INTO @outer/x FROM (SELECT 1)",
	} {
		_, err := w.db.ExecContext(w.s.context(), q)
		if err == nil {
			w.t.Errorf("%.40s… works", q)
			continue
		}
		w.secrets = allSecrets
		w.search(fmt.Sprintf("the error of %.12s", q), err.Error())
	}
	w.knock()
	var method, headers, url string
	if err := w.db.QueryRowContext(w.s.context(), "PRESIGN UPLOAD @s/a.csv").Scan(&method, &headers, &url); err != nil {
		w.t.Fatal(err)
	}
	m := signatureOf.FindStringSubmatch(url)
	if r := w.s.curl("-T", "testdata/files/books.csv", url); r.status != 200 || m == nil {
		w.t.Fatalf("%s: %d %s", url, r.status, r.body)
	}
	for _, changed := range []string{url + "x", strings.Replace(url, "a.csv", "b.csv", 1), url + "&password=" + headerSecret} {
		r := w.s.curl(changed)
		w.search("the answer to a changed URL", string(r.body))
	}
	return m[1]
}

// knock sends secrets where they are wrong.
func (w *watcher) knock() {
	w.t.Helper()
	for _, user := range []string{"root:" + wrongSecret, "nobody:" + wrongSecret, "ann:" + userSecret} {
		_ = w.s.dbAs(user, "").PingContext(w.s.context())
		w.s.curl("-u", user, "http://"+w.s.http+"/v1/stage/s/")
	}
	base := "http://" + w.s.http
	for _, args := range [][]string{
		{"-H", "Authorization: Bearer " + headerSecret}, {"-H", "Authorization: " + headerSecret}, {"-H", "Authorization: Basic " + headerSecret},
		{"-H", "Cookie: session=" + headerSecret}, {"-H", "X-Api-Key: " + headerSecret}, {"-H", "Proxy-Authorization: Basic " + headerSecret},
		{"-H", "stage_name: s", "-H", "relative_pth: " + headerSecret, "-F", "upload=@testdata/files/books.csv"},
	} {
		for _, password := range []string{"", rootPassword} {
			if password != "" && strings.HasPrefix(args[1], "Authorization") {
				continue
			} else if password != "" {
				args = append(args, "-u", "root:"+password)
			}
			r := w.s.curl(append(args, base+"/v1/upload_to_stage?password="+headerSecret)...)
			w.search("the answer to "+args[1][:8], string(r.body))
		}
	}
}

// show searches all that statements show, and returns how many rows that were. SHOW
// CREATE USER of a user with a hash in text shows it, as in MySQL.
func (w *watcher) show() (rows int) {
	w.t.Helper()
	statements := []string{
		"SHOW STAGES", "SHOW CONNECTIONS", "SHOW FILE FORMATS", "SHOW USERS", "SHOW ROLES", "SHOW GRANTS", "SHOW GRANTS FOR ann", "SHOW DATABASES",
		"SHOW VARIABLES", "SHOW GLOBAL VARIABLES", "SHOW STATUS", "SHOW WARNINGS", "SHOW ERRORS", "SHOW PLUGINS", "SHOW ENGINES", "SHOW PRIVILEGES",
		"SHOW TABLES FROM s", "SHOW FULL TABLES FROM s", "SHOW TABLE STATUS FROM s", "SHOW COLUMNS FROM `a.csv` FROM s", "SHOW CREATE TABLE s.`a.csv`",
		"DESC STAGE outer", "DESC CONNECTION c", "DESC CONNECTION p", "SHOW CREATE STAGE outer", "SHOW CREATE CONNECTION c", "SHOW CREATE USER ann",
		"SHOW FILES FROM @s", "LIST @s", "LIST FULL @s", "SHOW MASTER STATUS", "SHOW REPLICA STATUS", "SHOW PROFILES",
		"SELECT * FROM system.stages", "EXPLAIN SELECT * FROM s.`a.csv`", "EXPLAIN ANALYZE SELECT * FROM s.`a.csv`", "SELECT USER(), CURRENT_USER(), @@version",
	}
	tables, err := w.db.QueryContext(w.s.context(), "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema'")
	if err != nil {
		w.t.Fatal(err)
	}
	defer tables.Close()
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			w.t.Fatal(err)
		}
		statements = append(statements, "SELECT * FROM information_schema."+name)
	}
	for _, q := range statements {
		n, err := w.rows(q)
		if err != nil && !strings.Contains(q, "USER ") && !strings.Contains(err.Error(), "not supported") {
			w.t.Errorf("%s: %v", q, err)
		}
		rows += n
	}
	return rows + w.processes()
}

// rows searches the rows of a statement, and its error.
func (w *watcher) rows(q string) (n int, err error) {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.s.context(), q)
	if err != nil {
		w.search(q, err.Error())
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for _, v := range values {
			w.search(q, string(v))
		}
	}
	return n, rows.Err()
}

// processes searches the process list while a statement with a secret runs.
func (w *watcher) processes() (n int) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.s.context(), time.Minute)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// It ends with its context.
		_, _ = w.db.ExecContext(ctx, "SELECT SLEEP(50), '"+typedSecret+"', \""+typedSecret+"\", 0x"+fmt.Sprintf("%x", typedSecret))
	}()
	w.s.eventually("the statement in the process list", func() bool {
		var running int
		err := w.db.QueryRowContext(w.s.context(), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'").Scan(&running)
		return err == nil && running == 1
	})
	for _, q := range []string{"SHOW FULL PROCESSLIST", "SHOW PROCESSLIST", "SELECT * FROM information_schema.PROCESSLIST"} {
		more, err := w.rows(q)
		if n += more; err != nil || more < 2 {
			w.t.Errorf("%s: %d rows, %v", q, more, err)
		}
	}
	stop()
	<-ended
	return n
}
