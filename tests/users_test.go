package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// login tries a login by the mariadb command line, and returns the account that the
// client is, or the number of the error.
func (s *server) login(user, password string, args ...string) string {
	s.t.Helper()
	out := s.mariadbAs(user, password, "", append(args, "-N", "-e", "SELECT CURRENT_USER()")...)
	if out.code == 0 {
		return strings.TrimSpace(out.stdout)
	}
	return strings.Join(strings.Fields(out.stderr)[:2], " ")
}

// basic tries a login over HTTP.
func (s *server) basic(user, password string) int {
	s.t.Helper()
	return s.curl("-u", user+":"+password, "http://"+s.http+"/v1/stage/~/").status
}

func (s *server) as(user, password string, args ...string) output {
	s.t.Helper()
	return s.mariadbAs(user, password, "", append([]string{"-N"}, args...)...)
}

// TestUserLogin: users log in by both plugins, from where their hosts say, on both
// ports; who may not gets the same answer for every reason.
func TestUserLogin(t *testing.T) {
	t.Parallel()
	const pw, other, rootsOwn = "Tr0ub4dor & 3", "0ther p:w", "r00t's own"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(rootsOwn), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	o := settings{dir: dir, args: []string{"--root-password-file", file}, secrets: []string{pw, other, rootsOwn}}
	s := start(t, o)
	root := s.dbAs("root:"+rootsOwn, "")
	for _, q := range []string{
		"CREATE USER sha IDENTIFIED BY '" + pw + "', nat IDENTIFIED WITH mysql_native_password BY '" + pw + "'",
		"CREATE USER 'here'@'127.0.0.%' IDENTIFIED BY '" + pw + "', 'net'@'127.0.0.0/8' IDENTIFIED BY '" + pw + "', 'away'@'10.0.0.0/8' IDENTIFIED BY '" + pw + "'",
		"CREATE USER 'two'@'%' IDENTIFIED BY '" + other + "', 'two'@'127.0.0.1' IDENTIFIED BY '" + pw + "'",
		"CREATE USER shut IDENTIFIED BY '" + pw + "' ACCOUNT LOCK", "CREATE USER bare", "CREATE ROLE r",
	} {
		if _, err := root.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	check := func(s *server) {
		t.Helper()
		for _, c := range []struct{ user, password, want string }{
			{"sha", pw, "sha@%"}, {"nat", pw, "nat@%"}, {"here", pw, "here@127.0.0.%"}, {"net", pw, "net@127.0.0.0/8"},
			{"two", pw, "two@127.0.0.1"}, {"bare", "", "bare@%"}, {"root", rootsOwn, "root@%"},
			{"sha", other, "ERROR 1045"}, {"sha", "", "ERROR 1045"}, {"nat", other, "ERROR 1045"}, {"nat", "", "ERROR 1045"}, {"away", pw, "ERROR 1045"},
			{"two", other, "ERROR 1045"}, {"shut", pw, "ERROR 3118"}, {"shut", other, "ERROR 1045"}, {"nobody", pw, "ERROR 1045"}, {"nobody", "", "ERROR 1045"},
			{"r", "", "ERROR 1045"}, {"bare", pw, "ERROR 1045"}, {"SHA", pw, "ERROR 1045"}, {"root", pw, "ERROR 1045"}, {"root", "", "ERROR 1045"},
		} {
			for _, args := range [][]string{nil, {"--skip-ssl"}, {"--default-auth=mysql_native_password"}, {"--default-auth=caching_sha2_password"}} {
				if got := s.login(c.user, c.password, args...); got != c.want {
					t.Errorf("%s with %q and %v is %q, want %q", c.user, c.password, args, got, c.want)
				}
			}
			status := 200
			if strings.HasPrefix(c.want, "ERROR") {
				status = 401
			}
			for range 2 {
				if got := s.basic(c.user, c.password); got != status {
					t.Errorf("%s with %q over HTTP: %d, want %d", c.user, c.password, got, status)
				}
			}
		}
		for _, user := range []string{"sha", "nat"} {
			if err := s.dbAs(user+":"+pw, "allowNativePasswords=true").PingContext(s.context()); err != nil {
				t.Errorf("go-sql-driver as %s: %v", user, err)
			}
		}
	}
	check(s)
	s.Stop()
	for _, name := range []string{"catalog.db", "catalog.key"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{pw, other, "$A$005$"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	s = start(t, o)
	check(s)
	root = s.dbAs("root:"+rootsOwn, "")
	if _, err := root.Exec("SET PASSWORD FOR sha = '" + other + "'"); err != nil {
		t.Fatal(err)
	}
	if got := s.login("sha", pw); got != "ERROR 1045" {
		t.Errorf("the old password after SET PASSWORD: %s", got)
	}
	if got := s.login("sha", other); got != "sha@%" {
		t.Errorf("the new password after SET PASSWORD: %s", got)
	}
	if got := s.basic("sha", pw); got != 401 {
		t.Errorf("the old password over HTTP after SET PASSWORD: %d", got)
	}
}

// TestUsersApart: what one user has, another does not see, in any list, error or
// connection; a REVOKE and a DROP hold at once, also for presigned URLs.
func TestUsersApart(t *testing.T) {
	t.Parallel()
	const pw = "Tr0ub4dor & 3"
	s := start(t, settings{secrets: []string{pw}})
	s.exec("CREATE USER ann IDENTIFIED BY '"+pw+"'", "CREATE USER bob IDENTIFIED BY '"+pw+"'", "GRANT CREATE STAGE ON *.* TO ann, bob")
	ann := func(statement string) string {
		out := s.as("ann", pw, "-e", statement)
		return out.stdout + out.stderr
	}
	bob := func(statement string) string {
		out := s.as("bob", pw, "-e", statement)
		return out.stdout + out.stderr
	}
	if got := ann("CREATE STAGE diary COMMENT = 'very private'"); got != "" {
		t.Fatal(got)
	}
	if r := s.curl("-u", "ann:"+pw, "--data-binary", "1,secret words\n", "-X", "PUT", fileURL(s, "diary", "page.csv")); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if got := ann("SELECT * FROM @diary/page.csv; DESC STAGE diary"); !strings.Contains(got, "secret words") || !strings.Contains(got, "very private") {
		t.Errorf("the owner sees %s", got)
	}
	for _, q := range []string{
		"SHOW STAGES", "SHOW DATABASES", "SELECT * FROM information_schema.schemata", "SELECT * FROM information_schema.tables WHERE table_schema <> 'information_schema'",
		"SELECT * FROM information_schema.columns WHERE table_schema = 'diary'", "SELECT * FROM information_schema.stages", "SHOW PROCESSLIST",
		"SHOW GRANTS", "SHOW USERS", "SHOW WARNINGS", "SELECT * FROM information_schema.user_attributes", "SELECT * FROM information_schema.views WHERE table_schema = 'diary'",
		"DROP STAGE IF EXISTS diary", "ALTER STAGE IF EXISTS diary RENAME TO mine",
	} {
		if got := bob(q); strings.Contains(got, "diary\t") || strings.Contains(got, "private") || strings.Contains(got, "ann\t") || strings.Contains(got, "ERROR") || strings.Contains(got, "page") {
			t.Errorf("%s shows bob %s", q, got)
		}
	}
	for q, want := range map[string]string{
		"CREATE STAGE diary": "ERROR 1050", "CREATE OR REPLACE STAGE diary": "ERROR 1050", "CREATE STAGE mine; ALTER STAGE mine RENAME TO diary": "ERROR 1050",
		"GRANT READ ON STAGE diary TO bob": "ERROR 1146", "SHOW TABLES FROM diary": "ERROR 1049", "SELECT * FROM diary.`page.csv`": "ERROR 1146",
		"COPY INTO @~/x FROM (SELECT * FROM @diary/page.csv)": "ERROR 1146", "COPY FILES INTO @~/ FROM @diary/": "ERROR 1146",
		"SELECT * FROM @~/x": "ERROR 1146", "DROP USER ann": "ERROR 1227", "GRANT SUPER ON *.* TO bob": "ERROR 1227", "KILL 1": "ERROR 1094",
	} {
		if got := bob(q); !strings.Contains(got, want) || strings.Contains(got, "secret words") {
			t.Errorf("%s by bob gives %q, want %s", q, got, want)
		}
	}
	if got := ann("GRANT READ ON STAGE diary TO bob"); got != "" {
		t.Fatal(got)
	}
	url := strings.Fields(bob("PRESIGN @diary/page.csv"))
	if len(url) < 3 {
		t.Fatal(url)
	}
	get := func(want int) {
		t.Helper()
		if r := s.curl(url[len(url)-1]); r.status != want {
			t.Errorf("the presigned URL: %d %s, want %d", r.status, r.body, want)
		}
	}
	get(200)
	db := s.dbAs("bob:"+pw, "")
	count := func() (err error) {
		var n int
		return db.QueryRow("SELECT COUNT(*) FROM @diary/page.csv").Scan(&n)
	}
	if err := count(); err != nil {
		t.Fatal(err)
	}
	if got := ann("REVOKE READ ON STAGE diary FROM bob"); got != "" {
		t.Fatal(got)
	}
	get(403)
	wantSQLError(t, count(), 1146, "42S02")
	s.exec("GRANT READ ON STAGE diary TO bob")
	get(200)
	s.exec("DROP USER bob")
	get(403)
	wantSQLError(t, count(), 1045, "28000")
	s.exec("CREATE USER bob IDENTIFIED BY '" + pw + "'")
	get(403)
	wantSQLError(t, count(), 1045, "28000")
}

// TestShowGrantsCanBeRun: what SHOW GRANTS prints grants the same to a new user.
func TestShowGrantsCanBeRun(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE `a-b`", "CREATE STAGE own", "CREATE CONNECTION c STORAGE_TYPE = 's3'", "CREATE ROLE r, `s``x`@`%`",
		"CREATE USER 'o''neil `x`'@'10.%'", "GRANT READ, WRITE ON STAGE `a-b` TO 'o''neil `x`'@'10.%'",
		"GRANT OWNERSHIP ON STAGE own TO 'o''neil `x`'@'10.%'", "GRANT USAGE ON CONNECTION c TO 'o''neil `x`'@'10.%'",
		"GRANT CREATE STAGE, SUPER ON *.* TO 'o''neil `x`'@'10.%'", "GRANT r, `s``x` TO 'o''neil `x`'@'10.%'",
		"SET DEFAULT ROLE r TO 'o''neil `x`'@'10.%'")
	const show = "SHOW GRANTS FOR 'o''neil `x`'@'10.%'"
	before := s.column(show)
	if len(before) != 6 {
		t.Errorf("SHOW GRANTS has %d lines:\n%s", len(before), strings.Join(before, "\n"))
	}
	s.exec("DROP USER 'o''neil `x`'@'10.%'", "CREATE USER 'o''neil `x`'@'10.%'")
	s.exec(before...)
	if after := s.column(show); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("run again, SHOW GRANTS is\n%s\nand was\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// TestOpenSessions: what REVOKE ALL and RENAME USER mean for a session that is open.
func TestOpenSessions(t *testing.T) {
	t.Parallel()
	const pw = "Tr0ub4dor"
	s := start(t, settings{secrets: []string{pw}})
	s.exec("CREATE USER alice IDENTIFIED BY '"+pw+"'", "CREATE STAGE s", "CREATE STAGE owned", "CREATE ROLE admins",
		"GRANT READ ON STAGE s TO alice", "GRANT OWNERSHIP ON STAGE owned TO alice")
	session, err := s.dbAs("alice:"+pw, "").Conn(s.context())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	run := func(want string, statements ...string) {
		t.Helper()
		for _, q := range statements {
			_, err := session.ExecContext(s.context(), q)
			if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", q, err, want)
			}
		}
	}
	run("", "LIST @s", "LIST @owned")
	s.exec("REVOKE ALL ON STAGE s FROM alice", "REVOKE ALL PRIVILEGES ON STAGE owned FROM alice")
	run("1146", "LIST @s", "LIST @owned")
	s.wantError("REVOKE ALL ON STAGE s FROM alice", "1141 (42000)", "no such grant")

	s.exec("RENAME USER alice TO old_alice", "CREATE USER alice IDENTIFIED BY 'another'", "GRANT admins TO alice", "CREATE STAGE mine",
		"GRANT OWNERSHIP ON STAGE mine TO old_alice")
	run("", "GRANT READ, WRITE ON STAGE mine TO CURRENT_USER()", "SET DEFAULT ROLE NONE TO CURRENT_USER", "SET PASSWORD = 'changed'",
		"SHOW GRANTS", "SHOW GRANTS FOR CURRENT_USER()")
	run("1227", "SET DEFAULT ROLE ALL TO alice", "SET PASSWORD FOR alice = 'x'", "SHOW GRANTS FOR alice")
	var name string
	if err := session.QueryRowContext(s.context(), "SELECT CURRENT_USER()").Scan(&name); err != nil || name != "old_alice@%" {
		t.Errorf("CURRENT_USER() is %q, %v", name, err)
	}
	if a, o := s.login("alice", "another"), s.login("old_alice", "changed"); a != "alice@%" || o != "old_alice@%" {
		t.Errorf("logins are %q and %q", a, o)
	}
	if got := s.as("alice", "another", "-e", "SHOW STAGES; SHOW GRANTS").stdout; strings.Contains(got, "mine") || !strings.Contains(got, "admins") {
		t.Errorf("the new alice has %s", got)
	}
}
