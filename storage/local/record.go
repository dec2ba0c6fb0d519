package local

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"time"

	"wharf"
)

// The spaces of the index, by the first byte of a key. DESIGN.md has the
// layout of each.
const (
	spaceAlloc  = 'a' // one record: which body numbers are handed out
	spaceBody   = 'b' // id: a small body
	spaceDead   = 'd' // id: a body file that nothing refers to any more
	spaceFile   = 'f' // id: which object a body file belongs to
	spaceHash   = 'h' // id: whose MD5 is still to be worked out
	spaceObject = 'o' // stage, key: what is known of an object
)

const (
	recordVersion = 1

	flagLarge = 1 << 0 // the body is a file of its own
	flagMD5   = 1 << 1 // 16 bytes of MD5 follow the fixed part

	recordFixed = 26 // version, flags, id, time, size
	crcLen      = 4
	md5Len      = 16

	stageLen  = len(wharf.StageID{})
	objectKey = 1 + stageLen // where the user's key begins in an object's index key
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errRecord = errors.New("an index record is damaged")

// bodyID names one body for ever. The top bit tells a file from a body that
// lies within the index.
type bodyID uint64

const largeBit bodyID = 1 << 63

func (id bodyID) large() bool    { return id&largeBit != 0 }
func (id bodyID) number() uint64 { return uint64(id &^ largeBit) }

// record is the value of an object in the index.
type record struct {
	id     bodyID
	size   int64
	mtime  int64 // nanoseconds since 1970, UTC
	md5    [md5Len]byte
	hasMD5 bool
}

// append encodes r as the value of the index key key.
func (r record) append(dst, key []byte) []byte {
	start := len(dst)
	var flags byte
	if r.id.large() {
		flags |= flagLarge
	}
	if r.hasMD5 {
		flags |= flagMD5
	}
	dst = append(dst, recordVersion, flags)
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.id))
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.mtime))
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.size))
	if r.hasMD5 {
		dst = append(dst, r.md5[:]...)
	}
	return binary.BigEndian.AppendUint32(dst, keyedSum(key, dst[start:]))
}

// parseRecord decodes and verifies the value of the index key key.
func parseRecord(key, value []byte) (record, error) {
	if len(value) < recordFixed+crcLen || value[0] != recordVersion {
		return record{}, errRecord
	}
	body, sum := value[:len(value)-crcLen], value[len(value)-crcLen:]
	if keyedSum(key, body) != binary.BigEndian.Uint32(sum) {
		return record{}, errRecord
	}
	r := record{
		id:     bodyID(binary.BigEndian.Uint64(value[2:])),
		mtime:  int64(binary.BigEndian.Uint64(value[10:])),
		size:   int64(binary.BigEndian.Uint64(value[18:])),
		hasMD5: value[1]&flagMD5 != 0,
	}
	want := recordFixed
	if r.hasMD5 {
		want += md5Len
		if len(body) == want {
			copy(r.md5[:], body[recordFixed:])
		}
	}
	if len(body) != want || r.id.large() != (value[1]&flagLarge != 0) || r.size < 0 {
		return record{}, errRecord
	}
	return r, nil
}

// keyedSum guards a value together with the key that it stands under, so
// that a record that landed under another's key is not believed.
func keyedSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
}

// object gives r as callers see it. The texts share one allocation.
func (r record) object(key wharf.Key) wharf.Object {
	var text [16 + 32]byte
	s := string(r.appendText(text[:0]))
	o := wharf.Object{Key: key, Size: r.size, ETag: s[:16], ModTime: time.Unix(0, r.mtime).UTC()}
	if r.hasMD5 {
		o.MD5 = s[16:]
	}
	return o
}

// idText is a body's number as the object's ETag shows it.
func idText(id bodyID) string { return string(record{id: id}.appendText(nil)) }

// appendText appends the ETag, 16 hexadecimal digits, and the MD5 if known.
func (r record) appendText(dst []byte) []byte {
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(r.id))
	dst = hex.AppendEncode(dst, id[:])
	if r.hasMD5 {
		dst = hex.AppendEncode(dst, r.md5[:])
	}
	return dst
}

// appendObjectKey appends the index key of an object.
func appendObjectKey(dst []byte, stage wharf.StageID, key wharf.Key) []byte {
	dst = append(dst, spaceObject)
	dst = append(dst, stage[:]...)
	return append(dst, key...)
}

// idKey is the index key of what is recorded of a body in space.
func idKey(space byte, id bodyID) [1 + 8]byte {
	var k [1 + 8]byte
	k[0] = space
	binary.BigEndian.PutUint64(k[1:], uint64(id))
	return k
}

// stageSpan gives the bounds of the index keys of a stage's objects.
func stageSpan(stage wharf.StageID) (lower, upper []byte) {
	lower = append([]byte{spaceObject}, stage[:]...)
	return lower, successor(lower)
}

// successor is the smallest key after all that start with prefix. A prefix
// starts with a space's letter, so that there always is one.
func successor(prefix []byte) []byte {
	s := append([]byte(nil), prefix...)
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 0xff {
			s[i]++
			return s[:i+1]
		}
	}
	return nil
}
