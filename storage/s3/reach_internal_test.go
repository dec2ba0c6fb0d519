package s3

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"wharf"
)

// TestReachOfAddresses has the addresses that are refused unless they are listed,
// among them those of IPv6 that lead to one of IPv4.
func TestReachOfAddresses(t *testing.T) {
	for addr, public := range map[string]bool{
		"127.0.0.1": false, "127.255.255.254": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false,
		"100.127.255.255": false, "169.254.169.254": false, "169.254.170.2": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "192.0.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"fe80::1": false, "fe80::1%lo": false, "fec0::1": false, "fd00::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"64:ff9b::127.0.0.1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::7f00:1": false, "2002:7f00:1::": false, "2002:a9fe:a9fe::1": false,
		"2001::1": false, "2001:db8::1": false, "2a00:1450::5efe:10.0.0.1": false, "2a00:1450::200:5efe:a9fe:a9fe": false,

		"8.8.8.8": true, "52.216.0.1": true, "100.63.255.255": true, "100.128.0.1": true, "172.15.0.1": true, "172.32.0.1": true,
		"2a00:1450:4001::1": true, "2600:1f00::1": true, "64:ff9b::808:808": true, "2002:808:808::1": true, "::ffff:8.8.8.8": true,
	} {
		var r Reach
		if got := r.hasAddr(netip.AddrPortFrom(netip.MustParseAddr(addr), 80)); got != public {
			t.Errorf("%s: %v", addr, got)
		}
		r = everywhere(t)
		if !r.hasAddr(netip.AddrPortFrom(netip.MustParseAddr(addr), 80)) {
			t.Errorf("%s is refused where all are listed", addr)
		}
	}
}

func TestReachLists(t *testing.T) {
	const list = "Minio.LAN:9000, store.lan,10.1.0.0/16,192.168.1.5:9000,[fd00::5]:9000,fd00::6,*.s3.lan:443"
	r, err := ParseReach(list)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"minio.lan:9000": true, "MINIO.lan.:9000": true, "minio.lan:9001": false, "x.minio.lan:9000": false, "store.lan:1": true,
		"a.s3.lan:443": true, "a.b.s3.lan:443": true, "s3.lan:443": false, "as3.lan:443": false,
		"10.1.255.255:1": true, "10.2.0.0:1": false, "[::ffff:10.1.0.1]:1": true, "[64:ff9b::a01:1]:1": true, "192.168.1.5:9000": true,
		"192.168.1.5:9001": false, "[fd00::5]:9000": true, "[fd00::5]:1": false, "[fd00::6]:1": true, "127.0.0.1:9000": false,
	} {
		u, err := url.Parse("http://" + at)
		if err != nil {
			t.Fatal(err)
		}
		got := r.hasName(u.Hostname(), portOf(u))
		if to, err := netip.ParseAddrPort(at); err == nil {
			got = r.hasAddr(to)
		}
		if got != want {
			t.Errorf("%s is listed: %v", at, got)
		}
	}
	for _, bad := range []string{"http://minio.lan", "10.0.0.0/33", "10.0.0.0/8:9000", "minio:0", "minio:99999", "minio:x", "a b", ",", "a,,b", "2130706433", "0x7f.1:80", "*", "user@host", "-a"} {
		if _, err := ParseReach(bad); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
}

// TestReachOfTheServersOwn has the default endpoint, which counts as listed, with
// the names of its buckets, and Amazon's, where there is none.
func TestReachOfTheServersOwn(t *testing.T) {
	for _, c := range []struct {
		endpoint, at string
		want         bool
	}{
		{"http://minio.lan:9000", "minio.lan:9000", true}, {"http://minio.lan:9000", "bucket.minio.lan:9000", true},
		{"http://minio.lan:9000", "minio.lan:9001", false}, {"https://minio.lan", "minio.lan:443", true},
		{"", "s3.us-east-1.amazonaws.com:443", true}, {"", "my.bucket.s3.eu-west-1.amazonaws.com:443", true}, {"", "b.s3-fips.us-east-1.amazonaws.com:443", true},
		{"", "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com:443", true}, {"", "sts.eu-west-1.amazonaws.com:443", true},
		{"", "s3.cn-north-1.amazonaws.com.cn:443", true}, {"", "s3.us-east-1.amazonaws.com:80", false},
		{"", "ec2-10-0-0-1.compute-1.amazonaws.com:443", false}, {"", "s3.evil.com:443", false}, {"", "s3.amazonaws.com.evil.com:443", false},
		{"http://minio.lan:9000", "s3.us-east-1.amazonaws.com:443", false},
	} {
		u, err := url.Parse("http://" + c.at)
		if err != nil {
			t.Fatal(err)
		}
		r := Reach{}.with(c.endpoint)
		if got := r.hasName(u.Hostname(), portOf(u)); got != c.want {
			t.Errorf("with the endpoint %q, %s is listed: %v", c.endpoint, c.at, got)
		}
	}
	r := Reach{}.with("http://10.0.0.9:9000")
	if !r.hasAddr(netip.MustParseAddrPort("10.0.0.9:9000")) || r.hasAddr(netip.MustParseAddrPort("10.0.0.9:9001")) {
		t.Error("an endpoint that is an address is not listed with its port alone")
	}
}

// TestEndpointsOfAddresses has each spelling of an address that shows without
// asking for names.
func TestEndpointsOfAddresses(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0.0.0.0", "[::]", "[::1]",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25eth0]", "localhost",
		"LocalHost.", "x.localhost", "169.254.169.254", "2852039166", "0xa9.0xfe.0xa9.0xfe", "10.1.2.3", "100.64.0.1", "[fd00::1]",
	} {
		u, err := url.Parse("http://" + host + ":9000")
		if err != nil {
			t.Fatal(err)
		}
		var r Reach
		err = r.checkEndpoint(u)
		if wharf.CodeOf(err) != wharf.CodeDenied || !strings.Contains(wharf.MessageOf(err), "--s3-allow") {
			t.Errorf("%s: %v", host, err)
		}
		if r = everywhere(t); host == "localhost" || strings.Contains(strings.ToLower(host), "localhost") {
			r.Loopback = true
		}
		if err := r.checkEndpoint(u); err != nil {
			t.Errorf("%s where all is listed: %v", host, err)
		}
	}
	for _, host := range []string{"s3.example.com", "8.8.8.8", "134744072", "[2a00:1450::1]", "127.0.0.1.example.com", "1.2.3.4.5", "0x"} {
		var r Reach
		if u, err := url.Parse("http://" + host); err != nil || r.checkEndpoint(u) != nil {
			t.Errorf("%s is refused: %v", host, err)
		}
	}
}
