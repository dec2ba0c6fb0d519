package tests

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// TestAuditLog does things over both ports, stops the server and reads who did
// what.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/audit.log"
	g := harness.StartS3(t, root, "audit-access-key", fakeSecret)
	s := start(t, settings{args: []string{"--audit-log", file}, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword, fakeSecret}})
	db, base := s.dbAs("root:"+rootPassword, ""), "http://"+s.http
	for _, q := range []string{"CREATE STAGE s", g.CreateStage("outer", ""), "LIST @s/x", "SELECT 'a-string-value'", "SELEC 'unreadable-value'",
		"PRESIGN @s/b", "ALTER STAGE s RENAME TO t", "SELECT * FROM @t/none.csv", "DROP STAGE nostage"} {
		db.ExecContext(s.context(), q)
	}
	s.curl("-u", "root:"+rootPassword, "-T", "testdata/page/internal.txt", base+"/v1/stage/t/a%20b")
	s.curl("-u", "root:"+rootPassword, "-H", "stage_name:t", "-F", "upload=@testdata/page/internal.txt;filename=c", "-XPUT", base+"/v1/upload_to_stage")
	s.curl("-u", "mallory:wrong-pw-http", base+"/v1/stage/t/a%20b")
	s.curl(base + "/v1/health")
	s.dbAs("mallory:wrong-pw-mysql", "").PingContext(s.context())
	s.Stop()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Port, From, User, Action, Statement, Outcome, Request string
		Files                                                 []string
		Connection                                            int
	}
	seen := map[string]entry{}
	for line := range strings.Lines(string(data)) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !strings.HasPrefix(e.From, "127.0.0.1:") || e.Connection == 0 || (e.Port == "http") != (e.Request != "") {
			t.Errorf("a line does not say from where: %s", line)
		}
		seen[e.Port+" "+e.User+" "+e.Action+" "+strings.Join(e.Files, ",")+" "+e.Outcome] = e
	}
	for _, want := range []string{
		"mysql root login  ok", "mysql root CREATE STAGE s ok", "mysql root CREATE STAGE outer ok", "mysql root LIST FILES s/x ok", "mysql root SELECT  ok",
		"mysql root unreadable  syntax", "mysql root PRESIGN s/b ok", "mysql root ALTER STAGE s,t ok", "mysql root SELECT t/none.csv not_found",
		"mysql root DROP STAGE nostage not_found", "http root upload t/a b ok", "http root upload t/c ok", "http mallory download t/a b refused", "mysql mallory login  refused",
	} {
		if _, ok := seen[want]; !ok {
			t.Errorf("no line says %q; there are %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
	for _, secret := range []string{rootPassword, fakeSecret, "audit-access-key", "wrong-pw", "a-string-value", "unreadable-value", "signature"} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the audit log has %q", secret)
		}
	}
	if strings.Contains(string(data), `"health"`) {
		t.Error("the audit log has requests for health")
	}
}
