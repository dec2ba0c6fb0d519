package oracle

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// noOracle are functions whose values are of the session or of the moment: what
// they give over staged rows is not compared.
var noOracle = []string{"en_US", "JSON_MEMBEROF", "UUID", "UUID_SHORT", "RANDOM_BYTES", "RAND", "SLEEP", "VERSION", "USER", "CURRENT_USER", "CURRENT_ROLE", "CONNECTION_ID", "NOW", "SYSDATE", "CURDATE", "CURTIME",
	"UTC_TIMESTAMP", "UTC_DATE", "UTC_TIME", "ROW_COUNT", "FOUND_ROWS", "LAST_INSERT_ID", "CHARSET", "COLLATION", "DATABASE"}

// TestReadmeFunctions wants a statement over staged rows for each function and
// operator that README.md lists.
func TestReadmeFunctions(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(stagedFolder, "statements", "*.test"))
	if err != nil {
		t.Fatal(err)
	}
	var statements strings.Builder
	for _, path := range paths {
		for _, line := range lines(t, path) {
			statements.WriteString(overRows(line) + "\n")
		}
	}
	asked := strings.ToUpper(statements.String())
	names := 0
	for _, row := range tableRows(string(readme), "| of | functions and operators |", "| of | functions |") {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row, -1) {
			name := strings.ReplaceAll(m[1], `\|`, "|")
			if slices.Contains(noOracle, name) {
				continue
			}
			names++
			if !isAsked(asked, strings.ToUpper(name)) {
				t.Errorf("no statement over staged rows has %s", name)
			}
		}
	}
	if names < 200 {
		t.Errorf("README.md lists %d functions and operators", names)
	}
}

// tableRows are the rows of the tables that begin so.
func tableRows(text string, heads ...string) []string {
	var rows []string
	for _, head := range heads {
		_, rest, _ := strings.Cut(text, head)
		for _, line := range strings.Split(rest, "\n")[1:] {
			if !strings.HasPrefix(line, "|") {
				break
			}
			rows = append(rows, line)
		}
	}
	return rows
}

var word = regexp.MustCompile(`^[A-Z0-9_ ]+$`)

// isAsked reports whether statements have a function, with its parenthesis, or
// an operator.
func isAsked(statements, name string) bool {
	operators := []string{"DIV", "AND", "OR", "XOR", "NOT", "IN", "BETWEEN", "LIKE", "REGEXP", "IS", "EXISTS", "ANY", "ALL", "MEMBER OF"}
	switch {
	case strings.HasPrefix(name, "("), !word.MatchString(name):
		return strings.Contains(statements, " "+name+" ") || strings.Contains(statements, name)
	case slices.Contains(operators, name):
		return regexp.MustCompile(`\b` + name + `\b`).MatchString(statements)
	}
	return regexp.MustCompile(`\b` + name + `\(`).MatchString(statements)
}
