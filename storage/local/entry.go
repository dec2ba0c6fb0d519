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
// layout of each. Objects are last: each table that the index writes has
// something of the other spaces, so that a key after those of its objects is
// after its last key, and is not looked for in it.
const (
	spacePosition = 'a' // one entry: how far the log is applied
	spaceClear    = 'c' // stage: it was cleared, and what it had is being removed
	spaceDead     = 'd' // number: a body file that nothing refers to any more
	spaceFile     = 'f' // number: which object a body file belongs to
	spaceSegment  = 'g' // number: what of a segment is needed, and where it ends
	spaceHash     = 'h' // sequence: whose MD5 is still to be worked out
	spaceUsage    = 'm' // stage: how much it holds
	spaceObject   = 'o' // stage, key: what is known of an object
)

const objectKey = 1 + stageLen // where the user's key begins in an object's index key

// entry is what the index knows of an object.
type entry struct {
	seq    uint64 // of the record that stored it; its ETag
	at     position
	size   int64
	mtime  int64  // nanoseconds since 1970, UTC
	number uint64 // of its body file
	file   bool
	hasMD5 bool
	inline bool // the record that stored it has the MD5
	md5    [md5Len]byte
}

// The first byte of an entry's value: the version of the index in the upper
// half, and these in the lower.
const (
	entryFile = 1 << iota
	entryMD5
	entryInline
)

// indexVersion changes with the layout of the index. An index of another version
// is made anew from the log.
const indexVersion = 2

var errEntry = errors.New("an entry of the index is damaged")

// append encodes e as the value of the index key key. A value is short because a
// list reads it from the disk even where it needs the key only.
func (e *entry) append(dst, key []byte) []byte {
	start := len(dst)
	dst = append(dst, indexVersion<<4|e.flags())
	dst = binary.AppendUvarint(dst, e.seq)
	dst = binary.AppendUvarint(dst, e.at.segment)
	dst = binary.AppendUvarint(dst, uint64(e.at.offset))
	dst = binary.AppendUvarint(dst, uint64(e.size))
	if e.file {
		dst = binary.AppendUvarint(dst, e.number)
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.mtime))
	if e.hasMD5 {
		dst = append(dst, e.md5[:]...)
	}
	return binary.BigEndian.AppendUint32(dst, keyedSum(key, dst[start:]))
}

func (e *entry) flags() (f byte) {
	if e.file {
		f |= entryFile
	}
	if e.hasMD5 {
		f |= entryMD5
	}
	if e.inline {
		f |= entryInline
	}
	return f
}

// parseEntry decodes and verifies the value of the index key key.
func parseEntry(key, value []byte) (e entry, err error) {
	n := len(value) - crcLen
	if n < 1 || value[0]>>4 != indexVersion || keyedSum(key, value[:n]) != binary.BigEndian.Uint32(value[n:]) {
		return entry{}, errEntry
	}
	flags, r := value[0]&0xf, varints{rest: value[1:n]}
	e.file, e.hasMD5, e.inline = flags&entryFile != 0, flags&entryMD5 != 0, flags&entryInline != 0
	e.seq = r.next()
	e.at = position{r.next(), int64(r.next())}
	e.size = int64(r.next())
	if e.file {
		e.number = r.next()
	}
	want := 8
	if e.hasMD5 {
		want += md5Len
	}
	if r.bad || len(r.rest) != want || flags != e.flags() || e.size < 0 || e.at.offset < 0 {
		return entry{}, errEntry
	}
	e.mtime = int64(binary.BigEndian.Uint64(r.rest))
	copy(e.md5[:], r.rest[8:])
	return e, nil
}

// varints reads numbers of variable length.
type varints struct {
	rest []byte
	bad  bool
}

// next returns the next number. It sets bad where there is none, or one that could
// be written shorter.
func (r *varints) next() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// keyedSum guards a value together with the key that it stands under, so
// that one that landed under another's key is not believed.
func keyedSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
}

