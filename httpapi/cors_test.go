package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/httpapi"
)

const (
	app   = "https://app.example"
	other = "http://localhost:3000"
	evil  = "https://evil.example"
)

// TestCrossOrigin: which pages may read an answer, and with what.
func TestCrossOrigin(t *testing.T) {
	for _, c := range []struct {
		origins             []string
		sent, allow, browse string // the origin that is sent; that which is allowed; whether credentials are
	}{
		{nil, app, "", ""},
		{[]string{app}, app, app, "true"},
		{[]string{app, other}, other, other, "true"},
		{[]string{app}, evil, "", ""},
		{[]string{app}, "https://app.example.evil.example", "", ""},
		{[]string{app}, "http://app.example", "", ""},
		{[]string{app}, "https://app.example:8443", "", ""},
		{[]string{app}, "null", "", ""},
		{[]string{app}, "*", "", ""},
		{[]string{"null"}, "null", "null", ""},
		{[]string{"*"}, evil, "*", ""},
		{[]string{"*"}, "null", "*", ""},
		{[]string{"*", app}, app, app, "true"},
		{[]string{"*", app}, "*", "*", ""},
	} {
		f := start(t, func(s *settings) { s.http.Origins = c.origins })
		f.put("a", "x")
		for _, req := range []*http.Request{
			f.request("GET", stageURL("a"), nil, "Origin:"+c.sent, "Range:bytes=0-0"),
			f.request("HEAD", stageURL("a"), nil, "Origin:"+c.sent),
			f.request("GET", stageURL("gone"), nil, "Origin:"+c.sent),
			f.request("GET", "/v1/health", nil, "Origin:"+c.sent),
			f.request("PUT", uploadPath, strings.NewReader(filePart("b", "x")+formEnd), "Origin:"+c.sent, toStage, formType),
		} {
			h := f.do(req).header
			exposes := h.Get("Access-Control-Expose-Headers")
			if h.Get("Access-Control-Allow-Origin") != c.allow || h.Get("Access-Control-Allow-Credentials") != c.browse ||
				strings.Contains(exposes, "ETag") != (c.allow != "") || strings.Contains(exposes, "Content-Range") != (c.allow != "") ||
				slices.Contains(h.Values("Vary"), "Origin") != (c.origins != nil) {
				t.Errorf("%q, %s %s from %s: %v", c.origins, req.Method, req.URL.Path, c.sent, h)
			}
		}
	}
}

// TestPreflight is what browsers ask before a page's request, without a
// password, which they never send then.
func TestPreflight(t *testing.T) {
	f := start(t, func(s *settings) { s.http.Origins = []string{app}; s.http.Auth = password("sesame") })
	for _, path := range []string{uploadPath, stageURL("a/b"), stageURL(""), "/v1/health"} {
		ask := func(headers ...string) answer {
			return f.do(f.request("OPTIONS", path, nil, append(headers, "Access-Control-Request-Method:PUT")...))
		}
		a := ask("Origin:"+app, "Access-Control-Request-Headers:authorization,stage_name,content-type", "Access-Control-Request-Private-Network:true")
		h := a.header
		if a.status != 204 || a.body != "" || h.Get("Access-Control-Allow-Origin") != app ||
			h.Get("Access-Control-Allow-Headers") != "authorization,stage_name,content-type" ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "PUT") || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "DELETE") ||
			h.Get("Access-Control-Max-Age") == "" || h.Get("Access-Control-Allow-Private-Network") != "true" {
			t.Errorf("%s: %d %s %v", path, a.status, a.body, h)
		}
		a = ask("Origin:" + evil)
		f.wantFailed(a, 403, wharf.CodeDenied)
		if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Access-Control-Allow-Methods") != "" || !strings.Contains(a.Error.Message, "--cors-origin") {
			t.Errorf("%s from %s: %s %v", path, evil, a.body, a.header)
		}
		if a := f.do(f.request("GET", path, nil, "Origin:"+app)); a.status == 200 && path != "/v1/health" {
			t.Errorf("%s: a page needs no password: %d", path, a.status)
		}
	}
	// An OPTIONS request that is no preflight is answered as before.
	if a := f.do(f.request("OPTIONS", uploadPath, nil)); a.status != 204 || !strings.Contains(a.header.Get("Allow"), "PUT") {
		t.Errorf("OPTIONS: %d %v", a.status, a.header)
	}
}

func TestParseOrigin(t *testing.T) {
	for in, want := range map[string]string{
		"*": "*", "null": "null", "HTTPS://A.example/": "https://a.example", "http://a:80": "http://a", "https://a:80": "https://a:80",
		"http://[::1]:3000": "http://[::1]:3000", "chrome-extension://abc": "chrome-extension://abc",
	} {
		if got, err := httpapi.ParseOrigin(in); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, bad := range []string{"", "a.example", "//a", "https:", "https://", "https://a/b", "https://a#b", "https://a?b", "https://u:p@a", "https://*", "https://ä", "https://a b"} {
		if got, err := httpapi.ParseOrigin(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}
