package exec_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"wharf"
	"wharf/sql/exec"
)

// query runs one statement and gives the texts of its rows.
func query(t testing.TB, s *exec.Session, text string) ([][]string, error) {
	t.Helper()
	stmt, _, err := s.Parse(text)
	if err != nil {
		return nil, err
	}
	res, err := s.Run(t.Context(), stmt, nil)
	if err != nil || res.Rows == nil {
		return nil, err
	}
	var rows [][]string
	for row, err := range res.Rows.All {
		if err != nil {
			return rows, err
		}
		var texts []string
		for _, v := range row {
			texts = append(texts, v.String())
		}
		rows = append(rows, texts)
	}
	return rows, nil
}

// must is query where nothing may fail.
func must(t testing.TB, s *exec.Session, text string) [][]string {
	t.Helper()
	rows, err := query(t, s, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rows
}

// TestEveryVariable asks for, sets and resets each variable there is.
func TestEveryVariable(t *testing.T) {
	s := newHarness(t).session("main")
	all := must(t, s, "SHOW VARIABLES")
	if len(all) < 110 {
		t.Fatalf("only %d variables", len(all))
	}
	for _, row := range all {
		name := row[0]
		t.Run(name, func(t *testing.T) {
			value := must(t, s, "SELECT @@"+name)[0][0]
			switch row[1] {
			case "ON":
				value = strings.Replace(value, "1", "ON", 1)
			case "OFF":
				value = strings.Replace(value, "0", "OFF", 1)
			}
			if value != row[1] {
				t.Errorf("SELECT gives %q, SHOW VARIABLES %q", value, row[1])
			}
			checkSet(t, s, name)
		})
	}
}

func checkSet(t *testing.T, s *exec.Session, name string) {
	before := must(t, s, "SELECT @@"+name)[0][0]
	for _, form := range []string{"%s = @@%s", "SESSION %s = @@%s", "@@%s = @@%s"} {
		_, err := query(t, s, "SET "+fmt.Sprintf(form, name, name))
		msg := wharf.MessageOf(err)
		if err != nil && !strings.Contains(msg, "read only") && !strings.Contains(msg, "GLOBAL variable") {
			t.Fatalf("it cannot be set to its own value: %v", err)
		}
		if err != nil && wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Fatalf("code %s: %v", wharf.CodeOf(err), err)
		}
		if after := must(t, s, "SELECT @@"+name)[0][0]; after != before && name != "error_count" && name != "warning_count" {
			t.Fatalf("SET to its own value changed %q to %q", before, after)
		}
	}
	if _, err := query(t, s, "SET "+name+" = NULL"); err == nil && name != "character_set_results" {
		t.Fatal("it took NULL")
	}
	if _, err := query(t, s, "SET "+name+" = DEFAULT"); err != nil && !strings.Contains(wharf.MessageOf(err), "variable") {
		t.Fatalf("SET to DEFAULT: %v", err)
	}
}

// TestGlobalsAreShared sets a global value from many sessions at once.
func TestGlobalsAreShared(t *testing.T) {
	h := newHarness(t)
	var all sync.WaitGroup
	for i := range 16 {
		s := h.executor.NewSession(exec.Client{ID: uint32(i), Principal: wharf.Root})
		all.Go(func() {
			must(t, s, fmt.Sprintf("SET GLOBAL wait_timeout = %d, GLOBAL net_read_timeout = %d", 100+i, 100+i))
			must(t, s, "SHOW GLOBAL VARIABLES LIKE '%timeout'")
			s.Reset()
		})
	}
	all.Wait()
	rows := must(t, h.session("after"), "SELECT @@wait_timeout = @@net_read_timeout, @@wait_timeout >= 100")
	if rows[0][0] != "1" || rows[0][1] != "1" {
		t.Fatalf("%v: half of a SET shows", rows)
	}
}

// TestRefusedValues has values of MySQL that would change an answer, and that Wharf
// does not do; each leaves the variable as it was.
func TestRefusedValues(t *testing.T) {
	s := newHarness(t).session("main")
	for _, set := range []string{
		"sql_mode = 'ALLOW_INVALID_DATES'", "sql_mode = 'ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL'", "sql_mode = 4294967296",
		"lc_time_names = 'de_DE'", "lc_time_names = 'JA_jp'", "default_collation_for_utf8mb4 = utf8mb4_general_ci", "resultset_metadata = NONE",
		"block_encryption_mode = 'aes-128-ofb'", "explain_format = JSON", "rand_seed1 = 5", "sql_quote_show_create = OFF",
	} {
		name, _, _ := strings.Cut(set, " ")
		before := must(t, s, "SELECT @@"+name)[0][0]
		for _, scope := range []string{"", "GLOBAL "} {
			if (name == "resultset_metadata" || name == "rand_seed1") && scope != "" {
				continue
			}
			if _, err := query(t, s, "SET "+scope+set); wharf.CodeOf(err) != wharf.CodeUnsupported {
				t.Errorf("SET %s%s: %v, want it to be refused", scope, set, err)
			}
		}
		if after := must(t, s, "SELECT @@"+name)[0][0]; after != before {
			t.Errorf("SET %s: %s is %q, want %q", set, name, after, before)
		}
	}
	must(t, s, "SET lc_time_names = 'EN_au', sql_mode = 'ANSI', default_collation_for_utf8mb4 = DEFAULT")
	if got := must(t, s, "SELECT @@lc_time_names")[0][0]; got != "en_AU" {
		t.Errorf("lc_time_names is %q", got)
	}
}

// TestCharsetVariables sets a character set, which has a collation of its own, and a
// collation, which has a character set.
func TestCharsetVariables(t *testing.T) {
	s := newHarness(t).session("main")
	for _, c := range []struct{ set, ask, want string }{
		{"character_set_connection = latin1", "@@collation_connection", "latin1_swedish_ci"},
		{"collation_connection = utf8mb4_bin", "@@character_set_connection", "utf8mb4"},
		{"collation_connection = utf8mb4_bin", "'a' = 'A'", "0"},
		{"character_set_server = ascii", "@@collation_server", "ascii_general_ci"},
		{"collation_database = latin1_bin", "@@character_set_database", "latin1"},
	} {
		must(t, s, "SET "+c.set)
		if got := must(t, s, "SELECT "+c.ask)[0][0]; got != c.want {
			t.Errorf("SET %s: %s is %q, want %q", c.set, c.ask, got, c.want)
		}
	}
}
