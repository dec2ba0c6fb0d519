package clients

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// client is a program that makes the tour.
type client struct {
	name    string
	command []string // to which "tour" or "login" is added

	inProcess func(o *tourist) error // instead of command

	without []string            // steps that it has no call for
	differs map[string][]string // lines of a step that it shows in its own way
	noState bool                // it does not tell the SQLSTATE of an error
	plugins bool                // its login plugin can be chosen, by a my.cnf
}

// The steps that clients go without.
var (
	preparing  = []string{"prepared", "prepared types", "prepared list", "prepared error"} // all values go into the text
	status     = []string{"transaction"}                                                   // what the server says of it is kept inside
	changeUser = []string{"change user"}
	reset      = []string{"reset"}
	compress   = []string{"compressed"}
	many       = []string{"multi", "multi error"} // a matter of the driver below
)

// python is Debian's, whose packages another python3 on the PATH would not
// find.
const python = "/usr/bin/python3"

// connectorJ is where Debian has it.
const connectorJ = "/usr/share/java/mariadb-java-client.jar"

var (
	// PHP tells no SQLSTATE of an error that ends the login.
	phpLogin = []string{"wrong password: error 1045 HY000"}
	// mysqli's execute_query binds all values as strings.
	phpBound = []string{"bound: text 1 | text one", `bound: text -2 | text O'Re\il"ly`, "bound: null | text €"}
	// JavaScript has one type of number, and mysql2 sends it as the DOUBLE
	// that it is.
	nodePrepared = []string{"prepared: float 1 | text one", `prepared: float -2 | text O'Re\il"ly`, "prepared: null | text €"}
	// Some give all results of a text, or an error.
	allAtOnce = []string{"multi error: error 1146 42S02"}
)

var matrix = []client{
	{
		name: "go-sql-driver", inProcess: goTour,
		without: slices.Concat(status, changeUser, reset),
	},
	{
		name: "PyMySQL", command: []string{python, "python/dbapi.py", "pymysql"}, noState: true,
		without: slices.Concat(preparing, compress, changeUser, reset),
	},
	{
		name: "mysqlclient", command: []string{python, "python/dbapi.py", "MySQLdb"}, noState: true, plugins: true,
		without: slices.Concat(preparing, status, reset),
	},
	{
		name: "SQLAlchemy on PyMySQL", command: []string{python, "python/alchemy.py", "pymysql"}, noState: true,
		without: slices.Concat(preparing, status, compress, changeUser, reset, many),
	},
	{
		name: "SQLAlchemy on mysqlclient", command: []string{python, "python/alchemy.py", "mysqldb"}, noState: true,
		without: slices.Concat(preparing, status, changeUser, reset, many),
	},
	{
		name: "PHP mysqli", command: []string{"php", "php/mysqli.php"},
		without: slices.Concat(status, reset),
		differs: map[string][]string{"wrong password": phpLogin, "bound": phpBound},
	},
	{
		name: "PHP PDO", command: []string{"php", "php/pdo.php"},
		without: slices.Concat(changeUser, reset),
		differs: map[string][]string{"wrong password": phpLogin},
	},
	{
		name: "Perl DBD::mysql", command: []string{"perl", "perl/dbi.pl"}, plugins: true,
		without: slices.Concat(status, changeUser, reset),
	},
	{
		name: "Connector/J", command: []string{"java", "-XX:TieredStopAtLevel=1", "-cp", connectorJ, "java/Tour.java"},
		without: slices.Concat(status, changeUser, reset),
		differs: map[string][]string{"multi error": allAtOnce},
	},
	{
		name: "node mysql2", command: []string{"node", "node/callback.js"}, without: status,
		differs: map[string][]string{"prepared": nodePrepared, "multi error": allAtOnce},
	},
	{
		name: "node mysql2 promise", command: []string{"node", "node/promise.js"}, without: status,
		differs: map[string][]string{"prepared": nodePrepared, "multi error": allAtOnce},
	},
}

func TestTour(t *testing.T) {
	s := start(t, "")
	t.Run("clients", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				s.tour(t, c)
			})
		}
	})
	s.wantNoConnections(t)
}

// TestLogin logs every client in with a password, and with a wrong one.
func TestLogin(t *testing.T) {
	s := start(t, password)
	t.Run("clients", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				s.login(t, c)
			})
			if !c.plugins {
				continue
			}
			for _, plugin := range []string{"mysql_native_password", "caching_sha2_password"} {
				t.Run(c.name+"/"+plugin, func(t *testing.T) {
					t.Parallel()
					file := filepath.Join(t.TempDir(), "my.cnf")
					writeFile(t, file, "[client]\ndefault-auth="+plugin+"\n")
					s.login(t, c, "CLIENT_CONFIG="+file)
				})
			}
		}
	})
	s.wantNoConnections(t)
}

// TestREADME wants every client in the table of the README.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(matrix, client{name: "mariadb command line"}) {
		if !strings.Contains(string(text), "\n| "+c.name+" | ") {
			t.Errorf("README.md has no line for %s", c.name)
		}
	}
}
