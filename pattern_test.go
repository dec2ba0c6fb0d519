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

// What would take much memory or time is refused before it does: none of these
// may take longer than a moment.
func TestPatternLimits(t *testing.T) {
	for name, pattern := range map[string]string{
		"long":             strings.Repeat("(", 16<<20),
		"a byte too long":  strings.Repeat("x", wharf.MaxPattern+1),
		"many repetitions": strings.Repeat(".{0,1000}", 450),
		"nested":           strings.Repeat("((x{30}){30})", 300),
		"open":             strings.Repeat("x{1000,}", 11),
	} {
		_, err := wharf.ParsePattern(pattern)
		if msg := wharf.MessageOf(err); wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(msg, "is the most") || len(msg) > 300 {
			t.Errorf("%s: %.400v", name, err)
		}
	}
	for _, pattern := range []string{strings.Repeat("x", wharf.MaxPattern), "x{1000}", ".{0,1000}[.]csv", `\pL{1000}`} {
		if _, err := wharf.ParsePattern(pattern); err != nil {
			t.Errorf("%.20q…: %v", pattern, err)
		}
	}
	_, err := wharf.ParsePattern(strings.Repeat("ü", 2000) + "(")
	if msg := wharf.MessageOf(err); !strings.Contains(msg, "ü…\"") || len(msg) > 300 {
		t.Errorf("a long pattern is quoted as %q", msg)
	}
}
