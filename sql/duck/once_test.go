//go:build linux && !noduck

package duck

import (
	"regexp"
	"strings"
	"testing"
)

var lambdaName = regexp.MustCompile(`\bkept[0-9a-f]{16}`)

// TestMacros wants every macro of the prelude to be read, in an order in which those that
// others call stand before them.
func TestMacros(t *testing.T) {
	if n := strings.Count(prelude, "CREATE MACRO "); n != len(macros) {
		t.Errorf("%d macros are read of %d", len(macros), n)
	}
	seen := map[string]bool{}
	for _, line := range macroLine.FindAllStringSubmatch(prelude, -1) {
		for _, call := range calledBy.FindAllStringSubmatch(quotation.ReplaceAllString(line[3], "''"), -1) {
			if _, isMacro := macros[call[1]]; isMacro && !seen[call[1]] {
				t.Errorf("%s calls %s, which stands behind it", line[1], call[1])
			}
		}
		seen[line[1]] = true
	}
	for name, want := range map[string]bool{"mysql_by": true, "mysql_ln": true, "mysql_months": false, "mysql_moment": true, "mysql_place": false} {
		if macros[name].evaluates != want {
			t.Errorf("%s calls the evaluator: %t, want %t", name, !want, want)
		}
	}
}

// TestKeepArguments wants calls of macros to name no argument twice that must not be computed
// twice, and all other text to stay as it is.
func TestKeepArguments(t *testing.T) {
	for _, text := range []string{
		`SELECT mysql_place(t1."a") FROM (SELECT 1) AS t1`,
		`SELECT 'mysql_place(random())', t1."mysql_place(random())", mysql_number('a') FROM t1`,
		`SELECT round(random(), 2)`,
	} {
		if got := keepArguments(text); got != text {
			t.Errorf("%s\nbecomes %s", text, got)
		}
	}
	for text, want := range map[string]string{
		"SELECT mysql_place(random())":                               "SELECT list_transform([{'c0': random()}], lambda K: mysql_place(K['c0']))[1]",
		"SELECT mysql_round_integer(mysql_hex(mysql_number(x)), -2)": "SELECT list_transform([{'c0': list_transform([{'c0': mysql_number(x)}], lambda K: mysql_hex(K['c0']))[1], 'c1': -2}], lambda K: mysql_round_integer(K['c0'], -2))[1]",
		"mysql_place(mysql_place(uuid()))":                           "list_transform([{'c0': list_transform([{'c0': uuid()}], lambda K: mysql_place(K['c0']))[1]}], lambda K: mysql_place(K['c0']))[1]",
		"mysql_ln(mysql_by((SELECT max(')') FROM t), a))":            "",
	} {
		got := keepArguments(text)
		if want != "" && lambdaName.ReplaceAllString(got, "K") != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", text, got, want)
		}
		if n := strings.Count(got, "(SELECT max"); n != strings.Count(text, "(SELECT max") {
			t.Errorf("%s has its query %d times: %s", text, n, got)
		}
	}
}
