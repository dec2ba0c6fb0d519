package httpapi_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/url"
	"strings"
	"testing"

	"wharf"
)

func TestRawUpload(t *testing.T) {
	f := start(t)
	for _, key := range []string{"a.csv", "dir/ü 100%.bin"} {
		for _, content := range []string{"", "x", large} {
			for _, body := range []io.Reader{strings.NewReader(content), onlyReader{strings.NewReader(content)}} {
				a := f.do(f.request("PUT", stageURL(key), body))
				if a.status != 200 || a.State != "SUCCESS" || a.StageName != "s" || fmt.Sprint(a.Files) != fmt.Sprint([]string{key}) {
					t.Errorf("%d %s", a.status, a.body)
				}
				if got, _ := f.content(key); got != content {
					t.Errorf("%q holds %d bytes, want %d", key, len(got), len(content))
				}
				if head := f.do(f.request("HEAD", stageURL(key), nil)); head.header.Get("Etag") != a.header.Get("Etag") {
					t.Errorf("ETag of PUT %q, of HEAD %q", a.header.Get("Etag"), head.header.Get("Etag"))
				}
			}
		}
	}
}

// onlyReader hides the length of a body, so that it is sent in chunks.
type onlyReader struct{ io.Reader }

func TestRawUploadRefused(t *testing.T) {
	f := start(t, func(s *settings) { s.service.MaxFileSize = 1000 })
	f.put("old", "old")
	for _, c := range []struct {
		key, header, body string
		status            int
		code              wharf.Code
	}{
		{"a/", "", "x", 400, wharf.CodeInvalid},
		{"../a", "", "x", 400, wharf.CodeInvalid},
		{"", "", "x", 400, wharf.CodeInvalid},
		{"a", "Content-Type:multipart/form-data; boundary=B", "x", 415, wharf.CodeMediaType},
		{"a", "Content-Encoding:gzip", "x", 415, wharf.CodeMediaType},
		{"a", "Content-Range:bytes 0-0/2", "x", 400, wharf.CodeInvalid},
		{"old", "If-None-Match:*", "x", 412, wharf.CodePrecondition},
		{"old", `If-None-Match:"x"`, "x", 501, wharf.CodeUnsupported},
		{"old", `If-Match:"x"`, "x", 501, wharf.CodeUnsupported},
		{"a", "Content-Md5:not base64", "x", 400, wharf.CodeInvalid},
		{"a", "Content-Md5:" + base64.StdEncoding.EncodeToString([]byte("short")), "x", 400, wharf.CodeInvalid},
		{"a", "X-Amz-Checksum-Crc64nvme:AAAAAAAAAAA=", "x", 501, wharf.CodeUnsupported},
		{"a", "", strings.Repeat("x", 1001), 413, wharf.CodeTooLarge},
		{"a", "", strings.Repeat("x", 10<<20), 413, wharf.CodeTooLarge},
	} {
		req := f.request("PUT", "/v1/stage/s/"+c.key, strings.NewReader(c.body))
		if name, value, ok := strings.Cut(c.header, ":"); ok {
			req.Header.Set(name, value)
		}
		f.wantFailed(f.do(req), c.status, c.code)
		f.wantStored("old")
	}
	f.wantFailed(f.do(f.request("PUT", "/v1/stage/nope/a", strings.NewReader("x"))), 404, wharf.CodeNotFound)
	if got, _ := f.content("old"); got != "old" {
		t.Errorf("the old file holds %q", got)
	}
	if a := f.do(f.request("PUT", stageURL("new"), strings.NewReader("x"), "If-None-Match:*")); a.status != 200 {
		t.Errorf("create-only of a new file: %d %s", a.status, a.body)
	}
	conn := f.dial()
	if _, err := io.WriteString(conn, "PUT /v1/stage/s/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	conn.(interface{ CloseWrite() error }).CloseWrite()
	f.wantFailed(f.readRaw(conn), 400, wharf.CodeInvalid)
	f.wantStored("new", "old")
}

// TestRawUploadHexChecksums holds PUT to checksums in hexadecimal and in lists.
func TestRawUploadHexChecksums(t *testing.T) {
	f := start(t)
	headers := func(content string) []string {
		m, s1, s256, s512 := md5.Sum([]byte(content)), sha1.Sum([]byte(content)), sha256.Sum256([]byte(content)), sha512.Sum512([]byte(content))
		crc := binary.BigEndian.AppendUint32(nil, crc32.Checksum([]byte(content), crc32.MakeTable(crc32.Castagnoli)))
		return []string{
			fmt.Sprintf("X-Amz-Content-Sha256:%x", s256), fmt.Sprintf("X-Checksum-Md5:%x", m), fmt.Sprintf("X-Checksum-Sha1:%X", s1),
			fmt.Sprintf("X-Checksum-Sha256:%x", s256), fmt.Sprintf("X-Checksum-Sha512:%x", s512),
			"X-Goog-Hash:crc32c=" + base64.StdEncoding.EncodeToString(crc) + ", md5=" + base64.StdEncoding.EncodeToString(m[:]),
		}
	}
	wrong := append(headers("other"), "X-Amz-Content-Sha256:STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "X-Checksum-Md5:zz", "X-Checksum-Sha256:")
	for _, header := range wrong {
		f.wantFailed(f.do(f.request("PUT", stageURL("a"), strings.NewReader("x"), header)), 400, wharf.CodeInvalid)
		f.wantStored()
		f.wantFailed(f.upload(filePart("a", "x")+formEnd, header), 501, wharf.CodeUnsupported)
	}
	for _, header := range append(headers("x"), "X-Amz-Content-Sha256:UNSIGNED-PAYLOAD") {
		if a := f.do(f.request("PUT", stageURL("a"), strings.NewReader("x"), header)); a.status != 200 {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
	}
}

func TestRawUploadChecksums(t *testing.T) {
	f := start(t)
	sums := map[string]func(b []byte) []byte{
		"Content-Md5":           func(b []byte) []byte { s := md5.Sum(b); return s[:] },
		"X-Amz-Checksum-Sha1":   func(b []byte) []byte { s := sha1.Sum(b); return s[:] },
		"X-Amz-Checksum-Sha256": func(b []byte) []byte { s := sha256.Sum256(b); return s[:] },
		"X-Amz-Checksum-Crc32":  func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) },
		"X-Amz-Checksum-Crc32c": func(b []byte) []byte {
			return binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
		},
	}
	for name, sum := range sums {
		for _, content := range []string{"", "x", large} {
			right := name + ":" + base64.StdEncoding.EncodeToString(sum([]byte(content)))
			wrong := name + ":" + base64.StdEncoding.EncodeToString(sum([]byte(content+"!")))
			f.wantFailed(f.do(f.request("PUT", stageURL("a"), strings.NewReader(content), wrong)), 400, wharf.CodeInvalid)
			f.wantStored()
			if a := f.do(f.request("PUT", stageURL("a"), strings.NewReader(content), right)); a.status != 200 {
				t.Errorf("%s of %d bytes: %d %s", name, len(content), a.status, a.body)
			}
			if a := f.do(f.request("DELETE", stageURL("a"), nil)); a.status != 200 {
				t.Errorf("DELETE: %d %s", a.status, a.body)
			}
		}
	}
}

func TestDelete(t *testing.T) {
	f := start(t)
	f.put("a", "x")
	f.put("a/b", "x")
	f.put("ab", "x")
	if a := f.do(f.request("DELETE", stageURL("a"), nil)); a.status != 200 || a.State != "SUCCESS" || fmt.Sprint(a.Files) != "[a]" {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.wantStored("a/b", "ab")
	f.wantFailed(f.do(f.request("DELETE", stageURL("a"), nil)), 404, wharf.CodeNotFound)
	f.wantFailed(f.do(f.request("DELETE", "/v1/stage/s/", nil)), 400, wharf.CodeInvalid)
	f.wantFailed(f.do(f.request("DELETE", "/v1/stage/s/a/", nil)), 400, wharf.CodeInvalid)
	f.wantFailed(f.do(f.request("DELETE", "/v1/stage/s/ab", nil, `If-Match:"x"`)), 501, wharf.CodeUnsupported)
	f.wantStored("a/b", "ab")
}

// page is the answer of a list.
type page struct {
	StageName string `json:"stage_name"`
	Files     []struct {
		Name         string
		Size         int64
		MD5          *string
		LastModified string `json:"last_modified"`
	}
	Next *string
}

func (f *fixture) page(query string) page {
	f.Helper()
	a := f.do(f.request("GET", "/v1/stage/s/"+query, nil))
	var p page
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != 200 {
		f.Fatalf("%s: %d %s", query, a.status, a.body)
	}
	return p
}

func TestList(t *testing.T) {
	f := start(t)
	if a := f.do(f.request("GET", "/v1/stage/s/", nil)); a.body != `{"stage_name":"s","files":[]}` {
		t.Errorf("an empty stage is listed as %s", a.body)
	}
	var all []string
	for i := range 2500 {
		key := fmt.Sprintf("dir%d/%04d & <%s>.csv", i%2, i, strings.Repeat("x", 40))
		all = append(all, key)
		f.put(key, "xyz")
	}
	var got []string
	for after, pages := "", 0; ; pages++ {
		p := f.page("?prefix=dir1/&limit=300&after=" + url.QueryEscape(after))
		for _, file := range p.Files {
			got = append(got, file.Name)
			if file.Size != 3 || file.MD5 == nil || !strings.HasSuffix(file.LastModified, "Z") {
				t.Fatalf("a file is listed as %+v", file)
			}
		}
		if p.Next == nil {
			if pages != 4 {
				t.Errorf("1,250 files came on %d pages of 300", pages+1)
			}
			break
		}
		after = *p.Next
	}
	want := []string{}
	for _, key := range all {
		if strings.HasPrefix(key, "dir1/") {
			want = append(want, key)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d files are listed, want %d", len(got), len(want))
	}
	if p := f.page("?prefix=dir0/&pattern=00[0-9]%2B.*&limit=10000"); len(p.Files) != 50 || p.Next != nil {
		t.Errorf("the pattern finds %d files, %v", len(p.Files), p.Next)
	}
	if p := f.page(""); len(p.Files) != 1000 || p.Next == nil {
		t.Errorf("the default page has %d files", len(p.Files))
	}
	if p := f.page("?limit=2500"); len(p.Files) != 2500 || p.Next != nil {
		t.Errorf("a page of just all has %d files and next %v", len(p.Files), p.Next)
	}
}

func TestListRefused(t *testing.T) {
	f := start(t)
	for query, code := range map[string]wharf.Code{
		"?limit=0": wharf.CodeInvalid, "?limit=10001": wharf.CodeInvalid, "?limit=x": wharf.CodeInvalid, "?limit=1&limit=2": wharf.CodeInvalid,
		"?prefx=a": wharf.CodeInvalid, "?pattern=(": wharf.CodeInvalid, "?prefix=../": wharf.CodeInvalid, "?after=%00": wharf.CodeInvalid, "?%zz": wharf.CodeInvalid,
	} {
		f.wantFailed(f.do(f.request("GET", "/v1/stage/s/"+query, nil)), 400, code)
	}
	f.wantFailed(f.do(f.request("GET", "/v1/stage/nope/", nil)), 404, wharf.CodeNotFound)
}
