package server

import (
	"crypto/rsa"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// TestLoginDeadline has clients that stop at each place of a login where the server waits
// for them. It hangs up, whatever they have sent before.
func TestLoginDeadline(t *testing.T) {
	asksForTLS := handshakeResponsePacket(plainCaps|mysql.CLIENT_SSL, "", nil, "", "")[:sslRequest]
	for name, stop := range map[string]func(*rawClient){
		"silent":                func(*rawClient) {},
		"within a header":       func(c *rawClient) { c.Write([]byte{40, 0}) },
		"within a packet":       func(c *rawClient) { c.Write([]byte{40, 0, 0, 1, 'x'}) },
		"before TLS":            func(c *rawClient) { c.write(1, asksForTLS) },
		"within the TLS record": func(c *rawClient) { c.write(1, asksForTLS); c.Write([]byte{22, 3, 1, 2, 0, 1}) },
		"behind TLS":            func(c *rawClient) { c.startTLS(plainCaps) },
		"before the proof":      func(c *rawClient) { c.write(1, handshakeResponsePacket(plainCaps, "root", nil, "", nativePlugin)) },
		"within the proof": func(c *rawClient) {
			c.write(1, handshakeResponsePacket(plainCaps, "root", nil, "", nativePlugin))
			c.Write([]byte{20, 0, 0})
		},
		"before the password": func(c *rawClient) {
			c.write(1, handshakeResponsePacket(plainCaps, "root", sha2Proof("wrong", c.salt()), "", sha2Plugin))
		},
		"a byte at a time":       func(c *rawClient) { go trickle(c) },
		"no such user, no proof": func(c *rawClient) { c.write(1, handshakeResponsePacket(plainCaps, "stranger", nil, "", sha2Plugin)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const within = 300 * time.Millisecond
				r := startPiped(t, withTLS(t, withPassword(t, Options{LoginTimeout: within})))
				begun := time.Now()
				c := r.pipe(t)
				stop(c)
				for c.read() != nil { // a last word is fine, staying is not
				}
				if took := time.Since(begun); took > 2*within {
					t.Errorf("it may stay for %s", took)
				}
				time.Sleep(within) // of the bubble: trickle sees that the server has hung up
			})
		})
	}
}

// TestLoginWaitsForKey has a server that takes longer to make its key than a client may
// take to log in, which is not the client's fault.
func TestLoginWaitsForKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startPiped(t, withPassword(t, Options{LoginTimeout: time.Second}))
		key := r.check.key
		r.check.key = func() (*rsa.PrivateKey, error) {
			time.Sleep(time.Minute / 2)
			return key()
		}
		c := r.pipe(t)
		wantOK(t, c.logIn("root", testPassword, sha2Plugin, sha2Proof(testPassword, c.salt())))
		wantOK(t, c.command(mysql.COM_PING, ""))
	})
}

// trickle sends a packet that never comes to its end.
func trickle(c *rawClient) {
	c.Write([]byte{255, 0, 1, 1})
	for every := time.NewTicker(20 * time.Millisecond); ; <-every.C {
		if _, err := c.Write([]byte{'x'}); err != nil {
			every.Stop()
			return
		}
	}
}
