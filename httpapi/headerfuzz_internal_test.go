package httpapi

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf"
)

// FuzzForwarded holds the client's address to the last one in X-Forwarded-For
// that no trusted proxy has.
func FuzzForwarded(f *testing.F) {
	s := &Server{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for _, line := range []string{"192.0.2.1", "192.0.2.1, 10.0.0.2", "10.0.0.1", "x, 10.0.0.1", "[2001:db8::1]:80", "::ffff:10.0.0.9, ::1", ",,", "10.1.1.1%eth0"} {
		f.Add(line, "")
		f.Add("192.0.2.7", line)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		lines := []string{first, second}
		from := &http.Request{RemoteAddr: "10.0.0.1:80", Header: http.Header{"X-Forwarded-For": lines}}
		addr, told := s.clientOf(from)
		want, wantTold := "10.0.0.1:80", false
		for hops := strings.Split(first+","+second, ","); len(hops) > 0; hops = hops[:len(hops)-1] {
			ip, err := netip.ParseAddr(hostname(strings.TrimSpace(hops[len(hops)-1])))
			if err != nil {
				break
			}
			want, wantTold = ip.Unmap().String(), true
			if ip = ip.Unmap().WithZone(""); !s.trusted[0].Contains(ip) && !s.trusted[1].Contains(ip) {
				break
			}
		}
		if addr != want || told != wantTold {
			t.Errorf("%q: %q, %v, want %q, %v", lines, addr, told, want, wantTold)
		}
		if addr, told = s.clientOf(&http.Request{RemoteAddr: "192.0.2.5:80", Header: from.Header}); told || addr != "192.0.2.5:80" {
			t.Errorf("%q of a client that no one trusts: %q, %v", lines, addr, told)
		}
	})
}

// FuzzHost lets nobody in under a name that is not this machine's while root has
// no password.
func FuzzHost(f *testing.F) {
	for _, host := range []string{"localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8000", "127.1", "evil.example", "localhost.", "[localhost]", "127.0.0.1.example", "::1", "0.0.0.0", "[::ffff:127.0.0.1]"} {
		f.Add(host)
	}
	g := newGuard(nil, []string{"Stage.Example.com"})
	f.Fuzz(func(t *testing.T, host string) {
		err := g.checkHost(&http.Request{RemoteAddr: "127.0.0.1:1", Host: host})
		name := host
		if h, _, err := net.SplitHostPort(host); err == nil {
			name = h
		}
		name = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"))
		ip, _ := netip.ParseAddr(name)
		known := name == "localhost" || name == "stage.example.com" || ip.Unmap().WithZone("").IsLoopback()
		if err == nil && !known {
			t.Errorf("the server answers to %q", host)
		}
		if err := g.checkHost(&http.Request{RemoteAddr: "192.0.2.1:1", Host: host}); err == nil {
			t.Errorf("another machine comes in as %q", host)
		}
	})
}

// FuzzConditions answers an If- header by 304 or 412 or not at all, and never
// against what the header says in the plainest words.
func FuzzConditions(f *testing.F) {
	obj := wharf.Object{Key: "a", Size: 5, ETag: "c0ffee", ModTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	tag := entityTag(obj)
	names := []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}
	for i := range names {
		for _, v := range []string{"*", tag, "W/" + tag, `"x", ` + tag, "Fri, 02 Jan 2026 03:04:05 GMT", "Friday, 02-Jan-26 03:04:06 GMT", "0", ",,\"", "Sat Jan  3 00:00:00 2026"} {
			f.Add(uint8(i), v)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		name := names[int(which)%len(names)]
		r := &http.Request{Header: http.Header{name: {value}}}
		status := checkConditions(r, obj)
		time, err := http.ParseTime(value)
		var allowed []int
		switch {
		case name == "If-Match" && value == "*", name == "If-Match" && value == tag, name == "If-Range", value == "":
			allowed = []int{0}
		case name == "If-Match" && !strings.Contains(value, tag) && !strings.Contains(value, "*"):
			allowed = []int{412}
		case name == "If-Match":
			allowed = []int{0, 412}
		case name == "If-None-Match" && (value == "*" || value == tag):
			allowed = []int{304}
		case name == "If-None-Match":
			allowed = []int{0, 304}
		case err != nil:
			allowed = []int{0} // RFC 9110, section 13.1.3: it is ignored
		case name == "If-Modified-Since" && !obj.ModTime.After(time):
			allowed = []int{304}
		case name == "If-Unmodified-Since" && obj.ModTime.After(time):
			allowed = []int{412}
		default:
			allowed = []int{0}
		}
		if !slices.Contains(allowed, status) {
			t.Errorf("%s: %q gives %d, want one of %v", name, value, status, allowed)
		}
		if name == "If-Range" && rangeHolds(r, obj) != (value == "" || value == tag || err == nil && time.Equal(obj.ModTime)) {
			t.Errorf("If-Range: %q: a part is sent: %v", value, rangeHolds(r, obj))
		}
	})
}

