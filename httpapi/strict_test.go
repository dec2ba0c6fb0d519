package httpapi_test

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"

	"wharf"
)

// TestFormIfAbsent keeps every file that is there; those before it land.
func TestFormIfAbsent(t *testing.T) {
	f := start(t)
	f.put("b", "old")
	form := filePart("a", "1") + filePart("b", "2") + filePart("c", "3") + formEnd
	f.wantFailed(f.upload(form, "If-None-Match:*"), 412, wharf.CodePrecondition, "a")
	f.wantStored("a", "b")
	if got, _ := f.content("b"); got != "old" {
		t.Errorf("the old file holds %q", got)
	}
	f.wantFailed(f.upload(form, "If-None-Match:", "If-None-Match:*"), 412, wharf.CodePrecondition)
	f.wantFailed(f.upload(form, `If-None-Match:"x"`), 501, wharf.CodeUnsupported)
	f.wantFailed(f.upload(form, `If-Match:"x"`), 501, wharf.CodeUnsupported)
	if a := f.upload(form); a.status != 200 {
		t.Errorf("without a condition: %d %s", a.status, a.body)
	}
}

// TestFormChecksums are refused: they would not be held to.
func TestFormChecksums(t *testing.T) {
	f := start(t)
	for _, header := range []string{"Content-Md5:x", "Digest:sha-256=x", "Content-Digest:x", "Repr-Digest:x", "X-Amz-Checksum-Sha256:x"} {
		f.wantFailed(f.upload(filePart("a", "x")+formEnd, header), 501, wharf.CodeUnsupported)
		part := strings.Replace(filePart("a", "x"), "\r\n\r\n", "\r\n"+strings.ToLower(header)+"\r\n\r\n", 1)
		f.wantFailed(f.upload(part+formEnd), 501, wharf.CodeUnsupported)
	}
	f.wantStored()
}

func TestDigests(t *testing.T) {
	f := start(t)
	in64 := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	sha := func(s string) string { b := sha256.Sum256([]byte(s)); return in64(b[:]) }
	long := func(s string) string { b := sha512.Sum512([]byte(s)); return in64(b[:]) }
	md := func(s string) string { b := md5.Sum([]byte(s)); return in64(b[:]) }
	for _, c := range []struct {
		header string
		status int
	}{
		{"Digest:SHA-256=" + sha("x"), 200}, {"Digest:SHA-256=" + sha("y"), 400},
		{"Digest:md5=" + md("x") + ", sha-512=" + long("x"), 200}, {"Digest:md5=" + md("x") + ",sha-256=" + sha("y"), 400},
		{"Digest:unixsum=3", 501}, {"Digest:sha-256", 400}, {"Digest:", 501},
		{"Content-Digest:sha-256=:" + sha("x") + ":", 200}, {"Content-Digest:sha-256=:" + sha("y") + ":", 400},
		{"Repr-Digest:sha-512=:" + long("x") + ":", 200}, {"Repr-Digest:sha-512=:" + long("y") + ":", 400},
		{"X-Amz-Checksum-Algorithm:SHA256", 200}, {"X-Amz-Checksum-Type:FULL_OBJECT", 200},
	} {
		a := f.do(f.request("PUT", stageURL("a"), strings.NewReader("x"), c.header))
		if a.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.header, a.status, a.body, c.status)
		}
		if a.status == 200 {
			f.do(f.request("DELETE", stageURL("a"), nil))
		}
		f.wantStored()
	}
}

// TestLengthRequired: a body whose end nobody tells is not an empty file.
func TestLengthRequired(t *testing.T) {
	f := start(t)
	for _, text := range []string{
		"PUT /v1/stage/s/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"PUT /v1/stage/s/a HTTP/1.0\r\nHost: localhost\r\n\r\ndata",
	} {
		a, _ := f.raw(text)
		f.wantFailed(a, 411, wharf.CodeInvalid)
		f.wantStored()
	}
	if a, _ := f.raw("PUT /v1/stage/s/a HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"); a.status != 200 {
		t.Errorf("an empty file: %d %s", a.status, a.body)
	}
}

