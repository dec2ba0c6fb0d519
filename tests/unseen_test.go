package tests

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// unseenStatements are tried with a stage that a user may not see, and with none: $S
// is its name.
var unseenStatements = strings.Split(strings.TrimSpace(`
SHOW TABLES FROM $S
SHOW TABLE STATUS FROM $S
SHOW INDEX FROM $S.t
SHOW COLUMNS FROM $S.t
SHOW CREATE TABLE $S.t
SHOW CREATE DATABASE $S
SHOW CREATE STAGE $S
SHOW TRIGGERS FROM $S
SHOW OPEN TABLES FROM $S
SHOW STAGES LIKE '$S'
SHOW DATABASES LIKE '$S'
USE $S
DESC $S.t
DESC STAGE $S
EXPLAIN SELECT * FROM $S.t
EXPLAIN SELECT * FROM @$S/t.csv
SELECT * FROM $S.t
SELECT * FROM @$S/t.csv
SELECT (SELECT COUNT(*) FROM @$S)
SELECT 1 FROM (SELECT * FROM @$S/t.csv) AS x
SELECT * FROM LIST_STAGE(LOCATION => '@$S/')
SELECT * FROM INFER_SCHEMA(LOCATION => '@$S/t.csv')
SELECT * FROM information_schema.tables WHERE table_schema = '$S'
SELECT * FROM information_schema.columns WHERE table_schema = '$S'
SELECT * FROM information_schema.views WHERE table_schema = '$S'
SELECT * FROM information_schema.schemata WHERE schema_name = '$S'
SELECT * FROM information_schema.stages WHERE name = '$S'
LIST @$S
LIST FULL @$S/t
REMOVE @$S
REMOVE @$S/t.csv
COPY FILES INTO @~/ FROM @$S/
COPY FILES INTO @$S/ FROM @~/
COPY INTO @$S/x FROM (SELECT 1)
COPY INTO @~/x FROM (SELECT * FROM @$S/t.csv)
PRESIGN @$S/t.csv
PRESIGN UPLOAD @$S/t.csv
CREATE DATABASE $S
GRANT READ ON STAGE $S TO bob
GRANT READ ON STAGE $S TO nobody
GRANT OWNERSHIP ON STAGE $S TO bob
REVOKE READ ON STAGE $S FROM bob
ALTER STAGE $S SET COMMENT = 'x'
ALTER STAGE $S RENAME TO mine
ALTER STAGE $S RENAME TO hidden
ALTER STAGE IF EXISTS $S SET COMMENT = 'x'
DROP STAGE $S
DROP STAGE IF EXISTS $S
DESC CONNECTION $S
DROP CONNECTION $S
DROP CONNECTION IF EXISTS $S
GRANT USAGE ON CONNECTION $S TO bob
CREATE STAGE mine 's3://bucket/' CONNECTION = (CONNECTION_NAME = '$S')
PREPARE p FROM 'SELECT * FROM @$S/t.csv'
PREPARE p FROM 'SELECT * FROM $S.t'
PREPARE p FROM 'LIST @$S'
DO (SELECT COUNT(*) FROM @$S)
SET @x = (SELECT COUNT(*) FROM @$S)
WITH x AS (SELECT * FROM @$S/t.csv) SELECT * FROM x
TABLE $S.t
EXPLAIN $S.t
EXPLAIN LIST @$S
EXPLAIN FORMAT = JSON SELECT * FROM $S.t
SHOW FULL TABLES FROM $S
SHOW FULL COLUMNS FROM $S.t
SHOW KEYS FROM $S.t
SHOW EVENTS FROM $S
SHOW CREATE VIEW $S.t
SHOW STAGES WHERE name = '$S'
SHOW CONNECTIONS LIKE '$S'
SHOW GRANTS FOR bob
INSERT INTO $S.t VALUES (1)
UPDATE $S.t SET a = 1
DELETE FROM $S.t
CREATE TABLE $S.x (a INT)
DROP TABLE $S.t
TRUNCATE TABLE $S.t
RENAME TABLE $S.t TO $S.u
ALTER TABLE $S.t ADD COLUMN b INT
LOCK TABLES $S.t READ
FLUSH TABLES $S.t
ANALYZE TABLE $S.t
CHECK TABLE $S.t
DROP DATABASE $S
DROP DATABASE IF EXISTS $S
CREATE DATABASE IF NOT EXISTS $S
ALTER DATABASE $S CHARACTER SET utf8mb4
LOAD DATA INFILE 'x' INTO TABLE $S.t
HANDLER $S.t OPEN
SELECT * FROM information_schema.statistics WHERE table_schema = '$S'
SELECT * FROM information_schema.partitions WHERE table_schema = '$S'
SELECT * FROM information_schema.key_column_usage WHERE table_schema = '$S'
SELECT * FROM information_schema.table_constraints WHERE table_schema = '$S'
SELECT * FROM information_schema.schema_privileges WHERE table_schema = '$S'
SELECT * FROM information_schema.table_privileges WHERE table_schema = '$S'
COPY FILES INTO @$S FROM @$S
COPY INTO @$S FROM (SELECT * FROM @$S/t.csv)
`), "\n")

