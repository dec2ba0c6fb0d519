package eval

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeNamesFunctions wants README.md to list every function, but for
// operators, literals and other names of the same.
func TestReadmeNamesFunctions(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	others := strings.Fields(`CEILING CHARACTER_LENGTH OCTET_LENGTH UCASE LCASE SHA SUBSTR MID POWER DAYOFMONTH SCHEMA
		SESSION_USER SYSTEM_USER CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP CURRENT_DATE CURRENT_TIME
		LIKE REGEXP IN BETWEEN COLLATE`)
	known := map[string]bool{}
	for _, name := range others {
		known[name] = true
	}
	for name := range FunctionTable() {
		if !known[name] && !strings.Contains(name, " ") && !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md does not name the function %s", name)
		}
	}
}
