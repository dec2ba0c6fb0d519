//go:build moreclients

package moreclients

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"wharf/tests/harness"
)

const password = "s3cret & sound"

// cargo is a Parquet file of 1,000 rows of several types, with a NULL in each
// seventh row and a long text in each tenth.
const cargo = "COPY INTO @landing/cargo.parquet FROM (WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 1000)" +
	" SELECT id, CONCAT('item ', LPAD(id, 4, '0'), ' käse') AS name, CAST(id AS DECIMAL(10,2)) AS price," +
	" CAST(DATE_ADD('2026-01-01', INTERVAL id DAY) AS DATE) AS day, CAST(TIMESTAMPADD(MICROSECOND, id, '2026-01-01 10:00:00') AS DATETIME(6)) AS moment," +
	" IF(id % 7 = 0, NULL, id % 5) AS stars, IF(id % 10 = 0, REPEAT('long text ', 100), 'short') AS note FROM n)" +
	" FILE_FORMAT = (TYPE = PARQUET) SINGLE = TRUE USE_RAW_PATH = TRUE"

// landed starts a server whose stages hold files of many names and kinds.
func landed(t *testing.T) *harness.Server {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "wharf")
	if err := harness.Build(root, binary); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, binary, harness.Options{Env: []string{"WHARF_ROOT_PASSWORD=" + password}, Secrets: []string{password}})
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr = "root", password, "tcp", s.MySQL
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for _, statement := range []string{"CREATE STAGE landing COMMENT = 'what came in'", "CREATE STAGE `odd-names`", "CREATE STAGE empty"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"landing/logs/2026-01.csv":            "id,name\n1,January\n2,first\n",
		"landing/logs/2026-02.csv":            "id,name\n3,February\n",
		"odd-names/k%C3%A4se%20%E2%82%AC.csv": "sort,preis\nGouda,\"3,50\"\nBrie,\"4,20\"\n",
		"odd-names/it's%20%60quoted%60.csv":   "a,b\n1,2\n",
		"odd-names/100%25%20_sure.ndjson":     `{"k": 1, "list": [1, 2], "deep": {"a": null}}` + "\n",
		"odd-names/readme.txt":                "no data\n",
	} {
		put(t, s, name, text)
	}
	if _, err := db.ExecContext(t.Context(), cargo); err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *harness.Server, path, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+s.HTTP+"/v1/stage/"+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("root", password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, resp.Status)
	}
}

// noErrors wants the server to have answered all statements but those with OK.
func noErrors(t *testing.T, s *harness.Server, but []string) {
	t.Helper()
	for line := range strings.Lines(s.Log()) {
		var entry struct{ Level, Msg, Statement, Error string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			continue // the harness checks that
		}
		if entry.Error != "" && !slices.Contains(but, entry.Statement) || entry.Level == "WARN" || entry.Level == "ERROR" {
			t.Errorf("the server logged %s", line)
		}
	}
}

func sameText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
	}
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q:\n%.3000s", what, part, text)
		}
	}
}
