package httpapi_test

import (
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// FuzzAuthorization lets nobody in but by Basic credentials that are root's, or a
// token that is right.
func FuzzAuthorization(f *testing.F) {
	fix := start(f, func(s *settings) { s.http.Auth, s.http.Logger = password("sesame"), nil })
	encode := base64.StdEncoding.EncodeToString
	for _, v := range []string{"Basic " + encode([]byte("root:sesame")), "basic  " + encode([]byte("root:open")), "Bearer x", "bearer  right ", "Basic", "Basic " + encode([]byte("root\x00:sesame")), "Basic " + encode([]byte(":")), "Basic ===="} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		w := newRecorder()
		req := &http.Request{
			Method: "GET", URL: &url.URL{Path: "/v1/stage/s/"}, Host: "localhost", RemoteAddr: "127.0.0.1:1", Body: http.NoBody,
			Header: http.Header{"Authorization": {value}},
		}
		fix.server.ServeHTTP(w, req.WithContext(t.Context()))
		scheme, rest, _ := strings.Cut(value, " ")
		given, err := base64.StdEncoding.DecodeString(rest)
		right := strings.EqualFold(scheme, "Basic") && err == nil && string(given) == "root:sesame"
		scheme, rest, _ = strings.Cut(strings.Trim(value, " \t"), " ")
		right = right || strings.EqualFold(scheme, "Bearer") && strings.Trim(rest, " \t") == "right"
		if right != (w.status == 200) || !right && w.status != 401 {
			t.Errorf("%q: %d", value, w.status)
		}
	})
}

// fuzzedIn says, for each header of a request that this package reads, which
// fuzz target has it with any value, or else why none has.
var fuzzedIn = map[string]string{
	"Authorization": "FuzzAuthorization",

	"X-Forwarded-For":   "FuzzForwarded",
	"Forwarded":         "only its presence counts",
	"Via":               "only its presence counts",
	"X-Forwarded-Host":  "only its presence counts",
	"X-Forwarded-Proto": "only its presence counts",
	"X-Real-Ip":         "only its presence counts",

	"If-Match": "FuzzConditions", "If-None-Match": "FuzzConditions", "If-Modified-Since": "FuzzConditions",
	"If-Unmodified-Since": "FuzzConditions", "If-Range": "FuzzConditions", "Range": "FuzzRanges",

	"Content-Type": "FuzzContentType", "Content-Encoding": "FuzzUploadHeader", "Content-Range": "FuzzUploadHeader",
	"X-Amz-Copy-Source": "FuzzUploadHeader", "Trailer": "FuzzUploadHeader", "X-Amz-Trailer": "FuzzUploadHeader",
	"Content-Length": "FuzzHeaderLimit", "Transfer-Encoding": "FuzzHeaderLimit",

	"Content-Md5": "FuzzChecksums", "X-Amz-Checksum-": "FuzzChecksums", "X-Amz-Checksum-Crc32": "FuzzChecksums", "X-Amz-Checksum-Crc32c": "FuzzChecksums",
	"X-Amz-Checksum-Sha1": "FuzzChecksums", "X-Amz-Checksum-Sha256": "FuzzChecksums", "X-Amz-Content-Sha256": "FuzzChecksums",
	"X-Checksum-Md5": "FuzzChecksums", "X-Checksum-Sha1": "FuzzChecksums", "X-Checksum-Sha256": "FuzzChecksums", "X-Checksum-Sha512": "FuzzChecksums",
	"Digest": "FuzzChecksums", "Content-Digest": "FuzzChecksums", "Repr-Digest": "FuzzChecksums", "X-Goog-Hash": "FuzzChecksums",

	"Stage_name": "FuzzDestination", "X-Databend-Stage-Name": "FuzzDestination", "Relative_path": "FuzzDestination", "X-Databend-Relative-Path": "FuzzDestination",
	"Relative-Path": "only its presence counts", "X-Relative-Path": "only its presence counts", "X_relative_path": "only its presence counts",
	"Stage-Name": "only its presence counts", "X-Stage-Name": "only its presence counts", "X_stage_name": "only its presence counts",

	"Content-Disposition": "FuzzDisposition", "Content-Transfer-Encoding": "FuzzForm", // of parts of a form

	"Origin": "FuzzOrigin", "Access-Control-Request-Method": "FuzzOrigin", "Access-Control-Request-Headers": "FuzzOrigin",
	"Access-Control-Request-Private-Network": "compared with one word",
	"Accept":                                 "one word is looked for in it",
	"Wharf-Hop":                              "only its presence counts",

	// Not headers, but parsed from requests in the same way.
	"Host": "FuzzHost", "query of a list": "FuzzListQuery", "query of a presigned URL": "FuzzPresigned",
}

// onlyAnswered are headers of answers, and what else looks like a header.
var onlyAnswered = []string{
	"Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
	"Access-Control-Allow-Private-Network", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Cache-Control", "Connection", "Content-Security-Policy",
	"ETag", "Last-Modified", "Retry-After", "Vary", "WWW-Authenticate", "X-Content-Type-Options", "X-Request-Id", "Content-MD5", "Allow",
	"Referrer-Policy", "Cross-Origin-Resource-Policy",
	"X-Wharf-", "X-Wharf-Content-Type", // parameters of presigned URLs
	"UNSIGNED-PAYLOAD", // a value
}

// TestHeadersAreFuzzed finds the headers in the source of this package: each is
// in one of the lists above, and each fuzz target named there exists.
func TestHeadersAreFuzzed(t *testing.T) {
	found := map[string]bool{"Host": true, "query of a list": true, "query of a presigned URL": true, "Wharf-Hop": true}
	targets := map[string]bool{}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					targets[f.Name.Name] = true
				}
			}
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool { addHeaders(n, found); return true })
	}
	for name := range found {
		if fuzzedIn[name] == "" && !slices.Contains(onlyAnswered, name) {
			t.Errorf("the header %s is in the source, and neither has a fuzz target nor is only answered", name)
		}
	}
	for name, by := range fuzzedIn {
		if !found[name] {
			t.Errorf("the header %s is listed and not in the source", name)
		}
		if strings.HasPrefix(by, "Fuzz") && !targets[by] {
			t.Errorf("%s: there is no %s", name, by)
		}
	}
}

// headerLike is what looks like a header's name of several words.
var headerLike = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*([-_][A-Za-z0-9]+)+-?$`)

// oneWord are the names of one word that requests may have (IANA's registry of
// HTTP field names).
var oneWord = strings.Fields("Accept Age Allow Authorization Connection Cookie Cookie2 Date Depth Destination Digest Expect Forwarded From Host If " +
	"Link Location Origin Overwrite Pragma Prefer Priority Range Referer Server TE Timeout Trailer Upgrade Via Warning")

// addHeaders adds the names of headers in a node of the source: strings that look
// like one, and whatever a header is asked for.
func addHeaders(n ast.Node, found map[string]bool) {
	add := func(e ast.Expr, always bool) {
		if s, ok := stringOf(e); ok && (always || headerLike.MatchString(s) || slices.Contains(oneWord, s)) {
			found[s] = true
		}
	}
	switch n := n.(type) {
	case *ast.BasicLit:
		add(n, false)
	case *ast.IndexExpr:
		if isHeader(n.X) {
			add(n.Index, true)
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && isHeader(f.X) && len(n.Args) > 0 {
			add(n.Args[0], true)
		}
	}
}

// isHeader reports whether an expression is a header, as far as its text tells.
func isHeader(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "h"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Header"
	case *ast.CallExpr:
		return isHeader(e.Fun)
	}
	return false
}

func stringOf(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
