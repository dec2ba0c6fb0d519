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
	// pageNames is how many names of a folder are kept at once: a folder of
	// more is read again for each page.
	pageNames = 16 << 10
	// pageRead is how many names are read from the system at once.
	pageRead = 1 << 10
)

// List implements [wharf.Store]. A folder's names come from the system in no
// order, so that they are read and sorted page by page.
func (s *Store) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(wharf.Object{}, translate("dir.List", err))
			return
		}
		folder, base := o.Prefix[:strings.LastIndexByte(o.Prefix, '/')+1], o.Prefix[strings.LastIndexByte(o.Prefix, '/')+1:]
		if folder != "" {
			if _, err := pathOf(wharf.Key(strings.TrimSuffix(folder, "/"))); err != nil {
				return // nothing can be there
			}
		}
		root, err := s.root()
		if isMissing(err) {
			return
		}
		if err != nil {
			yield(wharf.Object{}, translate("dir.List", err))
			return
		}
		defer root.Close()
		l := &lister{ctx: ctx, root: root, most: s.pageNames, after: o.After, yield: yield}
		if err := l.walk(folder, base); err != nil && !l.stopped {
			yield(wharf.Object{}, translate("dir.List", err))
		}
	}
}

// lister is one List under way.
type lister struct {
	ctx     context.Context
	root    *os.Root
	most    int // names of a folder that are kept
	after   wharf.Key
	yield   func(wharf.Object, error) bool
	stopped bool // the caller wants no more
}

// walk yields what is below a folder, "" or ending in '/', whose names start
// with base. In byte order of key a folder stands where its name with the '/'
// does, which is how its entries are called here.
func (l *lister) walk(folder, base string) error {
	for last, more := "", true; more; {
		var page []string
		var err error
		if page, more, err = l.page(folder, base, last); err != nil {
			return err
		}
		for _, name := range page {
			last = name
			if err := l.entry(folder, name); err != nil || l.stopped {
				return err
			}
		}
	}
	return nil
}

func (l *lister) entry(folder, name string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	full := folder + name
	below := strings.HasSuffix(name, "/")
	if string(l.after) >= full && !(below && strings.HasPrefix(string(l.after), full)) {
		return nil
	}
	if below {
		return l.walk(full, "")
	}
	key, err := wharf.ParseKey(full)
	if err != nil {
		return nil // nobody could name it
	}
	info, err := l.root.Lstat(full)
	if err == nil && info.Mode().Type() == fs.ModeSymlink {
		info, err = l.root.Stat(full)
	}
	if isMissing(err) || leadsOut(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && !l.yield(objectOf(key, info), nil) {
		l.stopped = true
	}
	return nil
}

// page gives the first names of a folder that start with base and come after
// last, sorted, and whether there are more.
func (l *lister) page(folder, base, last string) (names []string, more bool, err error) {
	f, err := l.root.Open(strings.TrimSuffix("./"+folder, "/"))
	if isMissing(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	for {
		if err := l.ctx.Err(); err != nil {
			return nil, false, err
		}
		entries, err := f.ReadDir(pageRead)
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() {
				if folder == "" && name == uploads {
					continue
				}
				name += "/"
			}
			if name > last && strings.HasPrefix(name, base) {
				names = append(names, name)
			}
		}
		if err != nil && err != io.EOF && !isMissing(err) {
			return nil, false, err
		}
		if len(names) >= 2*l.most || err != nil {
			slices.Sort(names)
			if len(names) > l.most {
				names, more = names[:l.most], true
			}
		}
		if err != nil {
			return names, more, nil
		}
	}
}
