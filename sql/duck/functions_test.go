//go:build linux && !noduck

package duck

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeNamesFunctions wants README.md to list every function of a query
// of files, but for other names of the same.
func TestReadmeNamesFunctions(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	others := map[string]bool{}
	for name := range strings.FieldsSeq("ceiling character_length octet_length ucase lcase sha substr mid power dayofmonth adddate subdate timestampadd") {
		others[name] = true
	}
	wants := func(name string) {
		if !others[name] && !strings.Contains(string(readme), "`"+strings.ToUpper(name)+"`") {
			t.Errorf("README.md does not name the function %s", strings.ToUpper(name))
		}
	}
	for name := range functions {
		wants(name)
	}
	for name := range specialCalls {
		wants(name)
	}
	for name := range windowFunctions {
		wants(name)
	}
}
