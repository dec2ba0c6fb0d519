package s3

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"wharf"
)

var _ wharf.Placer = (*Store)(nil)

// Place implements [wharf.Placer]: the bucket of the server, and the keys in
// it. Two names of one server are told for one where that can be seen without
// asking: Amazon's endpoints, which share all names of buckets, and those of
// this machine.
func (s *Store) Place(prefix string) wharf.Place {
	return wharf.Place{Space: "s3 " + serverOf(s.t.endpoint) + " " + s.t.bucket, Path: s.t.prefix + prefix}
}

// serverOf gives the server that an endpoint leads to, "" for Amazon's.
func serverOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return endpoint
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") {
		return ""
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port) + strings.TrimSuffix(u.Path, "/")
}
