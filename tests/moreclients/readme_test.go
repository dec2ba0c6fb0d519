//go:build moreclients

package moreclients

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inBrowser are the clients that have tests of their own.
var inBrowser = []string{"phpMyAdmin", "Adminer"}

// TestReadmeClients compares the README's table of this matrix with the clients
// that the matrix runs: each row names some, and each client is in one row.
func TestReadmeClients(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\nA second matrix (`make test-clients`)")
	_, table, headed := strings.Cut(rest, "\n|---|---|\n")
	if !found || !headed {
		t.Fatal("the README has no table of the second matrix")
	}
	var clients []string
	for _, c := range matrix {
		if name, _, _ := strings.Cut(c.name, "/"); !slices.Contains(clients, name) {
			clients = append(clients, name)
		}
	}
	clients = append(clients, inBrowser...)
	rows := map[string]int{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			break // the table's end
		}
		named := slices.DeleteFunc(slices.Clone(clients), func(name string) bool {
			return !regexp.MustCompile(`(^|\s)` + regexp.QuoteMeta(name) + `(,|\s|$)`).MatchString(cells[1])
		})
		if len(named) == 0 {
			t.Errorf("the row %q names no client of the matrix", strings.TrimSpace(cells[1]))
		}
		for _, name := range named {
			rows[name]++
		}
	}
	for _, name := range clients {
		if rows[name] != 1 {
			t.Errorf("%s has %d rows", name, rows[name])
		}
	}
}
