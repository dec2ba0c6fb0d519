package server

import (
	"encoding/binary"
	"io"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf/sql/exec"
)

// packets gathers the packets of an answer in one buffer. Errors of writing
// stick: the connection is then done for.
type packets struct {
	w     io.Writer
	buf   []byte
	start int          // of the packet that is being made
	long  []longString // of that packet, which buf does not hold
	more  int          // their bytes
	open  bool         // a packet is being made
	seq   uint8        // of the next packet
	caps  uint32
	err   error
	encoding
	sink rowSink // of the result that is being written

	flushing rowFlush
}

// begin starts a packet; its payload is appended to buf.
func (p *packets) begin() {
	p.start, p.open = len(p.buf), true
	p.long, p.more = p.long[:0], 0
	p.buf = append(p.buf, 0, 0, 0, 0)
}

// end closes the packet, and writes what is gathered if that is enough for a
// write of its own.
func (p *packets) end() {
	p.open = false
	n := len(p.buf) - p.start - headerLen + p.more
	if n >= maxFragment || p.more > 0 {
		p.writeLong(n)
		return
	}
	putLength(p.buf[p.start:], n)
	p.buf[p.start+3] = p.seq
	p.seq++
	if len(p.buf) >= flushAt {
		p.flush()
	}
}

func putLength(header []byte, n int) {
	header[0], header[1], header[2] = byte(n), byte(n>>8), byte(n>>16)
}

func (p *packets) send(b []byte) {
	if p.err == nil && len(b) > 0 {
		_, p.err = p.w.Write(b)
	}
}

// discard forgets a packet that was begun and not ended.
func (p *packets) discard() {
	if p.open {
		p.buf, p.open = p.buf[:p.start], false
		p.long, p.more = p.long[:0], 0
	}
}

// ok writes an OK packet.
func (p *packets) ok(r exec.Result, warnings, status uint16) {
	p.begin()
	p.buf = append(p.buf, mysql.OK_HEADER)
	p.okBody(r, warnings, status)
	p.end()
}

func (p *packets) okBody(r exec.Result, warnings, status uint16) {
	p.buf = appendLenenc(p.buf, r.Affected)
	p.buf = append(p.buf, 0) // no table here makes IDs
	p.buf = binary.LittleEndian.AppendUint16(p.buf, status)
	p.buf = binary.LittleEndian.AppendUint16(p.buf, warnings)
	if r.Info != "" {
		p.buf = appendString(p.buf, r.Info)
	}
}

// eof ends rows, and answers a few commands: an OK packet under the EOF
// packet's header for clients that have given EOF packets up.
func (p *packets) eof(warnings, status uint16) {
	p.begin()
	p.buf = append(p.buf, mysql.EOF_HEADER)
	if p.noEOF() {
		p.okBody(exec.Result{}, warnings, status)
	} else {
		p.buf = binary.LittleEndian.AppendUint16(p.buf, warnings)
		p.buf = binary.LittleEndian.AppendUint16(p.buf, status)
	}
	p.end()
}

// endColumns ends a list of definitions. Clients that have given EOF packets
// up go by the count.
func (p *packets) endColumns(status uint16) {
	if !p.noEOF() {
		p.eof(0, status)
	}
}

func (p *packets) noEOF() bool { return p.caps&mysql.CLIENT_DEPRECATE_EOF != 0 }

// refuse writes an ERR packet.
func (p *packets) refuse(r refusal) {
	p.begin()
	r.msg = p.encoding.text(r.msg)
	p.buf = append(p.buf, r.payload(true)...)
	p.end()
}

func statusOf(s exec.Status, more bool) uint16 {
	var flags uint16
	if s.Autocommit {
		flags |= mysql.SERVER_STATUS_AUTOCOMMIT
	}
	if s.InTransaction {
		flags |= mysql.SERVER_STATUS_IN_TRANS
	}
	if more {
		flags |= mysql.SERVER_MORE_RESULTS_EXISTS
	}
	return flags
}

func appendLenenc(b []byte, n uint64) []byte {
	switch {
	case n < 0xfb:
		return append(b, byte(n))
	case n < 1<<16:
		return append(b, 0xfc, byte(n), byte(n>>8))
	case n < 1<<24:
		return append(b, 0xfd, byte(n), byte(n>>8), byte(n>>16))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xfe), n)
}

func appendString(b []byte, s string) []byte {
	return append(appendLenenc(b, uint64(len(s))), s...)
}
