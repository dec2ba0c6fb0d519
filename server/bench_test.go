package server

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// BenchmarkTextRows is the encoder alone: rows of one short string to a
// connection that is nowhere.
func BenchmarkTextRows(b *testing.B) { benchmarkRows(b, textRow) }

// BenchmarkBinaryRows is the same for prepared statements.
func BenchmarkBinaryRows(b *testing.B) { benchmarkRows(b, binaryRow) }

func benchmarkRows(b *testing.B, encode rowEncoder) {
	b.ReportAllocs()
	p := packets{w: io.Discard}
	if err := p.rows(context.Background(), stringRows(b.N, nil).Rows, encode, 0); err != nil {
		b.Fatal(err)
	}
	p.flush()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkLoopbackRows sends a million rows through a socket to a client
// that does not look at them.
func BenchmarkLoopbackRows(b *testing.B) {
	r := start(b, Options{})
	c := r.dial(b).login(mysql.CLIENT_DEPRECATE_EOF)
	const rows = 1000000
	const size = 1 + 4 + // count
		4 + 7 + 2 + 1 + 12 + // column s
		rows*(4+1+14) + 4 + 7
	for b.Loop() {
		c.send(fmt.Sprintf("rows %d", rows))
		if _, err := io.CopyN(io.Discard, c.in, size); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkSelectOne(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			r := start(b, Options{})
			var all sync.WaitGroup
			conns := make([]*rawClient, clients)
			for i := range conns {
				conns[i] = r.dial(b).login(mysql.CLIENT_DEPRECATE_EOF)
			}
			b.ResetTimer()
			for i, c := range conns {
				all.Go(func() {
					for n := i; n < b.N; n += clients {
						c.send("one")
						for range 4 {
							c.read()
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "queries/s")
		})
	}
}

func BenchmarkLogin(b *testing.B) {
	for name, o := range map[string]Options{
		"plain": {}, "native": withPassword(b, Options{}), "tls": withTLS(b, Options{}),
	} {
		b.Run(name, func(b *testing.B) {
			r := start(b, o)
			for b.Loop() {
				c := r.dial(b)
				if o.TLS != nil {
					c.startTLS(plainCaps)
				}
				var proof []byte
				if o.Gate != nil {
					proof = nativeProof(testPassword, c.salt())
				}
				wantOK(b, c.logIn("root", "", nativePlugin, proof))
				c.write(0, []byte{mysql.COM_QUIT})
				c.read()
				c.Close()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
		})
	}
}
