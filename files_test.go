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

func TestListMatchesTheRestOfTheKey(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.put("s", "a", "ab.csv", "a/b.csv", "csv/cd.x")
	for _, c := range []struct{ at, pattern, want string }{
		{"s", "", "a a/b.csv ab.csv csv/cd.x"},
		{"s/", "", "a a/b.csv ab.csv csv/cd.x"},
		{"s/a", "", "a a/b.csv ab.csv"},
		{"s/a/", "", "a/b.csv"},
		{"s/csv/", "cd[.].*", "csv/cd.x"},
		{"s/csv", "cd.*", ""},
		{"s", ".*[.]csv", "a/b.csv ab.csv"},
		{"s", "b[.]csv", ""},
		{"s/a", "", "a a/b.csv ab.csv"},
	} {
		pat, err := wharf.ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := f.ListFiles(t.Context(), wharf.Root, location(t, c.at), pat)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for obj := range objects.All {
			keys = append(keys, string(obj.Key))
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("LIST @%s PATTERN %q: got %q, want %q", c.at, c.pattern, got, c.want)
		}
		if got := f.listKeys(c.at, pat); got != c.want {
			t.Errorf("the keys of @%s PATTERN %q: got %q, want %q", c.at, c.pattern, got, c.want)
		}
	}
	_, err := f.ListKeys(t.Context(), wharf.Principal{}, location(t, "s"), wharf.Pattern{})
	wantCode(t, err, wharf.CodeUnauthenticated)
	_, err = f.ListKeys(t.Context(), wharf.Root, location(t, "none"), wharf.Pattern{})
	wantCode(t, err, wharf.CodeNotFound)
}

// listKeys returns the keys that ListKeys yields, and the code of its error.
func (f *fixture) listKeys(at string, pat wharf.Pattern) string {
	f.t.Helper()
	keys, err := f.ListKeys(f.t.Context(), wharf.Root, location(f.t, at), pat)
	if err != nil {
		f.t.Fatal(err)
	}
	var got []string
	for obj, err := range keys.All {
		got = append(got, string(obj.Key)+string(wharf.CodeOf(err)))
	}
	return strings.Join(got, " ")
}

// remove returns the keys that a removal yielded, and its error.
func (f *fixture) remove(ctx context.Context, at, pattern string, safe bool) (string, error) {
	f.t.Helper()
	pat, err := wharf.ParsePattern(pattern)
	if err != nil {
		f.t.Fatal(err)
	}
	keys, err := f.RemoveFiles(ctx, wharf.Root, location(f.t, at), pat, safe)
	if err != nil {
		return "", err
	}
	var gone []string
	for key, err := range keys.All {
		if err != nil {
			return strings.Join(gone, " "), err
		}
		gone = append(gone, string(key))
	}
	return strings.Join(gone, " "), nil
}

func TestRemoveNeverWidens(t *testing.T) {
	for _, c := range []struct {
		at, pattern string
		safe        bool
		gone        string
		code        wharf.Code
	}{
		{at: "s", safe: true, code: wharf.CodeUnsafe},
		{at: "s", gone: "a a/b.csv ab.csv csv/cd.x"},
		{at: "s/", safe: true, gone: "a a/b.csv ab.csv csv/cd.x"},
		{at: "s/a", safe: true, gone: "a"},
		{at: "s/ab", safe: true, code: wharf.CodeNotFound},
		{at: "s/a/", safe: true, gone: "a/b.csv"},
		{at: "s/nothing/", safe: true},
		{at: "s", pattern: ".*csv", safe: true, gone: "a/b.csv ab.csv"},
		{at: "s/a", pattern: ".*", safe: true, gone: "a a/b.csv ab.csv"},
		{at: "none/", safe: true, code: wharf.CodeNotFound},
	} {
		t.Run(fmt.Sprint(c.at, c.pattern, c.safe), func(t *testing.T) {
			f := newFixture(t)
			f.create("s")
			f.put("s", "a", "ab.csv", "a/b.csv", "csv/cd.x")
			before := f.list("s")
			gone, err := f.remove(t.Context(), c.at, c.pattern, c.safe)
			wantCode(t, err, c.code)
			if gone != c.gone {
				t.Errorf("removed %q, want %q", gone, c.gone)
			}
			left := f.list("s")
			for key := range strings.FieldsSeq(before) {
				removed := strings.Contains(" "+c.gone+" ", " "+key+" ")
				if there := strings.Contains(" "+left+" ", " "+key+" "); there == removed {
					t.Errorf("%q: still there %t, reported removed %t", key, there, removed)
				}
			}
		})
	}
}

