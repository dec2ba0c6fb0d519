package local

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// changes are what some records of the log change in the index, gathered for
// one batch. What they say is the same whether the records have just been
// written or are read again after a crash.
type changes struct {
	e       *Engine
	batch   *pebble.Batch
	over    map[string]entry // objects as the batch leaves them; seq 0 is none
	usage   map[wharf.StageID]wharf.Usage
	account map[uint64]account // what is added to that of each segment
	cleared map[wharf.StageID]uint64
	dead    []uint64 // body files that died
	hash    bool     // an MD5 is owed
	looked  struct { // what the index has, as was seen last; nil key is nothing
		key   []byte
		entry entry
		there bool
	}
	replay bool // the records are read again
	again  bool // the next records are copies of some that were applied
}

func (e *Engine) newChanges() *changes {
	return &changes{
		e: e, batch: e.index.db.NewBatch(), over: map[string]entry{},
		usage: map[wharf.StageID]wharf.Usage{}, account: map[uint64]account{}, cleared: map[wharf.StageID]uint64{},
	}
}

// find gives what is known of an object, also of one that a Clear has removed
// and that is only still to be taken out of the index: then it is not live.
func (c *changes) find(indexKey []byte) (old entry, there, live bool, err error) {
	old, there = c.over[string(indexKey)]
	if !there {
		if old, there, err = c.lookup(indexKey); err != nil || !there {
			return entry{}, false, false, err
		}
	}
	if old.seq == 0 {
		return entry{}, false, false, nil
	}
	return old, true, old.seq > c.clearedAt(wharf.StageID(indexKey[1:objectKey])), nil
}

// lookup reads an object in the index, once where it is asked for again: before
// an object is put, for what it may do, and when it is.
func (c *changes) lookup(indexKey []byte) (e entry, there bool, err error) {
	if c.looked.key != nil && bytes.Equal(c.looked.key, indexKey) {
		return c.looked.entry, c.looked.there, nil
	}
	if e, there, err = c.e.index.lookup(indexKey); err == nil {
		c.looked.key, c.looked.entry, c.looked.there = indexKey, e, there
	}
	return e, there, err
}

func (c *changes) clearedAt(stage wharf.StageID) uint64 {
	if seq, ok := c.cleared[stage]; ok {
		return seq
	}
	return c.e.clears.at(stage)
}

// apply makes the changes of one record, which stands at the position.
func (c *changes) apply(h *head, at position) error {
	switch h.kind {
	case kindPut, kindFile:
		return c.put(h, at)
	case kindDelete, kindClear, kindMD5:
		c.add(at.segment, account{kept: h.length()})
		if c.again {
			return nil
		}
	case kindStart:
		// The segment before may outlive the one that says where it ends.
		c.add(h.number, account{end: h.size})
		return nil
	case kindMark, kindTorn:
		return nil // dead as soon as they are written
	}
	switch h.kind {
	case kindDelete:
		return c.remove(h)
	case kindClear:
		return c.clear(h)
	case kindMD5:
		return c.setMD5(h)
	}
	return fmt.Errorf("a record of kind %d", h.kind)
}

// put stores an object, unless a later version is there.
func (c *changes) put(h *head, at position) error {
	k := appendObjectKey(nil, h.stage, h.key)
	old, there, live, err := c.find(k)
	if err != nil {
		return err
	}
	if there && old.seq > h.seq || h.seq < c.clearedAt(h.stage) {
		return c.discardFile(h)
	}
	e := entry{
		seq: h.seq, at: at, size: h.size, mtime: h.mtime, md5: h.md5, hasMD5: h.hasMD5, inline: h.hasMD5,
		file: h.kind == kindFile, number: h.number,
	}
	if there && old.seq == h.seq { // a compaction's copy
		if old.hasMD5 && !e.hasMD5 {
			e.md5, e.hasMD5 = old.md5, true
		}
		c.move(&old, &e, h.length())
		return c.set(k, e)
	}
	if there {
		// A repair writes a record anew whose file is whole.
		if err := c.discard(k, &old, old.file && e.file && old.number == e.number); err != nil {
			return err
		}
	}
	if live {
		c.count(h.stage, -1, -old.size)
	}
	c.count(h.stage, 1, h.size)
	c.add(at.segment, account{live: h.length()})
	if err := c.owe(h, k); err != nil {
		return err
	}
	return c.set(k, e)
}

