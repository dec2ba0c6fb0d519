//go:build moreclients

package moreclients

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

const (
	root   = "../.."
	python = "/usr/bin/python3" // Debian's, which has Debian's packages
	odbc   = "DRIVER={MariaDB Unicode};SERVER=$HOST;PORT=$PORT;UID=root;DATABASE=default"
)

// toured is what a client that makes the whole tour prints, with lines of its own
// before the limit.
func toured(nested, failed string, own ...string) string {
	return strings.Join(slices.Concat([]string{"connect: default", "list: a.csv"}, own,
		[]string{"limit: binary | latin1", "nested: " + nested, "outer: 1", "error: " + failed, "disconnect: true"}), "\n")
}

// client is a program, what it is given, and what it prints.
type client struct {
	name    string
	command []string // $HOST, $PORT, $STAGE and $DIR stand for what they say
	input   string
	fails   bool   // its exit status is not 0
	want    string // all that it prints, or with holds a part
	holds   bool
}

var matrix = []client{
	{name: "peewee", command: []string{python, "scripts/peewee_tour.py"}, want: toured("1054", "1146")},
	{name: "Django", command: []string{python, "scripts/django_tour.py"}, want: toured("1054", "1146")},
	{name: "aiomysql", command: []string{python, "scripts/aiomysql_tour.py"}, want: toured("1054", "1146")},
	{name: "pyodbc", command: []string{python, "scripts/pyodbc_tour.py"}, want: toured("42S22", "42S02")},
	{name: "ActiveRecord", command: []string{"/usr/bin/ruby", "scripts/record_tour.rb"}, want: toured("1054", "1146 | 42S02")},
	{name: "knex", command: []string{"node", "node/knex.js"}, want: toured("1054", "1146")},
	{name: "sequelize", command: []string{"node", "node/sequelize.js"}, want: toured("1054", "1146")},
	{name: "typeorm", command: []string{"node", "node/typeorm.js"}, want: toured("1054", "1146")},
	{name: "drizzle", command: []string{"node", "node/drizzle.js"}, want: toured("1054", "1146")},
	{name: "mycli", command: []string{"mycli", "-h", "$HOST", "-P", "$PORT", "-u", "root", "--no-warn", "-e", "LIST @$STAGE", "default"}, want: "file_name\na.csv"},
	{name: "mycli/error", command: []string{"mycli", "-h", "$HOST", "-P", "$PORT", "-u", "root", "-e", "SELECT nope", "default"}, fails: true,
		want: `(1054, "Unknown column 'nope' in 'field list'")`, holds: true},
	{name: "isql", command: []string{"isql", "-k", odbc, "-b", "-v", "-d,"},
		input: "SELECT DATABASE()\nSHOW TABLES FROM $STAGE\nSELECT 2\n", want: "default\na.csv\n2"},
	{name: "isql/error", command: []string{"isql", "-k", odbc, "-b", "-v", "-d,"}, input: "SELECT nope\n", // its exit status is 0
		want: "Unknown column 'nope'", holds: true},
	{name: "mysqldump", command: []string{"mariadb-dump", "-h", "$HOST", "-P", "$PORT", "-u", "root", "--databases", "$STAGE"}, want: "-- Dump completed", holds: true},
	{name: "mysqldump/all", command: []string{"mariadb-dump", "-h", "$HOST", "-P", "$PORT", "-u", "root", "--all-databases"}, want: "-- Dump completed", holds: true},
	{name: "mydumper", command: []string{"mydumper", "-h", "$HOST", "-P", "$PORT", "-u", "root", "-B", "$STAGE", "-o", "$DIR/dump", "-v", "1"}},
	{name: "gorm", command: []string{"$BIN/gorm"}, want: toured("1054", "1146",
		"file: 1 | 1 | 2 | 1", "one: 2 | true", "more: 1 | 2", "row: 1 | 2")},
	{name: "bun", command: []string{"$BIN/bun"}, want: toured("1054", "1146", "file: 1 | 1 | 2 | 1", "more: false | 1", "row: 1 | 2")},
	{name: "Doctrine/PDO", command: []string{"php", "scripts/doctrine_tour.php", "pdo_mysql"}, want: doctrine},
	{name: "Doctrine/mysqli", command: []string{"php", "scripts/doctrine_tour.php", "mysqli"}, want: doctrine},
	{name: "Sequel", command: []string{"/usr/bin/ruby", "scripts/sequel_tour.rb"}, want: toured("1054", "1146",
		"file: 1 | 2 | 1 | a | b | 2 | nil", "prepared: 1 | 2", "paged: 1 | 2", "schema: a integer | b integer | false")},
	{name: "DBIx::Class", command: []string{"/usr/bin/perl", "scripts/dbix_tour.pl"}, want: toured("1054", "1146 | 42S02", "file: 1 | 2 | 1 | 2 | none")},
	{name: "DBD::MariaDB", command: []string{"/usr/bin/perl", "scripts/dbdmariadb_tour.pl"}, want: toured("1054", "1146 | 42S02",
		`file: O'Re\il | 2`, `file: O'Re\il | 2`, "tables: `landing`.`a.csv`", "columns: a BIGINT | b BIGINT")},
	{name: "Qt", command: []string{python, "scripts/qt_tour.py"}, want: toured("1054", "1146",
		"columns: a | b", "model: True | 1 | 2", `query: 1 | 2 | O'Re\il`)},
	{name: "mysqltcl", command: []string{"tclsh", "scripts/mysqltcl_tour.tcl"}, want: toured("1054", "1146", "tables: a.csv", "file: 1 | 2 | a | b", `quoted: O'Re\il`)},
	{name: "LuaSQL", command: []string{"lua5.3", "scripts/luasql_tour.lua"},
		want: toured("Unknown column 'nope' in 'field list'", "Table 'default.nope' doesn't exist", "file: a number(20) | 1 | 2", `quoted: O'Re\il`)},
	{name: "mysqltuner", command: []string{"mysqltuner", "--host", "$HOST", "--port", "$PORT", "--user", "root", "--pass", "", "--forcemem", "1000", "--forceswap", "100", "--nocolor"},
		want: "Variables to adjust:", holds: true},
	{name: "pt-find", command: []string{"pt-find", "-h", "$HOST", "-P", "$PORT", "-u", "root", "--dblike", "$STAGE"}, want: "`landing`.`a.csv`"},
	{name: "pt-mysql-summary", command: []string{"pt-mysql-summary", "--", "-h", "$HOST", "-P", "$PORT", "-u", "root"}, want: "# The End #", holds: true},
	{name: "pt-variable-advisor", command: []string{"pt-variable-advisor", "h=$HOST,P=$PORT,u=root"}, want: "# NOTE port: ", holds: true},
	{name: "pt-duplicate-key-checker", command: []string{"pt-duplicate-key-checker", "-h", "$HOST", "-P", "$PORT", "-u", "root"}, want: "# Total Indexes  0", holds: true},
}

