package server

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf/sql/exec"
)

// large is a statement of that many bytes over freePacket.
func large(verb string, more int) string { return verb + " " + strings.Repeat("x", freePacket+more) }

func TestLargePacketsShareMemory(t *testing.T) {
	r := start(t, Options{Memory: exec.NewMemory(packetCopies * 3 << 19), MemoryWait: 20 * time.Millisecond})
	holder := r.dial(t).login(0)
	holder.send(large("block", 1<<20))
	<-r.world.blocked

	c := r.dial(t).login(0)
	wantOK(t, c.command(mysql.COM_QUERY, "ok "+strings.Repeat("x", freePacket-10)))
	wantErr(t, c.command(mysql.COM_QUERY, large("ok", 1<<20)), 1040, "#08004The server is busy with other large packets")
	c.wantGone()

	if err := r.Kill(context.Background(), holder.id(), true); err != nil {
		t.Fatal(err)
	}
	wantErr(t, holder.read(), 1317, "")
	wantOK(t, holder.command(mysql.COM_PING, ""))
	c = r.dial(t).login(0)
	wantOK(t, c.command(mysql.COM_QUERY, large("ok", 1<<20)))
	// One that is larger than all there is takes all there is.
	wantOK(t, c.command(mysql.COM_QUERY, large("ok", 5<<20)))
}

// Of a packet that never comes to an end, what is there counts.
func TestUnfinishedPackets(t *testing.T) {
	r := start(t, Options{Memory: exec.NewMemory(packetCopies * 3 << 20), MemoryWait: time.Hour})
	unfinished := r.dial(t).login(0)
	unfinished.Write([]byte{0, 0, 0x20, 0}) // 2 MiB are to come
	unfinished.Write(make([]byte, 3<<19))
	eventually(t, "the packet is counted", func() bool { return r.memory.all.Used() == packetCopies*2<<20 })
	waiting, small := r.dial(t).login(0), r.dial(t).login(0)
	waiting.send(large("ok", 1<<20))
	wantOK(t, small.command(mysql.COM_QUERY, "ok"))
	unfinished.Close()
	wantOK(t, waiting.read())

	// What waits does not keep the server from stopping, which start checks.
	r.dial(t).login(0).send(large("block", 1<<20))
	<-r.world.blocked
	r.dial(t).login(0).send(large("ok", 1<<20))
}

func TestPreparedStatementsShareMemory(t *testing.T) {
	r := start(t, Options{Memory: exec.NewMemory(2000)})
	text := func(n int) string { return "ok " + strings.Repeat("x", n-3) }
	holder, c := r.dial(t).login(0), r.dial(t).login(0)
	first := holder.command(mysql.COM_STMT_PREPARE, text(600))
	wantOK(t, first)
	id := first[1:5]
	wantErr(t, c.command(mysql.COM_STMT_PREPARE, text(600)), 1461, "#42000Can't prepare more")
	wantErr(t, c.command(mysql.COM_STMT_PREPARE, "syntax "+strings.Repeat("x", 300)), 1064, "")
	wantOK(t, c.command(mysql.COM_STMT_PREPARE, text(400)))
	wantErr(t, c.command(mysql.COM_STMT_PREPARE, text(4)), 1461, "")
	holder.write(0, append([]byte{mysql.COM_STMT_CLOSE}, id...))
	wantOK(t, holder.command(mysql.COM_PING, ""))

	// Data in pieces counts too.
	echo := c.command(mysql.COM_STMT_PREPARE, "echo ?")
	c.read() // its parameter
	c.read()
	data := append([]byte{mysql.COM_STMT_SEND_LONG_DATA}, echo[1:5]...)
	c.write(0, append(append(data, 0, 0), make([]byte, 590-longDataBytes)...))
	wantOK(t, c.command(mysql.COM_PING, ""))
	wantErr(t, holder.command(mysql.COM_STMT_PREPARE, text(100)), 1461, "")
	c.write(0, append(append(data, 0, 0), make([]byte, 590-longDataBytes)...))
	execute := binary.LittleEndian.AppendUint32(echo[1:5:5], 1<<8)
	wantErr(t, c.command(mysql.COM_STMT_EXECUTE, string(execute)+"\x00\x00\x01\xfc\x00"), 1153, "")
	wantOK(t, holder.command(mysql.COM_STMT_PREPARE, text(500)))
	wantOK(t, c.command(mysql.COM_RESET_CONNECTION, ""))
	wantOK(t, holder.command(mysql.COM_STMT_PREPARE, text(500)))

	wantErr(t, c.command(mysql.COM_STMT_PREPARE, "ok"), 1461, "")
	holder.Close()
	eventually(t, "what the connection kept is free", func() bool {
		return c.command(mysql.COM_STMT_PREPARE, "ok")[0] == mysql.OK_HEADER
	})
}

// A large packet that comes byte by byte does not keep its room, and one that
// comes slowly and steadily does.
func TestLargePacketsKeepPace(t *testing.T) {
	for name, c := range map[string]struct {
		piece int
		pause time.Duration
		want  error
	}{
		"a trickle": {1, 59 * time.Second, errTooSlow},
		"slow":      {64 << 10, 3 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &Options{}
				o.setDefaults()
				near, far := net.Pipe()
				w := newWire(near, o.MaxPacket, &sync.Pool{}, new(counted))
				w.memory, w.timeouts = newMemory(o), timeouts{stall: bodyTimeout}
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					far.Write([]byte{0, 0, 0x80, 0}) // 8 MiB are to come
					far.Write(make([]byte, freePacket))
					for err := error(nil); err == nil; _, err = far.Write(make([]byte, c.piece)) {
						time.Sleep(c.pause) // of the bubble
					}
				}()
				began := time.Now()
				_, err := w.packet(0)
				if !errors.Is(err, c.want) {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); c.want != nil && took > 2*bodyTimeout {
					t.Errorf("it had its room for %s", took)
				}
				near.Close()
				<-sent
				w.memory.stop()
			})
		})
	}
}
