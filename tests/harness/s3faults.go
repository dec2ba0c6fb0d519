package harness

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// S3Fault answers a request in the place of a [FakeS3], and reports whether it
// did.
type S3Fault func(f *FakeS3, w http.ResponseWriter, r *http.Request) bool

// What requests are for.
func isS3List(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2"
}
func isS3Put(r *http.Request) bool {
	return r.Method == http.MethodPut && !r.URL.Query().Has("uploadId")
}
func isS3Batch(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("delete")
}
func isS3Begin(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploads")
}
func isS3Complete(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
}
func isS3Get(r *http.Request) bool {
	return r.Method == http.MethodGet && len(r.URL.Query()) <= 1 && !isS3List(r)
}
func isS3Head(r *http.Request) bool { return r.Method == http.MethodHead }
func isS3Any(*http.Request) bool    { return true }

// on answers the requests that fit with a status and a body. Headers are given
// as "Name: value".
func on(fits func(*http.Request) bool, status int, body string, headers ...string) S3Fault {
	return func(_ *FakeS3, w http.ResponseWriter, r *http.Request) bool {
		if !fits(r) {
			return false
		}
		io.Copy(io.Discard, r.Body)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
}

// endless answers with a beginning, and then with a piece again and again until
// the client leaves.
func endless(fits func(*http.Request) bool, status int, begin, piece string, pause time.Duration) S3Fault {
	return func(_ *FakeS3, w http.ResponseWriter, r *http.Request) bool {
		if !fits(r) {
			return false
		}
		io.Copy(io.Discard, r.Body)
		w.Header().Set("ETag", `"x"`)
		w.WriteHeader(status)
		io.WriteString(w, begin)
		for {
			if _, err := io.WriteString(w, piece); err != nil {
				return true
			}
			if pause > 0 {
				w.(http.Flusher).Flush()
			}
			select {
			case <-r.Context().Done():
				return true
			case <-time.After(pause):
			}
		}
	}
}

const (
	s3Page  = "<!DOCTYPE html><html><head><title>Hello</title></head><body><p>Log in, please.<br></body></html>"
	s3Begin = "<ListBucketResult><EncodingType>url</EncodingType>"
	s3End   = "</ListBucketResult>"
	s3Error = "<Error><Code>InternalError</Code><Message>"
)

// page is a list of one page with the entries.
func page(entries ...string) string { return s3Begin + strings.Join(entries, "") + s3End }

// going is a page that goes on at a token.
func going(token string, entries ...string) string {
	return s3Begin + "<IsTruncated>true</IsTruncated><NextContinuationToken>" + token + "</NextContinuationToken>" + strings.Join(entries, "") + s3End
}

// pages answers lists with a new token each time.
func pages(entries ...string) S3Fault {
	return func(f *FakeS3, w http.ResponseWriter, r *http.Request) bool {
		if isS3List(r) {
			io.WriteString(w, going("token-"+strconv.Itoa(f.Count(http.MethodGet, "list-type=2")), entries...))
		}
		return isS3List(r)
	}
}

// HalfS3 are servers that are no S3 server or half of one, by the name of
// their fault. What they answer must not be believed.
func HalfS3() map[string]S3Fault {
	return map[string]S3Fault{
		"a page for everything":              on(isS3Any, 200, s3Page, "Content-Type: text/html"),
		"nothing for everything":             on(isS3Any, 200, ""),
		"204 for everything":                 on(isS3Any, 204, ""),
		"a page with an ETag for everything": on(isS3Any, 200, s3Page, `ETag: "abc"`),
		"JSON for everything":                on(isS3Any, 200, `{"ok":true}`),
		"a page that says 404":               on(isS3Any, 404, s3Page),
		"a page that says 405":               on(isS3Any, 405, s3Page),
		"a login page elsewhere":             on(isS3Any, 302, s3Page, "Location: http://login.example.test/?to=1"),
		"a redirect to itself":               on(isS3Any, 307, "", "Location: /"),
		"another protocol":                   banner,
		"another service's XML":              on(isS3Any, 200, "<feed><entry/></feed>"),

		"stores without an ETag":         on(isS3Put, 200, ""),
		"stores other bytes":             on(isS3Put, 200, "", `ETag: "5d41402abc4b2a76b9719d911017c592"`),
		"stores perhaps later":           on(isS3Put, 202, "", `ETag: "abc"`),
		"stores with an error inside":    on(isS3Put, 200, s3Error+"x</Message></Error>", `ETag: "abc"`),
		"begins without an UploadId":     on(isS3Begin, 200, "<InitiateMultipartUploadResult></InitiateMultipartUploadResult>"),
		"completes with nothing":         on(isS3Complete, 200, ""),
		"completes without a result":     on(isS3Complete, 200, "<Done/>"),
		"completes without an ETag":      on(isS3Complete, 200, "<CompleteMultipartUploadResult/>"),
		"completes with an error inside": on(isS3Complete, 200, "   \n"+s3Error+"x</Message></Error>"),

		"ends a page without a token":  on(isS3List, 200, s3Begin+"<IsTruncated>true</IsTruncated>"+S3Entry("p/a.csv", "1")+s3End),
		"repeats a token":              on(isS3List, 200, going("again", S3Entry("p/a.csv", "1"))),
		"ignores the token":            pages(S3Entry("p/a.csv", "1"), S3Entry("p/b.csv", "1")),
		"lists empty pages for ever":   pages(),
		"lists what was not asked for": on(isS3List, 200, page(S3Entry("other/a.csv", "1"))),
		"lists a key twice":            on(isS3List, 200, page(S3Entry("p/a.csv", "1"), S3Entry("p/a.csv", "1"))),
		"lists a negative size":        on(isS3List, 200, page(S3Entry("p/a.csv", "-1"))),
		"lists an absurd size":         on(isS3List, 200, page(S3Entry("p/a.csv", "9223372036854775807"))),
		"lists a size in words":        on(isS3List, 200, page(S3Entry("p/a.csv", "many"))),
		"lists a bad time":             on(isS3List, 200, page("<Contents><Key>p/a.csv</Key><Size>1</Size><LastModified>yesterday</LastModified></Contents>")),
		"lists folders for files":      on(isS3List, 200, page(S3Entry("p/a.csv", "1"), "<CommonPrefixes><Prefix>p/b/</Prefix></CommonPrefixes>")),
		"lists in another encoding":    on(isS3List, 200, `<?xml version="1.0" encoding="ISO-8859-1"?>`+page(S3Entry("p/a.csv", "1"))),
		"lists an entry without a key": on(isS3List, 200, page("<Contents><Size>1</Size></Contents>")),
		"lists with an error inside":   on(isS3List, 200, s3Error+"x</Message></Error>"),
		"lists half a page":            on(isS3List, 200, s3Begin+S3Entry("p/a.csv", "1")),
		"removes with nothing":         on(isS3Batch, 200, ""),
		"removes with a bare 204":      on(isS3Batch, 204, ""),

		"heads without a length":     headLength(""),
		"heads an absurd length":     headLength("9223372036854775807"),
		"heads without an ETag":      on(isS3Head, 200, "", "Content-Length: 3"),
		"gets the whole for a range": on(isS3Get, 200, "wrong", `ETag: "5d41402abc4b2a76b9719d911017c592"`),
		"gets another range":         on(isS3Get, 206, "wrong", `ETag: "5d41402abc4b2a76b9719d911017c592"`, "Content-Range: bytes 1-5/6"),
	}
}

// banner answers as a server of SSH does.
func banner(_ *FakeS3, w http.ResponseWriter, _ *http.Request) bool {
	c, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return false
	}
	defer c.Close()
	rw.WriteString("SSH-2.0-OpenSSH_9.7\r\n")
	rw.Flush()
	return true
}

