package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// usersCommand runs wharf users against a server.
func (s *server) usersCommand(password, what string, args ...string) output {
	s.t.Helper()
	all := append([]string{"users", what, "--addr", s.mysql}, args...)
	return capture(s.t, command(s.t, settings{env: []string{"MYSQL_PWD=" + password}}, all...), "")
}

// startToMove starts a server with what users may have grants on.
func startToMove(t *testing.T) *server {
	s := start(t, settings{env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword, "$A$005$"}})
	for _, q := range []string{"CREATE STAGE `a-b`", "CREATE STAGE owned", "CREATE STAGE read", "CREATE CONNECTION c STORAGE_TYPE = 's3'", "CREATE CONNECTION `d-e` STORAGE_TYPE = 's3'"} {
		if out := s.as("root", rootPassword, "-e", q); out.code != 0 {
			t.Fatalf("%s: %s", q, out.stderr)
		}
	}
	return s
}

// TestUsersMove: what wharf users export writes makes the same users on another server, by
// wharf users import and by another client: names, passwords, roles and every kind of
// grant.
func TestUsersMove(t *testing.T) {
	t.Parallel()
	const pw = "Tr0ub4dor & 3"
	a, b := startToMove(t), startToMove(t)
	const odd = "`o'neil ``x\\;-- `@`10.%`"
	for _, q := range []string{
		"CREATE ROLE r, `s'``x`, outer_role, `here`@`127.0.0.1`", "CREATE USER sha IDENTIFIED BY '" + pw + "', nat IDENTIFIED WITH mysql_native_password BY '" + pw + "'",
		"CREATE USER bare, 'two'@'%' IDENTIFIED BY '" + pw + "', 'two'@'127.0.0.0/8' IDENTIFIED BY 'other'", "CREATE USER natbare IDENTIFIED WITH mysql_native_password",
		"CREATE USER shut IDENTIFIED BY '" + pw + "' ACCOUNT LOCK", "CREATE USER " + odd + " IDENTIFIED BY '" + pw + "'",
		"GRANT READ ON STAGE read TO sha, r", "GRANT READ, WRITE ON STAGE `a-b` TO " + odd, "GRANT OWNERSHIP ON STAGE owned TO " + odd, "GRANT OWNERSHIP ON CONNECTION `d-e` TO r",
		"GRANT USAGE ON CONNECTION c TO nat", "GRANT CREATE STAGE ON *.* TO r", "GRANT CREATE STAGE, SUPER ON *.* TO " + odd, "GRANT SUPER ON *.* TO outer_role",
		"GRANT r TO outer_role", "GRANT r, `s'``x`, `here`@`127.0.0.1` TO sha", "GRANT r TO nat, bare", "SET DEFAULT ROLE r, `s'``x` TO sha", "SET DEFAULT ROLE ALL TO nat, two",
	} {
		if out := a.as("root", rootPassword, "-e", q); out.code != 0 {
			t.Fatalf("%s: %s", q, out.stderr)
		}
	}
	salts := "CREATE USER salt0 IDENTIFIED BY '" + pw + "'" // their random bytes are quotes, backslashes and line ends too
	for _, n := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23") {
		salts += ", salt" + n + " IDENTIFIED BY '" + pw + "'"
	}
	a.as("root", rootPassword, "-e", salts)
	export := func(s *server) string {
		t.Helper()
		out := s.usersCommand(rootPassword, "export")
		if out.code != 0 || out.stderr != "" {
			t.Fatalf("export: %d %s", out.code, out.stderr)
		}
		return out.stdout
	}
	text := export(a)
	for _, part := range []string{"CREATE ROLE", "ACCOUNT LOCK", "AS '*", "AS 0x2441243030352", "SET DEFAULT ROLE ALL", "OWNERSHIP ON STAGE", "OWNERSHIP ON CONNECTION", "SUPER", "USAGE ON CONNECTION"} {
		if !strings.Contains(text, part) {
			t.Errorf("nothing of %q is exported", part)
		}
	}
	file := filepath.Join(t.TempDir(), "users.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	wantSame := func(by string) {
		t.Helper()
		wantSameLines(t, text, export(b))
		for user, password := range map[string]string{"sha": pw, "nat": pw, "bare": "", "salt0": pw, "salt7": pw, "salt23": pw} {
			if got := b.login(user, password); got != user+"@%" {
				t.Errorf("%s, moved by %s, logs in as %s", user, by, got)
			}
		}
		if shut, two := b.login("shut", pw), b.login("two", "other"); shut != "ERROR 3118" || two != "two@127.0.0.0/8" {
			t.Errorf("by %s, the locked user logs in as %s, the one of two hosts as %s", by, shut, two)
		}
	}
	if out := b.usersCommand(rootPassword, "import", file); out.code != 0 || out.stdout != "36 users and roles were made\n" {
		t.Fatalf("import: %d %s%s", out.code, out.stdout, out.stderr)
	}
	wantSame("wharf users import")
	out := b.usersCommand(rootPassword, "import", file)
	if out.code != 1 || !strings.Contains(out.stderr, "nothing was changed") || !strings.Contains(out.stderr, "'sha'@'%'") {
		t.Errorf("a second import: %d %s", out.code, out.stderr)
	}
	var drop []string
	for line := range strings.Lines(text) {
		if words := strings.SplitN(line, " IDENTIFIED", 2); strings.HasPrefix(line, "CREATE USER ") || strings.HasPrefix(line, "CREATE ROLE ") {
			name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(words[0]), ";"), " ACCOUNT LOCK")
			drop = append(drop, "DROP"+strings.TrimPrefix(name, "CREATE"))
		}
	}
	for _, client := range []string{strings.Join(drop, ";\n"), text} {
		if out := b.mariadbAs("root", rootPassword, client); out.code != 0 {
			t.Fatalf("the mariadb client: %s", out.stderr)
		}
	}
	wantSame("another client")
}

