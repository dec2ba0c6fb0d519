package local

import (
	"crypto/md5"

	"github.com/cockroachdb/pebble/v2"
)

const (
	smallCost = 512 // bytes of the disk that an object takes beside its body

	// md5AtOnce is the longest body whose MD5 is worked out in the upload's
	// own time: some 25 microseconds. Those of longer ones come later.
	md5AtOnce = 16 << 10
)

// smallBatch makes the commit of a body that has been read whole, with a copy
// of it.
func (u *upload) smallBatch(data []byte) (*pebble.Batch, record, error) {
	e := u.s.e
	// The body is written twice: to the log, and to a table.
	if err := e.take(u.ctx, "local.Put", int64(2*len(data)+smallCost)); err != nil {
		return nil, record{}, err
	}
	r := smallRecord(e.ids.newSmall(), now(), data)
	b := e.index.NewBatchWithSize(len(data) + smallCost + 2*len(u.key))
	k := idKey(spaceBody, r.id)
	body := smallBody{id: r.id, stage: u.s.id, key: u.key, mtime: r.mtime, data: data}
	d := b.SetDeferred(len(k), body.length())
	copy(d.Key, k[:])
	body.encode(d.Value)
	return b, r, d.Finish()
}

func smallRecord(id bodyID, mtime int64, data []byte) record {
	r := record{id: id, size: int64(len(data)), mtime: mtime}
	if len(data) <= md5AtOnce {
		r.md5, r.hasMD5 = md5.Sum(data), true
	}
	return r
}
