package tests

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// privilegeUse is one use of what a row of README.md's table of privileges names. In
// its texts $s is a stage with the file a.csv, $x one on S3, $c a connection, $f a file
// format, $n what no other use has in its names, and $k a connection of root's.
type privilegeUse struct {
	item string // as the table has it
	run  string // a statement, or METHOD /path of HTTP
	// has is what the user has that may, lacks what the one has that may not. A use
	// without has needs no privilege: both may.
	has, lacks []string
	// refused is in what the user sees that may not. Where it is "", the user sees
	// nothing of the stage.
	refused string
}

const (
	readS, writeS, ownS = "READ ON STAGE $s", "WRITE ON STAGE $s", "OWNERSHIP ON STAGE $s"
	creates, supers     = "CREATE STAGE ON *.*", "SUPER ON *.*"
)

const denied, unknown, needsSuper = "ERROR 1142", "ERROR 1146", "ERROR 1227"

func privilegeUses() []privilegeUse {
	return slices.Concat(stageUses(), userUses(), requestUses(), freeUses())
}

func stageUses() []privilegeUse {
	return []privilegeUse{
		{"CREATE STAGE", "CREATE STAGE new$n", []string{creates}, []string{readS, writeS}, denied},
		{"CREATE STAGE", "CREATE OR REPLACE STAGE $s", []string{creates, ownS}, []string{creates, readS}, denied},
		{"CREATE CONNECTION", "CREATE CONNECTION new$n STORAGE_TYPE = 's3'", []string{creates}, []string{readS}, denied},
		{"CREATE FILE FORMAT", "CREATE FILE FORMAT new$n TYPE = CSV", []string{creates}, []string{readS}, denied},
		{"CREATE STAGE … CONNECTION = (CONNECTION_NAME = 'c')", "CREATE STAGE new$n 's3://bucket/' CONNECTION = (CONNECTION_NAME = '$c')",
			[]string{creates, "USAGE ON CONNECTION $c"}, []string{creates}, unknown},
		{"ALTER STAGE … SET CONNECTION = (CONNECTION_NAME = 'c')", "ALTER STAGE $x SET CONNECTION = (CONNECTION_NAME = '$c')",
			[]string{"OWNERSHIP ON STAGE $x", "USAGE ON CONNECTION $c"}, []string{"OWNERSHIP ON STAGE $x"}, unknown},
		{"ALTER STAGE", "ALTER STAGE $s SET COMMENT = 'x'", []string{ownS}, []string{readS, writeS, creates}, denied},
		{"ALTER STAGE", "ALTER STAGE $s RENAME TO new$n", []string{ownS}, []string{readS, writeS, creates}, denied},
		{"DROP STAGE", "DROP STAGE $s", []string{ownS}, []string{readS, writeS, creates}, denied},
		{"SHOW STAGES", "SHOW STAGES LIKE '$s'", []string{writeS}, []string{creates}, ""},
		{"DESC STAGE", "DESC STAGE $s", []string{writeS}, []string{creates}, unknown},
		{"SHOW CREATE STAGE", "SHOW CREATE STAGE $s", []string{readS}, []string{creates}, unknown},
		{"SHOW DATABASES", "SHOW DATABASES LIKE '$s'", []string{readS}, []string{creates}, ""},
		{"USE", "USE $s", []string{readS}, []string{creates}, "ERROR 1049"},
		{"LIST", "LIST @$s", []string{readS}, []string{writeS, creates}, denied},
		{"SELECT", "SELECT * FROM @$s/a.csv", []string{readS}, []string{writeS, creates}, denied},
		{"SELECT", "SELECT * FROM $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"DESC", "DESC $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"SHOW TABLES", "SHOW TABLES FROM $s", []string{readS}, []string{writeS, creates}, denied},
		{"INFER_SCHEMA", "SELECT * FROM INFER_SCHEMA(LOCATION => '@$s/a.csv')", []string{readS}, []string{writeS, creates}, denied},
		{"CHECK TABLE", "CHECK TABLE $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"ANALYZE TABLE", "ANALYZE TABLE $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"CHECKSUM TABLE", "CHECKSUM TABLE $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"OPTIMIZE TABLE", "OPTIMIZE TABLE $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"REPAIR TABLE", "REPAIR TABLE $s.`a.csv`", []string{readS}, []string{writeS, creates}, denied},
		{"LIST_STAGE", "SELECT * FROM LIST_STAGE(LOCATION => '@$s')", []string{readS}, []string{writeS, creates}, denied},
		{"PRESIGN", "PRESIGN @$s/a.csv", []string{readS}, []string{writeS, creates}, denied},
		{"PRESIGN DOWNLOAD", "PRESIGN DOWNLOAD @$s/a.csv", []string{readS}, []string{writeS, creates}, denied},
		{"PRESIGN UPLOAD", "PRESIGN UPLOAD @$s/b.csv", []string{writeS}, []string{readS, creates}, denied},
		{"REMOVE", "REMOVE @$s/ PATTERN = '.*'", []string{readS, writeS}, []string{writeS, creates}, denied},
		{"REMOVE", "REMOVE @$s/a.csv", []string{writeS}, []string{readS, creates}, denied},
		{"COPY INTO", "COPY INTO @$s/out FROM (SELECT 1 AS one)", []string{writeS}, []string{readS, creates}, denied},
		{"COPY INTO", "COPY INTO @$s/out FROM (SELECT 1 AS one) INCLUDE_QUERY_ID = FALSE", []string{readS, writeS}, []string{writeS, creates}, denied},
		{"COPY INTO", "COPY INTO @~/out FROM (SELECT * FROM @$s/a.csv)", []string{readS}, []string{writeS, creates}, denied},
		{"COPY FILES", "COPY FILES INTO @~/copies/ FROM @$s/a.csv", []string{readS}, []string{writeS, creates}, denied},
		{"COPY FILES", "COPY FILES INTO @$s/copies/ FROM @~/", []string{writeS}, []string{readS, creates}, denied},
		{"DESC CONNECTION", "DESC CONNECTION $c", []string{"USAGE ON CONNECTION $c"}, []string{creates}, unknown},
		{"SHOW CONNECTIONS", "SHOW CONNECTIONS LIKE '$c'", []string{"USAGE ON CONNECTION $c"}, []string{creates}, ""},
		{"DROP CONNECTION", "DROP CONNECTION $c", []string{"OWNERSHIP ON CONNECTION $c"}, []string{"USAGE ON CONNECTION $c", creates}, denied},
		{"DROP FILE FORMAT", "DROP FILE FORMAT $f", []string{supers}, []string{creates, ownS}, denied},
		{"DESC FILE FORMAT", "DESC FILE FORMAT $f", nil, nil, ""},
		{"SHOW FILE FORMATS", "SHOW FILE FORMATS LIKE '$f'", nil, nil, ""},
		{"FILE_FORMAT = (FORMAT_NAME = …)", "DESC FILE FORMAT $f", nil, nil, ""},
		{"GRANT", "GRANT READ ON STAGE $s TO third", []string{ownS}, []string{readS, writeS}, denied},
		{"REVOKE", "REVOKE WRITE ON STAGE $s FROM third", []string{ownS}, []string{readS, writeS}, denied},
		{"GRANT", "GRANT USAGE ON CONNECTION $c TO third", []string{"OWNERSHIP ON CONNECTION $c"}, []string{"USAGE ON CONNECTION $c"}, denied},
	}
}

