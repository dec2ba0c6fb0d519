package exec_test

import (
	"errors"
	"testing"

	"wharf/sql/exec"
)

// TestCauses has the statements whose errors MySQL numbers by their cause.
func TestCauses(t *testing.T) {
	s := newHarness(t).session("main")
	for text, want := range map[string]error{
		"USE nowhere":                exec.ErrUnknownDatabase,
		"SHOW TABLES FROM nowhere":   exec.ErrUnknownDatabase,
		"SHOW TABLES":                exec.ErrNoDatabase,
		"SELECT @@tx_isolation":      exec.ErrUnknownVariable,
		"SET SESSION tx_isolation=1": exec.ErrUnknownVariable,
		"KILL 12345":                 exec.ErrUnknownThread,
		"KILL QUERY 99999999999":     exec.ErrUnknownThread,
	} {
		if _, err := query(t, s, text); !errors.Is(err, want) {
			t.Errorf("%s: %v, want the cause %v", text, err, want)
		}
	}
}
