package local

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"wharf"
)

// kind says what a record does.
type kind byte

const (
	kindStart  kind = 1 + iota // the first of a segment: where the segment before ends
	kindPut                    // an object and its body
	kindFile                   // an object whose body is a file
	kindDelete                 // an object is gone
	kindClear                  // all objects of a stage are gone
	kindMD5                    // the MD5 of an object that was stored before
	kindMark                   // how much of the log the index had on the disk
	kindTorn                   // nothing: it covers what a crash left of a write
	kindEnd                    // the first that is none
)

const (
	recordVersion = 1
	headLen       = 128
	crcLen        = 4
	md5Len        = 16
	stageLen      = len(wharf.StageID{})

	headMagic = "wrec"
	tailMagic = "wend"

	flagMD5 = 1 << 0

	// maxSize is longer than any body, so that sums of lengths cannot overflow.
	maxSize = 1 << 50
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// head is what a record says besides the bytes of a body. It stands at the
// record's beginning, and again at its end: one that is damaged in one of the
// places is read in the other.
type head struct {
	kind   kind
	hasMD5 bool
	seq    uint64 // decides between two versions of a key
	batch  int64  // where in the segment the write began that brought it
	turn   uint32 // tells that write from an earlier one that failed at the same place
	follow uint32 // how many records follow that count only together with this one
	born   uint64 // the newest segment when the record was first written
	low    uint64 // body files below this number were not in flight
	stage  wharf.StageID
	mtime  int64 // nanoseconds since 1970, UTC
	size   int64 // of the body; of kindStart and kindMark, an offset
	number uint64
	md5    [md5Len]byte
	sum    uint32 // of the table
	key    wharf.Key
}

// number is the body file's for kindFile, the object's sequence for kindMD5,
// and a segment's for kindStart and kindMark.

// object reports whether the record stores an object.
func (h *head) object() bool { return h.kind == kindPut || h.kind == kindFile }

// tableLen is the length of the checksums of the body's blocks.
func (h *head) tableLen() int64 {
	if !h.object() {
		return 0
	}
	return crcLen * blocks(h.size)
}

// bodyLen is how much of a body lies in the record.
func (h *head) bodyLen() int64 {
	if h.kind != kindPut && h.kind != kindTorn {
		return 0
	}
	return h.size
}

// prefix is the length of the head with its key.
func (h *head) prefix() int64 { return headLen + int64(len(h.key)) }

// length is that of the whole record: head, key, table, body, head, key.
func (h *head) length() int64 { return 2*h.prefix() + h.tableLen() + h.bodyLen() }

// append encodes h as it stands at the beginning of a record, or at its end.
// The checksum covers where in which segment the record stands, so that bytes
// that got elsewhere, or that a user uploaded, are not taken for a record.
func (h *head) append(dst []byte, magic string, tag uint64, offset int64) []byte {
	start := len(dst)
	var flags byte
	if h.hasMD5 {
		flags |= flagMD5
	}
	be := binary.BigEndian
	dst = append(dst, magic...)
	dst = append(dst, recordVersion, byte(h.kind), flags, 0)
	dst = be.AppendUint64(dst, tag)
	dst = be.AppendUint64(dst, h.seq)
	dst = be.AppendUint64(dst, uint64(h.batch))
	dst = be.AppendUint64(dst, h.born)
	dst = be.AppendUint64(dst, h.low)
	dst = append(dst, h.stage[:]...)
	dst = be.AppendUint64(dst, uint64(h.mtime))
	dst = be.AppendUint64(dst, uint64(h.size))
	dst = be.AppendUint64(dst, h.number)
	dst = append(dst, h.md5[:]...)
	dst = be.AppendUint32(dst, h.turn)
	dst = be.AppendUint32(dst, h.follow)
	dst = be.AppendUint16(dst, uint16(len(h.key)))
	dst = append(dst, 0, 0)
	dst = be.AppendUint32(dst, h.sum)
	dst = append(dst, 0, 0, 0, 0)
	sum := crc32.Update(offsetSum(offset), castagnoli, dst[start:])
	sum = crc32.Update(sum, castagnoli, []byte(h.key))
	dst = be.AppendUint32(dst, sum)
	return append(dst, h.key...)
}

func offsetSum(offset int64) uint32 {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(offset))
	return crc32.Update(0, castagnoli, b[:])
}

