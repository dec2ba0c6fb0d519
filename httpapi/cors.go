package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"wharf"
)

// anyOrigin is the origin that stands for all.
const anyOrigin = "*"

// ParseOrigin returns an origin as browsers write it in the header Origin:
// scheme, host, and the port unless it is the scheme's own. "*" stands for every
// origin, and "null" for pages that have none, such as local files.
func ParseOrigin(s string) (string, error) {
	if s == anyOrigin || s == "null" {
		return s, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(u.Host, anyOrigin) || !isPrintable(u.Host) {
		return "", invalid("an origin is a scheme, a host and perhaps a port, such as https://app.example.com, or * or null")
	}
	host := strings.ToLower(u.Host)
	switch scheme := strings.ToLower(u.Scheme); scheme {
	case "http":
		return "http://" + strings.TrimSuffix(host, ":80"), nil
	case "https":
		return "https://" + strings.TrimSuffix(host, ":443"), nil
	default:
		return scheme + "://" + host, nil
	}
}

func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// origins are those whose pages may use the server: what CORS allows
// (https://fetch.spec.whatwg.org/#http-cors-protocol). Keys are as ParseOrigin
// returns them.
type origins map[string]bool

func newOrigins(list []string) origins {
	o := make(origins, len(list))
	for _, origin := range list {
		o[origin] = true
	}
	return o
}

// allow sets the headers by which a browser lets the page that sends a request
// read the answer. It returns false if the page's origin is not among them.
func (o origins) allow(r *http.Request, h http.Header) bool {
	if len(o) == 0 {
		return false
	}
	h.Add("Vary", "Origin")
	sent := r.Header["Origin"]
	switch {
	case len(sent) != 1:
		return false
	case o[sent[0]] && sent[0] != anyOrigin:
		h.Set("Access-Control-Allow-Origin", sent[0])
		if sent[0] != "null" { // which every sandboxed frame has
			h.Set("Access-Control-Allow-Credentials", "true")
		}
	case o[anyOrigin]:
		h.Set("Access-Control-Allow-Origin", anyOrigin)
	default:
		return false
	}
	h.Set("Access-Control-Expose-Headers", exposed)
	return true
}

// exposed are the headers of answers that pages may read besides those that
// they always may.
const exposed = "Accept-Ranges, Content-Disposition, Content-Length, Content-MD5, Content-Range, ETag, Last-Modified, Location, Retry-After, X-Request-Id"

const (
	crossMethods = "GET, HEAD, PUT, POST, DELETE"
	// preflightAge is how long a browser may remember the answer, in seconds.
	preflightAge = "7200"
)

// isPreflight reports whether a browser asks if a page may send a request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// preflight answers whether a page may send the request that it is about to.
// The request itself still needs a password, or whatever else lets it in.
func preflight(x *exchange, allowed bool) error {
	if !allowed {
		return wharf.Errorf(wharf.CodeDenied, "pages of the origin %q may not use this server; --cors-origin names those that may",
			shorten(x.r.Header.Get("Origin"), shownText))
	}
	h := x.Header()
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", crossMethods)
	// Repeated, because * is not for Authorization.
	if names := strings.Join(x.r.Header["Access-Control-Request-Headers"], ", "); names != "" {
		h.Set("Access-Control-Allow-Headers", names)
	}
	if x.r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Access-Control-Max-Age", preflightAge)
	x.WriteHeader(http.StatusNoContent)
	return nil
}
