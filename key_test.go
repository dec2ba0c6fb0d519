package wharf_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"wharf"
)

// paths are texts, and whether they are a key, a folder and a path in a
// location.
func paths() []struct {
	text                string
	key, folder, prefix bool
} {
	long := strings.Repeat("a", wharf.MaxKey)
	return []struct {
		text                string
		key, folder, prefix bool
	}{
		{"a", true, true, true},
		{"a/b.csv", true, true, true},
		{"with space 'n' \"quotes\" 100% 😀 ü", true, true, true},
		{"...", true, true, true},
		{"a..b/..c/d..", true, true, true},
		{"a//b", true, true, true},
		{long, true, true, true},
		{"", false, true, true},
		{"a/", false, true, true},
		{"/a", false, false, false},
		{"/", false, false, false},
		{".", false, false, true},
		{"..", false, false, true},
		{"./", false, false, false},
		{"a/../", false, false, false},
		{"a/.", false, false, true},
		{"../a", false, false, false},
		{"a/../b", false, false, false},
		{"a/..", false, false, true},
		{"a/./b", false, false, false},
		{"a\x00b", false, false, false},
		{"a\nb", false, false, false},
		{"a\u0085b", false, false, false},
		{"a\x7f", false, false, false},
		{"a\xffb", false, false, false},
		{long + "a", false, false, false},
	}
}

func TestPaths(t *testing.T) {
	check := func(what, text string, err error, want bool) {
		t.Helper()
		if (err == nil) != want || err != nil && wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%s %.40q: %v, want ok %t", what, text, err, want)
		}
	}
	for _, p := range paths() {
		key, err := wharf.ParseKey(p.text)
		check("key", p.text, err, p.key)
		if p.key && string(key) != p.text {
			t.Errorf("the key %q became %q", p.text, key)
		}
		folder, err := wharf.ParseFolder(p.text)
		check("folder", p.text, err, p.folder)
		if err == nil && folder != "" && (!strings.HasSuffix(folder, "/") || strings.TrimSuffix(folder, "/") != strings.TrimSuffix(p.text, "/")) {
			t.Errorf("the folder %q became %q", p.text, folder)
		}
		_, err = wharf.ParseLocation("s/" + p.text)
		check("location", p.text, err, p.prefix)
	}
}

func TestParseLocation(t *testing.T) {
	for _, c := range []struct {
		text   string
		want   wharf.Location
		folder bool
	}{
		{"s", wharf.Location{Stage: "s", Bare: true}, true},
		{"s/", wharf.Location{Stage: "s"}, true},
		{"s/a", wharf.Location{Stage: "s", Path: "a"}, false},
		{"s/a/", wharf.Location{Stage: "s", Path: "a/"}, true},
		{"~", wharf.Location{Stage: "~", Bare: true}, true},
	} {
		got, err := wharf.ParseLocation(c.text)
		if err != nil || got != c.want || got.IsFolder() != c.folder || got.String() != "@"+c.text {
			t.Errorf("%q: %+v, folder %t, %s, %v", c.text, got, got.IsFolder(), got, err)
		}
		if folder := "@" + strings.TrimSuffix(c.text, "/") + "/"; got.Folder().String() != folder || got.Folder().Bare {
			t.Errorf("%q: the folder is %s, want %s", c.text, got.Folder(), folder)
		}
	}
	for _, bad := range []string{"", "/a", "a b/c", "@s"} {
		if _, err := wharf.ParseLocation(bad); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestLocationIsQuoted has locations that a statement cannot hold as they are.
func TestLocationIsQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"~/a b":      `'@~/a b'`,
		"s/#x":       `'@s/#x'`,
		"s/it's":     `'@s/it''s'`,
		`s/a\b`:      `'@s/a\\b'`,
		"s/*.csv":    `'@s/*.csv'`,
		"s/a--b":     `'@s/a--b'`,
		"s/a,b;(c)":  `'@s/a,b;(c)'`,
		"s/a\u00a0b": "'@s/a\u00a0b'",
	} {
		loc, err := wharf.ParseLocation(text)
		if err != nil || loc.String() != want {
			t.Errorf("%q: %s, want %s: %v", text, loc, want, err)
		}
	}
}

// FuzzParseKey holds what a key promises, whatever comes in.
func FuzzParseKey(f *testing.F) {
	for _, p := range paths() {
		f.Add(p.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := wharf.ParseKey(text)
		if err != nil {
			if msg := wharf.MessageOf(err); wharf.CodeOf(err) != wharf.CodeInvalid || !utf8.ValidString(msg) {
				t.Fatalf("%q: %q", text, msg)
			}
			return
		}
		switch {
		case string(key) != text, text == "", len(text) > wharf.MaxKey, !utf8.ValidString(text),
			text[0] == '/', text[len(text)-1] == '/', strings.ContainsFunc(text, unicode.IsControl):
			t.Fatalf("%q was taken", text)
		}
		for segment := range strings.SplitSeq(text, "/") {
			if segment == "." || segment == ".." {
				t.Fatalf("%q was taken", text)
			}
		}
		if _, err := wharf.ParseLocation("s/" + text); err != nil {
			t.Fatalf("%q is a key and no location: %v", text, err)
		}
	})
}
