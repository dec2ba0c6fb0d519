package dir

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"wharf"
)

const (
	// pageNames is how many names of a folder are kept at once. A larger folder
	// is read again for each page.
	pageNames = 16 << 10
	// pageRead is how many names are read from the operating system at once.
	pageRead = 1 << 10
)

// List implements [wharf.Store]. The operating system returns a folder's names
// in no order, so List reads and sorts them page by page.
func (s *Store) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(wharf.Object{}, translate("dir.List", err))
			return
		}
		folder, base := o.Prefix[:strings.LastIndexByte(o.Prefix, '/')+1], o.Prefix[strings.LastIndexByte(o.Prefix, '/')+1:]
		if folder != "" {
			if _, err := pathOf(wharf.Key(strings.TrimSuffix(folder, "/"))); err != nil {
				return // no file can have such a key
			}
		}
		root, err := s.root()
		if isNotFound(err) {
			return
		}
		if err != nil {
			yield(wharf.Object{}, translate("dir.List", err))
			return
		}
		defer root.Close()
		if s.leadsIntoUploads(folder) {
			return
		}
		l := &lister{ctx: ctx, s: s, root: root, limit: s.pageNames, o: o, yield: yield}
		if err := l.walk(folder, base); err != nil && !l.stopped {
			yield(wharf.Object{}, translate("dir.List", err))
		}
	}
}

// lister is one running List.
type lister struct {
	ctx     context.Context
	s       *Store
	root    *os.Root
	limit   int // of the names of a folder that are kept
	o       wharf.ListOptions
	yield   func(wharf.Object, error) bool
	stopped bool // the caller left its loop
}

// entry is one name in a folder. That of a folder ends in '/'.
type entry struct {
	name    string
	regular bool // the folder's entry says that it is a regular file
}

func (e entry) isFolder() bool { return strings.HasSuffix(e.name, "/") }

// walk yields the files below a folder whose names start with base. The folder
// is "" or ends in '/'. In byte order of key, a folder stands where its name with
// the '/' does.
func (l *lister) walk(folder, base string) error {
	for last, more := "", true; more; {
		var page []entry
		var err error
		if page, more, err = l.page(folder, base, last); err != nil {
			return err
		}
		for _, e := range page {
			last = e.name
			if err := l.entry(folder, e); err != nil || l.stopped {
				return err
			}
		}
	}
	return nil
}

func (l *lister) entry(folder string, e entry) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	full := folder + e.name
	if after := string(l.o.After); after >= full && !(e.isFolder() && strings.HasPrefix(after, full)) {
		return nil
	}
	if e.isFolder() {
		return l.walk(full, "")
	}
	if e.regular && l.o.KeysOnly {
		if key, ok := l.o.KeyOf(full, 0); ok {
			l.stopped = !l.yield(wharf.Object{Key: key}, nil)
		}
		return nil
	}
	return l.file(full)
}

// file yields the file of that path, if there still is one.
func (l *lister) file(full string) error {
	info, err := l.root.Lstat(full)
	if err == nil && info.Mode().Type() == fs.ModeSymlink {
		info, err = l.root.Stat(full)
		switch {
		case err == nil && l.s.leadsIntoUploads(full):
			return nil
		case isNotFound(err), leadsOutside(err):
			l.o.TellUnnamed(full, 1)
			return nil
		}
	}
	if isNotFound(err) || leadsOutside(err) {
		return nil
	}
	if err != nil {
		return errFolder(full[:strings.LastIndexByte(full, '/')+1], err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if key, ok := l.o.KeyOf(full, info.Size()); ok {
		l.stopped = !l.yield(objectOf(key, info), nil)
	}
	return nil
}

// page returns the first names of a folder that start with base and come after
// last, sorted, and whether there are more.
func (l *lister) page(folder, base, last string) (names []entry, more bool, err error) {
	f, err := l.root.Open(strings.TrimSuffix("./"+folder, "/"))
	if isNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, errFolder(folder, err)
	}
	defer f.Close()
	for {
		if err := l.ctx.Err(); err != nil {
			return nil, false, err
		}
		entries, err := f.ReadDir(pageRead)
		for _, e := range entries {
			name := e.Name()
			if name == uploads {
				continue
			}
			if e.IsDir() {
				name += "/"
			}
			if name > last && strings.HasPrefix(name, base) {
				names = append(names, entry{name, e.Type().IsRegular()})
			}
		}
		if err != nil && err != io.EOF && !isNotFound(err) {
			return nil, false, errFolder(folder, err)
		}
		if len(names) >= 2*l.limit || err != nil {
			slices.SortFunc(names, func(a, b entry) int { return strings.Compare(a.name, b.name) })
			if len(names) > l.limit {
				names, more = names[:l.limit], true
			}
		}
		if err != nil {
			return names, more, nil
		}
	}
}