// TestUnseenIsAbsent: to a user without a privilege on it, a stage or connection answers
// as one that is not there, to every statement and request, word for word.
func TestUnseenIsAbsent(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{userPassword}})
	s.exec("CREATE STAGE hidden", "CREATE CONNECTION hidden STORAGE_TYPE = 's3'", "CREATE USER bob IDENTIFIED BY '"+userPassword+"'", "GRANT CREATE STAGE ON *.* TO bob")
	s.mustUpload("hidden", "t.csv", []byte("1,2\n"))
	bob := s.dbAs("bob:"+userPassword, "")
	bob.SetMaxOpenConns(1)
	for _, statement := range unseenStatements {
		hidden, absent := answerOf(bob, statement, "hidden"), answerOf(bob, statement, "absent")
		if hidden != absent {
			t.Errorf("%s: of a stage that is there %q, of none %q", statement, hidden, absent)
		}
	}
	for _, path := range []string{"", "t.csv", "none.csv"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			hidden, absent := s.requestOf(method, "hidden", path), s.requestOf(method, "absent", path)
			if hidden != absent {
				t.Errorf("%s of %q: of a stage that is there %s, of none %s", method, path, hidden, absent)
			}
		}
	}
	for what, answer := range map[string]func(name string) string{
		"a form": func(name string) string {
			r := s.curl("-u", "bob:"+userPassword, "-H", "stage_name: "+name, "-F", "upload=@testdata/page/internal.txt", "http://"+s.http+"/v1/upload_to_stage")
			_, after, _ := strings.Cut(r.body, ",")
			return fmt.Sprint(r.status, after)
		},
		"a page of a list":      func(name string) string { return s.requestOf("GET", name, "?prefix=t&limit=1") },
		"a database at a login": func(name string) string { return fmt.Sprint(s.dbIn("bob:"+userPassword, name).Ping()) },
		"a prepared statement": func(name string) string {
			st, err := bob.Prepare("SELECT * FROM @" + name + "/t.csv WHERE 1 = ?")
			if err == nil {
				st.Close()
			}
			return fmt.Sprint(err)
		},
		"USE and completion": func(name string) string {
			out := s.as("bob", userPassword, "--auto-rehash", "-e", "USE "+name+"; SHOW TABLES")
			return out.stdout + out.stderr
		},
	} {
		hidden, absent := strings.ReplaceAll(answer("hidden"), "hidden", "$S"), strings.ReplaceAll(answer("absent"), "absent", "$S")
		if hidden != absent {
			t.Errorf("%s: of a stage that is there %q, of none %q", what, hidden, absent)
		}
	}
	if got := s.list("hidden"); len(got) != 1 {
		t.Errorf("the stage has %q after all that", got)
	}
}

// answerOf runs a statement with a name, and returns its error, warnings and rows, with
// $S in the name's place.
func answerOf(db *sql.DB, statement, name string) string {
	var answer strings.Builder
	for _, q := range []string{strings.ReplaceAll(statement, "$S", name), "SHOW WARNINGS"} {
		rows, err := db.Query(q)
		for err == nil && rows.Next() {
			columns, _ := rows.Columns()
			row, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
			for i := range row {
				to[i] = &row[i]
			}
			err = rows.Scan(to...)
			fmt.Fprintln(&answer, row)
		}
		if err == nil {
			err = rows.Err()
		}
		fmt.Fprintln(&answer, err)
	}
	return strings.ReplaceAll(answer.String(), name, "$S")
}

// dbIn is dbAs with a database.
func (s *server) dbIn(userPassword, database string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("mysql", userPassword+"@tcp("+s.mysql+")/"+database)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	return db
}

func (s *server) requestOf(method, stage, path string) string {
	r := s.curl("-u", "bob:"+userPassword, "-X", method, "-d", "", fileURL(s, stage, path))
	_, after, _ := strings.Cut(r.body, ",") // behind the ID of the request
	return fmt.Sprint(r.status, strings.ReplaceAll(after, stage, "$S"))
}
