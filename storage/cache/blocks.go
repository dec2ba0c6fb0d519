package cache

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// The list of an object's blocks: see DESIGN.md.
const (
	magic       = "wcch"
	version     = 1
	headerFixed = 4 + 4 + 4 + 8 + 4 + 4
	recordFixed = 4 + 8 + 4
	sumLen      = 4

	kindBlocks = 1
	kindSummed = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var be = binary.BigEndian

// header returns the beginning of the list of an object.
func (id identity) header() []byte {
	b := append([]byte(magic), version, 0, 0, 0)
	b = be.AppendUint32(b, blockSize)
	b = be.AppendUint64(b, uint64(id.size))
	b = be.AppendUint32(b, uint32(len(id.etag)))
	b = be.AppendUint32(b, uint32(len(id.place)))
	b = append(append(b, id.etag...), id.place...)
	return appendSum(b)
}

func appendSum(b []byte) []byte { return be.AppendUint32(b, crc32.Checksum(b, castagnoli)) }

// record returns a record of a run of blocks.
func record(kind byte, first int64, sums []uint32) []byte {
	b := make([]byte, 0, recordFixed+sumLen*(len(sums)+1))
	b = append(b, kind, 0, 0, 0)
	b = be.AppendUint64(b, uint64(first))
	b = be.AppendUint32(b, uint32(len(sums)))
	for _, s := range sums {
		b = be.AppendUint32(b, s)
	}
	return appendSum(b)
}

var errHeader = errors.New("its list of blocks is of another object or damaged")

// readBlocks reads the list of blocks that an earlier process wrote, and cuts
// off what is torn at its end. e.mu is held.
func (e *entry) readBlocks(id identity) error {
	f, err := os.OpenFile(e.blocksPath(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	want := id.header()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != string(want) {
		return errHeader
	}
	good := int64(len(want))
	for {
		n, ok := e.readRecord(r)
		if !ok {
			break
		}
		good += n
	}
	info, err := f.Stat()
	if err != nil || info.Size() == good {
		return err
	}
	return f.Truncate(good)
}

// readRecord reads one record and returns its length. It is not ok at the end
// and where the record does not match.
func (e *entry) readRecord(r io.Reader) (n int64, ok bool) {
	head := make([]byte, recordFixed, recordFixed+sumLen*(maxRun+1))
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, false
	}
	first, count := int64(be.Uint64(head[4:])), int64(be.Uint32(head[12:]))
	blocks := (e.size + blockSize - 1) / blockSize
	if count > maxRun || first < 0 || first > blocks || count > blocks-first {
		return 0, false
	}
	all := head[:recordFixed+sumLen*(count+1)]
	if _, err := io.ReadFull(r, all[recordFixed:]); err != nil {
		return 0, false
	}
	body := all[:len(all)-sumLen]
	if crc32.Checksum(body, castagnoli) != be.Uint32(all[len(body):]) {
		return 0, false
	}
	switch all[0] {
	case kindBlocks:
		for i := range count {
			s, bit := e.segment(first + i)
			s.sums[(first+i)%segmentBlocks] = be.Uint32(body[recordFixed+sumLen*i:])
			s.have |= bit
		}
	case kindSummed:
		e.summed = true
	default:
		return 0, false
	}
	return int64(len(all)), true
}

// write appends a record to the list. A list that cannot be written is left as
// it is: the blocks are used, and the next process fetches them again.
func (e *entry) write(list *os.File, record []byte) {
	e.mu.Lock()
	torn := e.torn
	e.mu.Unlock()
	if torn {
		return
	}
	err := e.c.o.fault("record")
	if err == nil {
		_, err = list.Write(record)
	}
	if err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.torn = true // what follows a torn record is not found
	e.c.o.Logger.Warn("the list of a cached file's blocks could not be written", "error", err)
}
