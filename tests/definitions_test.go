package tests

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wantRows wants a statement of the mariadb command line to give these lines,
// their columns separated by tabs.
func (s *server) wantRows(statement string, lines ...string) {
	s.t.Helper()
	out := s.mariadb("", "-N", "-e", statement)
	got := strings.Split(strings.TrimSuffix(out.stdout, "\n"), "\n")
	if out.code != 0 || !slices.Equal(got, lines) {
		s.t.Errorf("%s: exit status %d, %q, want %q\n%s", statement, out.code, got, lines, out.stderr)
	}
}

// wantError wants a statement to fail with the number and SQLSTATE, and a
// message that says so.
func (s *server) wantError(statement, number, says string) {
	s.t.Helper()
	out := s.mariadb("", "-e", statement)
	if out.code == 0 || !strings.Contains(out.stderr, "ERROR "+number) || !strings.Contains(out.stderr, says) {
		s.t.Errorf("%s: exit status %d, %q, want ERROR %s with %q", statement, out.code, out.stderr, number, says)
	}
}

// TestDefinitions changes stages, connections and file formats, kills the
// server, and finds everything as it was acknowledged.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI-K7MDENG"
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, settings{dir: dir, secrets: []string{secret}, killed: true})
	s.exec("CREATE CONNECTION c STORAGE_TYPE = 's3' ENDPOINT_URL = 'http://127.0.0.1:9' ACCESS_KEY_ID = 'k' SECRET_ACCESS_KEY = '"+secret+"'",
		"CREATE FILE FORMAT f TYPE = CSV SKIP_HEADER = 1",
		"CREATE STAGE old COMMENT = 'first'",
		"CREATE STAGE ex 's3://bucket/a/' CONNECTION = (CONNECTION_NAME = 'c') FILE_FORMAT = (FORMAT_NAME = 'f')")
	s.mustUpload("old", "kept.txt", []byte("kept"))
	s.exec("ALTER STAGE old SET COMMENT = 'second'", "ALTER STAGE old RENAME TO new", "ALTER STAGE ex SET URL = 's3://bucket/b/'",
		"CREATE CONNECTION gone STORAGE_TYPE = 's3'", "DROP CONNECTION gone", "CREATE FILE FORMAT gone TYPE = ORC", "DROP FILE FORMAT gone")
	s.Kill()
	wantSealed(t, dir, secret)

	s = start(t, settings{dir: dir, secrets: []string{secret}})
	s.wantRows("SHOW CONNECTIONS", "c\ts3\t"+`{"endpoint_url":"http://127.0.0.1:9","has_credentials":true}`)
	s.wantRows("SHOW FILE FORMATS", "f\tTYPE = CSV, SKIP_HEADER = 1")
	s.wantRows("SHOW CREATE STAGE new", "new\tCREATE STAGE new COMMENT = 'second'")
	s.wantRows("SHOW CREATE STAGE ex", "ex\tCREATE STAGE ex URL = 's3://bucket/b/' CONNECTION = (ENDPOINT_URL = 'http://127.0.0.1:9') "+
		"FILE_FORMAT = (TYPE = CSV, SKIP_HEADER = 1) /* not shown: ACCESS_KEY_ID, SECRET_ACCESS_KEY */")
	s.wantContent("new", "kept.txt", []byte("kept"))
	s.wantError("LIST @old", "1146 (42S02)", `"old"`)
	s.wantError("ALTER STAGE new RENAME TO ex", "1050 (42S01)", `"ex"`)
	s.wantError("ALTER STAGE new SET URL = 's3://bucket/'", "1210", "internal")
	s.wantError("CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = '"+secret+"'", "1210", "access_key_id")
	s.wantError("CREATE FILE FORMAT g TYPE = CSV SKIP_HEADR = 1", "1210", "did you mean SKIP_HEADER?")
	s.wantError("CREATE STAGE x FILE_FORMAT = (FORMAT_NAME = 'gone')", "1146 (42S02)", `"gone"`)
}

// TestFolderStage works on a folder that other programs use too, also after
// the server was killed, and reaches for what is outside.
func TestFolderStage(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	in, data := filepath.Join(outer, "in"), filepath.Join(outer, "data")
	for name, text := range map[string]string{"in/theirs.txt": "theirs", "secret": "secret"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(outer, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(outer, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(in, "link")); err != nil {
		t.Fatal(err)
	}
	o := settings{dir: data, args: []string{"--fs-allow", in}, killed: true}
	s := start(t, o)
	s.exec("CREATE STAGE f 'fs://"+in+"/'", "CREATE STAGE i")
	s.mustUpload("f", "ours/a.txt", []byte("ours"))
	s.wantContent("f", "theirs.txt", []byte("theirs"))
	if text, err := os.ReadFile(filepath.Join(in, "ours/a.txt")); err != nil || string(text) != "ours" {
		t.Errorf("others see %q, %v", text, err)
	}
	s.Kill()
	s = start(t, settings{dir: data, args: o.args})
	s.wantRows("LIST @f", "ours/a.txt", "theirs.txt")
	s.wantRows("COPY FILES INTO @i/from/ FROM @f", "from/ours/a.txt", "from/theirs.txt")
	s.wantContent("i", "from/theirs.txt", []byte("theirs"))
	s.wantRows("REMOVE @f/ours/", "ours/a.txt")
	s.wantRows("LIST @f", "theirs.txt")
	if status, content := s.fetch("f", "link"); status != 403 {
		t.Errorf("the link out of the folder is answered %d: %q", status, content)
	}
	for _, url := range []string{outer + "/", in + "/../", "/etc/", data + "/"} {
		out := s.mariadb("", "-e", "CREATE STAGE x 'fs://"+url+"'")
		if out.code == 0 {
			t.Errorf("a stage on %s is made", url)
		}
	}
	s.exec("DROP STAGE f")
	if _, err := os.Stat(filepath.Join(in, "theirs.txt")); err != nil {
		t.Errorf("DROP STAGE removed a file that is not the server's: %v", err)
	}
	s.wantError("CREATE STAGE x 'fs:///etc/'", "1142 (42000)", "fs-allow")
}
