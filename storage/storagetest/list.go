package storagetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"wharf"
)

func listCases() []testCase {
	return []testCase{
		{"list/empty", func(e *env) {
			e.wantKeys(wharf.ListOptions{})
			e.wantKeys(wharf.ListOptions{Prefix: "a/"})
			e.wantKeys(wharf.ListOptions{After: "a"})
		}},
		{"list/objects", listObjects},
		{"list/prefix-and-after", prefixAndAfter},
		{"list/pages", func(e *env) {
			keys := e.many("p/%06d", e.o.Many)
			e.put("a", nil)
			e.put("z", nil)
			e.wantKeys(wharf.ListOptions{}, append([]wharf.Key{"a", "z"}, keys...)...)
			e.wantKeys(wharf.ListOptions{Prefix: "p/"}, keys...)
			for _, i := range []int{0, 1, len(keys) / 2, len(keys) - 2, len(keys) - 1} {
				e.wantKeys(wharf.ListOptions{Prefix: "p/", After: keys[i]}, keys[i+1:]...)
			}
		}},
		{"list/break", func(e *env) {
			keys := e.many("p/%06d", e.o.Many)
			for _, stop := range []int{1, 10, len(keys) / 2, len(keys)} {
				e.breakAfter(keys, stop)
			}
			e.wantKeys(wharf.ListOptions{}, keys...)
		}},
		{"list/while-changing", whileChanging},
		{"list/unnamed", unnamed},
	}
}

