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

func (s *server) requestOf(method, stage, path string) string {
	r := s.curl("-u", "bob:"+userPassword, "-X", method, "-d", "", fileURL(s, stage, path))
	_, after, _ := strings.Cut(r.body, ",") // behind the ID of the request
	return fmt.Sprint(r.status, strings.ReplaceAll(after, stage, "$S"))
}