// parseHead decodes what append wrote, and verifies all of it but offset: the
// caller gets the checksum's verdict from valid.
func parseHead(p []byte, magic string, tag uint64) (h head, ok bool) {
	be := binary.BigEndian
	if len(p) < headLen || string(p[:4]) != magic || p[4] != recordVersion || be.Uint64(p[8:]) != tag {
		return head{}, false
	}
	keyEnd := headLen + int(be.Uint16(p[112:]))
	if keyEnd > len(p) {
		return head{}, false
	}
	h = head{
		kind: kind(p[5]), hasMD5: p[6]&flagMD5 != 0,
		seq: be.Uint64(p[16:]), batch: int64(be.Uint64(p[24:])), born: be.Uint64(p[32:]), low: be.Uint64(p[40:]),
		stage: wharf.StageID(p[48:64]), mtime: int64(be.Uint64(p[64:])), size: int64(be.Uint64(p[72:])),
		number: be.Uint64(p[80:]), md5: [md5Len]byte(p[88:104]), turn: be.Uint32(p[104:]),
		follow: be.Uint32(p[108:]), sum: be.Uint32(p[116:]),
	}
	known := h.kind >= kindStart && h.kind < kindEnd && h.size >= 0 && h.size < maxSize && keyEnd <= headLen+wharf.MaxKey &&
		p[6]&^flagMD5 == 0 && p[7] == 0 && (h.follow == 0 || h.object()) && p[114] == 0 && p[115] == 0 && be.Uint32(p[120:]) == 0
	if !known {
		return head{}, false
	}
	h.key = wharf.Key(p[headLen:keyEnd])
	return h, true
}

// headValid verifies the checksum of an encoded head at offset of its segment,
// which is that of the record for both of its heads.
func headValid(p []byte, key wharf.Key, offset int64) bool {
	sum := crc32.Update(offsetSum(offset), castagnoli, p[:headLen-crcLen])
	sum = crc32.Update(sum, castagnoli, []byte(key))
	return sum == binary.BigEndian.Uint32(p[headLen-crcLen:])
}

// parseFirst reads the head at the beginning of a record at offset.
func parseFirst(p []byte, tag uint64, offset int64) (head, bool) {
	h, ok := parseHead(p, headMagic, tag)
	if !ok || !headValid(p, h.key, offset) {
		return head{}, false
	}
	return h, true
}

// parseLast reads the head that ends a record; it stands at offset at, and
// tells where the record begins.
func parseLast(p []byte, tag uint64, at int64) (h head, offset int64, ok bool) {
	h, ok = parseHead(p, tailMagic, tag)
	if !ok {
		return head{}, 0, false
	}
	offset = at - (h.length() - h.prefix())
	if offset < 0 || !headValid(p, h.key, offset) {
		return head{}, 0, false
	}
	return h, offset, true
}

const (
	// blockSize is what one checksum guards: a range reads and verifies the
	// blocks that it touches.
	blockSize = 64 << 10
	// chunkSize is how much is read and written at once.
	chunkSize = 256 << 10
)

// blocks is how many checksums a body of size bytes has.
func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize }

// appendTable appends the checksums of the blocks of p, whose beginning is one
// of a block.
func appendTable(table, p []byte) []byte {
	for len(p) > 0 {
		b := p[:min(blockSize, len(p))]
		table = binary.BigEndian.AppendUint32(table, crc32.Checksum(b, castagnoli))
		p = p[len(b):]
	}
	return table
}

// verifyBlocks compares whole blocks with their checksums.
func verifyBlocks(p, table []byte) bool {
	if int64(len(table)) < crcLen*blocks(int64(len(p))) {
		return false
	}
	for ; len(p) > 0; table = table[crcLen:] {
		b := p[:min(blockSize, len(p))]
		if crc32.Checksum(b, castagnoli) != binary.BigEndian.Uint32(table) {
			return false
		}
		p = p[len(b):]
	}
	return true
}

// payload is what a record holds besides its heads.
type payload struct {
	table, body []byte
	buffer      *[]byte
}

func (p payload) release() {
	if p.buffer != nil {
		buffers.give(p.buffer)
	}
}

// readPayload reads the table and the body of a record, without a look at
// them.
func readPayload(f io.ReaderAt, r record) (payload, error) {
	n := r.tableLen() + r.bodyLen()
	p := payload{buffer: buffers.take(int(n))}
	all := (*p.buffer)[:n]
	if err := readFull(f, all, r.offset+r.prefix()); err != nil {
		p.release()
		return payload{}, err
	}
	p.table, p.body = all[:r.tableLen()], all[r.tableLen():]
	return p, nil
}

// matches reports whether table and body are what the head says.
func (p payload) matches(r record) bool {
	return crc32.Checksum(p.table, castagnoli) == r.sum && (r.kind != kindPut || verifyBlocks(p.body, p.table))
}