// many puts more files than a removal takes at once.
func (f *fixture) many() int {
	f.create("s")
	keys := make([]string, 2500)
	for i := range keys {
		keys[i] = fmt.Sprintf("k/%04d", i)
	}
	f.put("s", keys...)
	return len(keys)
}

func TestRemoveManyInBatches(t *testing.T) {
	f := newFixture(t)
	n := f.many()
	var sizes []int
	f.faulty(func(s *storagetest.Faulty) {
		s.BeforeDelete = func(_ context.Context, keys []wharf.Key) error { sizes = append(sizes, len(keys)); return nil }
	})
	gone, err := f.remove(t.Context(), "s/k/", "", true)
	if err != nil || len(strings.Fields(gone)) != n {
		t.Fatalf("%d removed, %v", len(strings.Fields(gone)), err)
	}
	if fmt.Sprint(sizes) != "[1000 1000 500]" {
		t.Fatalf("batches of %v", sizes)
	}
}

func TestRemoveYieldsOnlyWhatIsGone(t *testing.T) {
	f := newFixture(t)
	n := f.many()
	calls := 0
	f.faulty(func(s *storagetest.Faulty) {
		s.BeforeDelete = func(context.Context, []wharf.Key) error {
			if calls++; calls == 2 {
				return wharf.Errorf(wharf.CodeUpstream, "no more")
			}
			return nil
		}
	})
	gone, err := f.remove(t.Context(), "s/", "", true)
	wantCode(t, err, wharf.CodeUpstream)
	f.opener.wrap = nil
	if left := len(strings.Fields(f.list("s"))); left != n-1000 || len(strings.Fields(gone)) != 1000 {
		t.Fatalf("%d yielded, %d left", len(strings.Fields(gone)), left)
	}
}

