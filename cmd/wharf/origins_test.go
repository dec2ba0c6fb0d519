package main

import (
	"net"
	"testing"
)

func TestPublicURL(t *testing.T) {
	for _, c := range []struct{ set, addr, want string }{
		{"", "127.0.0.1:8000", "http://localhost:8000"},
		{"", "[::1]:80", "http://localhost:80"},
		{"", "0.0.0.0:8000", "http://localhost:8000"},
		{"", "[::]:8000", "http://localhost:8000"},
		{"", "127.0.0.2:8000", "http://127.0.0.2:8000"},
		{"", "10.1.2.3:9", "http://10.1.2.3:9"},
		{"", "[fd00::1]:9", "http://[fd00::1]:9"},
		{"https://stage.example.com", "127.0.0.1:8000", "https://stage.example.com"},
		{"http://stage.example.com:81/", "127.0.0.1:8000", "http://stage.example.com:81"},
		{"https://example.com/wharf/", "127.0.0.1:8000", "https://example.com/wharf"},
	} {
		addr, err := net.ResolveTCPAddr("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		cfg := &config{}
		if err := setPublicURL(cfg, c.set); err != nil {
			t.Fatal(err)
		}
		if got := publicURL(cfg, "http", addr); got != c.want {
			t.Errorf("%q on %s: %s, want %s", c.set, c.addr, got, c.want)
		}
	}
	for _, bad := range []string{"stage.example.com", "ftp://x", "https://", "https://:80", "https://u:p@x", "https://x/?a=b", "https://x/?", "https://x/#f", "https://x:99999", "https://x:0"} {
		if setPublicURL(&config{}, bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestEndpointPort(t *testing.T) {
	for url, ok := range map[string]bool{"http://h:99999": false, "http://h:65536": false, "http://h:0": false, "http://h:65535": true, "http://h": true} {
		if err := setEndpoint(&config{}, url); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
}
