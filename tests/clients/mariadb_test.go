package clients

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mariadb is the command line, which does not make the tour: it shows text,
// and what a person does with it is another list.
type mariadb struct {
	s    *server
	args []string
}

func (s *server) mariadb(t *testing.T, more ...string) mariadb {
	return mariadb{s, append([]string{"--no-defaults", "-h127.0.0.1", "-P" + port(t, s.MySQL), "-uroot"}, more...)}
}

func (m mariadb) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "mariadb", append(append([]string{}, m.args...), args...)...)
	cmd.Env = append(os.Environ(), "MYSQL_PWD="+m.s.password, "LC_ALL=C.UTF-8")
	return cmd
}

// run gives what was printed to both, or fails the test.
func (m mariadb) run(t *testing.T, input string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := m.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("mariadb: %v: run make tools", err)
	}
	return out.String(), errs.String()
}

func (m mariadb) want(t *testing.T, want, input string, args ...string) {
	t.Helper()
	stdout, stderr := m.run(t, input, args...)
	if stdout != want || stderr != "" {
		t.Errorf("mariadb %q with input %q printed\n%s%s\nwant\n%s", args, input, stdout, stderr, want)
	}
}

func TestMariaDBWalk(t *testing.T) {
	s := start(t, "")
	m := s.mariadb(t)
	m.want(t, "", "", "-e", "CREATE STAGE my_internal_stage")
	if status, err := upload(s.HTTP, "my_internal_stage", map[string]string{"books.parquet": content}); status != 200 || err != nil {
		t.Fatalf("upload: %d, %v", status, err)
	}
	m.want(t, "file_name\nbooks.parquet\n", "", "-e", "LIST @my_internal_stage")
	m.want(t, `+---------------+
| file_name     |
+---------------+
| books.parquet |
+---------------+
`, "LIST @my_internal_stage;\n", "-t")
	m.want(t, "books.parquet\nbooks.parquet\n", "LIST @my_internal_stage;\nlist @my_internal_stage;\n", "-N")
	m.want(t, "", "-- nothing; at all\n", "-N")
	m.want(t, "books.parquet\n", "REMOVE @my_internal_stage/books.parquet;\n", "-N")
	m.want(t, "", "DROP STAGE my_internal_stage;\n")
	s.wantNoConnections(t)
}

func TestMariaDBTypes(t *testing.T) {
	s := start(t, "")
	stdout, stderr := s.mariadb(t).run(t, "", "--column-type-info", "-t", "--binary-as-hex", "-e", allTypes)
	types := regexp.MustCompile(`(?m)^Type: +(\w+)`).FindAllStringSubmatch(stdout, -1)
	var got []string
	for _, m := range types {
		got = append(got, m[1])
	}
	const want = "LONGLONG LONGLONG LONGLONG NEWDECIMAL DOUBLE VAR_STRING NULL BLOB DATE DATETIME"
	if strings.Join(got, " ") != want {
		t.Errorf("types %q, want %q; %s", got, want, stderr)
	}
	const row = "7\t-8\t18446744073709551615\t1.50\t2.5\tŽluť €\tNULL\t0x00FF\t2024-02-29\t2024-02-29 12:34:56.123456\n"
	s.mariadb(t).want(t, row, "", "-N", "--binary-as-hex", "-e", allTypes)
	s.mariadb(t, "--compress").want(t, row, "", "-N", "--binary-as-hex", "-e", allTypes)
}

func TestMariaDBErrors(t *testing.T) {
	s := start(t, "")
	m := s.mariadb(t)
	m.want(t, "", "CREATE STAGE s;\n")
	// The client takes all from /* on for a comment, and the lines after it.
	if _, stderr := m.run(t, "REMOVE @s/*.csv;\n"); !strings.Contains(stderr, "\nERROR 1175 (HY000) at line 1: ") {
		t.Errorf("REMOVE @s/*.csv: %s", stderr)
	}
	for statement, want := range map[string]string{
		"SELEKT 1":               "ERROR 1064 (42000) at line 2",
		"LIST @none":             "ERROR 1146 (42S02) at line 2",
		"CREATE STAGE s":         "ERROR 1050 (42S01) at line 2",
		"CREATE TABLE t (a INT)": "ERROR 1235 (42000) at line 2",
		"REMOVE @s":              "ERROR 1175 (HY000) at line 2",
		"CREATE STAGE x FILE_FORMAT = (TYPE = WORD)": "ERROR 1210 (HY000) at line 2",
		"USE nowhere": "ERROR 1049 (42000) at line 2",
		"SET max_execution_time = 50; SELECT SLEEP(30)": "ERROR 3024 (HY000) at line 2",
	} {
		stdout, stderr := m.run(t, "SELECT 1;\n"+statement+";\nSELECT 2;\n", "-N")
		if stdout != "1\n" || !strings.Contains("\n"+stderr, "\n"+want+": ") {
			t.Errorf("%s: printed %q and %q, want 1 and %s", statement, stdout, stderr, want)
		}
		stdout, _ = m.run(t, "SELECT 1;\n"+statement+";\nSELECT 2;\n", "-N", "--force")
		if stdout != "1\n2\n" {
			t.Errorf("%s with --force: printed %q, want 1 and 2", statement, stdout)
		}
	}
	s.wantNoConnections(t)
}

