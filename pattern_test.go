package wharf_test

import (
	"strings"
	"testing"

	"wharf"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a", "ba", false},
		{"a|b", "b", true},
		{"a|b", "ab", false},
		{".*[.]csv", "x/y.csv", true},
		{"a$", "a", true},
		{"^a", "a", true},
		{"a.b", "a\nb", false},
		{"(?i)A", "a", true},
		{"(?m)^b$", "a\nb", false},
		{"ü+", "üü", true},
	} {
		p, err := wharf.ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
		} else if p.Match(c.text) != c.want || p.String() != c.pattern || p.IsZero() != (c.pattern == "") {
			t.Errorf("%q on %q: %t", c.pattern, c.text, !c.want)
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for pattern, part := range map[string]string{
		"(?=x)": "RE2", `(a)\1`: "RE2", "(?<!x)a": "RE2", "(": "missing closing", "a)": "unexpected )", "a)|(b": "unexpected )",
		"*": "missing argument", "[z-a]": "invalid character class", "a{2000}": "repeat", "\xff": "UTF-8",
	} {
		_, err := wharf.ParsePattern(pattern)
		if wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(wharf.MessageOf(err), part) {
			t.Errorf("%q: %v, want a message with %q", pattern, err, part)
		}
	}
}