// owe writes down what else is known of a new object: whose its file is, and
// that its MD5 is to be worked out.
func (c *changes) owe(h *head, k []byte) (err error) {
	if h.kind == kindFile {
		err = c.batch.Set(numberKey(spaceFile, h.number), k[1:], nil)
	}
	if err == nil && !h.hasMD5 {
		c.hash = true
		err = c.batch.Set(numberKey(spaceHash, h.seq), k[1:], nil)
	}
	return err
}

// discardFile is for an object that is stored no more when its record is read.
func (c *changes) discardFile(h *head) error {
	if h.kind != kindFile {
		return nil
	}
	owner, err := c.e.index.get(numberKey(spaceFile, h.number))
	if err != nil || owner != nil {
		return err // a later record has the file, as a compaction's copy does
	}
	c.dead = append(c.dead, h.number)
	return c.batch.Set(numberKey(spaceDead, h.number), nil, nil)
}

// move counts an object's record at its new place.
func (c *changes) move(old, e *entry, length int64) {
	c.add(old.at.segment, account{live: -length})
	c.add(e.at.segment, account{live: length})
}

// discard takes an object's record out of what is needed, and its file.
func (c *changes) discard(k []byte, old *entry, keepFile bool) (err error) {
	c.add(old.at.segment, account{live: -old.recordLen(wharf.Key(k[objectKey:]))})
	if !old.hasMD5 {
		err = c.batch.Delete(numberKey(spaceHash, old.seq), nil)
	}
	if !old.file || keepFile {
		return err
	}
	c.dead = append(c.dead, old.number)
	return errors.Join(err, c.batch.Delete(numberKey(spaceFile, old.number), nil),
		c.batch.Set(numberKey(spaceDead, old.number), nil, nil))
}

// remove removes an object, unless it is a later version.
func (c *changes) remove(h *head) error {
	k := appendObjectKey(nil, h.stage, h.key)
	old, there, live, err := c.find(k)
	if err != nil || !there || old.seq > h.seq {
		return err
	}
	if live {
		c.count(h.stage, -1, -old.size)
	}
	return c.drop(k, &old)
}

func (c *changes) drop(k []byte, old *entry) error {
	c.over[string(k)] = entry{}
	return errors.Join(c.discard(k, old, false), c.batch.Delete(k, nil))
}

// clear hides all objects of a stage that are older. They are taken out of the
// index by sweep, some at a time.
func (c *changes) clear(h *head) error {
	if h.seq <= c.clearedAt(h.stage) {
		return nil
	}
	c.cleared[h.stage] = h.seq
	c.usage[h.stage] = wharf.Usage{}
	if c.replay {
		// A compaction's copy of the record comes behind what was stored
		// since.
		later, err := c.storedSince(h.stage, h.seq)
		if err != nil {
			return err
		}
		c.usage[h.stage] = later
	}
	return c.batch.Set(stageKey(spaceClear, h.stage), numberKey(0, h.seq)[1:], nil)
}

// storedSince counts the objects of a stage that are later than a sequence,
// with those that c stores.
func (c *changes) storedSince(stage wharf.StageID, seq uint64) (u wharf.Usage, err error) {
	lower, upper := stageSpan(stage)
	it, err := c.e.index.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	add := func(x entry) {
		if x.seq > seq {
			u.Files, u.Bytes = u.Files+1, u.Bytes+x.size
		}
	}
	for ok := it.First(); ok; ok = it.Next() {
		if _, there := c.over[string(it.Key())]; there {
			continue
		}
		v, err := it.ValueAndErr()
		if err != nil {
			return u, err
		}
		x, err := parseEntry(it.Key(), v)
		if err != nil {
			return u, err
		}
		add(x)
	}
	for k, x := range c.over {
		if wharf.StageID([]byte(k[1:objectKey])) == stage {
			add(x)
		}
	}
	return u, it.Error()
}

