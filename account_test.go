package wharf_test

import (
	"net/netip"
	"strings"
	"testing"

	"wharf"
)

func TestParseAccount(t *testing.T) {
	for _, c := range []struct {
		user, host string
		want       string // "" is refused
		code       wharf.Code
	}{
		{"ann", "", "'ann'@'%'", ""},
		{"ann", "%", "'ann'@'%'", ""},
		{"o'neil", "LOCALHOST", "'o''neil'@'localhost'", ""},
		{"ann", "10.1.2.3", "'ann'@'10.1.2.3'", ""},
		{"ann", "::FFFF:10.1.2.3", "'ann'@'10.1.2.3'", ""},
		{"ann", "2001:DB8:0::1", "'ann'@'2001:db8::1'", ""},
		{"ann", "10.0.0.0/8", "'ann'@'10.0.0.0/8'", ""},
		{"ann", "10.0.0.0/255.0.0.0", "'ann'@'10.0.0.0/255.0.0.0'", ""},
		{"ann", "2001:db8::/32", "'ann'@'2001:db8::/32'", ""},
		{"ann", "192.168.1._", "'ann'@'192.168.1._'", ""},
		{"ann", "192.168.%", "'ann'@'192.168.%'", ""},
		{strings.Repeat("é", 32), "%", "'" + strings.Repeat("é", 32) + "'@'%'", ""},
		{"", "%", "", wharf.CodeInvalid},
		{strings.Repeat("x", 33), "%", "", wharf.CodeInvalid},
		{"a\x00b", "%", "", wharf.CodeInvalid},
		{"a\xff", "%", "", wharf.CodeInvalid},
		{"ann", "a\xff", "", wharf.CodeInvalid},
		{"ann", strings.Repeat("1", 256), "", wharf.CodeInvalid},
		{"ann", "example.com", "", wharf.CodeUnsupported},
		{"ann", "%.example.com", "", wharf.CodeUnsupported},
		{"ann", "10.0.0.1/8", "", wharf.CodeUnsupported},
		{"ann", "10.0.0.0/255.0.255.0", "", wharf.CodeUnsupported},
		{"ann", "10.0.0.0/33", "", wharf.CodeUnsupported},
		{"ann", "10.0.0.0/-1", "", wharf.CodeUnsupported},
		{"ann", "fe80::1%eth0", "", wharf.CodeUnsupported},
		{"ann", "127.1", "", wharf.CodeUnsupported},
	} {
		a, err := wharf.ParseAccount(c.user, c.host)
		if wharf.CodeOf(err) != c.code || err == nil && a.String() != c.want {
			t.Errorf("%q@%q is %s, %v, want %s", c.user, c.host, a, err, c.want)
		}
	}
}

// TestFindUser: of the hosts that match a client, the most particular is meant.
func TestFindUser(t *testing.T) {
	hosts := []string{"%", "10.%", "10.1.%", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "localhost", "2001:db8::/32", "_.0.0.9", "255.255.0.0/255.255.0.0"}
	var list []wharf.User
	for i, h := range hosts {
		list = append(list, wharf.User{ID: wharf.UserID{byte(i + 1)}, Account: wharf.Account{User: "u", Host: h}})
	}
	list = append(list, wharf.User{ID: wharf.UserID{99}, Account: wharf.Account{User: "v", Host: "10.%"}},
		wharf.User{ID: wharf.UserID{98}, Account: wharf.Account{User: "r", Host: "%"}, IsRole: true})
	users := wharf.NewUsers(list)
	for client, want := range map[string]string{
		"10.1.2.3": "10.1.2.3", "::ffff:10.1.2.3": "10.1.2.3", "10.1.2.4": "10.1.0.0/16", "10.2.0.1": "10.0.0.0/8", "127.0.0.1": "localhost", "::1": "localhost",
		"2001:db8::5": "2001:db8::/32", "2001:db9::5": "%", "1.0.0.9": "_.0.0.9", "11.0.0.9": "%", "255.255.1.1": "255.255.0.0/255.255.0.0", "fe80::1%eth0": "%",
	} {
		u, ok := users.Find("u", netip.MustParseAddr(client))
		if !ok || u.Host != want {
			t.Errorf("u from %s is %s, %t, want %s", client, u.Account, ok, want)
		}
	}
	for name, client := range map[string]string{"v": "11.0.0.1", "r": "10.0.0.1", "w": "10.0.0.1", "": "10.0.0.1"} {
		if u, ok := users.Find(name, netip.MustParseAddr(client)); ok {
			t.Errorf("%q from %s is %s", name, client, u.Account)
		}
	}
	if u, ok := users.Find("u", netip.Addr{}); ok && u.Host != "%" {
		t.Errorf("u from nowhere is %s", u.Account)
	}
}
