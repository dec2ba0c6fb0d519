package meta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"os"
)

// pages are the bytes of a bbolt file. They are read without bbolt, which
// panics on a damaged file, and, where its pages form a circle, ends the
// process. The layout is that of bbolt v1.5.0, internal/common.
type pages struct {
	data []byte
	size uint64 // of a page
	meta metaPage
}

// metaPage is what one of the first two pages says: where the tree begins.
type metaPage struct {
	root, freelist uint64 // pages
	end            uint64 // the first page that is not in use
	transaction    uint64
}

const (
	pageMagic   = 0xED0CDAED
	pageVersion = 2

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	pageHeader    = 16 // of a page: its number, flags, count, overflow
	elementSize   = 16 // of an entry in a page's table
	bucketHeader  = 16 // of a bucket's value: its root page, a sequence
	bucketElement = 0x01
)

var native = binary.NativeEndian

// readPages finds the page size and the later one of the valid meta pages.
// Without any the file has no tree; its pages can be looked at all the same.
func readPages(data []byte) (p *pages, ok bool) {
	p = &pages{data: data, size: uint64(os.Getpagesize())}
	// The second meta page is one page on, of a size that is not known yet.
	for at := uint64(0); at <= 1<<24 && at+pageHeader+64 <= uint64(len(data)); at = max(1024, 2*at) {
		m, size, valid := readMeta(data[at:])
		if !valid || at != 0 && at != size || ok && m.transaction < p.meta.transaction {
			continue
		}
		p.meta, p.size, ok = m, size, true
	}
	return p, ok
}

// metaFaults reports which of the two meta pages cannot be read. The file is
// then read by the other one, which may be that of the change before the last.
func (p *pages) metaFaults() (faults []error) {
	for n := range uint64(2) {
		at := n * p.size
		if at+pageHeader+64 > uint64(len(p.data)) {
			faults = append(faults, fmt.Errorf("meta page %d is missing", n))
		} else if _, _, ok := readMeta(p.data[at:]); !ok {
			faults = append(faults, fmt.Errorf("meta page %d is damaged; the last change may be undone", n))
		}
	}
	return faults
}

func readMeta(page []byte) (m metaPage, size uint64, ok bool) {
	b := page[pageHeader:]
	sum := fnv.New64a()
	sum.Write(b[:56])
	m = metaPage{root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]), end: native.Uint64(b[40:]), transaction: native.Uint64(b[48:])}
	size = uint64(native.Uint32(b[8:]))
	ok = native.Uint32(b) == pageMagic && native.Uint32(b[4:]) == pageVersion && native.Uint64(b[56:]) == sum.Sum64() &&
		size >= 1024 && size <= 1<<24
	return m, size, ok
}

// page is one page with those that it overflows into, or the inline page of a
// small bucket.
type page struct {
	flags, count uint16
	overflow     uint32
	body         []byte // with the header
}

func parsePage(b []byte) page {
	return page{flags: native.Uint16(b[8:]), count: native.Uint16(b[10:]), overflow: native.Uint32(b[12:]), body: b}
}

// at returns the page of that number. It is an error if its header cannot be
// true.
func (p *pages) at(n uint64) (page, error) {
	if n < 2 || n >= p.meta.end || n*p.size+p.size > uint64(len(p.data)) {
		return page{}, fmt.Errorf("page %d is not within the file", n)
	}
	b := p.data[n*p.size:]
	pg := parsePage(b)
	length := (uint64(pg.overflow) + 1) * p.size
	switch {
	case native.Uint64(b) != n:
		return page{}, fmt.Errorf("page %d says that it is page %d", n, native.Uint64(b))
	case length > uint64(len(b)) || n+uint64(pg.overflow) >= p.meta.end:
		return page{}, fmt.Errorf("page %d is not whole within the file", n)
	}
	pg.body = b[:length]
	return pg, nil
}

// element is an entry of a page. The child is that of a branch page.
type element struct {
	flags      uint32
	key, value []byte
	child      uint64
}

// element returns the entry at a place of the page's table; false if it does
// not lie within the page.
func (pg page) element(i int) (e element, ok bool) {
	at := pageHeader + elementSize*i
	if at+elementSize > len(pg.body) {
		return element{}, false
	}
	h := pg.body[at:]
	var from, key, value uint64
	if pg.flags == branchPage {
		from, key, e.child = uint64(native.Uint32(h)), uint64(native.Uint32(h[4:])), native.Uint64(h[8:])
	} else {
		e.flags = native.Uint32(h)
		from, key, value = uint64(native.Uint32(h[4:])), uint64(native.Uint32(h[8:])), uint64(native.Uint32(h[12:]))
	}
	if from < elementSize || from+key+value > uint64(len(h)) {
		return element{}, false
	}
	e.key, e.value = h[from:from+key:from+key], h[from+key:from+key+value:from+key+value]
	return e, true
}

