package wharf_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/storagetest"
)

// copyFiles returns the keys that were copied, and the error.
func (f *fixture) copyFiles(from, pattern, to string) (string, error) {
	f.t.Helper()
	pat, err := wharf.ParsePattern(pattern)
	if err != nil {
		f.t.Fatal(err)
	}
	keys, err := f.CopyFiles(f.t.Context(), wharf.Root, location(f.t, from), pat, location(f.t, to))
	if err != nil {
		return "", err
	}
	var copied []string
	for key, err := range keys.All {
		if err != nil {
			return strings.Join(copied, " "), err
		}
		copied = append(copied, string(key))
	}
	return strings.Join(copied, " "), nil
}

func TestCopyFiles(t *testing.T) {
	for _, c := range []struct{ from, pattern, to, want string }{
		{"a", "", "b", "x x/y x/z.csv xy"},
		{"a/", "", "b/", "x x/y x/z.csv xy"},
		{"a", "", "b/sub/", "sub/x sub/x/y sub/x/z.csv sub/xy"},
		{"a/x", "", "b", "x"},
		{"a/x", ".*", "b", "x x/y x/z.csv xy"},
		{"a/x/", "", "b/sub/", "sub/y sub/z.csv"},
		{"a/x/z", "", "b", "z.csv"},
		{"a", ".*[.]csv", "b", "x/z.csv"},
		{"a/nothing", "", "b", ""},
		{"a/x/", "", "a/copy/", "copy/y copy/z.csv"},
		{"a", "", "~", "x x/y x/z.csv xy"},
	} {
		t.Run(fmt.Sprint(c.from, c.pattern, c.to), func(t *testing.T) {
			f := newFixture(t)
			f.create("a")
			f.create("b")
			f.put("a", "x", "xy", "x/y", "x/z.csv")
			got, err := f.copyFiles(c.from, c.pattern, c.to)
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
			for key := range strings.FieldsSeq(got) {
				f.checkCopy(strings.Split(c.to, "/")[0]+"/"+key, key)
			}
		})
	}
}

// TestCopyOfHalfAFile has a source that ends early without an error: no half
// file is made of it.
func TestCopyOfHalfAFile(t *testing.T) {
	f := newFixture(t)
	f.create("a")
	f.create("b")
	f.put("a", "whole")
	f.faulty(func(s *storagetest.Faulty) {
		s.Content = func(_ context.Context, _ wharf.Key, r io.Reader) io.Reader { return io.LimitReader(r, 3) }
	})
	if got, err := f.copyFiles("a", "", "b"); wharf.CodeOf(err) != wharf.CodeInvalid || got != "" {
		t.Errorf("copied %q, %v", got, err)
	}
	if got, err := f.copyFiles("b", "", "a/back/"); err != nil || got != "" {
		t.Errorf("b holds %q, %v", got, err)
	}
}

// TestCopyFilesOfDots has sources that no key can be, only the start of some:
// no store is asked for them.
func TestCopyFilesOfDots(t *testing.T) {
	f := newFixture(t)
	f.create("a")
	f.create("b")
	f.put("a", ".hidden", "..x", "x/..y")
	f.faulty(func(s *storagetest.Faulty) {
		s.BeforeStat = func(_ context.Context, key wharf.Key) error {
			_, err := wharf.ParseKey(string(key))
			return err
		}
	})
	for from, want := range map[string]string{"a/.": "..x .hidden", "a/..": "..x", "a/x/..": "..y"} {
		if got, err := f.copyFiles(from, "", "b"); err != nil || got != want {
			t.Errorf("%s: copied %q, %v; want %q", from, got, err, want)
		}
	}
}

// TestCopyFilesProposesAFolder: what is to be written instead is no worse.
func TestCopyFilesProposesAFolder(t *testing.T) {
	f := newFixture(t)
	f.create("a")
	f.create("b")
	for to, want := range map[string]string{
		"b/x":                                    "write @b/x/",
		"b/.":                                    `the path segment "."`,
		"b/..":                                   `the path segment ".."`,
		"b/" + strings.Repeat("d", wharf.MaxKey): "at most",
	} {
		if _, err := f.copyFiles("a", "", to); wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", to, err, want)
		}
	}
}

// checkCopy holds the body of a copy, which is its source's key, against the
// copy's own key.
func (f *fixture) checkCopy(at, key string) {
	f.t.Helper()
	file, err := f.OpenFile(f.t.Context(), wharf.Root, location(f.t, at))
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	r, err := file.Range(f.t.Context(), 0, -1)
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	name := key[strings.LastIndexByte(key, '/')+1:]
	if err != nil || !strings.HasSuffix(string(body), name) {
		f.t.Errorf("%s holds %q, %v", at, body, err)
	}
}

func TestCopyFilesRefuses(t *testing.T) {
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.MaxFileSize = 5 })
	f.create("a")
	f.create("b")
	f.put("a", "x/y")
	for _, c := range []struct {
		from, to string
		code     wharf.Code
	}{
		{"a", "b/file", wharf.CodeInvalid},
		{"a", "a", wharf.CodeInvalid},
		{"a", "a/x/", wharf.CodeInvalid},
		{"a/x/", "a", wharf.CodeInvalid},
		{"a/x", "a/x/", wharf.CodeInvalid},
		{"none", "b", wharf.CodeNotFound},
		{"a", "none", wharf.CodeNotFound},
		{"a", "b/" + strings.Repeat("d", wharf.MaxKey-1) + "/", wharf.CodeInvalid},
	} {
		var copied string
		to, err := wharf.ParseLocation(c.to)
		if err == nil {
			copied, err = f.copyFiles(c.from, "", to.String()[1:])
		}
		if wharf.CodeOf(err) != c.code || copied != "" {
			t.Errorf("%s to %s: copied %q, %v; want %s", c.from, c.to, copied, err, c.code)
		}
	}
	_, err := f.CopyFiles(t.Context(), wharf.Principal{}, location(t, "a"), wharf.Pattern{}, location(t, "b"))
	wantCode(t, err, wharf.CodeUnauthenticated)
	if got := f.list("b"); got != "" {
		t.Errorf("something was copied: %q", got)
	}
}

