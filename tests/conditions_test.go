package tests

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// TestConditions has each error of sql/conditions.txt, by number and SQLSTATE.
func TestConditions(t *testing.T) {
	s := start(t, settings{})
	s.exec("CREATE STAGE known")
	s.mustUpload("known", "n.csv", []byte("1\n2\n"))
	known := map[string]bool{}
	for _, row := range rowsOfFile(t, "../conditions.txt", 4, 100) {
		want := row[1] + " " + row[2]
		known[want] = true
		if row[3] == "-" {
			continue
		}
		c := s.session("")
		statements := strings.Split(row[3], "; ")
		for i, statement := range statements {
			rows, err := c.QueryContext(t.Context(), statement)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
				rows.Close()
			}
			got := "no error"
			if e, ok := err.(*mysql.MySQLError); ok {
				got = fmt.Sprintf("%d %s", e.Number, e.SQLState[:])
			}
			if last := i == len(statements)-1; last && got != want || !last && err != nil {
				t.Errorf("%s: %s: %v, want %s", row[0], statement, err, want)
			}
		}
	}
	for _, number := range numbersInSource(t) {
		if !known[number] {
			t.Errorf("sql/conditions.txt has no row for %s", number)
		}
	}
}

// numberInSource finds a number and its SQLSTATE where errors are made.
var numberInSource = regexp.MustCompile(`(?:NewCause\(|because\(|invalid\(|Number: |refusal\{|return )([1-9]\d{3}), (?:State: )?"([0-9A-Z]{5})"`)

// numbersInSource are all that the source gives.
func numbersInSource(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"sql", "server"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range numberInSource.FindAllStringSubmatch(string(text), -1) {
				all = append(all, found[1]+" "+found[2])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 80 {
		t.Errorf("only %d numbers are found", len(all))
	}
	return all
}
