package clients

import (
	"path/filepath"
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

// python is Debian's, whose packages another python3 on the PATH would not
// find.
const python = "/usr/bin/python3"

// php tells no SQLSTATE of an error that ends the login.
var php = map[string][]string{"wrong password": {"wrong password: error 1045 HY000"}}

var node = map[string][]string{
	// JavaScript has one type of number, and mysql2 sends it as the DOUBLE that it is.
	"prepared":    {"prepared: float 1 | text one", `prepared: float -2 | text O'Re\il"ly`, "prepared: null | text €"},
	"multi error": allAtOnce,
}

// allAtOnce is of clients that give all results of a text, or an error.
var allAtOnce = []string{"multi error: error 1146 42S02"}

var matrix = []client{
	{name: "go-sql-driver", inProcess: goTour, without: []string{"transaction", "change user", "reset"}},
	{
		name: "PyMySQL", command: []string{python, "python/dbapi.py", "pymysql"}, noState: true,
		// It prepares nothing, has no compression, and cannot change the user.
		without: []string{"prepared", "prepared types", "prepared list", "prepared error", "compressed", "change user", "reset"},
	},
	{
		name: "mysqlclient", command: []string{python, "python/dbapi.py", "MySQLdb"}, noState: true, plugins: true,
		// It prepares nothing, and does not show the status of a transaction.
		without: []string{"prepared", "prepared types", "prepared list", "prepared error", "transaction", "reset"},
	},
	{
		name: "SQLAlchemy on PyMySQL", command: []string{python, "python/alchemy.py", "pymysql"}, noState: true,
		without: []string{"prepared", "prepared types", "prepared list", "prepared error", "transaction", "compressed", "change user", "reset", "multi", "multi error"},
	},
	{
		name: "SQLAlchemy on mysqlclient", command: []string{python, "python/alchemy.py", "mysqldb"}, noState: true,
		without: []string{"prepared", "prepared types", "prepared list", "prepared error", "transaction", "change user", "reset", "multi", "multi error"},
	},
	{
		name: "PHP mysqli", command: []string{"php", "php/mysqli.php"},
		differs: map[string][]string{
			"wrong password": php["wrong password"],
			// execute_query binds all values as strings.
			"bound": {"bound: text 1 | text one", `bound: text -2 | text O'Re\il"ly`, "bound: null | text €"},
		},
		without: []string{"transaction", "reset"},
	},
	{
		name: "Perl DBD::mysql", command: []string{"perl", "perl/dbi.pl"}, plugins: true,
		// It does not show the status of a transaction either.
		without: []string{"transaction", "change user", "reset"},
	},
	{
		name: "Connector/J", command: []string{"java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/mariadb-java-client.jar", "java/Tour.java"},
		without: []string{"transaction", "change user", "reset"},
		differs: map[string][]string{"multi error": allAtOnce},
	},
	{name: "node mysql2", command: []string{"node", "node/callback.js"}, without: []string{"transaction"}, differs: node},
	{name: "node mysql2 promise", command: []string{"node", "node/promise.js"}, without: []string{"transaction"}, differs: node},
	{
		name: "PHP PDO", command: []string{"php", "php/pdo.php"}, differs: php,
		without: []string{"change user", "reset"},
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
	want := []string{"login: text root@%", "wrong password: error 1045 28000", "end: closed"}
	t.Run("clients", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				compare(t, s.run(t, c, "login"), c.adapt(want))
			})
			if !c.plugins {
				continue
			}
			for _, plugin := range []string{"mysql_native_password", "caching_sha2_password"} {
				t.Run(c.name+"/"+plugin, func(t *testing.T) {
					t.Parallel()
					file := filepath.Join(t.TempDir(), "my.cnf")
					writeFile(t, file, "[client]\ndefault-auth="+plugin+"\n")
					compare(t, s.run(t, c, "login", "CLIENT_CONFIG="+file), c.adapt(want))
				})
			}
		}
	})
	s.wantNoConnections(t)
}
