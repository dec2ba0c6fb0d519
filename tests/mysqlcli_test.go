package tests

import (
	"strings"
	"testing"
)

// Statements over many lines, several on one line, and comments in MySQL's
// three forms, piped as a script. -c keeps the client from taking the
// comments out itself.
func TestPipedScript(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	script := `-- a comment up to the end of the line; with a semicolon
# another; one
/* and one
   over lines; */
CREATE STAGE IF NOT EXISTS
  one -- between words
  COMMENT = 'holds ; and -- and # and /* no comment */' # after
;
CREATE STAGE two; CREATE STAGE /* inside */ three;
/*! CREATE STAGE four */;
/*!50003 CREATE STAGE five */;
/*!99999 CREATE STAGE never */;
SHOW STAGES LIKE 't%';
LIST @one;
DESC STAGE one
;
`
	for _, args := range [][]string{{"-c", "-N"}, {"--skip-comments", "-N"}} {
		out := s.mariadb(script, args...)
		if out.code != 0 {
			t.Fatalf("mariadb %q: status %d, %s", args, out.code, out.stderr)
		}
		for _, want := range []string{"three\t", "two\t", "holds ; and -- and # and /* no comment */"} {
			if !strings.Contains(out.stdout, want) {
				t.Errorf("mariadb %q printed no %q:\n%s", args, want, out.stdout)
			}
		}
		if got := strings.Join(s.column("SHOW STAGES"), " "); got != "five four one three two" {
			t.Errorf("mariadb %q: stages %q, want five four one three two", args, got)
		}
		s.exec("DROP STAGE one", "DROP STAGE two", "DROP STAGE three", "DROP STAGE four", "DROP STAGE five")
	}
}

// An error stops a script, is printed with its number, and makes the client
// fail; with --force the rest runs.
func TestScriptError(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	script := "CREATE STAGE a;\nCREATE STAGE a;\nCREATE STAGE b;\n"
	out := s.mariadb(script)
	if out.code != 1 || !strings.Contains(out.stderr, "ERROR 1050 (42S01) at line 2") {
		t.Errorf("status %d, stderr %q, want 1 and ERROR 1050 (42S01) at line 2", out.code, out.stderr)
	}
	if got := s.column("SHOW STAGES"); len(got) != 1 {
		t.Errorf("stages %q after a script that stopped, want a alone", got)
	}
	s.mariadb(script, "--force")
	if got := s.column("SHOW STAGES"); len(got) != 2 {
		t.Errorf("stages %q after --force, want a and b", got)
	}
}

// What the interactive client asks uninvited, and what a person types first.
func TestInteractiveCommands(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	for _, c := range []struct{ input, want string }{
		{"status\n", "8.0.36-wharf-0.0.0-test"},
		{"select @@version_comment limit 1;\n", ""},
		{"select 1;\n", "1"},
		{"select USER();\n", "root@"},
		{"show databases;\n", ""},
		{"show variables like 'max_allowed_packet';\n", "max_allowed_packet"},
		{"set names utf8mb4; set autocommit=1; begin; commit; rollback;\n", ""},
		{"select connection_id();\n", ""},
		{"show warnings;\n", ""},
		{"select @@sql_safe_updates;\n", ""},
	} {
		out := s.mariadb(c.input, "-t")
		if out.code != 0 || !strings.Contains(out.stdout, c.want) {
			t.Errorf("%q: status %d, stderr %q, stdout %q, want %q in it", c.input, out.code, out.stderr, out.stdout, c.want)
		}
	}
}

// `use` names a database that is there, and one that is not.
func TestUseDatabase(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	all := strings.Fields(s.mariadb("show databases;\n", "-N").stdout)
	if len(all) == 0 {
		t.Fatal("SHOW DATABASES shows none")
	}
	out := s.mariadb("use "+all[0]+"; select database();\n", "-N")
	if out.code != 0 || strings.TrimSpace(out.stdout) != all[0] {
		t.Errorf("use %s: status %d, stdout %q, stderr %q", all[0], out.code, out.stdout, out.stderr)
	}
	out = s.mariadb("use nowhere;\n")
	if out.code == 0 || !strings.Contains(out.stderr, "ERROR 1049 (42000)") {
		t.Errorf("use nowhere: status %d, stderr %q, want ERROR 1049 (42000)", out.code, out.stderr)
	}
}
