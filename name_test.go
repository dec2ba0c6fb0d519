package wharf_test

import (
	"strings"
	"testing"

	"wharf"
)

func TestParseStageName(t *testing.T) {
	for name, ok := range map[string]bool{
		"s": true, "my_internal_stage": true, "A-b$9": true, "7up": true, "bühne": true, "舞台": true, "~": true,
		"e\u0301tage": true, strings.Repeat("a", 255): true,
		"": false, "a b": false, "a/b": false, "a.b": false, "~a": false, "a~": false, "a'b": false, "a\x00": false,
		"a\xff": false, "a;b": false, strings.Repeat("a", 256): false, "😀": false,
	} {
		got, err := wharf.ParseStageName(name)
		if (err == nil) != ok || err == nil && string(got) != name || err != nil && wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%q: %q, %v; want ok %t", name, got, err, ok)
		}
	}
}

func TestStageID(t *testing.T) {
	id := wharf.NewStageID()
	if id.IsZero() || id == wharf.NewStageID() {
		t.Fatal("not an ID of its own")
	}
	back, err := wharf.ParseStageID(id.String())
	if err != nil || back != id {
		t.Fatalf("%s, %v", back, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("g", 32)} {
		if _, err := wharf.ParseStageID(bad); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
