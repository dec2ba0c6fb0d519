package httpapi

import (
	"strings"
	"testing"

	"wharf"
)

// TestEveryRouteHasAPrivilege: the table of privileges in README.md has each request that
// the router knows, and no other.
func TestEveryRouteHasAPrivilege(t *testing.T) {
	_, section, ok := strings.Cut(wharf.README, "\n| statement or request | privilege |\n")
	if !ok {
		t.Fatal("README.md has no table of privileges")
	}
	table, _, _ := strings.Cut(section, "\n\n")
	known := map[string]bool{}
	for _, r := range New(Options{Service: wharf.NewService(wharf.ServiceOptions{})}).router.Routes() {
		known[r.Method+" "+r.Path] = true
		if !strings.Contains(table, "`"+r.Method+" "+r.Path+"`") {
			t.Errorf("README.md does not say which privilege %s %s takes", r.Method, r.Path)
		}
	}
	for i, code := range strings.Split(table, "`") {
		method, path, _ := strings.Cut(code, " ")
		if i%2 == 1 && strings.HasPrefix(path, "/") && !known[method+" "+path] {
			t.Errorf("README.md has %s, which the router does not know", code)
		}
	}
}