// many stores n small objects, several at a time, and returns their keys in
// order.
func (e *env) many(format string, n int) []wharf.Key {
	e.Helper()
	keys := make([]wharf.Key, n)
	for i := range keys {
		keys[i] = wharf.Key(fmt.Sprintf(format, i))
	}
	var wg sync.WaitGroup
	for part := range slices.Chunk(keys, n/16+1) {
		wg.Go(func() {
			for _, key := range part {
				body := []byte(key)
				if _, err := e.store.Put(e.ctx, key, reader(body), wharf.PutOptions{Size: int64(len(body))}); err != nil {
					e.Errorf("Put(%q): %v", key, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return keys
}

// listObjects checks that List knows as much as Stat.
func listObjects(e *env) {
	bodies := map[wharf.Key][]byte{"a": e.body(0), "b": e.body(1), "c/d": e.body(70_000), "e": e.body(6 << 20)}
	for key, body := range bodies {
		e.put(key, e.body(5))
		e.put(key, body)
	}
	listed := e.list(wharf.ListOptions{})
	if len(listed) != len(bodies) {
		e.Errorf("List gives %d objects, want %d", len(listed), len(bodies))
	}
	for _, object := range listed {
		e.wantObject("List", object, object.Key, bodies[object.Key])
		stat, err := e.store.Stat(e.ctx, object.Key)
		if err != nil {
			e.Errorf("Stat(%q): %v", object.Key, err)
		} else if stat.ETag != object.ETag || stat.ModTime.Unix() != object.ModTime.Unix() {
			// S3 has the time in seconds in one answer, finer in the other.
			e.Errorf("List gives %+v, Stat %+v", object, stat)
		}
	}
}

func prefixAndAfter(e *env) {
	keys := []wharf.Key{"A", "a!x", "a/1", "a/2", "a/2x", "a/b/c", "a/b/d", "a0", "b", "é/1", "é/2", "日/本", "👍x", "\U0010fffd"}
	for _, key := range keys {
		e.put(key, []byte(key))
	}
	prefixes := []string{"", "a", "a!", "a/", "a/2", "a/2x", "a/2xy", "a/b", "a/b/", "a//", "b", "c", "Z", "é", "é/", "日/", "👍", "\U0010fffd", " ", "/"}
	afters := slices.Concat(keys, []wharf.Key{"", " ", "a", "a/", "a/15", "a/b", "a/b/c0", "a~", "c", "é", "\U0010fffd\U0010fffd"})
	for _, prefix := range prefixes {
		for _, after := range afters {
			var want []wharf.Key
			for _, key := range keys {
				if strings.HasPrefix(string(key), prefix) && key > after {
					want = append(want, key)
				}
			}
			e.wantKeys(wharf.ListOptions{Prefix: prefix, After: after}, want...)
		}
	}
}

// breakAfter leaves the loop early and checks that the iterator stops.
func (e *env) breakAfter(keys []wharf.Key, stop int) {
	e.Helper()
	seen, stopped := 0, false
	yield := func(object wharf.Object, err error) bool {
		switch {
		case stopped:
			e.Errorf("List yields %q after the loop ended", object.Key)
			return false
		case err != nil:
			e.Errorf("List: %v", err)
		case object.Key != keys[seen]:
			e.Errorf("List yields %q as the %dth key, want %q", object.Key, seen+1, keys[seen])
		}
		seen++
		stopped = seen == stop
		return !stopped
	}
	e.store.List(e.ctx, wharf.ListOptions{})(yield)
	if seen != stop {
		e.Errorf("List yields %d keys, want %d", seen, stop)
	}
}

// whileChanging puts and deletes objects from within the loop of a list, and
// checks that all others are in it, once.
func whileChanging(e *env) {
	stay := e.many("k/%06d-stay", e.o.Many)
	e.many("k/%06d-go", 100)
	var got []wharf.Key
	for object, err := range e.store.List(e.ctx, wharf.ListOptions{}) {
		if err != nil {
			e.Fatalf("List: %v", err)
		}
		if n := len(got); n > 0 && got[n-1] >= object.Key {
			e.Errorf("List yields %q after %q", object.Key, got[n-1])
		}
		got = append(got, object.Key)
		if len(got)%(e.o.Many/20+1) == 1 {
			e.disturb(len(got))
		}
	}
	got = slices.DeleteFunc(got, func(k wharf.Key) bool { return !strings.HasSuffix(string(k), "-stay") })
	if !slices.Equal(got, stay) {
		e.Errorf("a List while others change gives %d of the %d objects that stayed", len(got), len(stay))
	}
}

func (e *env) disturb(n int) {
	e.Helper()
	for i := range 5 {
		e.put(wharf.Key(fmt.Sprintf("k/%06d-new", (n*7919+i*613)%max(e.o.Many, 1))), []byte("new"))
	}
	gone := []wharf.Key{
		wharf.Key(fmt.Sprintf("k/%06d-go", n%100)), wharf.Key(fmt.Sprintf("k/%06d-new", n)),
	}
	if err := e.store.Delete(e.ctx, gone); err != nil {
		e.Errorf("Delete while a List runs: %v", err)
	}
}

// planted are the names and contents of objects of other programs. ParseKey
// refuses the names. One is a folder marker.
func planted() map[string]string {
	return map[string]string{
		"/absolute": "x", "../up": "x", "./here": "x", "m/../x": "x", "m/.": "x", "n/folder/": "bytes", "n/empty/": "",
		"m/control\x02.csv": "x", "m/line\nfeed.csv": "x", "m/tab\t.csv": "x", "m/z\x7f": "", "m/\u0085": "x",
		"m/\xff\xfe.csv": "x", "m\xc3/inside/x": "x", "\x80": "x",
		strings.Repeat("long/", wharf.MaxKey/5) + "end.csv": "x",
	}
}

// unnamed has objects of other programs among those of the stage. A list
// reports each at its place and does not yield it.
func unnamed(e *env) {
	if e.o.Plant == nil {
		e.Logf("not checked: no other program creates objects in this store")
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

// wantUnnamed checks what a list yields and reports, in order, and that it
// reports nothing after its loop has ended.
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
			e.Errorf("List(%+v) reports %q, which is not an unnamed object", o, name)
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
		e.Errorf("List of %q after %q yields and reports %q, want %q", o.Prefix, o.After, got, want)
	}
	first := slices.IndexFunc(want, func(name string) bool { return !unnamed[name] })
	got = nil
	for range e.store.List(e.ctx, o) {
		break
	}
	if first >= 0 && !slices.Equal(got, want[:first]) {
		e.Errorf("List of %q after %q reports %q before its first object, want %q", o.Prefix, o.After, got, want[:first])
	}
}