func TestRemoveStopsWithItsCaller(t *testing.T) {
	f := newFixture(t)
	n := f.many()
	keys, err := f.RemoveFiles(t.Context(), wharf.Root, location(t, "s/"), wharf.Pattern{}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range keys.All {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if left := len(strings.Fields(f.list("s"))); left != n-1000 {
		t.Fatalf("%d left of %d: more than the batch under way is gone", left, n)
	}
}

func TestListFailsInTheMiddle(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.put("s", "a", "b", "c")
	f.faulty(func(s *storagetest.Faulty) {
		s.BeforeObject = func(_ context.Context, o wharf.Object) error {
			if o.Key == "b" {
				return wharf.Errorf(wharf.CodeUpstream, "gone away")
			}
			return nil
		}
	})
	for _, pattern := range []string{"", ".*"} {
		pat, _ := wharf.ParsePattern(pattern)
		objects, err := f.ListFiles(t.Context(), wharf.Root, location(t, "s"), pat)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for obj, err := range objects.All {
			got = append(got, string(obj.Key)+string(wharf.CodeOf(err)))
		}
		if strings.Join(got, " ") != "a upstream" {
			t.Errorf("pattern %q: got %q", pattern, got)
		}
		if got := f.listKeys("s", pat); got != "a upstream" {
			t.Errorf("pattern %q: got the keys %q", pattern, got)
		}
	}
	_, err := f.remove(t.Context(), "s/", "", true)
	wantCode(t, err, wharf.CodeUpstream)
}

func TestOpenFile(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.put("s", "dir/file")
	file, err := f.OpenFile(t.Context(), wharf.Root, location(t, "s/dir/file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := file.Range(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if body, err := io.ReadAll(r); err != nil || string(body) != "dir/file" {
		t.Fatalf("%q, %v", body, err)
	}
	for at, want := range map[string]wharf.Code{
		"s": wharf.CodeInvalid, "s/dir/": wharf.CodeInvalid, "s/dir": wharf.CodeNotFound, "none/dir/file": wharf.CodeNotFound,
	} {
		_, err := f.OpenFile(t.Context(), wharf.Root, location(t, at))
		if got := wharf.CodeOf(err); got != want {
			t.Errorf("@%s: got %q, want %q", at, got, want)
		}
	}
}

// TestWriteOnlyLearnsNoNames: a user with WRITE and not READ gets the same answers
// whatever files are there.
func TestWriteOnlyLearnsNoNames(t *testing.T) {
	ctx := t.Context()
	f := newFixture(t)
	f.create("s")
	f.user("ann")
	f.grant("s", wharf.PrivilegeWrite, "ann")
	ann := f.login("ann")
	pattern, err := wharf.ParsePattern("there.*")
	if err != nil {
		t.Fatal(err)
	}
	f.put("s", "there", "there2", "folder/there")
	for _, c := range []struct {
		loc string
		pat wharf.Pattern
	}{{"s/", wharf.Pattern{}}, {"s/folder/", wharf.Pattern{}}, {"s/none/", wharf.Pattern{}}, {"s", pattern}, {"s/x", pattern}} {
		_, err := f.RemoveFiles(ctx, ann, location(t, c.loc), c.pat, true)
		wantCode(t, err, wharf.CodeDenied)
	}
	for _, key := range []string{"there", "missing"} {
		list, err := f.RemoveFiles(ctx, ann, location(t, "s/"+key), wharf.Pattern{}, true)
		keys, err := collect(list.All, err)
		if err != nil || len(keys) != 1 || string(keys[0]) != key {
			t.Errorf("REMOVE of %q gives %q, %v", key, keys, err)
		}
	}
	for _, key := range []string{"there2", "missing"} {
		if err := f.RemoveFile(ctx, ann, location(t, "s/"+key)); err != nil {
			t.Errorf("removing %q: %v", key, err)
		}
	}
	f.put("s", "there")
	for _, key := range []wharf.Key{"there", "missing"} {
		u, err := f.BeginUpload(ctx, ann, "s", 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = u.Put(ctx, key, strings.NewReader("x"), wharf.PutOptions{Size: 1, IfAbsent: true})
		u.Close()
		wantCode(t, err, wharf.CodeDenied)
	}
	f.wantFullUnseen(ann, "there", "missing")
	if got := f.list("s"); got != "folder/there there" {
		t.Errorf("afterwards the stage holds %q", got)
	}
}

// wantFullUnseen puts files that the quota of the stage s leaves no room for, and wants
// one answer for all.
func (f *fixture) wantFullUnseen(p wharf.Principal, keys ...string) {
	f.t.Helper()
	for _, limit := range []wharf.Quota{{Files: 2}, {Bytes: 50}} {
		change := wharf.StageChange{MaxFiles: &limit.Files, MaxBytes: &limit.Bytes}
		if _, err := f.AlterStage(f.t.Context(), wharf.Root, "s", change, false); err != nil {
			f.t.Fatal(err)
		}
		for _, declared := range []bool{true, false} {
			said := map[string]bool{}
			for _, key := range keys {
				err := f.putSize(p, "s", key, 49, declared)
				wantCode(f.t, err, wharf.CodeNoSpace)
				said[wharf.MessageOf(err)] = true
			}
			if len(said) != 1 {
				f.t.Errorf("a quota of %+v tells which files there are: %v", limit, said)
			}
		}
	}
}
