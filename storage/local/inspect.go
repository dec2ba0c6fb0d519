package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	pebblerecord "github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// Folder is a data folder that no server has open, for a check of it (package
// fsck). It is for one goroutine.
type Folder struct {
	e    *Engine
	list []*segment
	from applied  // how far the index says that the log is applied
	gone []uint64 // segments that the index knows and that are not there
}

// OpenFolder locks a data folder. A folder that a server has open is
// [wharf.CodeUnavailable], one that is missing or empty [wharf.CodeNotFound], one
// of another format [wharf.CodeUnsupported]. Nothing is changed through it.
func OpenFolder(dir string, o Options) (f *Folder, hasFormat bool, err error) {
	const op = "local.OpenFolder"
	o = o.withDefaults()
	o.FS = readOnly{o.FS}
	e := newEngine(dir, o)
	isNew, err := checkFormat(e.fs, dir)
	lost := errors.Is(err, errNoFormat)
	switch {
	case isNew && err == nil:
		return nil, false, &wharf.Error{Code: wharf.CodeNotFound, Op: op, Msg: "there is no data folder of Wharf"}
	case err != nil && !lost:
		return nil, false, fault(op, err)
	}
	e.sizes = chooseSizes(e.fs, dir, o)
	if e.lock, err = lockFolder(e.fs, dir); err != nil {
		return nil, false, fault(op, err)
	}
	f = &Folder{e: e}
	if f.list, err = e.segs.load(e.fs, e.path(logFolder)); ignoreMissing(err) != nil {
		return nil, false, fault(op, errors.Join(err, f.Close()))
	}
	return f, !lost, nil
}

// Lost lists the folders that it should have and has not.
func (f *Folder) Lost() []string { return lostFolders(f.e.fs, f.e.dir) }

// Complete makes what is missing of the folders of a data folder, and the file
// FORMAT.
func Complete(dir string, o Options) error {
	fs := &disk{o.withDefaults().FS}
	for _, d := range lostFolders(fs, dir) {
		if err := fs.MkdirAll(fs.PathJoin(dir, d), folderMode); err != nil {
			return err
		}
	}
	return writeFormat(fs, dir, formatMended)
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.e.release() }

// OpenIndex opens the index and verifies all of it. An error is what is wrong
// with it.
func (f *Folder) OpenIndex(ctx context.Context) error {
	fs, folder := f.e.fs, f.e.path(indexFolder)
	if _, err := fs.Stat(folder); missing(err) {
		return errors.New("the folder is missing")
	}
	x, err := openIndex(fs, folder, f.e.sizes, &f.e.broken, func() {}, true)
	if err != nil {
		return err
	}
	f.e.index = x
	if err := errors.Join(x.verify(ctx, fs, folder), verifyManifest(fs, folder)); err != nil {
		return errors.Join(err, f.dropIndex())
	}
	if f.from, err = x.position(); err == nil {
		err = f.readAccounts(ctx)
	}
	if err != nil {
		return errors.Join(err, f.dropIndex())
	}
	return nil
}

func (f *Folder) dropIndex() error {
	x := f.e.index
	f.e.index, f.from, f.gone = nil, applied{}, nil
	for _, g := range f.list {
		g.account = account{}
	}
	return x.close()
}

// readAccounts reads what the index knows of the segments.
func (f *Folder) readAccounts(ctx context.Context) error {
	return f.e.index.each(ctx, spaceSegment, nil, func(k, v []byte) (bool, error) {
		a, err := parseAccount(v)
		n, ok := parseNumberKey(k)
		if err != nil || !ok {
			return false, errEntry
		}
		if g := f.e.segs.all[n]; g != nil {
			g.account = a
		} else {
			f.gone = append(f.gone, n)
		}
		return true, nil
	})
}

