package sql

import (
	"math"
	"testing"
	"time"

	"wharf"
)

func TestTokenStatements(t *testing.T) {
	for text, want := range map[string]CreateToken{
		"CREATE TOKEN ci":                                     {Name: "ci"},
		"create token ci-2 for CURRENT_USER()":                {Name: "ci-2", For: &AccountName{Current: true}},
		"CREATE TOKEN `ci` FOR 'a'@'10.%' EXPIRES IN 1 DAY":   {Name: "ci", For: &AccountName{User: "a", Host: "10.%"}, Life: 24 * time.Hour},
		"CREATE TOKEN ci EXPIRES IN 90 SECONDS":               {Name: "ci", Life: 90 * time.Second},
		"CREATE TOKEN ci EXPIRES IN 2 hours":                  {Name: "ci", Life: 2 * time.Hour},
		"CREATE TOKEN ci EXPIRES IN 9223372036854775807 DAYS": {Name: "ci", Life: math.MaxInt64},
	} {
		stmt, _, err := Parse(text)
		got, ok := stmt.(*CreateToken)
		if err != nil || !ok || got.Name != want.Name || got.Life != want.Life || (got.For == nil) != (want.For == nil) || got.For != nil && *got.For != *want.For {
			t.Errorf("%s is %+v, %v", text, stmt, err)
		}
	}
	stmt, _, err := Parse("DROP TOKEN IF EXISTS ci FOR ann")
	if d, ok := stmt.(*DropToken); err != nil || !ok || !d.IfExists || d.Name != "ci" || d.For.User != "ann" {
		t.Errorf("DROP TOKEN is %+v, %v", stmt, err)
	}
	stmt, _, err = Parse("SHOW TOKENS FOR ann LIKE 'c%'")
	if s, ok := stmt.(*Show); err != nil || !ok || s.What != "TOKENS" || s.Of.User != "ann" || *s.Like != "c%" {
		t.Errorf("SHOW TOKENS is %+v, %v", stmt, err)
	}
	for text, code := range map[string]wharf.Code{
		"CREATE TOKEN": wharf.CodeSyntax, "CREATE TOKEN 'ci'": wharf.CodeSyntax, "CREATE TOKEN ci FOR": wharf.CodeSyntax, "CREATE TOKEN ci EXPIRES": wharf.CodeSyntax,
		"CREATE TOKEN ci EXPIRES IN 0 DAYS": wharf.CodeSyntax, "CREATE TOKEN ci EXPIRES IN -1 DAYS": wharf.CodeSyntax, "CREATE TOKEN ci EXPIRES IN 1": wharf.CodeSyntax,
		"CREATE TOKEN ci EXPIRES IN 1 YEARS": wharf.CodeSyntax, "CREATE TOKEN ci EXPIRES IN 1 DAY FOR a": wharf.CodeSyntax, "CREATE TOKEN ci EXPIRES IN 1.5 DAYS": wharf.CodeSyntax,
		"CREATE OR REPLACE TOKEN ci": wharf.CodeUnsupported, "CREATE TOKEN IF NOT EXISTS ci": wharf.CodeSyntax, "DROP TOKEN": wharf.CodeSyntax, "DROP TOKEN a, b": wharf.CodeSyntax,
	} {
		if stmt, _, err := Parse(text); wharf.CodeOf(err) != code {
			t.Errorf("%s is %+v, %v; want the code %q", text, stmt, err, code)
		}
	}
}