// setMD5 gives an object the MD5 that was worked out.
func (c *changes) setMD5(h *head) error {
	k := appendObjectKey(nil, h.stage, h.key)
	old, there, _, err := c.find(k)
	if err != nil || !there || old.seq != h.number || old.hasMD5 {
		return err
	}
	old.md5, old.hasMD5 = h.md5, true
	return errors.Join(c.set(k, old), c.batch.Delete(numberKey(spaceHash, old.seq), nil))
}

func (c *changes) set(k []byte, e entry) error {
	c.over[string(k)] = e
	return c.batch.Set(k, e.append(nil, k), nil)
}

// holds returns what a stage holds as the batch leaves it.
func (c *changes) holds(stage wharf.StageID) wharf.Usage {
	if u, ok := c.usage[stage]; ok {
		return u
	}
	return c.e.usage.of(stage)
}

func (c *changes) count(stage wharf.StageID, files, bytes int64) {
	u := c.holds(stage)
	u.Files, u.Bytes = u.Files+files, u.Bytes+bytes
	c.usage[stage] = u
}

func (c *changes) add(segment uint64, a account) {
	c.account[segment] = c.account[segment].plus(a)
}

// finish applies all changes to the index, together with how far the log is
// applied now.
func (c *changes) finish(p applied) error {
	err := c.batch.Set([]byte{spacePosition}, p.append(nil), nil)
	for stage, u := range c.usage {
		k := stageKey(spaceUsage, stage)
		if u == (wharf.Usage{}) {
			err = errors.Join(err, c.batch.Delete(k, nil))
		} else {
			err = errors.Join(err, c.batch.Set(k, appendUsage(nil, u), nil))
		}
	}
	for number, a := range c.e.segs.add(c.account) {
		err = errors.Join(err, c.batch.Set(numberKey(spaceSegment, number), a.append(nil), nil))
	}
	if err == nil {
		err = c.e.index.db.Apply(c.batch, pebble.NoSync)
	}
	if err != nil {
		return err
	}
	// What hides objects comes after their index entries, and what counts
	// them, too: a reader sees both or is early.
	c.e.clears.set(c.cleared)
	c.e.usage.set(c.usage)
	return nil
}

// close lets go of the batch, applied or not. It is called once.
func (c *changes) close() { c.batch.Close() }

// sweepAtOnce is how many objects of a cleared stage are taken out of the
// index at a time: few enough that uploads do not notice.
const sweepAtOnce = 2048

// sweep takes some of the objects that a Clear has hidden out of the index. It
// returns where the next begin; nil when there are none. Nothing else may be in
// the same batch.
func (c *changes) sweep(stage wharf.StageID, from []byte) (next []byte, err error) {
	limit := c.clearedAt(stage)
	lower, upper := stageSpan(stage)
	if from != nil {
		lower = from
	}
	it, err := c.e.index.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var gone [][]byte
	whole, n := true, 0
	for ok := it.First(); ok; ok = it.Next() {
		if n++; n > sweepAtOnce {
			next = bytes.Clone(it.Key())
			break
		}
		v, err := it.ValueAndErr()
		if err != nil {
			return nil, err
		}
		old, err := parseEntry(it.Key(), v)
		switch {
		case err != nil:
			return nil, err
		case old.seq > limit:
			whole = false
			continue
		}
		gone = append(gone, bytes.Clone(it.Key()))
		if err := c.discard(gone[len(gone)-1], &old, false); err != nil {
			return nil, err
		}
	}
	if err := it.Error(); err != nil || len(gone) == 0 {
		return next, err
	}
	if whole {
		return next, c.batch.DeleteRange(gone[0], append(gone[len(gone)-1], 0), nil)
	}
	for _, k := range gone {
		err = errors.Join(err, c.batch.Delete(k, nil))
	}
	return next, err
}
