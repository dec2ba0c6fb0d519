package harness

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// FakeS3 is a small S3 server in memory, as far as Wharf uses one: it takes
// every bucket and every key to sign with. Its use is to have a fault put
// before it, see [S3Faults].
type FakeS3 struct {
	URL   string
	Close func() // ends the server and its connections

	mu      sync.Mutex // guards what follows
	objects map[string][]byte
	parts   map[string][]byte // by path, UploadId and number
	seen    []string          // the requests: method, path and query
}

// StartFakeS3 starts one. A request that fault answers does not reach it; fault
// may be nil. It is ended with the test.
func StartFakeS3(t testing.TB, fault S3Fault) *FakeS3 {
	t.Helper()
	f := &FakeS3{objects: map[string][]byte{}, parts: map[string][]byte{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		if fault == nil || !fault(f, w, r) {
			f.ServeHTTP(w, r)
		}
	}))
	f.URL, f.Close = srv.URL, sync.OnceFunc(func() { srv.CloseClientConnections(); srv.Close() })
	t.Cleanup(f.Close)
	return f
}

func (f *FakeS3) note(r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) < 10_000 {
		f.seen = append(f.seen, r.Method+" "+r.URL.RequestURI())
	}
}

// Count tells how many requests so far began with the method and had all of
// the words.
func (f *FakeS3) Count(method string, words ...string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, line := range f.seen {
		all := strings.HasPrefix(line, method+" ")
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			n++
		}
	}
	return n
}

// Store puts an object at /bucket/key.
func (f *FakeS3) Store(path string, content []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[path] = content
}

// Paths are those of all objects, in order.
func (f *FakeS3) Paths() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var paths []string
	for path := range f.objects {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func etag(b []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(b)) }

// ServeHTTP answers as S3 does.
func (f *FakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	q, path := r.URL.Query(), r.URL.Path
	switch {
	case r.Method == http.MethodGet && q.Get("list-type") == "2":
		f.list(w, strings.TrimSuffix(path, "/")+"/", q)
	case r.Method == http.MethodGet && q.Has("uploads"):
		io.WriteString(w, "<ListMultipartUploadsResult></ListMultipartUploadsResult>")
	case r.Method == http.MethodPost && q.Has("delete"):
		f.deleteAll(w, strings.TrimSuffix(path, "/")+"/", body)
	case q.Has("uploads") || q.Has("uploadId"):
		f.multipart(w, r.Method, path, q, body)
	case r.Method == http.MethodPut:
		f.objects[path] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(f.objects, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.get(w, r, path)
	}
}

func (f *FakeS3) get(w http.ResponseWriter, r *http.Request, path string) {
	content, ok := f.objects[path]
	if !ok {
		S3Refuse(w, http.StatusNotFound, "NoSuchKey", "there is no such key")
		return
	}
	w.Header().Set("ETag", etag(content))
	http.ServeContent(w, r, "", time.Unix(1_800_000_000, 0), strings.NewReader(string(content)))
}

func (f *FakeS3) list(w io.Writer, bucket string, q url.Values) {
	most, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil {
		most = 1000
	}
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	var keys []string
	for path := range f.objects {
		key, ok := strings.CutPrefix(path, bucket)
		if ok && strings.HasPrefix(key, q.Get("prefix")) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	more := len(keys) > most
	keys = keys[:min(most, len(keys))]
	fmt.Fprintf(w, "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%t</IsTruncated>", more)
	if more {
		fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", keys[len(keys)-1])
	}
	for _, key := range keys {
		io.WriteString(w, S3Entry(key, strconv.Itoa(len(f.objects[bucket+key]))))
	}
	io.WriteString(w, "</ListBucketResult>")
}

// S3Entry is an entry of a list.
func S3Entry(key, size string) string {
	return "<Contents><Key>" + url.QueryEscape(key) + "</Key><Size>" + size + "</Size><ETag>&quot;x&quot;</ETag>" +
		"<LastModified>2026-01-02T03:04:05Z</LastModified></Contents>"
}

func (f *FakeS3) deleteAll(w io.Writer, bucket string, body []byte) {
	var asked struct {
		Object []struct{ Key string }
	}
	if xml.Unmarshal(body, &asked) == nil {
		for _, o := range asked.Object {
			delete(f.objects, bucket+o.Key)
		}
	}
	io.WriteString(w, "<DeleteResult></DeleteResult>")
}

func (f *FakeS3) multipart(w http.ResponseWriter, method, path string, q url.Values, body []byte) {
	part := func(n string) string { return path + "?" + n }
	switch {
	case q.Has("uploads"):
		io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
	case method == http.MethodPut:
		f.parts[part(q.Get("partNumber"))] = body
		w.Header().Set("ETag", etag(body))
	case method == http.MethodPost:
		var whole []byte
		for n := 1; f.parts[part(strconv.Itoa(n))] != nil; n++ {
			whole = append(whole, f.parts[part(strconv.Itoa(n))]...)
		}
		f.objects[path] = whole
		io.WriteString(w, "<CompleteMultipartUploadResult><ETag>&quot;whole-2&quot;</ETag></CompleteMultipartUploadResult>")
	case method == http.MethodDelete:
		clear(f.parts)
		w.WriteHeader(http.StatusNoContent)
	default:
		S3Refuse(w, http.StatusNotFound, "NoSuchUpload", "there is no such upload")
	}
}

// S3Refuse answers with an error as S3 writes it.
func S3Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}