// verifyManifest reads the manifest to its end: the index takes one that is
// damaged for one that ends there.
func verifyManifest(fs vfs.FS, folder string) error {
	names, err := fs.List(folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "MANIFEST-") {
			continue
		}
		f, err := fs.Open(fs.PathJoin(folder, name))
		if err != nil {
			return err
		}
		defer f.Close()
		rr := pebblerecord.NewReader(f, 0)
		for err == nil {
			var r io.Reader
			if r, err = rr.Next(); err == nil {
				_, err = io.Copy(io.Discard, r)
			}
		}
		if !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Entry is an object as the index or the log knows it.
type Entry struct {
	Stage   wharf.StageID
	Key     wharf.Key
	Segment uint64 // where its record is
	From    int64
	To      int64
	File    string // its body file within the data folder; "" if it has none
	entry   entry
}

func (f *Folder) entryOf(stage wharf.StageID, key wharf.Key, e entry) Entry {
	x := Entry{Stage: stage, Key: key, Segment: e.at.segment, From: e.at.offset, To: e.at.offset + e.recordLen(key), entry: e}
	if e.file {
		x.File = f.relative(f.e.bodyPath(e.number))
	}
	return x
}

func (f *Folder) relative(path string) string { return strings.TrimPrefix(path, f.e.dir+"/") }

// Objects calls do for each object of the index, and gone for those of a stage
// that was cleared which the index still has.
func (f *Folder) Objects(ctx context.Context, do, gone func(Entry) error) error {
	cleared, err := f.e.index.cleared(ctx)
	if err != nil {
		return err
	}
	return f.e.index.each(ctx, spaceObject, nil, func(k, v []byte) (bool, error) {
		stage, key, ok := splitObjectKey(k[1:])
		e, err := parseEntry(k, v)
		switch {
		case err != nil || !ok:
			return false, errEntry
		case e.seq <= cleared[stage]:
			return true, gone(f.entryOf(stage, key, e))
		}
		return true, do(f.entryOf(stage, key, e))
	})
}

// IsNewer reports whether the log has something about the object that is later
// than e.
func (e Entry) IsNewer(than Entry) bool {
	return e.entry.seq > than.entry.seq ||
		e.entry.seq == than.entry.seq && than.entry.at.before(e.entry.at)
}

// Record is what a check sees of a record of the log.
type Record struct {
	Entry           // of a record that stores an object or removes one
	Stores    bool  // an object
	Removes   bool  // an object, or, without a Key, all of a stage
	Err       error // what is wrong with it
	Harmless  bool  // it is read in spite of that
	Unapplied bool  // the index has not got it yet
	seq       uint64
}

// Sequence decides between records of one key.
func (r Record) Sequence() uint64 { return r.seq }

// Damage is a part of a segment that cannot be read.
type Damage struct {
	Segment  uint64
	From, To int64
}

// SegmentName names a segment: its path within the data folder.
func (f *Folder) SegmentName(number uint64) string {
	for _, g := range f.list {
		if g.number == number {
			return f.relative(g.path)
		}
	}
	return fmt.Sprintf("%s/%016x-*%s", logFolder, number, segmentSuffix)
}

// Log reads and verifies every record of the log, in order, and then calls bad
// for what cannot be read. Where a record says that the index was further than it is
// it ends with [ErrBehind]; from then on there is no index.
func (f *Folder) Log(ctx context.Context, do func(Record) error, bad func(Damage)) error {
	for i, g := range f.list {
		s, err := f.e.scanOf(g, f.list[i+1:])
		if err != nil {
			return err
		}
		if g.number == f.from.segment {
			if s.proven = f.from.offset; s.proven > s.size {
				s.closed, s.want = true, max(s.want, s.proven)
			}
		}
		_, err = s.run(func(r record) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if f.from.isBehind(r) {
				return ErrBehind
			}
			return do(f.recordOf(g, s, r))
		})
		if err == ErrBehind {
			s.close()
			return errors.Join(err, f.dropIndex())
		}
		for _, d := range s.damages {
			bad(Damage{g.number, d.from, d.to})
		}
		s.close()
		if err != nil {
			return err
		}
	}
	if n := f.from.segment; n > 0 && f.e.segs.all[n] == nil {
		bad(Damage{n, 0, f.from.offset})
	}
	return nil
}

