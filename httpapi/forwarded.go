package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"wharf"
)

// clientOf returns the address of the client of a request, and whether a proxy
// that is trusted said so: X-Forwarded-For is read from its end, past the
// addresses of further trusted proxies. What stands before the first other
// address is the client's own claim.
func (s *Server) clientOf(r *http.Request) (addr string, told bool) {
	addr = r.RemoteAddr
	if len(s.trusted) == 0 || !s.trusts(hostname(addr)) {
		return addr, false
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(hostname(strings.TrimSpace(hop)))
		if err != nil {
			return addr, told
		}
		addr, told = ip.Unmap().String(), true
		if !s.trusts(addr) {
			return addr, true
		}
	}
	return addr, told
}

func (s *Server) trusts(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(s.trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// forwardingHeaders are those by which proxies tell of themselves.
var forwardingHeaders = []string{"X-Forwarded-For", "Forwarded", "Via", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// checkForwarded refuses a request that was forwarded while root has no password:
// a proxy on this machine makes every client one of this machine.
func (s *Server) checkForwarded(r *http.Request, told bool) error {
	if told || s.guard.auth.RootPasswordSet() {
		return nil
	}
	switch actionOf(r) {
	case "health", "page":
		return nil
	}
	for _, name := range forwardingHeaders {
		if len(r.Header[name]) > 0 {
			return wharf.Errorf(wharf.CodeDenied, "the request came through a proxy (%s), and root has no password, so only this server's own machine may come in; "+
				"set WHARF_ROOT_PASSWORD or --root-password-file", name)
		}
	}
	return nil
}