func userUses() []privilegeUse {
	return []privilegeUse{
		{"GRANT", "GRANT CREATE STAGE ON *.* TO third", []string{supers}, []string{creates, ownS}, needsSuper},
		{"REVOKE", "REVOKE CREATE STAGE ON *.* FROM third", []string{supers}, []string{creates, ownS}, needsSuper},
		{"GRANT", "GRANT idle TO third", []string{supers}, []string{creates, ownS}, needsSuper},
		{"REVOKE", "REVOKE idle FROM third", []string{supers}, []string{creates, ownS}, needsSuper},
		{"CREATE USER", "CREATE USER new$n IDENTIFIED BY 'x'", []string{supers}, []string{creates, ownS}, needsSuper},
		{"RENAME USER", "RENAME USER third TO third$n, third$n TO third", []string{supers}, []string{creates}, needsSuper},
		{"DROP USER", "DROP USER IF EXISTS nobody", []string{supers}, []string{creates}, needsSuper},
		{"CREATE ROLE", "CREATE ROLE new$n", []string{supers}, []string{creates}, needsSuper},
		{"DROP ROLE", "DROP ROLE IF EXISTS nobody", []string{supers}, []string{creates}, needsSuper},
		{"ALTER USER", "ALTER USER third ACCOUNT UNLOCK", []string{supers}, []string{creates}, needsSuper},
		{"ALTER USER", "ALTER USER CURRENT_USER() IDENTIFIED BY '" + userPassword + "'", nil, nil, ""},
		{"SET PASSWORD", "SET PASSWORD FOR third = 'x'", []string{supers}, []string{creates}, needsSuper},
		{"SET PASSWORD", "SET PASSWORD = '" + userPassword + "'", nil, nil, ""},
		{"SET DEFAULT ROLE", "SET DEFAULT ROLE NONE TO third", []string{supers}, []string{creates}, needsSuper},
		{"SET DEFAULT ROLE", "SET DEFAULT ROLE NONE TO CURRENT_USER()", nil, nil, ""},
		{"CREATE TOKEN", "CREATE TOKEN t$n FOR third", []string{supers}, []string{creates}, needsSuper},
		{"CREATE TOKEN", "CREATE TOKEN own", nil, nil, ""},
		{"DROP TOKEN", "DROP TOKEN IF EXISTS t$n FOR third", []string{supers}, []string{creates}, needsSuper},
		{"DROP TOKEN", "DROP TOKEN IF EXISTS own", nil, nil, ""},
		{"SHOW TOKENS", "SHOW TOKENS FOR third", []string{supers}, []string{creates}, needsSuper},
		{"SHOW TOKENS", "SHOW TOKENS", nil, nil, ""},
		{"SHOW CREATE USER", "SHOW CREATE USER third", []string{supers}, []string{creates}, needsSuper},
		{"SHOW GRANTS", "SHOW GRANTS FOR third", []string{supers}, []string{creates}, needsSuper},
		{"SHOW GRANTS", "SHOW GRANTS", nil, nil, ""},
		{"SHOW USERS", "SHOW USERS LIKE 'third'", []string{supers}, []string{creates}, ""},
		{"SHOW ROLES", "SHOW ROLES LIKE 'idle'", []string{supers}, []string{creates}, ""},
		{"SHOW PROCESSLIST", "SELECT ID FROM information_schema.processlist WHERE USER = 'root'", []string{supers}, []string{creates}, ""},
		{"SHOW PROCESSLIST", "SHOW PROCESSLIST", nil, nil, ""},
		{"SHOW STATUS", "SHOW STATUS LIKE 'Threads_connected'", nil, nil, ""},
		{"KILL", "KILL QUERY $k", []string{supers}, []string{creates}, "ERROR 1094"},
		{"SET GLOBAL", "SET GLOBAL wait_timeout = 28800", []string{supers}, []string{creates}, needsSuper},
	}
}

