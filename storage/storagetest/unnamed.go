package storagetest

import (
	"maps"
	"slices"
	"strings"

	"wharf"
)

// planted are names that ParseKey refuses and other programs give their
// objects, with their content. One stands for a folder.
func planted() map[string]string {
	return map[string]string{
		"/absolute": "x", "../up": "x", "./here": "x", "m/../x": "x", "m/.": "x", "n/folder/": "bytes", "n/empty/": "",
		"m/control\x02.csv": "x", "m/line\nfeed.csv": "x", "m/tab\t.csv": "x", "m/z\x7f": "", "m/\u0085": "x",
		"m/\xff\xfe.csv": "x", "m\xc3/inside/x": "x", "\x80": "x",
		strings.Repeat("long/", wharf.MaxKey/5) + "end.csv": "x",
	}
}

// unnamed has objects of other programs among those of the stage: a list tells
// of each at its place, and does nothing else with it.
func unnamed(e *env) {
	if e.o.Plant == nil {
		e.Logf("not asked: no other program makes objects in this store")
		return
	}
	names := []string{"a", "m/a", "m/y", "z"}
	for _, name := range names {
		e.put(wharf.Key(name), []byte(name))
	}
	unnamed := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(planted())) {
		if listed := e.o.Plant(e.t, e.store, name, planted()[name]); listed != "" && name != "n/empty/" {
			unnamed[listed] = true
		}
	}
	if len(unnamed) < 5 {
		e.Fatalf("only %d objects were planted", len(unnamed))
	}
	all := slices.Sorted(maps.Keys(unnamed))
	all = append(all, names...)
	slices.Sort(all)
	for _, o := range []wharf.ListOptions{
		{}, {Prefix: "m"}, {Prefix: "m/"}, {After: "m/a"}, {Prefix: "m/", After: "m/a"}, {After: "m/x"}, {After: "zz"}, {Prefix: "long/"},
	} {
		for _, o.KeysOnly = range []bool{false, true} {
			e.wantUnnamed(o, all, unnamed)
		}
	}
	e.wantKeys(wharf.ListOptions{}, "a", "m/a", "m/y", "z")
	if err := e.store.Delete(e.ctx, []wharf.Key{"a", "m/a", "m/y", "z"}); err != nil {
		e.Errorf("Delete: %v", err)
	}
	e.wantUnnamed(wharf.ListOptions{}, slices.Sorted(maps.Keys(unnamed)), unnamed)
}

// wantUnnamed checks what a list yields and tells, in order, and that it tells
// no more once its loop has ended.
func (e *env) wantUnnamed(o wharf.ListOptions, all []string, unnamed map[string]bool) {
	e.Helper()
	var want, got []string
	for _, name := range all {
		if strings.HasPrefix(name, o.Prefix) && name > string(o.After) {
			want = append(want, name)
		}
	}
	o.Unnamed = func(name string) {
		if !unnamed[name] {
			e.Errorf("List(%+v) tells of %q as of one without a key", o, name)
		}
		got = append(got, name)
	}
	for object, err := range e.store.List(e.ctx, o) {
		if err != nil {
			e.Fatalf("List: %v", err)
		}
		got = append(got, string(object.Key))
	}
	if !slices.Equal(got, want) {
		e.Errorf("List of %q after %q yields and tells %q, want %q", o.Prefix, o.After, got, want)
	}
	first := slices.IndexFunc(want, func(name string) bool { return !unnamed[name] })
	got = nil
	for range e.store.List(e.ctx, o) {
		break
	}
	if first >= 0 && !slices.Equal(got, want[:first]) {
		e.Errorf("List of %q after %q tells %q before its first object, want %q", o.Prefix, o.After, got, want[:first])
	}
}
