package s3

import (
	"net/netip"
	"testing"
)

func TestSelf(t *testing.T) {
	parse := netip.MustParseAddrPort
	for _, c := range []struct {
		own, to string
		is      bool
	}{
		{"127.0.0.1:8000", "127.0.0.1:8000", true},
		{"127.0.0.1:8000", "127.0.0.1:9000", false},
		{"127.0.0.1:8000", "[::ffff:127.0.0.1]:8000", true},
		{"127.0.0.1:8000", "0.0.0.0:8000", true},
		{"127.0.0.1:8000", "127.0.0.2:8000", false},
		{"127.0.0.1:8000", "10.1.2.3:8000", false},
		{"0.0.0.0:8000", "127.0.0.9:8000", true},
		{"[::]:8000", "[::1]:8000", true},
		{"[::]:8000", "[2001:db8::1]:8000", false},
		{"[fe80::1%eth0]:8000", "[fe80::1%eth1]:8000", true},
	} {
		s := self{parse(c.own)}
		if got := s.has(parse(c.to)); got != c.is {
			t.Errorf("on %s, %s is this server: %v", c.own, c.to, got)
		}
		d := newDialer(Options{Self: s, Reach: everywhere(t)})
		if err := d.control("s3.test:1")("tcp", c.to, nil); isSelf(err) != c.is {
			t.Errorf("on %s, a connection to %s: %v", c.own, c.to, err)
		}
	}
}

// everywhere lists all addresses.
func everywhere(t *testing.T) Reach {
	t.Helper()
	r, err := ParseReach("0.0.0.0/0,::/0")
	if err != nil {
		t.Fatal(err)
	}
	return r
}
