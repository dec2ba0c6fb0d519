package server

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/klauspost/compress/zstd"

	"wharf"
	"wharf/sql/exec"
)

// pieceLog notes the longest write.
type pieceLog struct {
	bytes.Buffer
	longest int
}

func (l *pieceLog) Write(p []byte) (int, error) {
	l.longest = max(l.longest, len(p))
	return l.Buffer.Write(p)
}

// Long values are written from where they are: as many fragments as MySQL's
// rule wants, in short pieces, behind what was gathered before.
func TestLongValues(t *testing.T) {
	for _, sizes := range [][]int{
		{0, longAt, 3}, {longAt - 1, longAt, longAt + 1}, {maxFragment - 4}, {maxFragment - 3}, {maxFragment, maxFragment},
		{2*maxFragment - 4}, {70, flushAt, 63, 64, 70, 70}, {5 << 20, 1, 2 << 20},
	} {
		for _, encode := range []rowEncoder{textRow, binaryRow} {
			w := &pieceLog{}
			p := packets{w: w}
			p.ok(exec.Result{}, 0, 0)
			before := len(p.buf)
			row, cols, want := make([]wharf.Value, len(sizes)), make([]wharf.Column, len(sizes)), []byte(nil)
			for i, n := range sizes {
				text := strings.Repeat(string(rune('a'+i)), n)
				row[i], cols[i] = wharf.Text(text), wharf.Column{Type: wharf.TypeString}
				want = appendString(want, text)
			}
			p.begin()
			if err := encode(&p, cols, row); err != nil {
				t.Fatal(err)
			}
			p.end()
			p.flush()
			got, seq := unframe(t, w.Bytes()[before:])
			if !bytes.HasSuffix(got, want) || len(got) > len(want)+3 {
				t.Errorf("%v: %d bytes came, want %d", sizes, len(got), len(want))
			}
			if fragments := len(got)/maxFragment + 1; int(seq) != fragments+1 || p.seq != seq {
				t.Errorf("%v: the sequence is at %d after %d fragments", sizes, seq, fragments)
			}
			if w.longest > 2*flushAt {
				t.Errorf("%v: a write of %d bytes", sizes, w.longest)
			}
			if cap(p.buf) > 4*flushAt {
				t.Errorf("%v: the buffer has %d bytes", sizes, cap(p.buf))
			}
		}
	}
}

// unframe joins the fragments of one packet, whose first has the sequence 1.
func unframe(t *testing.T, b []byte) (payload []byte, seq uint8) {
	t.Helper()
	seq = 1
	for last := false; !last; seq++ {
		n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		if b[3] != seq {
			t.Fatalf("fragment %d has sequence %d", seq, b[3])
		}
		payload = append(payload, b[headerLen:headerLen+n]...)
		b = b[headerLen+n:]
		last = n < maxFragment
	}
	if len(b) > 0 {
		t.Fatalf("%d bytes behind the packet", len(b))
	}
	return payload, seq
}

// The window that a frame of zstd names counts while the frame is read, and
// those behind it in the same frame have to do with it.
func TestZstdWindowsAreCounted(t *testing.T) {
	pack := func(window int) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(window))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(bytes.Repeat([]byte("abcdefgh"), window/4))
		w.Close()
		return b.Bytes()
	}
	m := newMemory(&Options{Memory: exec.NewMemory(8 << 20)})
	z := newZstdCodec(3, m)
	r, err := z.unpack(bytes.NewReader(pack(4 << 20)))
	if err != nil {
		t.Fatal(err)
	}
	if n := m.all.Used(); n < 4<<20 || n > 5<<20 {
		t.Errorf("a window of 4 MiB counts as %d bytes", n)
	}
	if n, err := io.Copy(io.Discard, r); n != 8<<20 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	z.unpacked()
	if n := m.all.Used(); n != 0 {
		t.Errorf("after the frame %d bytes count", n)
	}
	r, err = z.unpack(bytes.NewReader(append(pack(1<<20), pack(4<<20)...)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); err == nil {
		t.Errorf("a second window that is larger was taken: %d bytes", n)
	}
	z.close()
	if _, err := z.unpack(bytes.NewReader(pack(64 << 20))); err == nil {
		t.Error("a window of 64 MiB was taken")
	}
	m.stop() // what waits fails at once
	if _, err := m.take(9 << 20); err != nil {
		t.Errorf("more than there is counts as all: %v", err)
	}
	if _, err := z.unpack(bytes.NewReader(pack(4 << 20))); err != errNoRoom {
		t.Errorf("with no memory left: %v", err)
	}
}

// A client that left ends a text of many statements, and so does KILL.
func TestManyStatementsEnd(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(mysql.CLIENT_MULTI_STATEMENTS)
	c.send(strings.Repeat("ok;", 1<<20) + "block")
	other := r.dial(t).login(0)
	eventually(t, "the statements run", func() bool { return r.questions.Load() > 10 })
	if err := r.Kill(t.Context(), c.id(), true); err != nil {
		t.Fatal(err)
	}
	for {
		if answer := c.read(); answer[0] == mysql.ERR_HEADER {
			wantErr(t, answer, 1317, "")
			break
		}
	}
	wantOK(t, c.command(mysql.COM_PING, ""))

	c.send(strings.Repeat("ok;", 5<<20) + "block")
	c.Close()
	eventually(t, "the connection ends", func() bool { return len(r.all()) == 1 })
	if n := r.questions.Load(); n >= 6<<20 {
		t.Errorf("%d statements were run", n)
	}
	wantOK(t, other.command(mysql.COM_QUERY, "ok"))

	// A text that holds nothing is not walked piece by piece.
	wantOK(t, other.command(mysql.COM_QUERY, fmt.Sprintf("%s ok", strings.Repeat(" ;", 4<<20))))
}
