package meta

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"wharf"
)

// salvage is what can be read of a damaged catalog: the records whose
// checksums match, which say of what bucket and key they are.
type salvage struct {
	records map[place]salvaged
	format  uint32 // of the catalog; 0 if that is lost
	// partial says that pages which were in use could not be read.
	partial bool
	// old says that pages could not be told from those that are no longer in
	// use: the records may include those of before a change or a removal.
	old bool
}

// salvaged is a record that was read, and the number of the transaction that
// wrote it: of two of one place, the higher one is the later.
type salvaged struct {
	payload []byte
	written uint64
}

// place is where a record belongs.
type place struct{ bucket, key string }

func salvageRecords(data []byte) *salvage {
	s := &salvage{records: map[place]salvaged{}}
	p, hasMeta := readPages(data)
	var t *tree
	if hasMeta {
		if t = p.walk(); !t.broken {
			for _, leaf := range t.leaves {
				s.leaf(leaf, p.size)
			}
			return s
		}
	}
	// Some of the tree cannot be reached: all pages are looked at that are not
	// known to be free. A damaged list has too few of these.
	s.partial, s.old = true, t == nil || len(t.free) == 0
	for n := uint64(0); n*p.size+pageHeader <= uint64(len(data)); n++ {
		if t == nil || !t.free[n] {
			pg := parsePage(data[n*p.size:])
			pg.flags = leafPage
			pg.body = pg.body[:min(uint64(len(pg.body)), p.size*min(uint64(pg.overflow)+1, 1<<16))]
			s.leaf(pg, p.size)
		}
	}
	return s
}

// leaf takes the records of a page, or of the small buckets in it.
func (s *salvage) leaf(pg page, size uint64) {
	for e := range pg.elements(size) {
		if e.flags&bucketElement == 0 {
			s.add(e)
		} else if inline, root, ok := e.inline(); ok && root == 0 {
			inline.flags = leafPage
			s.leaf(inline, size)
		}
	}
}

// add takes a record, unless a later one of the same place is there.
func (s *salvage) add(e element) {
	if v, ok := parseFormatNumber(e.value); ok && string(e.key) == keyFormat {
		s.format = v
	}
	if !likely(e) {
		return
	}
	for _, bucket := range buckets {
		payload, written, err := unframe(bucket, e.key, e.value)
		if err != nil {
			continue
		}
		at, found := place{bucket, string(e.key)}, salvaged{payload, written}
		if before, ok := s.records[at]; !ok || found.isLater(before) {
			found.payload = slices.Clone(payload)
			s.records[at] = found
		}
	}
}

// likely reports whether an entry looks like a record, so that few checksums
// are taken of what a damaged page seems to hold.
func likely(e element) bool {
	const maxKey, maxSealed = 4 << 10, 1 << 10
	if len(e.key) > maxKey || len(e.value) <= recordHeader {
		return false
	}
	payload := e.value[recordHeader:]
	switch {
	case e.value[0] == recordVersion && len(payload) > writtenLength:
		payload = payload[writtenLength:]
	case e.value[0] != recordBefore:
		return false
	}
	n := len(payload)
	return n == len(wharf.StageID{}) || payload[0] == '{' && payload[n-1] == '}' || payload[0] == sealVersion && n < maxSealed
}

// isLater reports whether one record of a place was stored after another. Those
// of the version before do not say so; their definitions may.
func (r salvaged) isLater(than salvaged) bool {
	if r.written != than.written {
		return r.written > than.written
	}
	return later(r.payload, than.payload)
}

func later(a, b []byte) bool {
	var x, y struct {
		Revision  uint64    `json:"revision"`
		CreatedOn time.Time `json:"created_on"`
	}
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	if x.Revision != y.Revision {
		return x.Revision > y.Revision
	}
	return x.CreatedOn.After(y.CreatedOn)
}

// payload returns the record of that place, nil if it was not found.
func (s *salvage) payload(bucket, key string) []byte { return s.records[place{bucket, key}].payload }

// in lists the keys of a bucket, in order.
func (s *salvage) in(bucket string) []string {
	var keys []string
	for at := range s.records {
		if at.bucket == bucket {
			keys = append(keys, at.key)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}

// byChange lists the keys of a bucket, the last change first.
func (s *salvage) byChange(bucket string) []string {
	keys := s.in(bucket)
	slices.SortStableFunc(keys, func(a, b string) int {
		x, y := s.records[place{bucket, a}], s.records[place{bucket, b}]
		switch {
		case x.isLater(y):
			return -1
		case y.isLater(x):
			return 1
		}
		return 0
	})
	return keys
}
