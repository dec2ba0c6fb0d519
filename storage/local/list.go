package local

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

const (
	firstPage = 64   // rows of a list's first page
	maxPage   = 1024 // and of the later ones at most
	slabRows  = 32   // rows whose texts share one allocation
)

// List yields the objects in byte order of key. It reads the index a page at
// a time and keeps nothing of it open while the caller works on a page.
func (s *Store) List(ctx context.Context, o wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(yield func(wharf.Object, error) bool) {
		p := s.newPager(o)
		for more := true; more; {
			var err error
			if more, err = p.read(ctx); err != nil {
				yield(wharf.Object{}, fault("local.List", err))
				return
			}
			for i := range p.page {
				if !yield(p.page[i], nil) {
					return
				}
			}
		}
	}
}

// pager reads a stage's objects page by page.
type pager struct {
	s            *Store
	lower, upper []byte // bounds of the keys that are left
	size         int    // rows of the next page
	page         []wharf.Object
	slab         slab
	keysOnly     bool
	cleared      uint64 // objects up to this sequence are gone
}

func (s *Store) newPager(o wharf.ListOptions) *pager {
	p := &pager{s: s, size: firstPage, keysOnly: o.KeysOnly}
	p.lower = s.objectKey(wharf.Key(o.Prefix))
	p.upper = successor(p.lower)
	if string(o.After) >= o.Prefix && o.After != "" {
		p.lower = append(s.objectKey(o.After), 0)
	}
	return p
}

// read fills the page, and tells whether another may follow.
func (p *pager) read(ctx context.Context) (more bool, err error) {
	const op = "local.List"
	p.page = p.page[:0]
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := p.s.e.enter(op); err != nil {
		return false, err
	}
	defer p.s.e.leave()
	p.cleared = p.s.e.clears.at(p.s.id)
	it, err := p.s.e.index.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: p.lower, UpperBound: p.upper})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	ok := it.First()
	for ; ok && len(p.page) < p.size; ok = it.Next() {
		if err := p.add(it); err != nil {
			return false, err
		}
	}
	if err := it.Error(); err != nil {
		return false, err
	}
	if p.keysOnly {
		p.slab.flushKeys(p.page)
	} else {
		p.slab.flush(p.page)
	}
	if ok {
		p.lower = append(p.lower[:0], it.Key()...)
		p.size = min(2*p.size, maxPage)
	}
	return ok, nil
}

func (p *pager) add(it *pebble.Iterator) error {
	k := it.Key()
	if p.keysOnly && p.cleared == 0 {
		p.addKey(k)
		return nil
	}
	v, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	e, err := parseEntry(k, v)
	if err != nil || e.seq <= p.cleared {
		return err
	}
	if p.keysOnly {
		p.addKey(k)
		return nil
	}
	p.page = append(p.page, wharf.Object{Size: e.size, ModTime: time.Unix(0, e.mtime).UTC()})
	p.slab.add(k[objectKey:], &e)
	if p.slab.n == slabRows {
		p.slab.flush(p.page)
	}
	return nil
}

func (p *pager) addKey(k []byte) {
	p.page = append(p.page, wharf.Object{})
	p.slab.addKey(k[objectKey:])
	if p.slab.n == slabRows {
		p.slab.flushKeys(p.page)
	}
}

// slab gathers the texts of some rows, so that they cost one allocation and
// not one each.
type slab struct {
	buf  []byte
	n    int // rows in buf
	ends [slabRows]struct{ key, end int }
}

func (s *slab) add(key []byte, e *entry) {
	s.buf = append(s.buf, key...)
	s.ends[s.n].key = len(s.buf)
	s.buf = e.appendText(s.buf)
	s.ends[s.n].end = len(s.buf)
	s.n++
}

// addKey and flushKeys are add and flush for a list of keys only.
func (s *slab) addKey(key []byte) {
	s.buf = append(s.buf, key...)
	s.ends[s.n].key = len(s.buf)
	s.n++
}

func (s *slab) flushKeys(page []wharf.Object) {
	text, start := string(s.buf), 0
	rows := page[len(page)-s.n:]
	for i, e := range s.ends[:s.n] {
		rows[i].Key = wharf.Key(text[start:e.key])
		start = e.key
	}
	s.buf, s.n = s.buf[:0], 0
}

// flush gives the last rows of the page their texts.
func (s *slab) flush(page []wharf.Object) {
	text, start := string(s.buf), 0
	rows := page[len(page)-s.n:]
	for i, e := range s.ends[:s.n] {
		rows[i].Key = wharf.Key(text[start:e.key])
		rows[i].ETag = text[e.key : e.key+16]
		rows[i].MD5 = text[e.key+16 : e.end]
		start = e.end
	}
	s.buf, s.n = s.buf[:0], 0
}
