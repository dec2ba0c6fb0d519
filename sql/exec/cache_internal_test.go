package exec

import (
	"fmt"
	"testing"

	"wharf/sql"
)

func TestStatementCacheKeepsWhatIsUsed(t *testing.T) {
	var c statementCache
	st := &Stmt{parsed: &sql.Select{}}
	c.remember("SELECT 0", 0, st)
	for i := range 10 * maxCached {
		c.remember(fmt.Sprintf("SELECT %d", i+1), 0, &Stmt{parsed: &sql.Select{}})
		if c.find("SELECT 0", 0) != st {
			t.Fatalf("a statement in use is forgotten after %d others", i+1)
		}
	}
	if c.find("SELECT 1", 0) != nil {
		t.Error("a statement that nobody uses is still there")
	}
	if n := len(c.young) + len(c.old); n > 2*maxCached {
		t.Errorf("%d statements are kept", n)
	}
}

func TestStatementCacheLeavesSecretsOut(t *testing.T) {
	s := New(Options{}).NewSession(Client{})
	for text, kept := range map[string]bool{
		"SELECT 1":                        true,
		"select @@version":                true,
		"SET autocommit = 1;":             true,
		"SHOW VARIABLES":                  true,
		"COMMIT":                          true,
		"SELECT 'secret'":                 false,
		`SELECT "secret"`:                 false,
		"SET @key = 'secret'":             false,
		"SELECT 1; SELECT 2":              false,
		"CREATE USER u IDENTIFIED BY 'p'": false,
		"DROP STAGE s":                    false,
	} {
		if _, _, err := s.Parse(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := s.executor.statements.find(text, 0) != nil; got != kept {
			t.Errorf("%s: kept is %v", text, got)
		}
	}
}

// The same text gives the same statement, with nothing left of an earlier
// run.
func TestParseAgain(t *testing.T) {
	s := New(Options{}).NewSession(Client{})
	first, _, err := s.Parse("SELECT ? + 1")
	if err != nil {
		t.Fatal(err)
	}
	second, rest, err := s.Parse("SELECT ? + 1")
	if err != nil || rest != "" || first != second || second.NumParams() != 1 {
		t.Errorf("%p and %p, rest %q, %d parameters, %v", first, second, rest, second.NumParams(), err)
	}
}
