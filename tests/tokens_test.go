package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bearer lists the stage with a token, and returns the status and what was answered but
// for the ID.
func (s *server) bearer(token, stage string) (int, string) {
	s.t.Helper()
	r := s.curl("-H", "Authorization: Bearer "+token, "http://"+s.http+"/v1/stage/"+stage+"/")
	_, body, _ := strings.Cut(r.body, `",`)
	return r.status, body
}

// token returns the text of the token that CREATE TOKEN answered.
func (s *server) token(answer string) string {
	s.t.Helper()
	fields := strings.Split(strings.TrimSuffix(answer, "\n"), "\t")
	if len(fields) != 4 || !strings.HasPrefix(fields[2], "wharf_") || len(fields[2]) != 58 {
		s.t.Fatalf("CREATE TOKEN answers %q", answer)
	}
	return fields[2]
}

// TestTokens: a token is its user's for as long as that user may log in from where it is
// used, and is seen once.
func TestTokens(t *testing.T) {
	t.Parallel()
	const pw = "Tr0ub4dor & 3"
	dir := filepath.Join(t.TempDir(), "data")
	audit := filepath.Join(t.TempDir(), "audit.log")
	s := start(t, settings{dir: dir, args: []string{"--audit-log", audit}, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword, pw, "wharf_"}})
	root := func(statement string) string {
		t.Helper()
		out := s.as("root", rootPassword, "-e", statement)
		if out.code != 0 {
			t.Fatalf("%s: %s", statement, out.stderr)
		}
		return out.stdout
	}
	root("CREATE USER ann IDENTIFIED BY '" + pw + "', far@'10.0.0.0/8', bob IDENTIFIED BY '" + pw + "'; CREATE STAGE s; CREATE STAGE hidden; GRANT READ ON STAGE s TO ann")
	anns := s.token(s.as("ann", pw, "-e", "CREATE TOKEN ci").stdout)
	short := s.token(root("CREATE TOKEN `short-lived` FOR ann EXPIRES IN 1 SECOND"))
	fars, roots := s.token(root("CREATE TOKEN ci FOR far@'10.0.0.0/8' EXPIRES IN 90 DAYS")), s.token(root("CREATE TOKEN ci"))
	want := func(what, token, stage string, status int) string {
		t.Helper()
		got, body := s.bearer(token, stage)
		if got != status {
			t.Errorf("%s: %d %s, want %d", what, got, body, status)
		}
		return body
	}
	want("ann's on what ann may read", anns, "s", 200)
	want("ann's on her own stage", anns, "~", 200)
	want("ann's on what ann may not see", anns, "hidden", 404)
	want("root's", roots, "hidden", 200)
	unknown := want("none that there is", "wharf_"+strings.Repeat("A", 52), "s", 401)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		status, body := s.bearer(short, "s")
		if status == 401 {
			if body != unknown {
				t.Errorf("an expired token is answered %s, an unknown one %s", body, unknown)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the token does not expire")
		}
	}
	for what, text := range map[string]string{"from elsewhere": fars, "an empty one": "", "a password": pw, "half of one": anns[:40], "one in lower case": strings.ToLower(anns)} {
		if body := want(what, text, "s", 401); body != unknown {
			t.Errorf("%s is answered %s, an unknown one %s", what, body, unknown)
		}
	}
	root("ALTER USER ann ACCOUNT LOCK")
	want("of a locked user", anns, "s", 401)
	root("ALTER USER ann ACCOUNT UNLOCK; RENAME USER ann TO anna; SET PASSWORD FOR anna = 'another'")
	want("of a renamed user with a new password", anns, "s", 200)
	root("REVOKE READ ON STAGE s FROM anna")
	want("after a REVOKE", anns, "s", 404)

	s.wantTokensHidden(pw)
	again := s.token(s.as("anna", "another", "-e", "CREATE TOKEN again").stdout)
	root("DROP TOKEN ci FOR anna")
	want("after DROP TOKEN", anns, "~", 401)
	want("another one of that user", again, "~", 200)
	root("DROP USER anna; CREATE USER anna IDENTIFIED BY '" + pw + "'")
	want("after DROP USER", again, "~", 401)
	s.Stop()
	wantSealed(t, dir, anns, again, roots)
	b, err := os.ReadFile(audit)
	if err != nil || strings.Contains(string(b), "wharf_") || !strings.Contains(string(b), "CREATE TOKEN") {
		t.Errorf("the audit log: %v\n%s", err, b)
	}
}

