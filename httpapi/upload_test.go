package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

func TestUploadAnswer(t *testing.T) {
	page := regexp.MustCompile(`^\{"id":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",` +
		`"stage_name":"s","state":"SUCCESS","files":\["books.parquet"\]\}$`)
	for _, method := range []string{"PUT", "POST"} {
		f := start(t)
		a := f.do(f.request(method, uploadPath, strings.NewReader(filePart("books.parquet", "PAR1")+formEnd), toStage, formType))
		if a.status != 200 || !page.MatchString(a.body) {
			t.Errorf("%s answers %d %s", method, a.status, a.body)
		}
		if ct := a.header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("Content-Type is %q", ct)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("the security headers are missing: %v", a.header)
		}
		if got, _ := f.content("books.parquet"); got != "PAR1" {
			t.Errorf("stored %q", got)
		}
		if a.ID == "" || !strings.Contains(f.log.String(), a.ID) {
			t.Errorf("the log does not name the id %s: %s", a.ID, f.log)
		}
	}
}

func TestUploadNames(t *testing.T) {
	for _, c := range []struct{ sent, shown, key, header string }{
		{`a.csv`, "a.csv", "a.csv", ""},
		{`batch/1.csv`, "batch/1.csv", "batch/1.csv", ""},
		{`1.csv`, "1.csv", "in/there/1.csv", "relative_path:in/there"},
		{`1.csv`, "1.csv", "in/1.csv", "x-databend-relative-path:in/"},
		{`with space & <b>.csv`, "with space & <b>.csv", "with space & <b>.csv", ""},
		{`it's 100%.csv`, "it's 100%.csv", "it's 100%.csv", ""},
		{`a%22b.csv`, "a%22b.csv", "a%22b.csv", ""},
		{`a\"b\\c.csv`, `a"b\c.csv`, `a"b\c.csv`, ""},
		{`back\slash`, `back\slash`, `back\slash`, ""},
		{`👍/日本.csv`, "👍/日本.csv", "👍/日本.csv", ""},
		{strings.Repeat("n", 1024), strings.Repeat("n", 1024), strings.Repeat("n", 1024), ""},
	} {
		f := start(t)
		headers := []string{}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		a := f.upload(filePart(c.sent, "x")+formEnd, headers...)
		if a.status != 200 || len(a.Files) != 1 || a.Files[0] != c.shown {
			t.Errorf("%q: %d %s, want the file %q", c.sent, a.status, a.body, c.shown)
		}
		f.wantStored(c.key)
	}
}

func TestUploadSeveral(t *testing.T) {
	f := start(t)
	form := "preamble\r\n" + filePart("b", "first") + filePart("a", "") +
		"--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nignored\r\n" +
		filePart("c", "second") + formEnd + "epilogue"
	a := f.upload(form)
	if want := `"files":["b","a","c"]}`; a.status != 200 || !strings.HasSuffix(a.body, want) {
		t.Errorf("%d %s, want %s", a.status, a.body, want)
	}
	f.wantStored("a", "b", "c")
	if got, _ := f.content("c"); got != "second" {
		t.Errorf("c holds %q", got)
	}
}

func TestUpload10000Parts(t *testing.T) {
	f := start(t)
	const n = 10_000
	var form strings.Builder
	for i := range n {
		form.WriteString(filePart(fmt.Sprintf("%05d", i), fmt.Sprint(i)))
	}
	a := f.upload(form.String() + formEnd)
	if a.status != 200 || len(a.Files) != n || len(f.stored()) != n {
		t.Errorf("%d, %d files named, %d stored", a.status, len(a.Files), len(f.stored()))
	}
	if got, _ := f.content("09999"); got != "9999" {
		t.Errorf("the last file holds %q", got)
	}
}

