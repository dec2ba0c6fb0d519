package local

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// recover opens the index, applies to it what of the log it does not have, and
// removes what a crash left of uploads.
func (e *Engine) recover(ctx context.Context, keepStrays bool) error {
	if err := e.fs.RemoveAll(e.path(extractFolder)); err != nil && !missing(err) {
		return err
	}
	list, err := e.segs.load(e.fs, e.path(logFolder))
	if err != nil {
		return err
	}
	if err := e.fs.Remove(e.path(logFolder, spareFile)); ignoreMissing(err) != nil {
		return err
	}
	// What a killed server wrote and did not sync can be read now and lost
	// later: the index must not have it before it is durable.
	if len(list) > 0 {
		if err := syncFile(e.fs, list[len(list)-1].path); err != nil {
			return err
		}
		if err := syncFolder(e.fs, e.path(logFolder)); err != nil {
			return err
		}
	}
	r, err := e.openAndReplay(ctx, list)
	if err != nil {
		return err
	}
	e.committer.durable, e.committer.seq = r.applied, r.applied.seq
	e.bodies.next = r.applied.next
	// Where the log is damaged, a file without an object may be one whose
	// record is lost.
	if r.damages > 0 {
		keepStrays = true
	}
	if err := e.strays(ctx, r.applied.low, keepStrays, len(list) == 0); err != nil {
		return err
	}
	if r.last != nil {
		if err := e.reopen(r); err != nil {
			return err
		}
	}
	// A checkpoint writes down this position: the index must have it.
	if err := e.index.db.Set([]byte{spacePosition}, e.committer.durable.append(nil), pebble.NoSync); err != nil {
		return err
	}
	return e.index.each(ctx, spaceDead, nil, func(k, _ []byte) (bool, error) {
		if n, ok := parseNumberKey(k); ok {
			e.reaper.add(n)
		}
		return true, nil
	})
}

// reopen goes on with the last segment. What a crash left at its end of a write
// gets a record around it: it must not be taken for damage later.
func (e *Engine) reopen(r *replay) error {
	g, end := r.last, r.applied.offset
	if err := e.segs.reopen(g); err != nil {
		return err
	}
	e.segs.grow(g, end) // zeros may follow
	e.committer.turn = rand.Uint32()
	heads := r.mends
	for _, m := range heads {
		e.log.Warn("a damaged head of a record is written anew", "segment", g.number, "offset", m.at)
	}
	if end < r.length {
		h := head{kind: kindTorn, batch: end, turn: e.committer.turn, low: r.applied.low, size: max(0, r.length-end-2*headLen)}
		heads = append(heads,
			placed{end + h.prefix() + h.size, h.append(nil, tailMagic, g.tag, end)},
			placed{end, h.append(nil, headMagic, g.tag, end)})
		end += h.length()
	}
	if len(heads) == 0 {
		return nil
	}
	for _, h := range heads {
		if err := writeAll(g.file, [][]byte{h.head}, h.at); err != nil {
			return err
		}
	}
	if err := g.file.Sync(); err != nil {
		return err
	}
	e.committer.durable.offset = end
	e.segs.grow(g, end)
	return nil
}

// ErrBehind is what is wrong with an index that does not have what it had.
var ErrBehind = errors.New("the index has lost a part of what it had on the disk")

// isBehind reports whether a record says that the index was further than it is.
func (a applied) isBehind(r record) bool {
	return r.kind == kindMark && a.segment > 0 && a.before(position{r.number, r.size})
}

// openAndReplay opens the index and applies the rest of the log. An index that
// is damaged is put aside, one of another version removed, and made anew from the whole log.
func (e *Engine) openAndReplay(ctx context.Context, list []*segment) (*replay, error) {
	from, err := e.openIndex(ctx)
	if err == nil {
		var r *replay
		if r, err = e.replay(ctx, list, from); err == nil {
			return r, nil
		}
	}
	if ctx.Err() != nil || outOfFiles(err) || fullDisk(err) || errors.Is(err, fs.ErrPermission) || e.broken.failed() {
		return nil, err
	}
	drop := dropIndex
	if errors.Is(err, errOtherIndex) {
		drop = removeIndex
		e.log.Warn("the index is made anew from the log", "error", err)
	} else {
		e.log.Error("the index is damaged: it is put aside and made anew from the log", "error", err)
	}
	if err := e.dropIndex(drop); err != nil {
		return nil, err
	}
	if from, err = e.openIndex(ctx); err != nil {
		return nil, err
	}
	return e.replay(ctx, list, from)
}

