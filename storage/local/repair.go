package local

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"wharf"
)

// Repairer changes a data folder that no server has open, for a repair of it
// (package fsck). It is an engine: what it does is as durable, and a repair that
// is cut short leaves a folder that a server can open.
type Repairer struct{ e *Engine }

// OpenRepairer opens the folder, with an index that is made anew if newIndex is
// set, or if the index is damaged.
func OpenRepairer(dir string, newIndex bool, o Options) (*Repairer, error) {
	o = o.withDefaults()
	o.repairing = true
	if newIndex {
		if err := dropIndex(&disk{o.FS}, dir); err != nil {
			return nil, fault("local.OpenRepairer", err)
		}
	}
	e, err := Open(dir, o)
	if err != nil {
		return nil, err
	}
	return &Repairer{e}, nil
}

// Close closes the folder.
func (r *Repairer) Close() error { return r.e.Close() }

// Restore writes the record of an object anew whose body file is whole and says
// whose it is. It reports whether it did.
func (r *Repairer) Restore(ctx context.Context, x Entry) (bool, error) {
	if !x.entry.file {
		return false, nil
	}
	l, ok := r.e.readLabel(x.entry.number)
	if !ok || l.stage != x.Stage || l.key != x.Key || l.size != x.entry.size {
		return false, nil
	}
	return r.adopt(ctx, x.entry.number, l)
}

// Drop removes an object that cannot be read, and puts what is left of its body
// file aside. It reports whether there was such a file.
func (r *Repairer) Drop(ctx context.Context, x Entry) (aside bool, err error) {
	now, found, err := r.e.Store(x.Stage).lookup(x.Key)
	if err != nil || !found || now.seq != x.entry.seq {
		return false, err
	}
	if x.File != "" {
		if aside, err = r.putAside(x.File); err != nil {
			return false, err
		}
	}
	return aside, r.e.Store(x.Stage).Delete(ctx, []wharf.Key{x.Key})
}

// PutAside moves a file into the folder aside.
func (r *Repairer) PutAside(file string) error {
	_, err := r.putAside(file)
	return err
}

func (r *Repairer) putAside(file string) (bool, error) {
	fs, path, dir := r.e.fs, r.e.path(file), r.e.path(asideFolder)
	if _, err := fs.Stat(path); err != nil {
		return false, ignoreMissing(err)
	}
	if err := fs.MkdirAll(dir, folderMode); err != nil {
		return false, err
	}
	name := fs.PathJoin(dir, fs.PathBase(path))
	for n := 2; ; n++ {
		if _, err := fs.Stat(name); missing(err) {
			break
		} else if err != nil {
			return false, err
		}
		name = fs.PathJoin(dir, fmt.Sprintf("%s.%d", fs.PathBase(path), n))
	}
	if err := fs.Rename(path, name); err != nil {
		return false, err
	}
	// Where it is now comes first: a crash must not lose it in both.
	for _, d := range []string{r.e.dir, dir, fs.PathDir(path)} {
		if err := syncFolder(fs, d); err != nil {
			return false, err
		}
	}
	return true, nil
}

// Adopt gives a whole body file that no object has back to the object that it
// was, unless that has another body. It reports whether it did.
func (r *Repairer) Adopt(ctx context.Context, x Stray) (bool, error) {
	if x.Key == "" {
		return false, nil
	}
	s := r.e.Store(x.Stage)
	if _, found, err := s.lookup(x.Key); err != nil || found {
		return false, err
	}
	return r.adopt(ctx, x.number, x.label)
}

func (r *Repairer) adopt(ctx context.Context, number uint64, l label) (bool, error) {
	table, err := r.e.tableOf(ctx, number)
	if missing(err) || err == nil && crc32.Checksum(table, castagnoli) != l.sum {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h := head{kind: kindFile, stage: l.stage, key: l.key, mtime: l.mtime, size: l.size, number: number, sum: l.sum}
	err = r.e.committer.do(ctx, "local.adopt", &op{size: h.length(), prepare: func(t *turn) error { return t.add(&h, table, nil) }})
	return err == nil, err
}

// tableOf reads a body file and works out the checksums of its blocks.
func (e *Engine) tableOf(ctx context.Context, number uint64) (table []byte, err error) {
	f, err := e.fs.Open(e.bodyPath(number))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := chunks.Get().(*chunk)
	defer chunks.Put(c)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := io.ReadFull(f, c[:])
		table = appendTable(table, c[:n])
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return table, nil
		case err != nil:
			return nil, err
		}
	}
}

// Evacuate copies what is whole of a damaged segment, and puts the segment
// aside. Of a segment that is missing it makes the index forget it.
func (r *Repairer) Evacuate(ctx context.Context, number uint64) error {
	// A compaction could remove a segment that the copying comes to.
	return r.e.compactor.rounds.alone(func() error { return r.evacuate(ctx, number) })
}

func (r *Repairer) evacuate(ctx context.Context, number uint64) error {
	e := r.e
	e.segs.mu.Lock()
	g := e.segs.all[number]
	e.segs.mu.Unlock()
	if g == nil {
		return e.forgetSegment(ctx, number)
	}
	e.segs.markDamaged(g) // no record is added to it any more
	if err := e.checkpoint(ctx); err != nil {
		return err
	}
	if e.committer.position().segment == number { // the copies would go with it
		return wharf.Errorf(wharf.CodeUnavailable, "no segment could be begun for what is whole of a damaged one; free some space or file handles, and repair again")
	}
	if err := e.compactor.salvage(g); err != nil {
		return err
	}
	if err := e.forgetSegment(ctx, number); err != nil {
		return err
	}
	if err := e.compactor.awaitDeadFiles(); err != nil {
		return err
	}
	if err := e.checkpoint(ctx); err != nil {
		return err
	}
	if _, err := r.putAside(e.fs.PathJoin(logFolder, e.fs.PathBase(g.path))); err != nil {
		return err
	}
	e.segs.forget(g)
	return nil
}
