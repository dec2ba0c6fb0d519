package s3

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// Reach says which addresses other than public ones stages may have the server
// connect to. The zero value lists none.
type Reach struct {
	// Loopback lists all addresses of loopback.
	Loopback bool

	places []place
	// amazon lists the names of Amazon's S3 and STS, which lead to private
	// addresses where a network has endpoints of its own for them.
	amazon bool
}

// place is one entry: a name or addresses, and a port or 0 for all.
type place struct {
	name string // in lower case; "*.x" is each name that ends in ".x"; "" for addresses
	net  netip.Prefix
	port uint16
}

// ParseReach reads a list of host, host:port and CIDR with commas between. A host
// is a name, "*." and a name, or an IP address; one of IPv6 with a port has
// brackets. A name is listed with every address that it has.
func ParseReach(list string) (Reach, error) {
	var r Reach
	if list == "" {
		return r, nil
	}
	for text := range strings.SplitSeq(list, ",") {
		p, err := parsePlace(strings.TrimSpace(text))
		if err != nil {
			return Reach{}, wharf.Errorf(wharf.CodeInvalid, "%q %s", text, err)
		}
		r.places = append(r.places, p)
	}
	return r, nil
}

// hostName is what a name may look like.
var hostName = regexp.MustCompile(`^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$`)

func parsePlace(text string) (place, error) {
	if strings.Contains(text, "://") {
		return place{}, fmt.Errorf("is a URL; write its host and port, as in minio.lan:9000")
	}
	if strings.Contains(text, "/") {
		net, err := netip.ParsePrefix(text)
		if err != nil || net.Addr().Is4In6() {
			return place{}, fmt.Errorf("is not a CIDR; one is written like 10.1.0.0/16 or fd00:1::/32, without a port")
		}
		return place{net: net.Masked()}, nil
	}
	host, port := text, uint16(0)
	if h, p, err := net.SplitHostPort(text); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return place{}, fmt.Errorf("has a port that is not a number from 1 to 65535")
		}
		host, port = h, uint16(n)
	}
	host = cleanName(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap().WithZone("")
		return place{net: netip.PrefixFrom(ip, ip.BitLen()), port: port}, nil
	}
	if _, numeric := numericAddr(host); numeric || !hostName.MatchString(host) {
		return place{}, fmt.Errorf("is neither a host, a host:port nor a CIDR")
	}
	return place{name: host, port: port}, nil
}

func cleanName(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// with returns r and the server's own endpoint, which counts as listed, with the
// names that it has for buckets. So do the proxies of the environment.
func (r Reach) with(endpoint string) Reach {
	r.places = slices.Clone(r.places)
	r.amazon = endpoint == ""
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		r.list(u)
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			r.places = append(r.places, place{name: "*." + cleanName(u.Hostname()), port: portOf(u)})
		}
	}
	for _, target := range []string{"http://s3.example.com", "https://s3.example.com"} {
		req, err := http.NewRequest(http.MethodGet, target, nil)
		if err != nil {
			continue
		}
		if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy != nil {
			r.list(proxy)
		}
	}
	return r
}

// list adds the server of a URL.
func (r *Reach) list(u *url.URL) {
	host, port := cleanName(u.Hostname()), portOf(u)
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap().WithZone("")
		r.places = append(r.places, place{net: netip.PrefixFrom(ip, ip.BitLen()), port: port})
		return
	}
	r.places = append(r.places, place{name: host, port: port})
}

// amazonName are the names that the SDK makes for S3 and STS. Other names of
// Amazon's lead to machines of its customers.
var amazonName = regexp.MustCompile(`(^|\.)(s3|sts|s3express-[a-z0-9-]+)([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)

// hasName reports whether a name is listed, and so each address that it has.
func (r *Reach) hasName(host string, port uint16) bool {
	host = cleanName(host)
	if r.amazon && port == 443 && amazonName.MatchString(host) {
		return true
	}
	return slices.ContainsFunc(r.places, func(p place) bool {
		if p.name == "" || p.port != 0 && p.port != port {
			return false
		}
		suffix, wild := strings.CutPrefix(p.name, "*")
		return p.name == host || wild && strings.HasSuffix(host, suffix)
	})
}

// hasAddr reports whether the server may connect to an address: it is public, or
// it is listed, and so is the IPv4 address within it if it has one.
func (r *Reach) hasAddr(to netip.AddrPort) bool {
	ip := to.Addr().Unmap().WithZone("")
	if r.lists(netip.AddrPortFrom(ip, to.Port())) {
		return true
	}
	if v4, ok := embedded(ip); ok {
		return r.hasAddr(netip.AddrPortFrom(v4, to.Port()))
	}
	return !inner(ip) && !onThisMachine(ip)
}

func (r *Reach) lists(to netip.AddrPort) bool {
	// The system takes an unspecified address for one of loopback.
	if r.Loopback && (to.Addr().IsUnspecified() || to.Addr().IsLoopback()) {
		return true
	}
	return slices.ContainsFunc(r.places, func(p place) bool {
		return p.name == "" && p.net.Contains(to.Addr()) && (p.port == 0 || p.port == to.Port())
	})
}

// innerNets are the addresses that are not of the public internet:
// https://www.iana.org/assignments/iana-ipv4-special-registry and its like for
// IPv6. Those of tunnels, whose other end is not known, are among them.
var innerNets = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8",
)

func prefixes(texts ...string) []netip.Prefix {
	nets := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		nets[i] = netip.MustParsePrefix(text)
	}
	return nets
}

func inner(ip netip.Addr) bool {
	return slices.ContainsFunc(innerNets, func(p netip.Prefix) bool { return p.Contains(ip) })
}

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

// embedded returns the IPv4 address to which an address of IPv6 leads, by NAT64,
// 6to4 or ISATAP.
func embedded(ip netip.Addr) (netip.Addr, bool) {
	b := ip.As16()
	switch {
	case !ip.Is6():
	case nat64.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case sixTo4.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe && !inner(ip): // RFC 5214
		return netip.AddrFrom4([4]byte(b[12:])), true
	}
	return netip.Addr{}, false
}

// numericAddr reads an IPv4 address in the forms of inet_aton, which some
// resolvers accept: 2130706433, 0x7f.1, 0177.0.0.1.
func numericAddr(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint32
	for i, part := range parts {
		bits, shift := 8, 24-8*i
		if i == len(parts)-1 {
			bits, shift = 32-8*i, 0 // the last part has the rest of the bytes
		}
		if part == "" || strings.Trim(part, "0123456789abcdefxX") != "" {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(part, 0, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		ip |= uint32(n) << shift
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), true
}

// checkEndpoint refuses an endpoint whose host is an address that is not listed,
// as far as that shows without asking for names.
func (r *Reach) checkEndpoint(u *url.URL) error {
	host, port := cleanName(u.Hostname()), portOf(u)
	if r.hasName(host, port) {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	numeric, isNumeric := numericAddr(host)
	switch {
	case err == nil:
	case isNumeric:
		ip = numeric
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		return nil
	}
	if r.hasAddr(netip.AddrPortFrom(ip, port)) {
		return nil
	}
	return wharf.Errorf(wharf.CodeDenied, "the S3 endpoint is not a public address; stages may use a loopback, private or link-local one "+
		"only if the server's setting --s3-allow lists it")
}