// FuzzChecksums stores no body but one that has the checksum that the header
// tells.
func FuzzChecksums(f *testing.F) {
	const body = "a body"
	sum5, sum256 := md5.Sum([]byte(body)), sha256.Sum256([]byte(body))
	names := []string{"Content-Md5", "X-Amz-Checksum-Sha256", "X-Amz-Checksum-Crc32", "X-Amz-Content-Sha256", "X-Checksum-Md5", "Digest", "Content-Digest", "Repr-Digest", "X-Goog-Hash", "X-Amz-Checksum-Other"}
	for i := range names {
		for _, v := range []string{
			base64.StdEncoding.EncodeToString(sum5[:]), hex.EncodeToString(sum5[:]), hex.EncodeToString(sum256[:]), base64.StdEncoding.EncodeToString(sum256[:]),
			"md5=" + base64.StdEncoding.EncodeToString(sum5[:]), "sha-256=:" + base64.StdEncoding.EncodeToString(sum256[:]) + ":", unsignedPayload, "", "md5=,,", "unixsum=1",
		} {
			f.Add(uint8(i), v)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		name := names[int(which)%len(names)]
		r, err := checksums(http.Header{name: {value}}, strings.NewReader(body+"?"))
		if err != nil {
			if code := wharf.CodeOf(err); code != wharf.CodeInvalid && code != wharf.CodeUnsupported {
				t.Errorf("%s: %q: %v", name, value, err)
			}
			return
		}
		// No value is one of both bodies: at most one of them may be taken.
		_, other := io.ReadAll(r)
		r, err = checksums(http.Header{name: {value}}, strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %q: the second time %v", name, value, err)
		}
		if _, err := io.ReadAll(r); err == nil && other == nil && value != unsignedPayload {
			t.Errorf("%s: %q: two bodies have this checksum", name, value)
		}
		if noChecksum(http.Header{name: {value}}) == nil && value != unsignedPayload {
			t.Errorf("%s: %q: a form ignores a checksum", name, value)
		}
	})
}

// FuzzContentType takes no form whose boundary cannot be one.
func FuzzContentType(f *testing.F) {
	for _, v := range []string{"multipart/form-data; boundary=B", `multipart/form-data; boundary="a b"`, "multipart/form-data", "text/plain", "multipart/form-data; boundary=", "MULTIPART/FORM-DATA; boundary*0=a; boundary*1=b", "multipart/form-data; boundary=a; boundary=b", ";"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Content-Type": {value}}}
		boundary, err := formBoundary(r)
		switch {
		case err != nil && wharf.CodeOf(err) != wharf.CodeMediaType:
			t.Errorf("%q: %v", value, err)
		case err == nil && (!validBoundary(boundary) || !strings.Contains(value, boundary[:1])):
			t.Errorf("%q: the boundary %q", value, boundary)
		}
		r.ContentLength = 1
		if _, plain := rawOptions(r); err == nil && plain == nil {
			t.Errorf("%q is a form's type and a file's", value)
		}
	})
}

// FuzzUploadHeader holds what may change an upload to be kept or refused.
func FuzzUploadHeader(f *testing.F) {
	names := []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Content-Encoding", "Content-Range", "X-Amz-Copy-Source", "Trailer", "X-Amz-Trailer"}
	for i := range names {
		for _, v := range []string{"*", `"x"`, "identity", "gzip", "bytes 0-1/2", "/a/b", "content-md5", ",", " ", "x-amz-checksum-crc32, x"} {
			f.Add(uint8(i), v)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		name := names[int(which)%len(names)]
		r := &http.Request{Header: http.Header{name: {value}}}
		absent, err := checkUpload(r)
		says := slices.ContainsFunc(strings.Split(value, ","), func(s string) bool { return trimBlanks(s) != "" })
		switch {
		case name == "If-None-Match" && err == nil && absent != says:
			t.Errorf("If-None-Match: %q: absent %v", value, absent)
		case name == "Content-Encoding" && err == nil && says && !strings.Contains(strings.ToLower(value), "identity"),
			(name == "Content-Range" || name == "X-Amz-Copy-Source") && err == nil && value != "",
			strings.HasPrefix(name, "If-") && name != "If-None-Match" && err == nil && says:
			t.Errorf("%s: %q is ignored", name, value)
		}
		if strings.HasPrefix(name, "If-") && says && checkDelete(r) == nil {
			t.Errorf("%s: %q is ignored by DELETE", name, value)
		}
	})
}

