package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// remains is what can be read of the objects' records in a damaged index,
// table by table and log by log.
type remains struct {
	ctx     context.Context
	fs      vfs.FS
	dir     string
	objects map[string]remain // by index key
	ranges  []rangeRemain
	broken  []string // files that could not be read to their end
}

// remain is the latest that is known of one object.
type remain struct {
	seq  uint64
	gone bool
	rec  record
}

// rangeRemain is the removal of a range of objects.
type rangeRemain struct {
	seq      uint64
	from, to []byte
}

func readRemains(ctx context.Context, fs vfs.FS, dir string) (*remains, error) {
	m := &remains{ctx: ctx, fs: fs, dir: dir, objects: map[string]remain{}}
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(n, ".sst") {
			continue
		}
		if err := m.table(fs.PathJoin(dir, n)); err != nil {
			m.broken = append(m.broken, fmt.Sprintf("%s: %v", n, err))
		}
	}
	if err := m.logs(); err != nil {
		m.broken = append(m.broken, fmt.Sprintf("the log: %v", err))
	}
	m.applyRanges()
	return m, nil
}

func (m *remains) add(key, value []byte, seq uint64, kind pebble.InternalKeyKind) {
	if len(key) == 0 || key[0] != spaceObject {
		return
	}
	if kind == pebble.InternalKeyKindRangeDelete {
		m.ranges = append(m.ranges, rangeRemain{seq, bytes.Clone(key), bytes.Clone(value)})
		return
	}
	if old, ok := m.objects[string(key)]; ok && old.seq > seq {
		return
	}
	switch kind {
	case pebble.InternalKeyKindSet, pebble.InternalKeyKindSetWithDelete:
		if r, err := parseRecord(key, value); err == nil {
			m.objects[string(key)] = remain{seq: seq, rec: r}
		}
	case pebble.InternalKeyKindDelete, pebble.InternalKeyKindSingleDelete, pebble.InternalKeyKindDeleteSized:
		m.objects[string(key)] = remain{seq: seq, gone: true}
	}
}

// table reads the objects' records of one table.
func (m *remains) table(path string) (err error) {
	f, err := m.fs.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		f.Close()
		return err
	}
	r, err := sstable.NewReader(m.ctx, readable, readerOptions())
	if err != nil {
		readable.Close()
		return err
	}
	defer r.Close()
	it, err := r.NewIter(sstable.NoTransforms, []byte{spaceObject}, []byte{spaceObject + 1}, sstable.AssertNoBlobHandles)
	if err != nil {
		return err
	}
	for kv := it.First(); kv != nil; kv = it.Next() {
		m.add(kv.K.UserKey, kv.InPlaceValue(), uint64(kv.K.SeqNum()), kv.K.Kind())
	}
	err = it.Error()
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return m.tableRanges(r)
}

func (m *remains) tableRanges(r *sstable.Reader) error {
	it, err := r.NewRawRangeDelIter(m.ctx, sstable.NoFragmentTransforms, sstable.NoReadEnv)
	if err != nil || it == nil {
		return err
	}
	defer it.Close()
	span, err := it.First()
	for ; span != nil && err == nil; span, err = it.Next() {
		for _, k := range span.Keys {
			m.add(span.Start, span.End, uint64(k.SeqNum()), pebble.InternalKeyKindRangeDelete)
		}
	}
	return err
}

// logs reads the objects' records of the logs. The last log ends where the
// power failed, which is no damage.
func (m *remains) logs() error {
	logs, err := wal.Scan(wal.Dir{FS: m.fs, Dirname: m.dir})
	if err != nil {
		return err
	}
	for _, l := range logs {
		r := l.OpenForRead()
		err := m.log(r)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *remains) log(r wal.Reader) error {
	for {
		rec, _, err := r.NextRecord()
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
		batch, err := io.ReadAll(rec)
		if err != nil {
			return nil // torn: the end of the log
		}
		if err := m.batch(batch); err != nil {
			return err
		}
	}
}

func (m *remains) batch(batch []byte) error {
	h, ok := batchrepr.ReadHeader(batch)
	if !ok {
		return errRecord
	}
	r := batchrepr.Read(batch)
	for seq := uint64(h.SeqNum); ; {
		kind, key, value, ok, err := r.Next()
		if !ok || err != nil {
			return err
		}
		m.add(key, value, seq, kind)
		if kind != pebble.InternalKeyKindLogData {
			seq++
		}
	}
}

func (m *remains) applyRanges() {
	for k, o := range m.objects {
		for _, r := range m.ranges {
			if o.seq < r.seq && string(r.from) <= k && k < string(r.to) {
				m.objects[k] = remain{seq: r.seq, gone: true}
			}
		}
	}
}

// allows tells whether a body that says whose it is may be believed: it is
// the one that the object's record names, or its record may be among what
// was lost. So it may bring back what was removed, and never hides what was
// not.
func (m *remains) allows(cl claim) bool {
	o, known := m.objects[string(cl.indexKey())]
	switch {
	case known && o.gone:
		return false
	case known && o.rec.id == cl.id:
		return true
	case known:
		return cl.mtime > o.rec.mtime
	}
	return true
}

func readerOptions() sstable.ReaderOptions {
	o := &pebble.Options{}
	o.EnsureDefaults()
	return o.MakeReaderOptions()
}