func (f *Folder) recordOf(g *segment, s *openScan, r record) Record {
	x := Record{
		Stores: r.object(), Removes: r.kind == kindDelete || r.kind == kindClear, seq: r.seq,
		Unapplied: f.from.before(position{g.number, r.end()}),
	}
	e := entry{seq: r.seq, at: position{g.number, r.offset}, size: r.size, mtime: r.mtime, number: r.number, file: r.kind == kindFile}
	x.Entry = f.entryOf(r.stage, r.key, e)
	x.From, x.To = r.offset, r.end()
	x.Err, x.Harmless = s.verify(r)
	return x
}

// verify verifies all of a record. One of whose heads only one is damaged can
// be used.
func (s *openScan) verify(r record) (err error, harmless bool) {
	p, err := readPayload(s.scan.file, r)
	if err != nil {
		return err, false
	}
	defer p.release()
	if r.object() && !p.matches(r) {
		return errBlock, false
	}
	if r.damaged {
		return errHead, true
	}
	tail := make([]byte, r.prefix())
	if err := readFull(s.scan.file, tail, r.end()-r.prefix()); err != nil {
		return err, true
	}
	if _, begin, ok := parseLast(tail, s.tag, r.end()-r.prefix()); !ok || begin != r.offset {
		return errHead, true
	}
	return nil, true
}

var (
	errBlock = errors.New("a block does not match its checksum")
	errHead  = errors.New("one of the two heads of the record is damaged")
)

// Missing lists the segments that the index knows and that are not there, in order.
func (f *Folder) Missing() []uint64 { return f.gone }

// VerifyFile reads an object's body file and compares it with the checksums in
// the log.
func (f *Folder) VerifyFile(ctx context.Context, x Entry) error {
	there, err := f.e.Store(x.Stage).verify(ctx, x.Key, x.entry, io.Discard)
	if err == nil && !there {
		err = errors.New("there is no such file")
	}
	return err
}

// Stray is a body file that no object has.
type Stray struct {
	File    string
	Foreign bool // it is not one of Wharf's
	Dead    bool // it is about to be removed
	Recent  bool // it is what a crash left of an upload, or may be
	Stage   wharf.StageID
	Key     wharf.Key // whose it was; "" if that is not known
	number  uint64
	label   label
}

// Strays calls do for the body files that are not of the owned. low is the
// number from which on they may be uploads that a crash ended.
func (f *Folder) Strays(ctx context.Context, owned map[string]bool, do func(Stray) error) error {
	low := f.from.low
	if f.e.index == nil {
		low = ^uint64(0)
	}
	err := f.e.eachBody(0, func(n uint64) error {
		x := Stray{File: f.relative(f.e.bodyPath(n)), number: n, Recent: n >= low}
		if owned[x.File] {
			return ctx.Err()
		}
		if f.e.index != nil {
			dead, err := f.e.index.get(numberKey(spaceDead, n))
			if err != nil {
				return err
			}
			x.Dead = dead != nil
		}
		if l, ok := f.e.readLabel(n); ok {
			x.Stage, x.Key, x.label = l.stage, l.key, l
		}
		return do(x)
	}, func(path string) error { return do(Stray{File: f.relative(path), Foreign: true}) })
	return ignoreMissing(err)
}

// readLabel reads the attribute of a body file.
func (e *Engine) readLabel(n uint64) (label, bool) {
	file, err := e.fs.Open(e.bodyPath(n))
	if err != nil {
		return label{}, false
	}
	defer file.Close()
	return parseLabel(attribute(file))
}

// IsUpTo reports whether the object was stored before a sequence, at which its
// stage was cleared.
func (e Entry) IsUpTo(seq uint64) bool { return e.entry.seq <= seq }