// TestUploadRefused holds the bad input that is refused before the body is
// read, and what is wrong in the body.
func TestUploadRefused(t *testing.T) {
	good := filePart("a", "x") + formEnd
	for _, c := range []struct {
		name    string
		headers string // comma between
		body    string
		status  int
		code    wharf.Code
		files   []string
	}{
		{"no stage", formType, good, 400, wharf.CodeInvalid, nil},
		{"empty stage", formType + ",stage_name:", good, 400, wharf.CodeInvalid, nil},
		{"bad stage", formType + ",stage_name:../s", good, 400, wharf.CodeInvalid, nil},
		{"two stages", formType + ",stage_name:s,x-databend-stage-name:t", good, 400, wharf.CodeInvalid, nil},
		{"unknown stage", formType + ",stage_name:nope", good, 404, wharf.CodeNotFound, nil},
		{"bad relative path", formType + ",stage_name:s,relative_path:../x", good, 400, wharf.CodeInvalid, nil},
		{"absolute relative path", formType + ",stage_name:s,relative_path:/x", good, 400, wharf.CodeInvalid, nil},
		{"no content type", toStage, good, 415, wharf.CodeMediaType, nil},
		{"not a form", toStage + ",Content-Type:text/csv", good, 415, wharf.CodeMediaType, nil},
		{"other multipart", toStage + ",Content-Type:multipart/mixed; boundary=B", good, 415, wharf.CodeMediaType, nil},
		{"no boundary", toStage + ",Content-Type:multipart/form-data", good, 415, wharf.CodeMediaType, nil},
		{"bad boundary", toStage + ",Content-Type:multipart/form-data; boundary=\"a\tb\"", good, 415, wharf.CodeMediaType, nil},
		{"long boundary", toStage + ",Content-Type:multipart/form-data; boundary=" + strings.Repeat("b", 71), good, 415, wharf.CodeMediaType, nil},
		{"packed", toStage + "," + formType + ",Content-Encoding:gzip", good, 415, wharf.CodeMediaType, nil},

		{"empty body", "", "", 400, wharf.CodeInvalid, nil},
		{"no file", "", formEnd, 400, wharf.CodeInvalid, nil},
		{"text only", "", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n" + formEnd, 400, wharf.CodeInvalid, nil},
		{"boundary never comes", "", strings.Repeat("x", 100_000), 400, wharf.CodeInvalid, nil},
		{"no closing boundary", "", filePart("a", "x"), 400, wharf.CodeInvalid, nil},
		{"ends after a boundary", "", filePart("a", "x") + "--B", 400, wharf.CodeInvalid, nil},
		{"ends after a boundary line", "", filePart("a", "x") + "--B\r\n", 400, wharf.CodeInvalid, []string{"a"}},
		{"half a closing boundary", "", filePart("a", "x") + "--B-", 400, wharf.CodeInvalid, nil},
		{"not quite the boundary", "", filePart("a", "x") + "--Bc\r\n" + formEnd, 400, wharf.CodeInvalid, nil},
		{"bare line feeds", "", strings.ReplaceAll(good, "\r\n", "\n"), 400, wharf.CodeInvalid, nil},
		{"second part broken", "", filePart("a", "x") + "--B\r\nbroken\r\n\r\nx\r\n" + formEnd, 400, wharf.CodeInvalid, []string{"a"}},
		{"second name bad", "", filePart("a", "x") + filePart("../b", "x") + formEnd, 400, wharf.CodeInvalid, []string{"a"}},
		{"large text", "", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + strings.Repeat("x", 2<<20) + "\r\n" + good, 400, wharf.CodeInvalid, nil},
		{"large part header", "", "--B\r\nX: " + strings.Repeat("x", 17<<10) + "\r\n" + good, 413, wharf.CodeTooLarge, nil},
		{"many part headers", "", "--B\r\n" + strings.Repeat("X: y\r\n", 65) + good[5:], 413, wharf.CodeTooLarge, nil},
		{"base64", "", "--B\r\nContent-Transfer-Encoding: base64\r\n" + good[5:], 400, wharf.CodeInvalid, nil},

		{"empty name", "", filePart("", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"absolute name", "", filePart("/etc/passwd", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"absolute name in a folder", toStage + ",relative_path:d," + formType, filePart("/a", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"dots", "", filePart("a/../b", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"NUL", "", filePart("a\x00b", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"control", "", filePart("a\x1bb", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"long name", "", filePart(strings.Repeat("n", 1025), "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"not UTF-8", "", filePart("a\xff", "x") + formEnd, 400, wharf.CodeInvalid, nil},
		{"folder", "", filePart("a/", "x") + formEnd, 400, wharf.CodeInvalid, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t)
			if c.headers == "" {
				c.headers = toStage + "," + formType
			}
			req := f.request("PUT", uploadPath, strings.NewReader(c.body), strings.Split(c.headers, ",")...)
			f.wantFailed(f.do(req), c.status, c.code, c.files...)
			f.wantStored(c.files...)
		})
	}
}

func TestUploadTooLarge(t *testing.T) {
	f := start(t, func(s *settings) { s.service.MaxFileSize = 1000 })
	if a := f.upload(filePart("fits", strings.Repeat("x", 1000)) + filePart("too", strings.Repeat("x", 1000)) + formEnd); a.status != 200 {
		t.Errorf("files of just the limit: %d %s", a.status, a.body)
	}
	for _, n := range []int{1001, 10 << 20} {
		a := f.upload(filePart("first", "x") + filePart("over", strings.Repeat("x", n)) + formEnd)
		f.wantFailed(a, 413, wharf.CodeTooLarge, "first")
	}
	f.wantStored("first", "fits", "too")
}

// TestUploadStoreFails ranges over all codes: each reaches the client with
// its status, and an internal cause reaches the log and not the client.
func TestUploadStoreFails(t *testing.T) {
	for _, code := range wharf.Codes() {
		f := start(t)
		f.faulty.BeforePut = func(_ context.Context, key wharf.Key) error {
			if key == "bad" {
				return &wharf.Error{Code: code, Op: "test", Msg: "told", Err: fmt.Errorf("the cause, in /srv/secret")}
			}
			return nil
		}
		a := f.upload(filePart("good", "x") + filePart("bad", "x") + formEnd)
		f.wantFailed(a, a.status, code, "good")
		if a.Error.Message != "told" || strings.Contains(a.body, "secret") {
			t.Errorf("%s: the client is told %s", code, a.body)
		}
		if n := strings.Count(f.log.String(), "/srv/secret"); n != 1 {
			t.Errorf("%s: the cause is %d times in the log: %s", code, n, f.log)
		}
		if retry := a.header.Get("Retry-After"); (retry != "") != (a.status == 503) {
			t.Errorf("%s: status %d with Retry-After %q", code, a.status, retry)
		}
		f.wantStored("good")
	}
}

func TestUploadStageDropped(t *testing.T) {
	f := start(t)
	f.faulty.AfterPut = func(ctx context.Context, _ wharf.Object) {
		if _, err := f.service.DropStage(ctx, wharf.Root, "s", false); err != nil {
			t.Error(err)
		}
	}
	f.wantFailed(f.upload(filePart("a", "x")+formEnd), 404, wharf.CodeNotFound)
	f.wantStored()
}

func TestUploadPanics(t *testing.T) {
	f := start(t)
	f.faulty.BeforePut = func(context.Context, wharf.Key) error { panic("at the disk") }
	f.wantFailed(f.upload(filePart("a", "x")+formEnd), 500, wharf.CodeInternal)
	if !strings.Contains(f.log.String(), "at the disk") {
		t.Errorf("the log does not say why: %s", f.log)
	}
	f.faulty.BeforePut = nil
	if a := f.upload(filePart("a", "x") + formEnd); a.status != 200 {
		t.Errorf("after a panic: %d %s", a.status, a.body)
	}
}

// TestUploadManyNames has a form with as many of the longest names as the promise
// of 10,000 parts asks for, and one with more than an answer can name: what
// landed before the limit stays, and is named.
func TestUploadManyNames(t *testing.T) {
	f := start(t)
	long := strings.Repeat("n", 1024-len("99999"))
	form := func(files int) string {
		var b strings.Builder
		for i := range files {
			b.WriteString(filePart(fmt.Sprintf("%05d%s", i, long), ""))
		}
		return b.String() + formEnd
	}
	if a := f.upload(form(10_000)); a.status != 200 {
		t.Fatalf("10,000 files: %d %.200s", a.status, a.body)
	}
	a := f.upload(form(13_000))
	if a.status != 400 || strings.Count(a.body, long) < 10_000 || !strings.Contains(a.body, "too many files") {
		t.Errorf("13,000 files: %d, %d of them named, %.200s", a.status, strings.Count(a.body, long), a.body)
	}
}

// TestUploadNamesHaveRoom: a form of many files lands however little memory
// there is for files, and two of them one after the other, though both hold
// some of that while they wait for room for their names.
func TestUploadNamesHaveRoom(t *testing.T) {
	f := start(t, func(s *settings) { s.service.UploadMemory = 4 << 20 })
	long := strings.Repeat("n", 1000)
	var form strings.Builder
	for i := range 3000 {
		form.WriteString(filePart(fmt.Sprintf("%05d%s", i, long), ""))
	}
	form.WriteString(formEnd)
	answers := make(chan answer, 4)
	for range cap(answers) {
		go func() { answers <- f.upload(form.String()) }()
	}
	for range cap(answers) {
		if a := <-answers; a.status != 200 || len(a.Files) != 3000 {
			t.Errorf("%d, %d files, %.200s", a.status, len(a.Files), a.Error.Message)
		}
	}
}

// TestUploadNamesWait: one form at a time has room for its many names, until
// it is answered.
func TestUploadNamesWait(t *testing.T) {
	f := start(t, func(s *settings) { s.service.UploadWait = 50 * time.Millisecond })
	gate := storagetest.NewGate()
	f.faulty.BeforePut = func(ctx context.Context, key wharf.Key) error {
		if key == "last" {
			return gate.Wait(ctx)
		}
		return nil
	}
	var form strings.Builder
	for i := range 1000 {
		form.WriteString(filePart(fmt.Sprintf("%05d%s", i, strings.Repeat("n", 1000)), ""))
	}
	first := make(chan answer, 1)
	go func() { first <- f.upload(form.String() + filePart("last", "") + formEnd) }()
	<-gate.Arrived()
	a := f.upload(form.String() + formEnd)
	f.wantFailed(a, 503, wharf.CodeUnavailable, a.Files...)
	if len(a.Files) < 400 || len(a.Files) > 600 {
		t.Errorf("%d files landed before there was no room for their names", len(a.Files))
	}
	gate.Open()
	if a := <-first; a.status != 200 {
		t.Errorf("the first: %d %.200s", a.status, a.body)
	}
	// A client has its answer before the server has its room back.
	f.eventually("room afterwards", func() bool { return f.upload(form.String()+formEnd).status == 200 })
}

func TestUploadBusy(t *testing.T) {
	f := start(t, func(s *settings) { s.service.UploadMemory, s.service.UploadWait = 1, 1 })
	gate := storagetest.NewGate()
	f.faulty.BeforePut = func(ctx context.Context, _ wharf.Key) error { return gate.Wait(ctx) }
	first := make(chan answer, 1)
	go func() { first <- f.upload(filePart("a", "x") + formEnd) }()
	<-gate.Arrived()
	a := f.upload(filePart("b", "x") + formEnd)
	f.wantFailed(a, http.StatusServiceUnavailable, wharf.CodeUnavailable)
	if a.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	gate.Open()
	if a := <-first; a.status != 200 {
		t.Errorf("the upload that had room: %d %s", a.status, a.body)
	}
}

// options is a Store that tells with which options it was put to.
type options struct {
	wharf.Store
	seen chan wharf.PutOptions
}

func (s options) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	s.seen <- o
	return s.Store.Put(ctx, key, r, o)
}

// TestUploadOptions says what the store is told of a file's length: all of it
// where the file is small, else that it is not longer than its form.
func TestUploadOptions(t *testing.T) {
	large := strings.Repeat("x", 256<<10) // so long that no read has it whole
	store := options{memory.New(), make(chan wharf.PutOptions, 9)}
	f := start(t, func(s *settings) { s.service.Opener, s.service.MaxFileSize = oneStore{store}, 1<<20 })
	first, second := filePart("a", "small")+filePart("b", large), filePart("c", "")
	if a := f.upload(first + second + formEnd); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, want := range []wharf.PutOptions{
		{Size: 5, Limit: 1 << 20},
		{Size: wharf.UnknownSize, Limit: int64(len(large + "\r\n" + second + formEnd))},
		{Size: 0, Limit: 1 << 20},
	} {
		if got := <-store.seen; got != want {
			t.Errorf("the store is told %+v, want %+v", got, want)
		}
	}
	form := first + formEnd
	if a := f.do(f.request("PUT", uploadPath, onlyReader{strings.NewReader(form)}, toStage, formType)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	<-store.seen
	if got, want := <-store.seen, (wharf.PutOptions{Size: wharf.UnknownSize, Limit: 1 << 20}); got != want {
		t.Errorf("without Content-Length the store is told %+v, want %+v", got, want)
	}
}
