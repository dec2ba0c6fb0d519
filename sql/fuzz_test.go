package sql

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"wharf"
)

// FuzzParse: no panic, every valid statement survives a round trip through
// its canonical form, and no string of the statement shows in an error or in
// its redacted form.
func FuzzParse(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stmt, rest, err := Parse(text)
		if !strings.HasSuffix(text, rest) {
			t.Fatalf("the rest %q is not the end of %q", rest, text)
		}
		if stmt != nil {
			if err != nil {
				t.Fatalf("%q: both a statement and %v", text, err)
			}
			checkRoundTrip(t, stmt)
			_, _ = NumParams(stmt), describe(stmt)
		}
		if err != nil && wharf.CodeOf(err) == wharf.CodeInternal {
			t.Fatalf("%q: %v", text, err)
		}
		checkNoLeak(t, text)
	})
}

// corpus takes the inputs of the data files.
func corpus(f *testing.F) []string {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	var texts []string
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(b), "\n\n") {
			input, _, _ := strings.Cut(block, "\n----")
			texts = append(texts, strings.Split(input, "\n")...)
		}
	}
	if len(texts) < 300 {
		f.Fatalf("only %d texts in the data files", len(texts))
	}
	return texts
}

// marker is a value that no fuzzed text holds by itself.
const marker = "wJalrXUtnFEMI"

// checkNoLeak puts the marker into the strings of the first statement, and
// looks for it in what may be shown.
func checkNoLeak(t *testing.T, text string) {
	src, _ := Mode(0).split(text)
	if !utf8.ValidString(src.orig) || strings.Contains(text, marker[:4]) {
		return
	}
	secret := markStrings(src, `'"`)
	if _, _, err := Parse(secret); err != nil && strings.Contains(err.Error(), marker[:4]) {
		t.Fatalf("%q shows a string: %v", secret, err)
	}
	// "…" may be a name and '@…' a location: both are shown.
	secret = markStrings(src, "'")
	stmt, _, _ := Parse(secret)
	if stmt == nil || strings.Contains(stmt.Redacted(), "@") {
		return
	}
	if strings.Contains(stmt.Redacted(), marker[:4]) {
		t.Fatalf("%q shows a string: %q", secret, stmt.Redacted())
	}
}

// markStrings writes the marker at the start of each string in one of the
// quotes.
func markStrings(src source, quotes string) string {
	var b strings.Builder
	for at := 0; ; {
		tok := src.tokenAt(at)
		b.WriteString(src.clean[at:tok.start])
		s := src.clean[tok.start:tok.end]
		if (tok.kind == kindString || tok.kind == kindTorn) && strings.Contains(quotes, s[:1]) {
			s = s[:1] + marker + s[1:]
		}
		b.WriteString(s)
		if tok.kind == kindEnd {
			return b.String()
		}
		at = tok.end
	}
}