// recordLen is how long the record is that stored the object under key.
func (e *entry) recordLen(key wharf.Key) int64 {
	h := head{kind: kindPut, size: e.size, key: key}
	if e.file {
		h.kind = kindFile
	}
	return h.length()
}

// object returns e as callers see it. The texts share one allocation.
func (e *entry) object(key wharf.Key) wharf.Object {
	var text [16 + 32]byte
	s := string(e.appendText(text[:0]))
	o := wharf.Object{Key: key, Size: e.size, ETag: s[:16], ModTime: time.Unix(0, e.mtime).UTC()}
	if e.hasMD5 {
		o.MD5 = s[16:]
	}
	return o
}

// appendText appends the ETag, 16 hexadecimal digits, and the MD5 if known.
func (e *entry) appendText(dst []byte) []byte {
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], e.seq)
	dst = hex.AppendEncode(dst, seq[:])
	if e.hasMD5 {
		dst = hex.AppendEncode(dst, e.md5[:])
	}
	return dst
}

// appendObjectKey appends the index key of an object.
func appendObjectKey(dst []byte, stage wharf.StageID, key wharf.Key) []byte {
	dst = append(dst, spaceObject)
	dst = append(dst, stage[:]...)
	return append(dst, key...)
}

// splitObjectKey takes apart an object's index key, without the space's
// letter.
func splitObjectKey(k []byte) (stage wharf.StageID, key wharf.Key, ok bool) {
	if len(k) <= stageLen {
		return stage, "", false
	}
	return wharf.StageID(k[:stageLen]), wharf.Key(k[stageLen:]), true
}

// numberKey is the index key of what is recorded of a number in space.
func numberKey(space byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space}, n)
}

// parseNumberKey is the inverse of numberKey.
func parseNumberKey(k []byte) (uint64, bool) {
	if len(k) != 1+8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(k[1:]), true
}

// stageKey is the index key of what is recorded of a stage in space.
func stageKey(space byte, stage wharf.StageID) []byte {
	return append([]byte{space}, stage[:]...)
}

// stageSpan returns the bounds of the index keys of a stage's objects.
func stageSpan(stage wharf.StageID) (lower, upper []byte) {
	lower = stageKey(spaceObject, stage)
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

// applied is how far the log is applied to the index. It is written with each
// change, so that whatever part of the changes the index has on the disk, it
// says which.
type applied struct {
	position
	seq  uint64 // the last that was given out
	low  uint64 // body files below this number were not in flight
	next uint64 // the next number of a body file
}

const appliedLen = 1 + 5*8

// append writes the version of the index first. A start takes no other.
func (a applied) append(dst []byte) []byte {
	dst = append(dst, indexVersion)
	for _, n := range []uint64{a.segment, uint64(a.offset), a.seq, a.low, a.next} {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return dst
}

func parseApplied(v []byte) (applied, error) {
	if len(v) != appliedLen || v[0] != indexVersion {
		return applied{}, errOtherIndex
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(v[1+8*i:]) }
	return applied{position{n(0), int64(n(1))}, n(2), n(3), n(4)}, nil
}

const accountLen = 3 * 8

func (a account) append(dst []byte) []byte {
	for _, n := range []int64{a.live, a.kept, a.end} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return dst
}

func parseAccount(v []byte) (account, error) {
	if len(v) != accountLen {
		return account{}, errEntry
	}
	n := func(i int) int64 { return int64(binary.BigEndian.Uint64(v[8*i:])) }
	return account{n(0), n(1), n(2)}, nil
}

const usageLen = 2 * 8

func appendUsage(dst []byte, u wharf.Usage) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(u.Files))
	return binary.BigEndian.AppendUint64(dst, uint64(u.Bytes))
}

func parseUsage(v []byte) (wharf.Usage, error) {
	if len(v) != usageLen {
		return wharf.Usage{}, errEntry
	}
	return wharf.Usage{Files: int64(binary.BigEndian.Uint64(v)), Bytes: int64(binary.BigEndian.Uint64(v[8:]))}, nil
}