// elements returns the entries that lie within the page, as many as a page of
// the given size can have: its own count may be damaged.
func (pg page) elements(size uint64) iter.Seq[element] {
	return func(yield func(element) bool) {
		for i := range int(size / elementSize) {
			if e, ok := pg.element(i); ok && !yield(e) {
				return
			}
		}
	}
}

// inline returns the page that a small bucket's value holds, and the number of
// the bucket's root page otherwise.
func (e element) inline() (pg page, root uint64, ok bool) {
	if len(e.value) < bucketHeader {
		return page{}, 0, false
	}
	if root = native.Uint64(e.value); root != 0 {
		return page{}, root, true
	}
	if len(e.value) < bucketHeader+pageHeader {
		return page{}, 0, false
	}
	return parsePage(e.value[bucketHeader:]), 0, true
}

// tree is a walk through the pages that are in use.
type tree struct {
	p      *pages
	free   map[uint64]bool
	seen   map[uint64]bool
	leaves []page // in the order of the walk, inline ones too
	faults []error
	broken bool // some of the faults are of the tree, and not of the list of free pages
}

// walk visits every page that can be reached from the root, and notes what is
// wrong on the way.
func (p *pages) walk() *tree {
	t := &tree{p: p, free: map[uint64]bool{}, seen: map[uint64]bool{}}
	t.readFree()
	t.visit(p.meta.root, true)
	return t
}

func (t *tree) fault(format string, args ...any) {
	t.broken = true
	t.listFault(format, args...)
}

// listFault notes a fault of the list of free pages.
func (t *tree) listFault(format string, args ...any) {
	t.faults = append(t.faults, fmt.Errorf(format, args...))
}

// readFree reads the list of the pages that are not in use.
func (t *tree) readFree() {
	n := t.p.meta.freelist
	pg, err := t.p.at(n)
	if err != nil {
		t.listFault("the list of free pages: %w", err)
		return
	}
	t.take(n, pg)
	list, count := pg.body[pageHeader:], uint64(pg.count)
	if count == 0xffff {
		count, list = native.Uint64(list), list[8:]
	}
	if pg.flags != freelistPage || count > uint64(len(list))/8 {
		t.listFault("page %d is no list of free pages", n)
		return
	}
	for i := range count {
		id := native.Uint64(list[8*i:])
		if id < 2 || id >= t.p.meta.end || t.free[id] {
			t.listFault("page %d, which lists free pages, lists page %d wrongly", n, id)
		}
		t.free[id] = true
	}
}

// take notes that a page is in use; false if it is by another already.
func (t *tree) take(n uint64, pg page) bool {
	for i := n; i <= n+uint64(pg.overflow); i++ {
		switch {
		case t.seen[i]:
			t.fault("page %d is in two places of the tree", i)
			return false
		case t.free[i]:
			t.listFault("page %d is in use and listed as free", i)
		}
		t.seen[i] = true
	}
	return true
}

func (t *tree) visit(n uint64, top bool) {
	pg, err := t.p.at(n)
	if err != nil {
		t.fault("%w", err)
		return
	}
	if t.take(n, pg) {
		t.visitPage(fmt.Sprintf("page %d", n), pg, top)
	}
}

// visitPage visits a page of the tree of buckets (top), or of a bucket.
func (t *tree) visitPage(name string, pg page, top bool) {
	switch {
	case pg.flags == leafPage:
		t.leaves = append(t.leaves, pg)
	case pg.flags != branchPage || pg.count == 0:
		t.fault("%s is neither a branch nor a leaf", name)
		return
	}
	var last []byte
	for i := range int(pg.count) {
		e, ok := pg.element(i)
		switch {
		case !ok:
			t.fault("%s: entry %d is not within the page", name, i)
			continue
		case i > 0 && bytes.Compare(last, e.key) >= 0:
			t.fault("%s: entry %d is not in order", name, i)
		}
		last = e.key
		t.visitElement(name, pg, e, top)
	}
}

func (t *tree) visitElement(name string, pg page, e element, top bool) {
	if pg.flags == branchPage {
		t.visit(e.child, top)
		return
	}
	if isBucket := e.flags&bucketElement != 0; isBucket != top {
		t.fault("%s: %q is not of the kind that belongs there", name, e.key)
		return
	}
	if !top {
		return
	}
	switch inline, root, ok := e.inline(); {
	case !ok:
		t.fault("%s: the bucket %q is cut short", name, e.key)
	case root != 0:
		t.visit(root, false)
	case inline.flags != leafPage:
		t.fault("%s: the bucket %q is no leaf", name, e.key)
	default:
		t.visitPage(fmt.Sprintf("%s, bucket %q", name, e.key), inline, false)
	}
}