// doctrine is the tour of Doctrine DBAL, which is the same on each of its drivers.
var doctrine = toured("1054", "1146 | 42S02", `file: 1 | 2 | 2 | O'Re\il`, "schema: a.csv | a bigint | b bigint")

// TestMoreClients runs each client against one server.
func TestMoreClients(t *testing.T) {
	// The go command runs the tests again when a file that they looked at changed.
	for _, pattern := range []string{"scripts/*", "node/*", "golang/*", "golang/*/*"} {
		scripts, err := filepath.Glob(pattern)
		if err != nil || len(scripts) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(scripts), err)
		}
		for _, script := range scripts {
			if _, err := os.Stat(script); err != nil {
				t.Fatal(err)
			}
		}
	}
	binary := filepath.Join(t.TempDir(), "wharf")
	if err := harness.Build(root, binary); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, binary, harness.Options{})
	host, port, err := net.SplitHostPort(s.MySQL)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"HOST": host, "PORT": port, "STAGE": "landing", "DIR": t.TempDir(), "BIN": t.TempDir()}
	buildClients(t, values["BIN"])
	makeStage(t, values, s.HTTP)
	for _, c := range matrix {
		t.Run(c.name, func(t *testing.T) { c.run(t, values) })
	}
}

// buildClients builds the clients in Go, which are a module of their own: the
// server's does not have what they need.
func buildClients(t *testing.T, into string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", into, "./gorm", "./bun")
	cmd.Dir = "golang"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// makeStage makes the stage with one file in it.
func makeStage(t *testing.T, values map[string]string, addr string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "mariadb", "-h", values["HOST"], "-P", values["PORT"], "-u", "root", "-e", "CREATE STAGE landing").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+addr+"/v1/stage/landing/a.csv", strings.NewReader("a,b\n1,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

func (c client) run(t *testing.T, values map[string]string) {
	modules, err := filepath.Abs(filepath.Join(root, ".tools/morenode/node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	expand := func(s string) string { return os.Expand(s, func(name string) string { return values[name] }) }
	args := make([]string, len(c.command))
	for i, arg := range c.command {
		args[i] = expand(arg)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "HOME="+values["DIR"], "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", "NODE_PATH="+modules)
	for name, value := range values {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(expand(c.input)), &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if failed := errors.As(err, &exit); err != nil && !failed || failed != c.fails {
		t.Fatalf("it ended with %v\n%s%s", err, out.String(), errs.String())
	}
	got := strings.TrimSpace(strings.ReplaceAll(out.String(), "disconnect: True", "disconnect: true"))
	switch {
	case c.holds && !strings.Contains(out.String()+errs.String(), c.want):
		t.Errorf("it printed\n%s%s\nwithout %q", out.String(), errs.String(), c.want)
	case !c.holds && got != c.want:
		t.Errorf("it printed\n%s\nwant\n%s\n%s", got, c.want, errs.String())
	}
}