func requestUses() []privilegeUse {
	return []privilegeUse{
		{"GET /v1/stage/*", "GET /v1/stage/$s/a.csv", []string{readS}, []string{writeS}, "403"},
		{"GET /v1/stage/*", "GET /v1/stage/$s/", []string{readS}, nil, "404"},
		{"HEAD /v1/stage/*", "HEAD /v1/stage/$s/a.csv", []string{readS}, []string{writeS}, "403"},
		{"PUT /v1/stage/*", "PUT /v1/stage/$s/new.csv", []string{writeS}, []string{readS}, "403"},
		{"DELETE /v1/stage/*", "DELETE /v1/stage/$s/a.csv", []string{writeS}, []string{readS}, "403"},
		{"PUT /v1/upload_to_stage", "PUT /v1/upload_to_stage", []string{writeS}, []string{readS}, "403"},
		{"POST /v1/upload_to_stage", "POST /v1/upload_to_stage", []string{writeS}, nil, "404"},
		{"GET /metrics", "GET /metrics", []string{supers}, []string{creates, ownS}, "403"},
	}
}

// freeUses need no privilege.
func freeUses() (list []privilegeUse) {
	for item, run := range map[string]string{
		"SET": "SET @x = 1", "SET ROLE": "SET ROLE NONE", "SELECT without": "SELECT 1", "SHOW": "SHOW VARIABLES LIKE 'version'", "EXPLAIN": "EXPLAIN SELECT 1",
		"DO": "DO 1", "PREPARE": "PREPARE p FROM 'SELECT 1'", "DEALLOCATE PREPARE": "PREPARE p FROM 'SELECT 1'; DEALLOCATE PREPARE p", "BEGIN": "BEGIN", "COMMIT": "COMMIT", "ROLLBACK": "ROLLBACK", "SAVEPOINT": "SAVEPOINT x", "LOCK TABLES": "LOCK TABLES `default`.t READ",
		"FLUSH": "FLUSH PRIVILEGES", "CREATE DATABASE IF NOT EXISTS": "CREATE DATABASE IF NOT EXISTS `default`",
		"GET /": "GET /", "HEAD /": "HEAD /", "GET /README.md": "GET /README.md", "HEAD /README.md": "HEAD /README.md",
		"GET /v1/health": "GET /v1/health", "HEAD /v1/health": "HEAD /v1/health",
		"GET /v1/health/live": "GET /v1/health/live", "HEAD /v1/health/live": "HEAD /v1/health/live",
		"GET /v1/health/ready": "GET /v1/health/ready", "HEAD /v1/health/ready": "HEAD /v1/health/ready",
	} {
		list = append(list, privilegeUse{item: item, run: run})
	}
	return list
}

const userPassword = "Tr0ub4dor & 3"

