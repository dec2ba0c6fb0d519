package sql_test

import (
	"testing"

	"wharf/sql"
)

// TestActionOfGrants: who looks for what was taken away finds it.
func TestActionOfGrants(t *testing.T) {
	for text, want := range map[string]string{
		"GRANT READ ON STAGE s TO a":    "GRANT",
		"REVOKE READ ON STAGE s FROM a": "REVOKE",
		"GRANT r TO a":                  "GRANT ROLE",
		"REVOKE r FROM a":               "REVOKE ROLE",
	} {
		st, _, err := sql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := sql.Action(st); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
