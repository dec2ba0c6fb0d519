package local

import (
	"crypto/md5"
	"encoding/binary"
	"hash/crc32"

	"wharf"
)

// A small body's value in the index: a header, the user's key, the bytes.
// Stage and key are there so that the body can be given its place again when
// the object's record is lost.
const (
	smallHeader  = 16 + stageLen
	smallCost    = 512 // bytes of the disk that an object takes beside its body
	smallVersion = 1

	// md5AtOnce is the longest body whose MD5 is worked out in the upload's
	// own time: some 25 microseconds. Those of longer ones come later.
	md5AtOnce = 16 << 10
)

// storeSmall stores a body that has been read whole.
func (u *upload) storeSmall(data []byte) (wharf.Object, error) {
	e := u.s.e
	// The body is written twice: to the log, and to a table.
	if err := e.take(u.ctx, "local.Put", int64(2*len(data)+smallCost)); err != nil {
		return wharf.Object{}, err
	}
	r := record{id: e.ids.newSmall(), size: int64(len(data)), mtime: now()}
	if len(data) <= md5AtOnce {
		r.md5, r.hasMD5 = md5.Sum(data), true
	}
	b := e.index.NewBatchWithSize(len(data) + smallCost + 2*len(u.key))
	k := idKey(spaceBody, r.id)
	d := b.SetDeferred(len(k), smallHeader+len(u.key)+len(data))
	copy(d.Key, k[:])
	encodeSmall(d.Value, k[:], smallBody{stage: u.s.id, key: u.key, mtime: r.mtime, data: data})
	if err := d.Finish(); err != nil {
		return wharf.Object{}, err
	}
	if err := u.publish(b, r); err != nil {
		return wharf.Object{}, err
	}
	return r.object(u.key), nil
}

func encodeSmall(dst, indexKey []byte, s smallBody) {
	dst[0], dst[1] = smallVersion, 0
	binary.BigEndian.PutUint16(dst[2:], uint16(len(s.key)))
	binary.BigEndian.PutUint64(dst[4:], uint64(s.mtime))
	copy(dst[16:], s.stage[:])
	copy(dst[smallHeader:], s.key)
	copy(dst[smallHeader+len(s.key):], s.data)
	binary.BigEndian.PutUint32(dst[12:], smallSum(indexKey, dst))
}

func smallSum(indexKey, v []byte) uint32 {
	sum := crc32.Update(0, castagnoli, indexKey)
	sum = crc32.Update(sum, castagnoli, v[:12])
	return crc32.Update(sum, castagnoli, v[16:])
}

// smallBody is a small body's value, taken apart.
type smallBody struct {
	stage wharf.StageID
	key   wharf.Key
	mtime int64
	data  []byte // part of the value
}

// parseSmall verifies a small body's value.
func parseSmall(indexKey, v []byte) (smallBody, error) {
	if len(v) < smallHeader || v[0] != smallVersion {
		return smallBody{}, errRecord
	}
	n := smallHeader + int(binary.BigEndian.Uint16(v[2:]))
	if len(v) < n || smallSum(indexKey, v) != binary.BigEndian.Uint32(v[12:]) {
		return smallBody{}, errRecord
	}
	return smallBody{
		stage: wharf.StageID(v[16:smallHeader]),
		key:   wharf.Key(v[smallHeader:n]),
		mtime: int64(binary.BigEndian.Uint64(v[4:])),
		data:  v[n:],
	}, nil
}