// TestMariaDBSession is what the client does by itself: status, use, the
// names that it completes, and transactions.
func TestMariaDBSession(t *testing.T) {
	s := start(t, "")
	m := s.mariadb(t)
	stdout, stderr := m.run(t, "use default\nstatus\n", "-t", "--auto-rehash", "default")
	for _, want := range []string{
		`Current database:\s+default\n`, `Current user:\s+root@`, `Server version:\s+8\.0\.36-wharf-0\.0\.0-test`,
		`Server characterset:\s+utf8mb4\n`, `Uptime:\s+\d+ sec`, `Protocol version:\s+10\n`, `Threads: \d+  Questions: \d+`,
	} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("status shows no %s:\n%s%s", want, stdout, stderr)
		}
	}
	m.want(t, "default\n0\n1\n", "use default; select database(); set autocommit = 0; select @@autocommit; begin; commit; rollback; set autocommit = 1; select @@autocommit;\n", "-N")
	m.want(t, "NULL\n5\nNULL\n", "select @x;\nset @x = 5;\nselect @x;\n\\r default\nselect @x;\n", "-N", "-s", "-s")
	s.wantNoConnections(t)
}

// TestMariaDBInterrupt presses Ctrl-C: the client asks the server, over a
// second connection, to kill what it runs.
func TestMariaDBInterrupt(t *testing.T) {
	s := start(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := s.mariadb(t).command(ctx, "-N", "-e", "SELECT 1; SELECT SLEEP(30); SELECT 2")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("mariadb: %v: run make tools", err)
	}
	await(t, "the client sleeps", func() bool {
		for _, query := range s.running(t) {
			if strings.Contains(query, "SLEEP") {
				return true
			}
		}
		return false
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	pressed := time.Now()
	cmd.Wait()
	if d := time.Since(pressed); d > killedWithin {
		t.Errorf("the client ended %s after Ctrl-C, want at most %s", d, killedWithin)
	}
	if !strings.HasPrefix(stdout.String(), "1\n") || strings.Contains(stdout.String(), "2\n") || !strings.Contains(stderr.String(), "ERROR 1317 (70100) at line 1") {
		t.Errorf("printed %q and %q, want 1 and error 1317", stdout.String(), stderr.String())
	}
	s.wantNoConnections(t)
}

// TestMariaDBInteractive types at a terminal, which script makes: the client
// then asks for the names of all tables, prompts, and draws frames.
func TestMariaDBInteractive(t *testing.T) {
	s := start(t, "")
	s.mariadb(t).want(t, "", "CREATE STAGE s;\n")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client := s.mariadb(t, "default").command(ctx)
	cmd := exec.CommandContext(ctx, "script", "-qec", strings.Join(client.Args, " "), "/dev/null")
	cmd.Env = append(client.Env, "TERM=dumb", "HOME="+t.TempDir())
	cmd.Stdin = strings.NewReader("SHOW STAGES LIKE 'none';\nSELECT 'two\nlines';\nLIST @s; SELECT 7;\nREMOVE @s;\nuse nowhere\nuse default\n\\q\n")
	out, err := cmd.CombinedOutput()
	text := strings.ReplaceAll(string(out), "\r", "")
	for _, want := range []string{
		`Server version: 8\.0\.36-wharf-0\.0\.0-test`, `\[default\]> `, `Empty set \(`, `\| two\nlines \|\n`, `1 row in set \(`,
		`\| 7 \|\n`, `\nERROR 1175 \(HY000\): `, `\nERROR 1049 \(42000\): `, `\nDatabase changed\n`, `\nBye\n$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the terminal shows no %s:\n%s%v", want, text, err)
		}
	}
	s.wantNoConnections(t)
}

func TestMariaDBLogin(t *testing.T) {
	s := start(t, password)
	wrong := *s
	wrong.password = "wrong"
	for _, plugin := range []string{"mysql_native_password", "caching_sha2_password"} {
		for _, tls := range []string{"--ssl", "--skip-ssl"} {
			s.mariadb(t, "--default-auth="+plugin, tls).want(t, "root@%\n", "", "-N", "-e", "SELECT CURRENT_USER()")
			_, stderr := wrong.mariadb(t, "--default-auth="+plugin, tls).run(t, "", "-e", "SELECT 1")
			if !strings.HasPrefix(stderr, "ERROR 1045 (28000)") {
				t.Errorf("%s %s with a wrong password: %s", plugin, tls, stderr)
			}
		}
	}
	s.wantNoConnections(t)
}