// TestUsersImportRefuses: a grant that cannot be made is told, and the others are made; a
// file with other statements, and a user who may not, change nothing.
func TestUsersImportRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	file := filepath.Join(t.TempDir(), "users.sql")
	try := func(user, text string, code int, words ...string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out := s.usersCommand("", "import", "--user", user, file)
		for _, word := range words {
			if out.code != code || !strings.Contains(out.stdout+out.stderr, word) {
				t.Errorf("import of %q as %s: %d %s%s; want %d and %q", text, user, out.code, out.stdout, out.stderr, code, word)
			}
		}
	}
	try("root", "CREATE USER a; DROP STAGE s; CREATE USER b", 1, "statement 2 is DROP STAGE")
	try("root", "CREATE USER a; CREATE USER IDENTIFIED WITH x AS 'a-hash'", 1, "statement 2")
	if got := strings.Join(s.column("SHOW USERS"), " "); got != "" {
		t.Errorf("the users are %s", got)
	}
	try("root", "-- none\n", 0, "0 users and roles were made")
	try("root", "CREATE USER a; GRANT READ ON STAGE none TO a; GRANT READ ON STAGE s TO a;", 1, "1 users and roles were made", "GRANT READ ON STAGE none TO a", "there is no stage", "1 grants could not be made")
	if got := strings.Join(s.column("SHOW GRANTS FOR a"), " "); !strings.Contains(got, "READ ON STAGE `s`") {
		t.Errorf("the grants are %s", got)
	}
	try("root", "CREATE ROLE b; GRANT SUPER ON *.* TO a", 1, "nothing was changed: the server has 'a'@'%' already")
	try("root", "CREATE USER b; REVOKE READ ON STAGE s FROM a", 1, "statement 2 is REVOKE")
	try("root", "GRANT WRITE ON STAGE s TO a", 0, "0 users and roles were made") // run again
	try("a", "CREATE USER b", 1, "1227", "0 users and roles were made")
	for args, words := range map[string]string{"": "export or import", "move": "export or import", "import": "one file", "export x": "no argument", "export --nope": "nope",
		"export --addr nowhere": "HOST:PORT", "export --tls-ca none": "no such file"} {
		out := capture(t, command(t, settings{}, append([]string{"users"}, strings.Fields(args)...)...), "")
		if out.code != 2 || !strings.Contains(out.stderr, words) {
			t.Errorf("wharf users %s: %d %s, want 2 and %q", args, out.code, out.stderr, words)
		}
	}
	if out := s.usersCommand("wrong", "export"); out.code != 1 || !strings.Contains(out.stderr, "1045") || out.stdout != "" {
		t.Errorf("export with a wrong password: %d %s", out.code, out.stderr)
	}
	out := capture(t, command(t, settings{}, "users", "export", "--addr", s.mysql, "--tls-ca", file), "")
	if out.code != 2 || !strings.Contains(out.stderr, "no certificate") {
		t.Errorf("a --tls-ca that is none: %d %s", out.code, out.stderr)
	}
}