// FuzzDestination takes no stage and no folder but those that the header names in
// one way only.
func FuzzDestination(f *testing.F) {
	for _, v := range []string{"s", "~", "", "a/b", "../x", "a b", "ü", "s\x00", strings.Repeat("s", 300)} {
		for i := range 3 {
			f.Add(v, v, uint8(i))
			f.Add("s", v, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, stage, folder string, spelling uint8) {
		h := http.Header{}
		for i, name := range []string{stageHeaders[spelling%2], folderHeaders[spelling/2%2]} {
			h[name] = []string{[]string{stage, folder}[i]}
		}
		r := &http.Request{Header: h}
		d, err := parseDestination(&exchange{r: r})
		if err == nil && (string(d.stage) != stage || strings.Contains("/"+d.folder+"/", "/../") || strings.HasPrefix(d.folder, "/")) {
			t.Errorf("%q, %q: %+v", stage, folder, d)
		}
		h["Stage_name"], h["X-Databend-Stage-Name"] = []string{stage}, []string{stage + "x"}
		if _, err := parseDestination(&exchange{r: r}); err == nil {
			t.Errorf("two stages: %q and %q", stage, stage+"x")
		}
	})
}

// FuzzOrigin tells a browser that a page may read the answer only for an origin
// that is listed.
func FuzzOrigin(f *testing.F) {
	for _, v := range []string{"https://app.example.com", "null", "*", "https://app.example.com.evil.example", "HTTPS://APP.EXAMPLE.COM", "", "https://app.example.com:443"} {
		f.Add(v, v)
	}
	listed := newOrigins([]string{"https://app.example.com"})
	f.Fuzz(func(t *testing.T, origin, asked string) {
		answer := http.Header{}
		r := &http.Request{Method: "OPTIONS", Header: http.Header{"Origin": {origin}, "Access-Control-Request-Headers": {asked}, "Access-Control-Request-Method": {"PUT"}}}
		if listed.allow(r, answer) != (origin == "https://app.example.com") || answer.Get("Access-Control-Allow-Origin") != "" && answer.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
			t.Errorf("%q: %v", origin, answer)
		}
		r.Header["Origin"] = []string{origin, "https://app.example.com"}
		if listed.allow(r, http.Header{}) {
			t.Errorf("two origins, the first %q", origin)
		}
	})
}

// FuzzListQuery reads a query in one way, or refuses it.
func FuzzListQuery(f *testing.F) {
	for _, v := range []string{"prefix=a&limit=1", "pattern=%5B", "after=../x", "limit=-1", "limit=99999999999999999999", "prefix=a&prefix=b", "%zz", ";", "pattern=(a{1000}){1000}"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseListQuery(raw)
		if err != nil {
			if wharf.CodeOf(err) != wharf.CodeInvalid {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil || q.prefix != values.Get("prefix") || string(q.after) != values.Get("after") || q.limit < 1 || q.limit > maxLimit {
			t.Errorf("%q: %+v", raw, q)
		}
	})
}

// FuzzHeaderLimit hands out what came, byte for byte, up to the limit of one
// header, and never more of one header than that.
func FuzzHeaderLimit(f *testing.F) {
	for _, s := range []string{header(3, 100), header(200, 0) + header(201, 0), "PUT / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\n\n\n", "GET / HTTP/1.0\r\nTransfer-Encoding\r\n : chunked\r\n\r\n"} {
		f.Add([]byte(s), int64(0), uint16(7))
		f.Add([]byte(s), int64(-1), uint16(4096))
		f.Add([]byte(s+"5\r\nabcde\r\n0\r\n\r\n"+s), int64(3), uint16(1))
	}
	f.Fuzz(func(t *testing.T, sent []byte, body int64, size uint16) {
		if body < -1 || body > math.MaxInt32 {
			return
		}
		limit := headerLimit{most: 1 << 10}
		src := bytes.NewReader(sent)
		var got []byte
		p := make([]byte, int(size)+1)
		headers := limit.headers
		for err := error(nil); err == nil; {
			var n int
			n, err = limit.read(src, p)
			got = append(got, p[:n]...)
			if err != nil && err != io.EOF && !errors.Is(err, errHeaderTooLarge) {
				t.Fatal(err)
			}
			if limit.bytes > limit.most && err == nil {
				t.Fatalf("%d bytes of a header were read on", limit.bytes)
			}
			if limit.headers > headers && body != 0 && !limit.http2 {
				headers = limit.headers
				limit.beginBody(body)
			}
		}
		if !bytes.HasPrefix(sent, got) {
			t.Errorf("%q was handed out as %q", sent, got)
		}
		limit.release()
	})
}
