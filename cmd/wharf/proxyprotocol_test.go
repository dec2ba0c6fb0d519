package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

const proxyV2 = "\r\n\r\n\x00\r\nQUIT\n"

func TestProxyHeaderSize(t *testing.T) {
	for _, c := range []struct {
		in    string
		size  int
		known bool
	}{
		{"", 0, false}, {"P", 0, false}, {"PROXY", 0, false}, {"PROXY ", 0, false}, {"PUT", 0, true}, {"POST", 0, true}, {"PRI *", 0, true},
		{"GET /", 0, true}, {"\r", 0, false}, {"\r\n\r\n\x00", 0, false}, {"\r\n\r\nGET", 0, true}, {"\x16\x03\x01", 0, true},
		{"PROXY UNKNOWN\r\nGET", 15, true}, {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 32, true}, {"PROXY " + strings.Repeat("x", 200), -1, true},
		{"PROXY " + strings.Repeat("x", 99) + "\r\n", 107, true}, {"PROXY " + strings.Repeat("x", 100) + "\r\n", -1, true},
		{proxyV2 + "\x21\x11\x00", 0, false}, {proxyV2 + "\x21\x11\x00\x0c", 28, true}, {proxyV2 + "\x21\x11\xff\xff", 16 + 0xffff, true},
	} {
		size, known := proxyHeaderSize([]byte(c.in))
		if known != c.known || known && size != c.size {
			t.Errorf("%.40q: %d, %v; want %d, %v", c.in, size, known, c.size, c.known)
		}
	}
}

func TestProxiedClient(t *testing.T) {
	v4 := proxyV2 + "\x21\x11\x00\x0c\xcb\x00\x71\x09\x7f\x00\x00\x01\x10\x00\x0c\xeb"
	for in, want := range map[string]string{
		"PROXY TCP4 203.0.113.6 127.0.0.1 1000 80\r\n": "203.0.113.6:1000", "PROXY TCP6 2001:db8::7 ::1 1000 80\r\n": "[2001:db8::7]:1000",
		"PROXY UNKNOWN\r\n": "", v4: "203.0.113.9:4096",
		strings.Replace(v4, "\x21\x11", "\x20\x00", 1): "", // LOCAL: a check of the proxy itself
	} {
		from, err := proxiedClient([]byte(in))
		if err != nil || from == nil && want != "" || from != nil && from.String() != want {
			t.Errorf("%q: %v, %v; want %q", in, from, err, want)
		}
	}
	for _, bad := range []string{"PROXY TCP4 nonsense\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", proxyV2 + "\x51\x11\x00\x00"} {
		if from, err := proxiedClient([]byte(bad)); err == nil {
			t.Errorf("%q is of %v", bad, from)
		}
	}
}

// FuzzProxyHeader reads what may stand at the beginning of a connection.
func FuzzProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 203.0.113.6 127.0.0.1 1000 80\r\nGET / HTTP/1.1\r\n"))
	f.Add([]byte(proxyV2 + "\x21\x11\x00\x0c\xcb\x00\x71\x09\x7f\x00\x00\x01\x10\x00\x0c\xeb"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		size, known := proxyHeaderSize(b)
		if !known || size <= 0 || size > len(b) {
			return
		}
		// What is known of a part does not change with more.
		for n := range b[:size] {
			if s, k := proxyHeaderSize(b[:n]); k && s != size {
				t.Fatalf("%q has %d bytes, and its first %d say %d", b, size, n, s)
			}
		}
		if from, err := proxiedClient(b[:size]); err == nil && from != nil {
			if tcp, ok := from.(*net.TCPAddr); !ok || len(tcp.IP) == 0 || bytes.Contains(b[:1], []byte("G")) {
				t.Fatalf("%q is of %v", b, from)
			}
		}
	})
}
