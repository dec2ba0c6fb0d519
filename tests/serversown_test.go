package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFolderIsNotTaken walks, over MySQL, the ways by which a user without SUPER
// could come to read a folder of the server through a stage that root owns.
func TestFolderIsNotTaken(t *testing.T) {
	t.Parallel()
	const pw = "Tr0ub4dor & 3"
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "payroll.csv"), []byte("1,very private\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, settings{args: []string{"--fs-allow", folder}, secrets: []string{pw}})
	url := "URL = 'fs://" + folder + "/'"
	s.exec("CREATE USER mal IDENTIFIED BY '"+pw+"'", "CREATE USER late IDENTIFIED BY '"+pw+"'",
		"GRANT CREATE STAGE ON *.* TO mal", "GRANT SUPER ON *.* TO late")
	run := func(user, want string, statements ...string) {
		t.Helper()
		for _, q := range statements {
			out := s.as(user, pw, "-e", q)
			if got := out.stdout + out.stderr; want == "" && got != "" || !strings.Contains(got, want) || strings.Contains(got, "private") {
				t.Errorf("%s: %s: %q, want %q", user, q, got, want)
			}
		}
	}
	run("mal", "", "CREATE STAGE taken URL = 's3://bucket/'")
	run("mal", "ERROR 1142 (42000)", "ALTER STAGE taken SET "+url, "ALTER STAGE taken SET URL = 'fs:///not/allowed/'", "CREATE STAGE x "+url)
	run("mal", "", "GRANT READ, WRITE ON STAGE taken TO mal", "REVOKE OWNERSHIP ON STAGE taken FROM mal")
	run("mal", "ERROR", "SELECT * FROM @taken/payroll.csv")

	run("late", "", "CREATE STAGE kept "+url, "GRANT READ, WRITE ON STAGE kept TO mal, late")
	s.exec("REVOKE SUPER ON *.* FROM late")
	run("late", "ERROR 1142 (42000)", "REVOKE OWNERSHIP ON STAGE kept FROM late", "SELECT * FROM @kept/payroll.csv", "REMOVE @kept/payroll.csv")
	run("mal", "ERROR 1142 (42000)", "LIST @kept", "SELECT * FROM @kept/payroll.csv", "REMOVE @kept/payroll.csv")
	if r := s.curl("-u", "mal:"+pw, fileURL(s, "kept", "payroll.csv")); r.status != 403 {
		t.Errorf("GET: %d %s", r.status, r.body)
	}
	s.exec("GRANT OWNERSHIP ON STAGE kept TO mal")
	run("mal", "ERROR 1142 (42000)", "REVOKE OWNERSHIP ON STAGE kept FROM mal", "SELECT * FROM @kept/payroll.csv")
}
