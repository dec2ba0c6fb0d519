package dir

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPlace(t *testing.T) {
	f := newFolder(t)
	f.write("in/file", "x")
	outer, err := filepath.EvalSymlinks(filepath.Dir(f.path))
	f.do(err)
	for name, target := range map[string]string{"link": "in", "in/up": "..", "dangling": "nobody", "loop": "loop", "../alias": "stage"} {
		f.do(os.Symlink(target, filepath.Join(f.path, name)))
	}
	alias := open(t, f.allow, "fs://"+filepath.Join(f.allow, "alias")+"/")
	parent := open(t, f.allow, "fs://"+f.allow+"/")
	for _, c := range []struct {
		s            *Store
		prefix, want string
	}{
		{f.Store, "", "/stage/"},
		{f.Store, "in", "/stage/in"},
		{f.Store, "in/", "/stage/in/"},
		{f.Store, "link", "/stage/link"}, // a prefix of names, not a folder
		{f.Store, "link/", "/stage/in/"},
		{f.Store, "link/up/link/up/in/f", "/stage/in/f"},
		{f.Store, "link/not/there/f", "/stage/in/not/there/f"},
		{f.Store, "dangling/f", "/stage/dangling/f"},
		{f.Store, "loop/f", "/stage/loop/f"},
		{alias, "", "/stage/"},
		{alias, "link/", "/stage/in/"},
		{parent, "", "/"},
		{parent, "alias/link/x", "/stage/in/x"},
	} {
		got := c.s.Place(c.prefix)
		f.want("place of "+c.prefix, got.Path, outer+c.want)
		f.want("its space", got.Space, "fs")
	}
	f.want("the root", (&Store{allow: "/", below: "."}).Place("").Path, "/")
}
