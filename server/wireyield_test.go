package server

import (
	"bytes"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"wharf/sql/exec"
)

// readyConn is a client that is always ahead: a read never waits for it.
type readyConn struct {
	net.Conn
	sent *bytes.Reader
}

func (c readyConn) Read(p []byte) (int, error) { return c.sent.Read(p[:min(len(p), 64<<10)]) }

// A large packet, however fast it comes, lets others run while it is read.
func TestLargePacketYields(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const size = 8 << 20
	sent := append([]byte{0, 0, size >> 16, 0}, make([]byte, size)...)
	w := newWire(readyConn{sent: bytes.NewReader(sent)}, size, &sync.Pool{}, &counted{})
	w.memory = newMemory(&Options{Memory: exec.NewMemory(packetCopies * size)})
	defer w.release()

	var turns atomic.Int64
	stop := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				turns.Add(1)
				runtime.Gosched()
			}
		}
	})
	packet, err := w.packet(0)
	n := turns.Load()
	close(stop)
	other.Wait()
	if err != nil || len(packet) != size {
		t.Fatalf("%d bytes, %v", len(packet), err)
	}
	if want := int64(size / (64 << 10) / 2); n < want {
		t.Errorf("another goroutine ran %d times while the packet was read, want at least %d", n, want)
	}
}