// openIndex verifies and opens the index, and reads what the engine keeps of it
// in memory. A new one is made only where there is nothing.
func (e *Engine) openIndex(ctx context.Context) (from applied, err error) {
	folder := e.path(indexFolder)
	names, err := e.fs.List(folder)
	if err != nil && !missing(err) {
		return applied{}, err
	}
	if slices.ContainsFunc(names, func(n string) bool { return n != lockFile }) {
		if err := e.verifyIndex(ctx); err != nil {
			return applied{}, err
		}
	}
	if err := e.fs.MkdirAll(folder, folderMode); err != nil {
		return applied{}, err
	}
	if e.index, err = openIndex(e.fs, folder, e.sizes, &e.broken, e.space.ballast.release, false); err != nil {
		return applied{}, err
	}
	if from, err = e.index.position(); err != nil || from == (applied{}) {
		return applied{}, err
	}
	return from, e.loadState(ctx, from)
}

// verifyIndex reads the index before anything can be changed in it.
func (e *Engine) verifyIndex(ctx context.Context) error {
	x, err := openIndex(e.fs, e.path(indexFolder), e.sizes, &e.broken, func() {}, true)
	if err != nil {
		return err
	}
	return errors.Join(x.verify(ctx, e.fs, e.path(indexFolder)), x.close())
}

// loadState reads how much stages hold, which are being cleared, and what of
// each segment is needed.
func (e *Engine) loadState(ctx context.Context, from applied) error {
	usage := map[wharf.StageID]wharf.Usage{}
	err := e.index.each(ctx, spaceUsage, nil, func(k, v []byte) (bool, error) {
		u, err := parseUsage(v)
		if len(k) != 1+stageLen {
			err = errEntry
		}
		if err == nil {
			usage[wharf.StageID(k[1:])] = u
		}
		return true, err
	})
	if err != nil {
		return err
	}
	cleared, err := e.index.cleared(ctx)
	if err != nil {
		return err
	}
	e.usage.set(usage)
	e.clears.set(cleared)
	return e.loadAccounts(ctx, from)
}

func (e *Engine) loadAccounts(ctx context.Context, from applied) error {
	known := map[uint64]bool{}
	var gone []uint64
	err := e.index.each(ctx, spaceSegment, nil, func(k, v []byte) (bool, error) {
		a, err := parseAccount(v)
		n, ok := parseNumberKey(k)
		if err != nil || !ok {
			return false, errEntry
		}
		switch g := e.segs.all[n]; {
		case g != nil:
			known[n], g.account = true, a
		case a.live == 0:
			gone = append(gone, n)
		default:
			e.log.Error("a segment of the log is missing; stop the server and run wharf check", "segment", n, "bytes", a.live)
		}
		return true, nil
	})
	for n, g := range e.segs.all {
		if n < from.segment && !known[n] {
			g.kept = g.size // its removal was not durable: a compaction looks at it
		}
	}
	for _, n := range gone {
		err = errors.Join(err, e.index.db.Delete(numberKey(spaceSegment, n), pebble.NoSync))
	}
	return err
}

// dropIndex takes the index out of the way by drop.
func (e *Engine) dropIndex(drop func(fs vfs.FS, dir string) error) error {
	if e.index != nil {
		if err := e.index.close(); err != nil {
			e.log.Warn("closing the index failed", "error", err)
		}
	}
	e.index = nil
	e.usage, e.clears = usages{all: map[wharf.StageID]wharf.Usage{}}, clears{}
	for _, g := range e.segs.all {
		g.account = account{}
	}
	return drop(e.fs, e.dir)
}

// dropIndex moves the index of a folder aside. None of this needs a sync: an
// index that comes back after a crash is found damaged again.
func dropIndex(fs vfs.FS, dir string) error {
	aside := fs.PathJoin(dir, asideFolder, indexFolder)
	if err := fs.RemoveAll(aside); err != nil && !missing(err) {
		return err
	}
	if err := fs.MkdirAll(fs.PathJoin(dir, asideFolder), folderMode); err != nil {
		return err
	}
	return ignoreMissing(fs.Rename(fs.PathJoin(dir, indexFolder), aside))
}