// placed is a store whose files are in a place that others may share.
type placed struct {
	wharf.Store
	at wharf.Place
}

func (p placed) Place(prefix string) wharf.Place {
	return wharf.Place{Space: p.at.Space, Path: p.at.Path + prefix}
}

// TestCopyFilesInOnePlace has stages that share a space, wholly or in part.
func TestCopyFilesInOnePlace(t *testing.T) {
	f := newFixture(t)
	places := map[string]wharf.Place{
		"all": {Space: "x", Path: ""}, "p": {Space: "x", Path: "p/"}, "alias": {Space: "x", Path: "p/"},
		"sub": {Space: "x", Path: "p/sub/"}, "other": {Space: "y", Path: "p/"},
	}
	f.opener.wrap = func(st wharf.Stage, s wharf.Store) wharf.Store {
		if at, ok := places[string(st.Name)]; ok {
			return placed{s, at}
		}
		return s
	}
	for name := range places {
		f.create(name)
		f.put(name, "a", "sub/a")
	}
	f.create("apart")
	for _, c := range []struct {
		from, to string
		refused  bool
	}{
		{"p", "sub", true},
		{"sub", "p", true},
		{"p", "alias", true},
		{"p", "all/p/x/", true},
		{"all/p", "sub", true},
		{"p/a", "alias/a/", true},
		{"p/sub/a", "alias/sub/", true}, // onto itself
		{"all", "other", false},
		{"p/sub/", "alias/x/", false},
		{"p/a", "sub", false},
		{"sub", "all/q/", false},
		{"p", "apart", false},
		{"apart", "p", false},
	} {
		copied, err := f.copyFiles(c.from, "", c.to)
		if refused := wharf.CodeOf(err) == wharf.CodeInvalid && copied == ""; refused != c.refused || err != nil && !refused {
			t.Errorf("%s to %s: copied %q, %v", c.from, c.to, copied, err)
		}
		if c.refused && !strings.Contains(wharf.MessageOf(err), "lie within each other") {
			t.Errorf("%s to %s: the message is %q", c.from, c.to, wharf.MessageOf(err))
		}
	}
}

// TestCopyFilesStops at the first file that fails, and says which were made.
func TestCopyFilesStops(t *testing.T) {
	f := newFixture(t)
	f.create("a")
	f.create("b")
	f.put("a", "1", "2", "3")
	f.faulty(func(s *storagetest.Faulty) {
		s.Content = func(_ context.Context, key wharf.Key, r io.Reader) io.Reader {
			if key == "2" {
				return &failing{wharf.Errorf(wharf.CodeInternal, "a block is damaged")}
			}
			return r
		}
	})
	copied, err := f.copyFiles("a", "", "b")
	wantCode(t, err, wharf.CodeInternal)
	if copied != "1" || f.list("b") != "1" {
		t.Fatalf("copied %q, the target holds %q", copied, f.list("b"))
	}
}

// TestCopyFilesPassesOver a file that is removed before it is reached, and
// tells it from a target that is dropped.
func TestCopyFilesPassesOver(t *testing.T) {
	for _, dropped := range []bool{false, true} {
		f := newFixture(t)
		f.create("a")
		f.create("b")
		f.put("a", "1", "2", "3")
		f.faulty(func(s *storagetest.Faulty) {
			s.BeforeOpen = func(ctx context.Context, key wharf.Key) error {
				switch {
				case key != "2":
					return nil
				case dropped:
					_, err := f.DropStage(ctx, wharf.Root, "b", false)
					return err
				}
				return s.Store.Delete(ctx, []wharf.Key{key})
			}
		})
		copied, err := f.copyFiles("a", "", "b")
		if dropped {
			wantCode(t, err, wharf.CodeNotFound)
		} else if err != nil || copied != "1 3" {
			t.Fatalf("copied %q, %v", copied, err)
		}
	}
}

// TestCopyFilesOfReplaced copies the next version of a file that is replaced
// between its opening and its reading, and ends where that goes on.
func TestCopyFilesOfReplaced(t *testing.T) {
	for _, tc := range []struct {
		replaced int // times
		want     string
		code     wharf.Code
	}{{1, "1", ""}, {4, "1", ""}, {5, "", wharf.CodeUpstream}} {
		f := newFixture(t)
		f.create("a")
		f.create("b")
		f.put("a", "1")
		times := 0
		f.faulty(func(s *storagetest.Faulty) {
			s.BeforeRange = func(context.Context, wharf.Key, int64, int64) error {
				if times++; times <= tc.replaced {
					return &wharf.Error{Code: wharf.CodeUpstream, Msg: "replaced", Err: wharf.ErrReplaced}
				}
				return nil
			}
		})
		copied, err := f.copyFiles("a", "", "b")
		if copied != tc.want || wharf.CodeOf(err) != tc.code {
			t.Errorf("replaced %d times: copied %q, %v", tc.replaced, copied, err)
		}
	}
}
