package server

import (
	"bytes"
	"encoding/binary"
)

// fields reads the fields of a packet one after the other. Past the end of
// the packet it gives zero values and is bad from then on, so that a decoder
// can be written without a check at each step.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) bytes(n uint64) []byte {
	if n > uint64(len(f.b)) {
		f.b, f.bad = nil, true
		return nil
	}
	head := f.b[:n]
	f.b = f.b[n:]
	return head
}

func (f *fields) u8() uint8 {
	if b := f.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) u16() uint16 {
	if b := f.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (f *fields) u32() uint32 {
	if b := f.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (f *fields) u64() uint64 {
	if b := f.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// lenenc reads a length-encoded integer. NULL and the reserved first byte are
// bad.
func (f *fields) lenenc() uint64 {
	switch first := f.u8(); first {
	case 0xfb, 0xff:
		f.b, f.bad = nil, true
		return 0
	case 0xfc:
		return uint64(f.u16())
	case 0xfd:
		low := f.u16()
		return uint64(low) | uint64(f.u8())<<16
	case 0xfe:
		return f.u64()
	default:
		return uint64(first)
	}
}

func (f *fields) lenencBytes() []byte { return f.bytes(f.lenenc()) }

// nul reads up to a zero byte, which it drops.
func (f *fields) nul() []byte {
	i := bytes.IndexByte(f.b, 0)
	if i < 0 {
		f.b, f.bad = nil, true
		return nil
	}
	head := f.bytes(uint64(i))
	f.bytes(1)
	return head
}