// wantTokensHidden wants no other user to make or see a token of anna's, and nothing to
// show the text of one.
func (s *server) wantTokensHidden(pw string) {
	s.t.Helper()
	if out := s.as("bob", pw, "-e", "CREATE TOKEN x FOR anna"); !strings.Contains(out.stderr, "ERROR 1227") {
		s.t.Errorf("a token for another: %s", out.stderr)
	}
	if out := s.as("anna", "another", "-e", "CREATE TOKEN ci"); !strings.Contains(out.stderr, "ERROR 1050") {
		s.t.Errorf("a token of a taken name: %s%s", out.stdout, out.stderr)
	}
	shown := s.as("root", rootPassword, "-e", "SHOW TOKENS; SHOW TOKENS FOR anna; SHOW PROCESSLIST; SELECT * FROM information_schema.processlist").stdout + s.as("anna", "another", "-e", "SHOW TOKENS").stdout
	if strings.Count(shown, "short-lived") != 3 || strings.Contains(shown, "wharf_") {
		s.t.Errorf("SHOW TOKENS and others show %s", shown)
	}
	if got := s.as("bob", pw, "-e", "SHOW TOKENS").stdout; got != "" {
		s.t.Errorf("SHOW TOKENS shows bob %s", got)
	}
}

// TestRootPasswordFileChanges: the file is applied when it has changed, and so resets a
// lost password; the same file does not undo a SET PASSWORD.
func TestRootPasswordFileChanges(t *testing.T) {
	t.Parallel()
	const first, second, third = "the first one", "the second one", "the third one"
	file := filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first)
	dir := filepath.Join(t.TempDir(), "data")
	key := []string{"--key-file", keyElsewhere(t)}
	o := settings{dir: dir, args: append([]string{"--root-password-file", file}, key...), secrets: []string{first, second, third}}
	check := func(s *server, right string) {
		t.Helper()
		for _, password := range []string{first, second, third, ""} {
			got, status := s.login("root", password), s.basic("root", password)
			if may := password == right; (got == "root@%") != may || (status == 200) != may {
				t.Errorf("%q, where %q is right: %s over MySQL, %d over HTTP", password, right, got, status)
			}
		}
	}
	s := start(t, o)
	check(s, first)
	if out := s.as("root", first, "-e", "SET PASSWORD = ''"); !strings.Contains(out.stderr, "cannot be empty") {
		t.Errorf("SET PASSWORD = '': %s", out.stderr)
	}
	if out := s.as("root", first, "-e", "SET PASSWORD = '"+second+"'"); out.code != 0 {
		t.Errorf("SET PASSWORD: %s", out.stderr)
	}
	check(s, second)
	s.Stop()
	s = start(t, o) // the same file
	check(s, second)
	s.Stop()
	write(third)
	s = start(t, o)
	check(s, third)
	if out := s.as("root", third, "-e", "ALTER USER root IDENTIFIED WITH mysql_native_password BY '"+first+"'"); out.code != 0 {
		t.Errorf("ALTER USER root: %s", out.stderr)
	}
	check(s, first)
	s.Stop()
	wantSealed(t, dir, first, second, third)
	o.args = append([]string{"--mysql-addr", "0.0.0.0:0", "--http-addr", "0.0.0.0:0"}, key...)
	s = start(t, o) // without the setting root keeps its password, and the ports may be open
	check(s, first)
}
