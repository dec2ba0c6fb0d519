package wharf_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"wharf"
)

// foreign are names as other programs give them, among those of files.
var foreign = []string{"/x", "a", "b\x01.csv", "b\xff.csv", "c/../x", "c/line\nfeed.csv", "c/y.csv", "d/", "z"}

// withForeign is a fixture whose stage s holds objects of these names, the
// first of them empty.
func withForeign(t *testing.T, change ...func(*wharf.ServiceOptions)) *fixture {
	f := newFixture(t, change...)
	f.create("s")
	f.create("to")
	f.put("s", foreign...)
	return f
}

// keysOf ranges over a listing, and gives the keys.
func keysOf[T wharf.Key | wharf.Object](t *testing.T, l wharf.Listing[T]) (keys []string) {
	t.Helper()
	for file, err := range l.All {
		if err != nil {
			t.Fatal(err)
		}
		switch file := any(file).(type) {
		case wharf.Key:
			keys = append(keys, string(file))
		case wharf.Object:
			keys = append(keys, string(file.Key))
		}
	}
	return keys
}

// TestLeftOut holds what is told of objects without a key, whatever is done.
func TestLeftOut(t *testing.T) {
	for _, c := range []struct {
		at, pattern string
		keys, left  []string
	}{
		{at: "s", keys: []string{"a", "c/y.csv", "z"}, left: []string{"/x", `b\x01.csv`, `b\xff.csv`, "c/../x", `c/line\nfeed.csv`, "d/"}},
		{at: "s/", pattern: ".*[.]csv", keys: []string{"c/y.csv"}, left: []string{`b\x01.csv`, `b\xff.csv`, `c/line\nfeed.csv`}},
		{at: "s/c/", keys: []string{"c/y.csv"}, left: []string{"c/../x", `c/line\nfeed.csv`}},
		{at: "s/c/", pattern: "[.].*", left: []string{"c/../x"}},
		{at: "s/d/", left: []string{"d/"}},
		{at: "s/z/"},
		{at: "s/none/"},
	} {
		for _, do := range []string{"list", "keys", "copy", "remove"} {
			t.Run(fmt.Sprint(do, c.at, c.pattern), func(t *testing.T) {
				f := withForeign(t)
				pat, err := wharf.ParsePattern(c.pattern)
				if err != nil {
					t.Fatal(err)
				}
				loc, ctx := location(t, c.at), t.Context()
				var keys wharf.Listing[wharf.Key]
				switch do {
				case "list", "keys":
					list := f.ListFiles
					if do == "keys" {
						list = f.ListKeys
					}
					objects, err := list(ctx, wharf.Root, loc, pat)
					if err != nil {
						t.Fatal(err)
					}
					wantListing(t, objects, c.keys, c.left)
					return
				case "copy":
					keys, err = f.CopyFiles(ctx, wharf.Root, location(t, "s/"+loc.Path), pat, location(t, "to/"+loc.Path))
				case "remove":
					keys, err = f.RemoveFiles(ctx, wharf.Root, loc, pat, false)
				}
				if err != nil {
					t.Fatal(err)
				}
				wantListing(t, keys, c.keys, c.left)
			})
		}
	}
}

func wantListing[T wharf.Key | wharf.Object](t *testing.T, l wharf.Listing[T], keys, left []string) {
	t.Helper()
	if got := keysOf(t, l); !slices.Equal(got, keys) {
		t.Errorf("the files are %q, want %q", got, keys)
	}
	if first := left[:min(len(left), 5)]; l.LeftOut.Count != int64(len(left)) || !slices.Equal(l.LeftOut.First, first) {
		t.Errorf("left out are %d: %q, want %d: %q", l.LeftOut.Count, l.LeftOut.First, len(left), first)
	}
}

// TestLeftOutIsLogged has one line for a list, and none where nothing is left
// out.
func TestLeftOutIsLogged(t *testing.T) {
	var log bytes.Buffer
	f := withForeign(t, func(o *wharf.ServiceOptions) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	f.list("s/z")
	f.list("to")
	if log.Len() > 0 {
		t.Errorf("the log says %s", log.String())
	}
	f.list("s")
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "stage=s files=6 ") || !strings.Contains(got, "c/../x") {
		t.Errorf("the log says %s", got)
	}
}

// TestLeftOutOfPages adds up over pages: each tells of what is between the last
// file of the page before and its own.
func TestLeftOutOfPages(t *testing.T) {
	f := withForeign(t)
	var total int64
	after := wharf.Key("")
	for range 4 {
		page, err := f.ListFilesAfter(t.Context(), wharf.Root, location(t, "s"), wharf.Pattern{}, after)
		if err != nil {
			t.Fatal(err)
		}
		left, n := int64(0), 0
		for obj, err := range page.All {
			if err != nil {
				t.Fatal(err)
			}
			if n == 1 {
				break
			}
			after, left, n = obj.Key, page.LeftOut.Count, 1
		}
		if n == 0 {
			left = page.LeftOut.Count
		}
		total += left
	}
	if total != 6 {
		t.Errorf("the pages tell of %d objects that they left out, want 6", total)
	}
}

// TestLeftOutIsBounded keeps a few names of many, and only a part of a long
// one.
func TestLeftOutIsBounded(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	long := strings.Repeat("\x01é", 1<<20)
	f.put("s", "/"+long, strings.Repeat("x", 197)+"日本"+strings.Repeat("x", 1000), `quote"s\`+"\n")
	for i := range 100 {
		f.put("s", fmt.Sprintf("y/../%03d", i))
	}
	l, err := f.ListKeys(t.Context(), wharf.Root, location(t, "s"), wharf.Pattern{})
	if err != nil {
		t.Fatal(err)
	}
	if keys := keysOf(t, l); len(keys) != 0 || l.LeftOut.Count != 103 {
		t.Errorf("%q, and %d left out", keys, l.LeftOut.Count)
	}
	first := l.LeftOut.First
	if len(first) != 5 || len(first[0]) > 1000 || !strings.HasSuffix(first[0], `\x01…`) {
		t.Errorf("the names are %q", first)
	}
	if want := `quote\"s\\\n`; first[1] != want {
		t.Errorf("the second name is %q, want %q", first[1], want)
	}
	if want := strings.Repeat("x", 197) + "日…"; first[2] != want {
		t.Errorf("the third name is %q, want %q", first[2], want)
	}
	if got := l.LeftOut.String(); !strings.HasSuffix(got, `, "y/../000", "y/../001" and 98 more`) {
		t.Errorf("it prints as %s", got)
	}
}
