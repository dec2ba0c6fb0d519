package server

// longAt is from how many bytes on a string is written from where it is,
// without a copy in the buffer. In a packet that has flushAt bytes already,
// shorterAt is.
const (
	longAt    = 16 << 10
	shorterAt = 64
)

// longString is a string of a packet, and where in the buffer it belongs.
type longString struct {
	at   int
	text string
}

// putString appends a length-encoded string to the packet that was begun.
func (p *packets) putString(s string) {
	p.buf = appendLenenc(p.buf, uint64(len(s)))
	if len(s) < longAt && (len(s) < shorterAt || len(p.buf)-p.start < flushAt) {
		p.buf = append(p.buf, s...)
		return
	}
	p.long = append(p.long, longString{len(p.buf), s})
	p.more += len(s)
}

// writeLong writes a packet of n bytes with what was gathered before it, in
// pieces and as many fragments as it takes.
func (p *packets) writeLong(n int) {
	p.flushing.mu.Lock()
	defer p.flushing.mu.Unlock()
	f := fragments{p: p, left: n, out: make([]byte, 0, flushAt)}
	p.sendTo(p.start)
	at := p.start + headerLen
	for _, long := range p.long {
		write(&f, p.buf[at:long.at])
		write(&f, long.text)
		at = long.at
	}
	write(&f, p.buf[at:])
	f.end()
	clear(p.long) // the strings are not kept
	p.long, p.more = p.long[:0], 0
	p.empty()
}

// fragments writes one packet as fragments, of which all but the last are as
// long as can be.
type fragments struct {
	p    *packets
	left int  // bytes of the packet
	room int  // bytes of the fragment
	full bool // it is as long as can be, so that another follows
	out  []byte
}

func write[T string | []byte](f *fragments, b T) {
	for len(b) > 0 {
		if f.room == 0 {
			f.begin()
		}
		n := min(len(b), f.room, cap(f.out)-len(f.out))
		f.out = append(f.out, b[:n]...)
		b = b[n:]
		f.room -= n
		f.left -= n
		if len(f.out) == cap(f.out) {
			f.send()
		}
	}
}

// begin writes the header of the next fragment.
func (f *fragments) begin() {
	if cap(f.out)-len(f.out) < headerLen+1 {
		f.send()
	}
	f.room = min(f.left, maxFragment)
	f.full = f.room == maxFragment
	header := [headerLen]byte{3: f.p.seq}
	putLength(header[:], f.room)
	f.p.seq++
	f.out = append(f.out, header[:]...)
}

// end writes the rest, and an empty fragment where the last was as long as can
// be, so that the end of the packet is seen.
func (f *fragments) end() {
	if f.full {
		f.begin()
	}
	f.send()
}

func (f *fragments) send() {
	f.p.send(f.out)
	f.out = f.out[:0]
}