// TestPrivileges walks the table of privileges of README.md on both ports: with a user
// who lacks the privilege, who may have every other, and with one who has it and no
// other. What the table names, and is not used here, fails the test.
func TestPrivileges(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{userPassword}})
	s.exec("CREATE USER third IDENTIFIED BY '"+userPassword+"'", "CREATE ROLE idle")
	used := map[string]bool{}
	for n, use := range privilegeUses() {
		used[use.item] = true
		t.Run(use.run, func(t *testing.T) { (&privilegeWalk{t: t, s: s, n: n, use: use}).run() })
	}
	for _, item := range privilegeItems(t) {
		if !used[item] && !(item == "OR REPLACE" || item == "SELECT" || item == "*.*") {
			t.Errorf("README.md says which privilege %q takes, and nothing here tries it", item)
		}
	}
}

// privilegeItems are what stands in code in the first column of the table.
func privilegeItems(t *testing.T) (items []string) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| statement or request | privilege |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for i, code := range strings.Split(first, "`") {
			if i%2 == 1 {
				items = append(items, code)
			}
		}
	}
	if len(items) < 60 {
		t.Fatalf("the table of privileges has only %d items", len(items))
	}
	return items
}

// privilegeWalk tries one use.
type privilegeWalk struct {
	t   *testing.T
	s   *server
	n   int
	use privilegeUse

	names *strings.Replacer
}

func (w *privilegeWalk) run() {
	for i, may := range []bool{false, true} {
		user := fmt.Sprintf("u%d_%d", w.n, i)
		id := fmt.Sprintf("%d_%d", w.n, i)
		stage, connection, external, format := "s"+id, "c"+id, "x"+id, "f"+id
		root := w.s.db("")
		var process string
		setup := []string{
			"CREATE USER " + user + " IDENTIFIED BY '" + userPassword + "'", "CREATE STAGE " + stage,
			"GRANT WRITE ON STAGE " + stage + " TO third",
		}
		for name, q := range map[string]string{
			"$c": "CREATE CONNECTION " + connection + " STORAGE_TYPE = 's3' REGION = 'r'", "$x": "CREATE STAGE " + external + " 's3://bucket/'",
			"$f": "CREATE FILE FORMAT " + format + " TYPE = CSV",
		} {
			if strings.Contains(w.use.run, name) {
				setup = append(setup, q)
			}
		}
		for _, q := range setup {
			if _, err := root.Exec(q); err != nil {
				w.t.Fatalf("%s: %v", q, err)
			}
		}
		if err := root.QueryRow("SELECT CONNECTION_ID()").Scan(&process); err != nil {
			w.t.Fatal(err)
		}
		w.s.mustUpload(stage, "a.csv", []byte("1,2\n"))
		w.names = strings.NewReplacer("$s", stage, "$c", connection, "$x", external, "$n", id, "$f", format, "$k", process)
		grants := w.use.lacks
		if may {
			grants = w.use.has
		}
		for _, g := range grants {
			if _, err := root.Exec("GRANT " + w.names.Replace(g) + " TO " + user); err != nil {
				w.t.Fatalf("GRANT %s: %v", g, err)
			}
		}
		w.try(user, stage, may || w.use.has == nil)
	}
}

// try runs the use as a user, and wants it to work or not.
func (w *privilegeWalk) try(user, stage string, may bool) {
	run := w.names.Replace(w.use.run)
	seen, ok := "", false
	if method, path, http := strings.Cut(run, " "); http && strings.HasPrefix(path, "/") {
		seen, ok = w.request(user, stage, method, path)
	} else {
		out := w.s.mariadbAs(user, userPassword, "", "-N", "-e", run)
		seen, ok = out.stdout+out.stderr, out.code == 0
	}
	hidden := w.use.refused == ""
	switch {
	case may && !ok:
		w.t.Errorf("%s by one who may: %s", run, seen)
	case may && hidden && w.use.has != nil && seen == "":
		w.t.Errorf("%s shows nothing to one who may see it", run)
	case !may && hidden && (!ok || seen != ""):
		w.t.Errorf("%s by one who may not see it: %s", run, seen)
	case !may && !hidden && (ok || !strings.Contains(seen, w.use.refused)):
		w.t.Errorf("%s by one who may not: %s, want %s", run, seen, w.use.refused)
	}
}

func (w *privilegeWalk) request(user, stage, method, path string) (seen string, ok bool) {
	args := []string{"-u", user + ":" + userPassword, "-X", method}
	switch {
	case method == "HEAD":
		args = []string{"-u", user + ":" + userPassword, "-I"}
	case path == "/v1/upload_to_stage":
		args = append(args, "-H", "stage_name: "+stage, "-F", "upload=@privileges_test.go;filename=new.csv")
	case method == "PUT":
		args = append(args, "--data-binary", "x")
	}
	r := w.s.curl(append(args, "http://"+w.s.http+path)...)
	return fmt.Sprint(r.status), r.status/100 == 2
}
