package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
)

func TestGoDriverCompresses(t *testing.T) {
	r := start(t, withTLS(t, Options{}))
	for _, params := range []string{"?compress=true", "?compress=true&tls=skip-verify"} {
		db := r.open(t, "root", params+"&maxAllowedPacket=67108864")
		for _, n := range []int{0, 1, 49, 50, 1 << 16, maxFragment} {
			var s string
			if err := db.QueryRow(fmt.Sprintf("wide %d", n)).Scan(&s); err != nil || len(s) != n {
				t.Errorf("a value of %d bytes came as %d, %v", n, len(s), err)
			}
			if _, err := db.Exec("ok " + strings.Repeat("x", n)); err != nil {
				t.Errorf("a statement of %d bytes: %v", n, err)
			}
		}
		rows, err := db.Query("rows 100000")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; rows.Next(); n++ {
		}
		if rows.Close(); n != 100000 || rows.Err() != nil {
			t.Errorf("%d rows, %v", n, rows.Err())
		}
	}
}

// TestOtherClientCompresses has zstd too.
func TestOtherClientCompresses(t *testing.T) {
	r := start(t, Options{})
	for _, flag := range []uint32{mysql.CLIENT_COMPRESS, mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM} {
		c, err := client.Connect(r.addr, "root", "", "", func(c *client.Conn) error {
			return c.SetCapability(flag)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 1000, 1 << 20} {
			res, err := c.Execute(fmt.Sprintf("wide %d", n))
			if err != nil {
				t.Fatalf("%#x: %v", flag, err)
			}
			if s, err := res.GetString(0, 0); err != nil || len(s) != n {
				t.Errorf("a value of %d bytes came as %d, %v", n, len(s), err)
			}
			if _, err := c.Execute("ok " + strings.Repeat("x", n)); err != nil {
				t.Errorf("a statement of %d bytes: %v", n, err)
			}
		}
		c.Close()
	}
}

// frames returns both ends of a compressed connection over one buffer.
func frames(t testing.TB, zstdLevel int) (*compressed, *bytes.Buffer) {
	t.Helper()
	var wire bytes.Buffer
	w := &wire
	c := &compressed{in: w, out: w, codec: &zlibCodec{}}
	if zstdLevel > 0 {
		codec := newZstdCodec(zstdLevel, nil)
		t.Cleanup(codec.close)
		c.codec = codec
	}
	return c, w
}

func TestFrames(t *testing.T) {
	for _, level := range []int{0, 1, 3, 22} {
		c, wire := frames(t, level)
		c.came = 254
		c.sync()
		for i, n := range []int{1, 49, 50, 51, 70000, maxFragment + 100} {
			data := bytes.Repeat([]byte("abc"), n)[:n]
			if _, err := c.Write(data); err != nil {
				t.Fatal(err)
			}
			if seq := wire.Bytes()[3]; seq != byte(255+i) {
				t.Errorf("frame %d has sequence %d", i, seq)
			}
			if n > 1000 && wire.Len() > n/10 {
				t.Errorf("level %d: %d bytes were packed into %d", level, n, wire.Len())
			}
			back := make([]byte, n)
			if _, err := io.ReadFull(c, back); err != nil || !bytes.Equal(back, data) {
				t.Errorf("%d bytes came back wrong, %v", n, err)
			}
			if wire.Len() != 0 {
				t.Errorf("%d bytes of the frame were left", wire.Len())
			}
		}
	}
}

// Between two frames no reader is held, whose window may have 32 MiB.
func TestZstdReaderIsLetGo(t *testing.T) {
	c, wire := frames(t, 3)
	for range 2 {
		if _, err := c.Write(bytes.Repeat([]byte("abc"), 1000)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, c, 1000); err != nil || c.codec.(*zstdCodec).r == nil {
			t.Fatalf("within a frame: %v", err)
		}
		if _, err := io.CopyN(io.Discard, c, 2000); err != nil || wire.Len() != 0 {
			t.Fatalf("to its end: %v, %d bytes are left", err, wire.Len())
		}
		if c.codec.(*zstdCodec).r != nil {
			t.Error("the reader is held after its frame")
		}
	}
}

func TestMalformedFrames(t *testing.T) {
	c, wire := frames(t, 0)
	if _, err := c.Write(bytes.Repeat([]byte("x"), 100)); err != nil {
		t.Fatal(err)
	}
	good := hex.EncodeToString(wire.Bytes())
	for name, bad := range map[string]string{
		"cut header": good[:10], "cut body": good[:30], "no zlib": "030000000500006162636465",
		"longer than said": good[:8] + "630000" + good[14:], "shorter than said": good[:8] + "650000" + good[14:],
		"wrong checksum": good[:len(good)-2] + "00",
	} {
		c, wire := frames(t, 0)
		b, err := hex.DecodeString(bad)
		if err != nil {
			t.Fatal(err)
		}
		wire.Write(b)
		if got, err := io.ReadAll(c); err == nil {
			t.Errorf("%s: %q was read", name, got)
		}
	}
}

// A client whose frame is damaged is told so, in a frame, and the log too.
func TestDamagedFrameIsAnswered(t *testing.T) {
	log := &logBuffer{}
	r := start(t, Options{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, damaged := range []string{
		"\x05\x00\x00\x00\x50\x00\x00hello",                            // no zlib
		"\x03\x00\x00\x00\x50\x00\x00\x78\x9c\x4b",                     // cut within
		"\x08\x00\x00\x00\x06\x00\x00\x78\x9c\x03\x00\x00\x00\x00\x01", // shorter than it says
	} {
		c := r.dial(t).login(mysql.CLIENT_COMPRESS)
		c.Write([]byte(damaged))
		c.in = bufio.NewReader(&compressed{in: c.Conn, codec: &zlibCodec{}})
		wantErr(t, c.read(), 1157, "#08S01Couldn't uncompress communication packet")
		if c.seq != 1 {
			t.Errorf("the answer has sequence %d", c.seq)
		}
		c.wantGone()
	}
	c := r.dial(t).login(mysql.CLIENT_COMPRESS)
	c.Write([]byte("\x05\x00\x00\x00\x50\x00\x00\x78\x9c"))
	c.Conn.(*net.TCPConn).CloseWrite() // a client that leaves has made no mistake
	c.wantGone()
	if n := strings.Count(log.String(), "level=DEBUG msg=\"MySQL client sent a frame"); n != 3 {
		t.Errorf("3 damaged frames were logged %d times: %s", n, log)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x03\x00\x00\x00\x00\x00\x00abc"), 0)
	f.Add([]byte("\x0b\x00\x00\x00\x03\x00\x00\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27"), 0)
	f.Add([]byte("\x10\x00\x00\x00\x03\x00\x00\x28\xb5\x2f\xfd\x04\x00\x19\x00\x00abc\x00\x00\x00\x00"), 3)
	f.Fuzz(func(t *testing.T, b []byte, level int) {
		if level < 0 || level > 3 {
			return
		}
		c, wire := frames(t, level)
		wire.Write(b)
		if n, _ := io.Copy(io.Discard, c); n > int64(len(b))*maxFragment {
			t.Errorf("%d bytes unpacked to %d", len(b), n)
		}
	})
}

// A client that leaves, and one that sends ahead, are noticed under
// compression as without.
func TestCompressedInterrupts(t *testing.T) {
	r := start(t, Options{})
	c := r.dial(t).login(mysql.CLIENT_COMPRESS)
	z := &compressed{in: c.Conn, out: c.Conn, codec: &zlibCodec{}}
	send := func(query string) {
		b := []byte{byte(len(query) + 1), 0, 0, 0, mysql.COM_QUERY}
		z.seq = 0
		if _, err := z.Write(append(b, query...)); err != nil {
			t.Fatal(err)
		}
	}
	c.in = bufio.NewReader(z)
	send("block")
	<-r.world.blocked
	send("ok")
	time.Sleep(2 * watchAfter) // the watcher looks at what was sent ahead
	if err := r.Kill(context.Background(), c.id(), true); err != nil {
		t.Fatal(err)
	}
	wantErr(t, c.read(), 1317, "")
	wantOK(t, c.read())
	if z.came != 1 {
		t.Errorf("the second answer has sequence %d", z.came)
	}
	<-r.world.ended
	send("block")
	<-r.world.blocked
	c.Close()
	<-r.world.ended
}

// The last word after a panic goes through the compression too.
func TestPanicUnderCompression(t *testing.T) {
	r := start(t, Options{})
	for _, flag := range []uint32{mysql.CLIENT_COMPRESS, mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM} {
		c, err := client.Connect(r.addr, "root", "", "", func(c *client.Conn) error { return c.SetCapability(flag) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Execute("wide 1000"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Execute("panic"); err == nil || !strings.Contains(err.Error(), "internal error; the server's log says more (connection ") {
			t.Errorf("a panic is told as %v", err)
		}
		c.Close()
	}
}