// removeIndex removes an index that is whole and of no use. What a crash leaves of
// it is found damaged.
func removeIndex(fs vfs.FS, dir string) error {
	return ignoreMissing(fs.RemoveAll(fs.PathJoin(dir, indexFolder)))
}

// replay is what the log says behind the position from which it was read.
type replay struct {
	e       *Engine
	applied applied
	damages int
	last    *segment // to be written on; nil if it is damaged
	length  int64    // of its file, without zeros at the end
	mends   []placed // heads of its last batch to be written anew

	from    applied
	changes *changes
	records int
	total   int
	batch   position
	logged  time.Time
}

const (
	replayBatch  = 1000
	progressTime = 5 * time.Second
)

// replay applies the log from a position on.
func (e *Engine) replay(ctx context.Context, list []*segment, from applied) (*replay, error) {
	r := &replay{e: e, from: from, applied: from, logged: time.Now()}
	r.changes = e.replayChanges()
	for i, g := range list {
		if g.number < from.segment {
			continue
		}
		if err := r.segment(ctx, g, list[i+1:]); err != nil {
			return nil, err
		}
	}
	if n := len(list); from.segment > 0 && (n == 0 || list[n-1].number < from.segment) {
		r.damages++ // the segment that was written last is missing
	}
	if err := r.flush(r.applied.position); err != nil {
		return nil, err
	}
	if from.segment == 0 && r.total > 0 {
		e.log.Warn("the index was made anew from the log", "records", r.total)
	}
	if r.damages > 0 {
		e.log.Error("the log is damaged; stop the server and run wharf check", "places", r.damages)
	}
	return r, nil
}

func (e *Engine) replayChanges() *changes {
	c := e.newChanges()
	c.replay = true
	return c
}

// segment applies what a segment has behind the position.
func (r *replay) segment(ctx context.Context, g *segment, later []*segment) error {
	s, err := r.e.scanOf(g, later)
	if err != nil {
		return err
	}
	defer s.close()
	start := int64(0)
	if g.number == r.from.segment {
		start, s.off, s.proven = r.from.offset, r.from.offset, r.from.offset
	}
	if s.size < start {
		r.damages++ // it was cut short
		r.applied.position = position{g.number, start}
		return nil
	}
	end, err := s.run(func(rec record) error { return r.record(ctx, g, rec) })
	if err != nil {
		return err
	}
	r.damages += len(s.damages)
	r.applied.position = position{g.number, end}
	if len(later) > 0 { // its successor may lack the record that says where it ends
		r.changes.add(g.number, account{end: max(end, s.want)})
	}
	if len(later) == 0 && len(s.damages) == 0 {
		r.last, r.length, r.mends = g, s.used, s.mends
	}
	return nil
}

// record applies one record, and brings the changes of some to the index at
// the end of their batch.
func (r *replay) record(ctx context.Context, g *segment, rec record) error {
	if at := (position{g.number, rec.batch}); at != r.batch {
		if r.records >= replayBatch {
			if err := r.flush(at); err != nil {
				return err
			}
		}
		r.batch = at
	}
	r.records++
	r.total++
	r.applied.seq = max(r.applied.seq, rec.seq)
	// A number is not used again below what was in flight once.
	r.applied.low, r.applied.next = rec.low, max(r.applied.next, rec.low)
	if rec.kind == kindFile {
		r.applied.next = max(r.applied.next, rec.number+1)
	}
	if r.from.isBehind(rec) {
		return ErrBehind
	}
	if now := time.Now(); now.Sub(r.logged) > progressTime {
		r.logged = now
		r.e.log.Info("reading the log", "segment", g.number, "records", r.total)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.changes.apply(&rec.head, position{g.number, rec.offset})
}

// flush applies the changes up to a position, which is the beginning of a batch
// or the end of the log.
func (r *replay) flush(at position) error {
	r.applied.position = at
	if r.records == 0 && len(r.changes.account) == 0 {
		return nil
	}
	err := r.changes.finish(r.applied)
	if err == nil {
		r.e.reaper.add(r.changes.dead...)
	}
	r.changes.close()
	r.changes, r.records = r.e.replayChanges(), 0
	return err
}
