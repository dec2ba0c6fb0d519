package eval

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// likeRegexp is LIKE by other means.
func likeRegexp(pattern string, escape rune) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == escape && i+1 < len(runes):
			i++
			b.WriteString(regexp.QuoteMeta(string(runes[i])))
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(b.String() + `\z`)
}

// FuzzLike holds LIKE against a regular expression.
func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{
		{"abc", "a%"}, {"abcabd", "%ab_"}, {"", "%%"}, {"a%", `a\%`}, {`a\`, `a\`}, {"äöü", "_ö%"}, {"aaaaab", "%a%a%b"},
		{"a_", `%\_`}, {"%", `\%%`}, {"ab", "ab_"}, {"", ""}, {"x", ""}, {`\`, `\\`}, {"aXb", "a%%b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) || len(pattern) > 200 {
			return
		}
		want := likeRegexp(pattern, '\\').MatchString(s)
		same := func(a, b rune) bool { return a == b }
		steps := func(int) error { return nil }
		if got, err := like(s, pattern, '\\', same, steps); got != want || err != nil {
			t.Fatalf("%q LIKE %q: %t, %v", s, pattern, got, err)
		}
		if got, _ := like(s, withoutRuns(pattern), '\\', same, steps); got != want {
			t.Fatalf("%q LIKE %q without runs: %t", s, pattern, got)
		}
	})
}

func TestFold(t *testing.T) {
	for _, c := range [][2]string{
		{"abc", "ABC"}, {"é", "E"}, {"Ärger", "arger"}, {"ΣΣ", "σς"}, {"ﬁ", "ﬁ"}, {"İ", "i"}, {"e\u0301", "é"}, {"Å", "a"},
	} {
		if Fold(c[0]) != Fold(c[1]) {
			t.Errorf("%q and %q differ: %q, %q", c[0], c[1], Fold(c[0]), Fold(c[1]))
		}
	}
	for _, c := range [][2]string{{"a", "b"}, {"a", "aa"}, {"ß", "b"}, {"舞", "台"}} {
		if Fold(c[0]) == Fold(c[1]) {
			t.Errorf("%q and %q are one", c[0], c[1])
		}
	}
}
