package local

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"wharf"
)

// FuzzEntry feeds the decoder of the index with anything, under a checksum that
// is right: it must not panic, and what it accepts must encode to the same bytes.
func FuzzEntry(f *testing.F) {
	key := appendObjectKey(nil, stageOne, "k")
	for _, e := range []entry{
		{},
		{seq: 7, size: 9, mtime: 11},
		{seq: 7, file: true, number: 3, hasMD5: true, md5: [md5Len]byte{1}},
		{seq: math.MaxUint64, at: position{math.MaxUint64, math.MaxInt64}, size: math.MaxInt64, mtime: -1, inline: true},
	} {
		v := e.append(nil, key)
		if got, err := parseEntry(key, v); err != nil || got != e {
			f.Errorf("%+v was read as %+v, %v", e, got, err)
		}
		f.Add(v[:len(v)-crcLen])
	}
	for _, v := range [][]byte{
		{indexVersion<<4 | 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},                 // an unknown flag
		{indexVersion << 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},             // a number that could be shorter
		append([]byte{1, 0}, make([]byte, 5*8)...),                                // version 1
		{indexVersion << 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 0, 0}, // a number of 65 bits
	} {
		if _, err := parseEntry(key, binary.BigEndian.AppendUint32(v, keyedSum(key, v))); err == nil {
			f.Errorf("%x is believed", v)
		}
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		_, _ = parseEntry(key, v) // it may be shorter than a checksum
		v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
		e, err := parseEntry(key, v)
		if err == nil && !bytes.Equal(e.append(nil, key), v) {
			t.Errorf("entry %+v", e)
		}
		if _, err := parseEntry(append(key, 'x'), v); err == nil {
			t.Error("it is believed under another key")
		}
	})
}

// FuzzHead feeds the decoder of records with anything.
func FuzzHead(f *testing.F) {
	for _, h := range someHeads() {
		f.Add(h.append(nil, headMagic, 5, 100), int64(100))
		f.Add(h.append(nil, tailMagic, 5, 100), 100+h.length()-h.prefix())
	}
	f.Add(applied{position{1, 2}, 3, 4, 5}.append(nil), int64(0))
	f.Fuzz(func(t *testing.T, p []byte, at int64) {
		if h, ok := parseFirst(p, 5, at); ok && !bytes.Equal(h.append(nil, headMagic, 5, at), p[:h.prefix()]) {
			t.Errorf("head %+v", h)
		}
		if h, offset, ok := parseLast(p, 5, at); ok && !bytes.Equal(h.append(nil, tailMagic, 5, offset), p[:h.prefix()]) {
			t.Errorf("head %+v", h)
		}
		if l, ok := parseLabel(p); ok && !bytes.Equal(l.append(nil), p) {
			t.Errorf("label %+v", l)
		}
		if a, err := parseApplied(p); err == nil && !bytes.Equal(a.append(nil), p) {
			t.Errorf("position %+v", a)
		}
	})
}

func someHeads() []head {
	return []head{
		{kind: kindStart, number: 4, size: 4096}, {kind: kindPut, seq: 3, stage: stageOne, key: "k", size: 5},
		{kind: kindFile, seq: 4, stage: stageOne, key: "k", size: 1 << 20, hasMD5: true}, {kind: kindTorn, size: 100},
	}
}

// FuzzScan reads anything as a segment, after a whole record and before another:
// both are found, unless what is between is the end of the log.
func FuzzScan(f *testing.F) {
	f.Add([]byte(""), true)
	f.Add([]byte("wrec and what follows"), false)
	for _, h := range someHeads() {
		f.Add(h.append(nil, headMagic, 5, 0), true)
	}
	f.Fuzz(func(t *testing.T, between []byte, later bool) {
		one := oneRecord(1, 0, 0)
		two := oneRecord(2, int64(len(one)+len(between)), 0)
		if !later {
			two = nil
		}
		file := bytes.Join([][]byte{one, between, two}, nil)
		s := &scan{file: bytes.NewReader(file), size: int64(len(file)), used: int64(len(file)), tag: 5}
		var found []uint64
		end, err := s.run(func(r record) error {
			found = append(found, r.seq)
			return nil
		})
		if err != nil || len(found) == 0 || found[0] != 1 || end < int64(len(one)) || end > int64(len(file)) {
			t.Fatalf("found %v, end %d, %v", found, end, err)
		}
		if later && found[len(found)-1] != 2 {
			t.Errorf("the record behind is lost: %v", found)
		}
		if later && len(between) > 0 && len(found) == 2 && len(s.damages) == 0 {
			t.Error("the damage was not seen")
		}
	})
}

// oneRecord encodes a whole record in a batch of its own.
func oneRecord(seq uint64, offset int64, size int) []byte {
	body := make([]byte, size)
	table := appendTable(nil, body)
	h := head{kind: kindPut, seq: seq, stage: stageOne, key: wharf.Key("key"), size: int64(size), batch: offset, turn: uint32(seq)}
	p := h.append(nil, headMagic, 5, offset)
	p = append(append(p, table...), body...)
	return h.append(p, tailMagic, 5, offset)
}