// TestHeadersInSeveralLines are one list.
func TestHeadersInSeveralLines(t *testing.T) {
	f := start(t)
	f.put("a", "x")
	tag := f.do(f.request("HEAD", stageURL("a"), nil)).header.Get("Etag")
	for _, c := range []struct {
		method  string
		headers []string
		status  int
	}{
		{"GET", []string{`If-Match:"x"`, "If-Match:" + tag}, 200},
		{"GET", []string{`If-None-Match:"x"`, "If-None-Match:" + tag}, 304},
		{"PUT", []string{"If-None-Match:", "If-None-Match:*"}, 412},
		{"PUT", []string{"If-None-Match:*", `If-None-Match:"x"`}, 501},
		{"PUT", []string{"If-Match:", "If-Match:*"}, 501},
		{"PUT", []string{"Content-Encoding:identity", "Content-Encoding:gzip"}, 415},
		{"DELETE", []string{"If-Match:", "If-Match:*"}, 501},
		{"GET", []string{"Range:Bytes=0-0"}, 206},
	} {
		var body io.Reader
		if c.method == "PUT" {
			body = strings.NewReader("y")
		}
		if a := f.do(f.request(c.method, stageURL("a"), body, c.headers...)); a.status != c.status {
			t.Errorf("%s with %q: %d %s, want %d", c.method, c.headers, a.status, a.body, c.status)
		}
	}
	if got, _ := f.content("a"); got != "x" {
		t.Errorf("the file holds %q", got)
	}
}

// TestMessages say what is wrong, in the words of HTTP.
func TestMessages(t *testing.T) {
	f := start(t)
	form := filePart("a", "x") + formEnd
	typed := func(boundary string) answer {
		return f.do(f.request("PUT", uploadPath, strings.NewReader(form), toStage, "Content-Type:multipart/form-data; boundary="+boundary))
	}
	for _, c := range []struct {
		what   string
		a      answer
		status int
		says   string
	}{
		{"DELETE", f.do(f.request("DELETE", stageURL("gone"), nil)), 404, `there is no file "gone" in the stage "s"`},
		{"no stage", f.do(f.request("GET", "/v1/stage/", nil)), 404, "/v1/stage/<stage>/"},
		{"boundary with =", typed("a=b"), 415, "in quotes"},
		{"boundary with ,", typed("a,b"), 415, "in quotes"},
		{"boundary with :", typed("a:b"), 415, "in quotes"},
		{"last line", f.upload(strings.TrimSuffix(form, "\r\n") + "\n"), 400, "LF alone"},
	} {
		if c.a.status != c.status || !strings.Contains(c.a.Error.Message, c.says) || strings.Contains(c.a.Error.Message, "PATTERN") {
			t.Errorf("%s: %d %s, want %d and %q", c.what, c.a.status, c.a.body, c.status, c.says)
		}
	}
}

// TestTrailers: a checksum that comes after the body is not ignored, be it
// announced or not.
func TestTrailers(t *testing.T) {
	f := start(t)
	form := filePart("form", "x") + formEnd
	for _, c := range []struct {
		name, header, trailer string
		status                int
	}{
		{"announced", "Trailer: X-Amz-Checksum-Sha256\r\n", "x-amz-checksum-sha256: x\r\n", 501},
		{"announced among others", "Trailer: X-Time, content-digest\r\n", "content-digest: x\r\n", 501},
		{"announced, and not there", "Trailer: Content-MD5\r\n", "", 501},
		{"not announced", "", "Content-MD5: x\r\n", 501},
		{"another one than announced", "Trailer: X-Time\r\n", "Repr-Digest: x\r\n", 501},
		{"of S3", "X-Amz-Trailer: x-amz-checksum-crc32\r\n", "", 501},
		{"no checksum", "Trailer: X-Time\r\n", "X-Time: 3\r\n", 200},
	} {
		for _, put := range []struct{ path, header, body, file string }{
			{stageURL("raw"), "", "x", "raw"}, {uploadPath, toStage + "\r\n" + formType + "\r\n", form, "form"},
		} {
			a, _ := f.raw(fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n%s%s\r\n%x\r\n%s\r\n0\r\n%s\r\n",
				put.path, put.header, c.header, len(put.body), put.body, c.trailer))
			if a.status != c.status {
				t.Errorf("%s, %s: %d %s, want %d", c.name, put.path, a.status, a.body, c.status)
			}
			if _, there := f.content(put.file); put.file == "raw" && there != (c.status == 200) {
				t.Errorf("%s: stored: %t", c.name, there)
			}
		}
	}
	a, _ := f.raw("PUT " + stageURL("x") + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTrailer: Content-MD5\r\n\r\nx")
	f.wantFailed(a, 501, wharf.CodeUnsupported)
}

// TestContentTypeTwice: whoever reads the other one sees another body.
func TestContentTypeTwice(t *testing.T) {
	f := start(t)
	form := filePart("a", "x") + formEnd
	f.wantFailed(f.upload(form, formType), 400, wharf.CodeInvalid)
	f.wantFailed(f.upload(form, "Content-Type:text/plain"), 400, wharf.CodeInvalid)
	f.wantFailed(f.do(f.request("PUT", stageURL("a"), strings.NewReader("x"), "Content-Type:text/csv", "Content-Type:text/plain")), 400, wharf.CodeInvalid)
	f.wantStored()
}
