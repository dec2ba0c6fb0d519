package s3

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"wharf"
)

// self are the addresses of this server's own ports. A stage that points at
// one of them would have the server call itself.
type self []netip.AddrPort

// selfError says that a connection would lead to this server.
type selfError struct{}

func (selfError) Error() string { return "the address is this server's own" }

func isSelf(err error) bool { return errors.As(err, new(selfError)) }

// has reports whether a connection to the address would reach one of s.
func (s self) has(to netip.AddrPort) bool {
	ip := to.Addr().Unmap().WithZone("")
	for _, own := range s {
		at := own.Addr().Unmap().WithZone("")
		if own.Port() != to.Port() {
			continue
		}
		switch {
		case at == ip:
			return true
		case ip.IsUnspecified(): // the system takes it for this machine
			return true
		case at.IsUnspecified() && onThisMachine(ip):
			return true
		}
	}
	return false
}

func onThisMachine(ip netip.Addr) bool {
	if ip.IsLoopback() {
		return true
	}
	// Without the list nothing is refused here; the header of each request
	// still ends a loop.
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap().WithZone("") == ip {
			return true
		}
	}
	return false
}

// hasURL reports whether the URL's host is one of s, as far as that shows
// without asking for names.
func (s self) hasURL(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	ips := []string{host}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		ips = []string{"127.0.0.1", "::1"}
	}
	for _, text := range ips {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if s.has(netip.AddrPortFrom(ip, portOf(u))) {
			return true
		}
	}
	return false
}

func portOf(u *url.URL) uint16 {
	text := u.Port()
	if text == "" {
		text = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	port, err := net.LookupPort("tcp", text)
	if err != nil {
		return 0
	}
	return uint16(port)
}

// checkSelf refuses an endpoint that is this server.
func (o *Options) checkSelf(u *url.URL) error {
	if self(o.Self).hasURL(u) || o.SelfURL != nil && serverOf(o.SelfURL.String()) == serverOf(u.String()) {
		return wharf.Errorf(wharf.CodeInvalid, "the S3 endpoint is this server itself; give the address of the S3 server")
	}
	return nil
}