// headLength answers HEAD with a length as it is given, on a connection of its
// own: package http would not.
func headLength(length string) S3Fault {
	return func(_ *FakeS3, w http.ResponseWriter, r *http.Request) bool {
		if !isS3Head(r) {
			return false
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return false
		}
		defer c.Close()
		if length != "" {
			length = "Content-Length: " + length + "\r\n"
		}
		fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nETag: \"x\"\r\n%sConnection: close\r\n\r\n", length)
		rw.Flush()
		return true
	}
}

// HostileS3 are servers that take memory, time or connections from who asks
// them, by the name of their fault.
func HostileS3() map[string]S3Fault {
	const mib = 1 << 20
	deep := strings.Repeat("<a>", mib/3)
	flat := strings.Repeat("x", mib)
	return map[string]S3Fault{
		"an error without an end":        endless(isS3Any, 500, s3Error, flat, 0),
		"an error nested without an end": endless(isS3Any, 400, "<Error>", deep, 0),
		"a page without an end":          endless(isS3List, 200, s3Begin, S3Entry("p/a.csv", "1"), 0),
		"a page nested without an end":   endless(isS3List, 200, s3Begin, deep, 0),
		"a key without an end":           endless(isS3List, 200, s3Begin+"<Contents><Key>p/", flat, 0),
		"a tag without an end":           endless(isS3List, 200, s3Begin+"<Contents a='", flat, 0),
		"a comment without an end":       endless(isS3List, 200, s3Begin+"<!--", flat, 0),
		"blanks without an end":          endless(isS3List, 200, "", strings.Repeat(" ", mib), 0),
		"entries without an end":         endless(isS3List, 200, s3Begin, strings.Repeat("<Contents/>", mib/11), 0),
		"entities of entities": endless(isS3List, 200,
			`<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`+s3Begin, "&b;", 0),
		"keys of some KiB":    wide,
		"a token of many MiB": on(isS3List, 200, going(strings.Repeat("t", 32*mib), S3Entry("p/a.csv", "1"))),
		"an UploadId of many MiB": on(isS3Begin, 200,
			"<InitiateMultipartUploadResult><UploadId>"+strings.Repeat("u", 32*mib)+"</UploadId></InitiateMultipartUploadResult>"),
		"an UploadId of some KiB": on(isS3Begin, 200,
			"<InitiateMultipartUploadResult><UploadId>"+strings.Repeat("u", 6<<10)+"</UploadId></InitiateMultipartUploadResult>"),
		"an answer to a PUT without an end": endless(isS3Put, 200, "<x>", flat, 0),
		"headers without an end":            rawAnswer("HTTP/1.1 200 OK\r\n", "X-Header: "+strings.Repeat("h", 1000)+"\r\n"),
		"1xx answers without an end":        rawAnswer("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
		"a bomb of gzip":                    bomb,
	}
}

// wide answers lists with full pages of keys that are longer than S3's, a few
// times.
func wide(f *FakeS3, w http.ResponseWriter, r *http.Request) bool {
	if !isS3List(r) {
		return false
	}
	n := f.Count(http.MethodGet, "list-type=2")
	entries := make([]string, 1000)
	for i := range entries {
		entries[i] = S3Entry(fmt.Sprintf("p/%09d-%04d-%s", n, i, strings.Repeat("k", 3900)), "1")
	}
	if n < 20 {
		io.WriteString(w, going(strconv.Itoa(n), entries...))
	} else {
		io.WriteString(w, page(entries...))
	}
	return true
}

// rawAnswer writes a beginning, and then a piece until the client leaves.
func rawAnswer(begin, piece string) S3Fault {
	return func(_ *FakeS3, w http.ResponseWriter, r *http.Request) bool {
		io.Copy(io.Discard, r.Body)
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return false
		}
		defer c.Close()
		for _, err = rw.WriteString(begin); err == nil; {
			_, err = rw.WriteString(piece)
		}
		return true
	}
}

// bomb answers with 1 GiB of zeros in 1 MiB.
func bomb(_ *FakeS3, w http.ResponseWriter, r *http.Request) bool {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("ETag", `"x"`)
	z := gzip.NewWriter(w)
	defer z.Close()
	block := make([]byte, 1<<20)
	for range 1 << 10 {
		if _, err := z.Write(block); err != nil || r.Context().Err() != nil {
			break
		}
	}
	return true
}

// DrippingS3 are servers whose answers come byte by byte, by the name of what
// drips.
func DrippingS3() map[string]S3Fault {
	const pause = 200 * time.Millisecond
	return map[string]S3Fault{
		"a page that drips":   endless(isS3List, 200, s3Begin, " ", pause),
		"an error that drips": endless(isS3Any, 500, s3Error, "x", pause),
		"blanks that drip":    endless(isS3List, 200, "", " ", pause),
	}
}
