package local

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// What the tests outside of the package need: those that import fsck.

// TinyOptions are options with which everything happens often.
func TinyOptions(fs vfs.FS) Options { return tinyOptions(fs) }

// Configured sets what only tests choose: the longest body within the log, and how
// many body files share a folder.
func (o Options) Configured(border int, window uint64) Options {
	o.border, o.window = border, window
	return o
}

// WithoutSpare has the number of segments not depend on when a spare is ready.
func (o Options) WithoutSpare() Options {
	o.noSpare = true
	return o
}

// WithoutCompactor has compactions done only where a test does them.
func (o Options) WithoutCompactor() Options {
	o.repairing = true
	return o
}

// Compact does what the compactor would do by itself.
func Compact(e *Engine) error { return e.compactor.rounds.do(e.compactor.work) }

// CompactSegment compacts one segment, whatever is dead in it.
func CompactSegment(e *Engine, number uint64) error {
	return e.compactor.rounds.alone(func() error {
		e.segs.mu.Lock()
		g := e.segs.all[number]
		e.segs.mu.Unlock()
		if g == nil {
			return fmt.Errorf("there is no segment %d", number)
		}
		return errors.Join(e.compactor.copyNeeded(g), e.compactor.remove([]*segment{g}))
	})
}

// Segments lists the segments that have a successor.
func Segments(e *Engine) (all []uint64) {
	for _, g := range e.segs.sorted() {
		if g.number < e.committer.position().segment {
			all = append(all, g.number)
		}
	}
	return all
}

// SegmentsOf lists all segments.
func SegmentsOf(r *Repairer) (all []uint64) {
	for _, g := range r.e.segs.sorted() {
		all = append(all, g.number)
	}
	return all
}

// HashOwed works out the MD5s that are owed.
func HashOwed(e *Engine) error { return e.hash.work() }

// Removal is where in the log the record of a removal stands.
type Removal struct {
	Segment  uint64
	File     string
	From, To int64
	Key      string // "" is a whole stage's
}

// Removals finds the records of removals in a folder.
func Removals(fs vfs.FS, dir string) (all []Removal, err error) {
	e := newEngine(dir, tinyOptions(fs))
	list, err := e.segs.load(fs, e.path(logFolder))
	for i, g := range list {
		s, serr := e.scanOf(g, list[i+1:])
		if serr != nil {
			return nil, serr
		}
		_, serr = s.run(func(r record) error {
			if r.kind == kindDelete || r.kind == kindClear {
				all = append(all, Removal{g.number, g.path, r.offset, r.end(), string(r.key)})
			}
			return nil
		})
		s.close()
		err = errors.Join(err, serr)
	}
	return all, err
}
