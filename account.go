package wharf

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest name and host of an account, in characters, as in MySQL.
const (
	maxUserName = 32
	maxUserHost = 255
)

// Account is the name of a user or of a role: 'user'@'host'.
type Account struct{ User, Host string }

// String writes the account as MySQL's messages do: 'user'@'host'.
func (a Account) String() string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	return quote(a.User) + "@" + quote(a.Host)
}

// ParseAccount validates the name of an account. The user has 1 to 32
// characters. The host is "%", "localhost", an address, a network as
// "10.0.0.0/8" or "10.0.0.0/255.0.0.0", or an address with the wildcards % and
// _; "" is "%". A host name is [CodeUnsupported]: Wharf does not look up the
// names of its clients. Everything else is [CodeInvalid].
func ParseAccount(user, host string) (Account, error) {
	switch n := utf8.RuneCountInString(user); {
	case !utf8.ValidString(user) || !utf8.ValidString(host):
		return Account{}, Errorf(CodeInvalid, "the name of the user is not valid UTF-8")
	case n == 0:
		return Account{}, Errorf(CodeInvalid, "the name of the user is empty; Wharf has no anonymous users")
	case n > maxUserName:
		return Account{}, Errorf(CodeInvalid, "the name of the user has %d characters; at most %d are allowed", n, maxUserName)
	case strings.ContainsFunc(user+host, unicode.IsControl):
		return Account{}, Errorf(CodeInvalid, "the name of the user holds a control character")
	}
	a := Account{User: user, Host: strings.ToLower(host)}
	if a.Host == "" {
		a.Host = "%"
	}
	if utf8.RuneCountInString(a.Host) > maxUserHost {
		return Account{}, Errorf(CodeInvalid, "the host of the user has more than %d characters", maxUserHost)
	}
	p, ok := parseHost(a.Host)
	if !ok {
		return Account{}, Errorf(CodeUnsupported, "the host %q of a user is not supported by Wharf, which does not look up the names of its clients; "+
			"it takes '%%', 'localhost', an address, a network such as '10.0.0.0/8', or an address with the wildcards %% and _", a.Host)
	}
	if p.kind == hostAddress {
		a.Host = p.network.Addr().String()
	}
	return a, nil
}

// The kinds of a host part, the least particular first: of the accounts that
// match a client, the most particular is its account.
const (
	hostAny = iota
	hostPattern
	hostNetwork
	hostLocal
	hostAddress
)

// hostPart is the host of an account, read.
type hostPart struct {
	kind    int
	network netip.Prefix // of hostAddress and hostNetwork
	pattern string
}

func parseHost(host string) (hostPart, bool) {
	if host == "%" {
		return hostPart{kind: hostAny}, true
	}
	if host == "localhost" {
		return hostPart{kind: hostLocal}, true
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return hostPart{kind: hostAddress, network: netip.PrefixFrom(addr, addr.BitLen())}, true
	}
	if network, ok := parseNetwork(host); ok {
		return hostPart{kind: hostNetwork, network: network}, true
	}
	wild := strings.ContainsAny(host, "%_")
	if wild && strings.Trim(host, "0123456789abcdef.:%_") == "" {
		return hostPart{kind: hostPattern, pattern: host}, true
	}
	return hostPart{}, false
}

// parseNetwork reads an address with the length of its prefix, or with a mask of
// IPv4. Bits behind the prefix are a mistake, as they are to MySQL.
func parseNetwork(host string) (netip.Prefix, bool) {
	base, mask, found := strings.Cut(host, "/")
	addr, err := netip.ParseAddr(base)
	if !found || err != nil || addr.Zone() != "" || addr.Is4In6() {
		return netip.Prefix{}, false
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		bits = maskBits(mask)
	}
	network := netip.PrefixFrom(addr, bits)
	return network, network.IsValid() && network.Masked() == network
}

// maskBits returns how many bits a mask of IPv4 has, -1 for what is none.
func maskBits(mask string) int {
	addr, err := netip.ParseAddr(mask)
	if err != nil || !addr.Is4() {
		return -1
	}
	bits := 0
	var text strings.Builder
	for _, b := range addr.As4() {
		fmt.Fprintf(&text, "%08b", b)
	}
	ones, rest, _ := strings.Cut(text.String(), "0")
	if bits = len(ones); strings.Contains(rest, "1") {
		return -1
	}
	return bits
}

// matches reports whether a client at that address is meant.
func (h hostPart) matches(client netip.Addr) bool {
	client = client.Unmap()
	switch h.kind {
	case hostAny:
		return true
	case hostLocal:
		return client.IsLoopback()
	case hostPattern:
		return matchWild(h.pattern, client.WithZone("").String())
	}
	return h.network.Contains(client.WithZone(""))
}

// rank orders the hosts that match one client: the higher is more particular.
func (h hostPart) rank() int {
	const perKind = 1000
	switch h.kind {
	case hostPattern:
		return h.kind*perKind + strings.IndexAny(h.pattern, "%_")
	case hostNetwork:
		return h.kind*perKind + h.network.Bits()
	}
	return h.kind * perKind
}

// matchWild reports whether text is like a pattern in which % is any text and _
// any character. It takes time in proportion to the product of both lengths.
func matchWild(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '_' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "%") == ""
}
