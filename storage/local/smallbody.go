package local

import (
	"encoding/binary"
	"hash/crc32"

	"wharf"
)

// smallBody is the value of a small body in the index: a header, the user's
// key, the bytes. It says whose body it is and how long, so that it can be
// found and proven whole in what is left of a damaged index.
type smallBody struct {
	id    bodyID
	stage wharf.StageID
	key   wharf.Key
	mtime int64
	data  []byte // part of the value
}

const (
	smallMagic  = "wsb1" // the last character is the version
	smallHeader = 48
)

func (s smallBody) length() int { return smallHeader + len(s.key) + len(s.data) }

// encode writes s to dst, which has its length.
func (s smallBody) encode(dst []byte) {
	copy(dst, smallMagic)
	binary.BigEndian.PutUint16(dst[4:], uint16(len(s.key)))
	binary.BigEndian.PutUint16(dst[6:], 0)
	binary.BigEndian.PutUint32(dst[8:], uint32(len(s.data)))
	binary.BigEndian.PutUint64(dst[16:], uint64(s.id))
	binary.BigEndian.PutUint64(dst[24:], uint64(s.mtime))
	copy(dst[32:], s.stage[:])
	copy(dst[smallHeader:], s.key)
	copy(dst[smallHeader+len(s.key):], s.data)
	binary.BigEndian.PutUint32(dst[12:], smallSum(dst))
}

// smallSum is the checksum of a whole value but for the checksum's own place.
func smallSum(v []byte) uint32 {
	return crc32.Update(crc32.Checksum(v[:12], castagnoli), castagnoli, v[16:])
}

// parseSmall takes apart and verifies the small body that v begins with. It
// tells how long that is; v may be longer.
func parseSmall(v []byte) (s smallBody, length int, err error) {
	if len(v) < smallHeader || string(v[:4]) != smallMagic {
		return smallBody{}, 0, errRecord
	}
	keyEnd := smallHeader + int(binary.BigEndian.Uint16(v[4:]))
	length = keyEnd + int(binary.BigEndian.Uint32(v[8:]))
	if length > len(v) || length < keyEnd {
		return smallBody{}, 0, errRecord
	}
	v = v[:length]
	if smallSum(v) != binary.BigEndian.Uint32(v[12:]) {
		return smallBody{}, 0, errRecord
	}
	return smallBody{
		id:    bodyID(binary.BigEndian.Uint64(v[16:])),
		mtime: int64(binary.BigEndian.Uint64(v[24:])),
		stage: wharf.StageID(v[32:smallHeader]),
		key:   wharf.Key(v[smallHeader:keyEnd]),
		data:  v[keyEnd:],
	}, length, nil
}

// belongs tells whether s, which takes up all of a value, is the body that
// the record of an object means.
func (s smallBody) belongs(stage wharf.StageID, key wharf.Key, r record) bool {
	return s.id == r.id && s.stage == stage && s.key == key && int64(len(s.data)) == r.size
}
