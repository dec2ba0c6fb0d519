package httpapi

import (
	"html"
	"net/http"
	"strconv"
	"strings"

	"wharf"
)

// page is the answer of GET /: to a person, who sees what this is.
func (s *Server) page(x *exchange) error {
	x.Header().Set("Vary", "Accept")
	if strings.Contains(x.r.Header.Get("Accept"), "text/html") {
		return x.answerText("text/html; charset=utf-8", strings.ReplaceAll(pageHTML, "VERSION", html.EscapeString(s.version)))
	}
	return x.answerText("text/plain; charset=utf-8", strings.ReplaceAll(pageText, "VERSION", s.version))
}

// readme is the answer of GET /README.md, as text, which browsers show.
func (s *Server) readme(x *exchange) error {
	return x.answerText("text/plain; charset=utf-8", wharf.README)
}

// answerText writes a text as the whole answer.
func (x *exchange) answerText(kind, text string) error {
	h := x.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Cache-Control", "no-cache")
	out := &answerBody{x: x, status: http.StatusOK}
	x.WriteHeader(http.StatusOK)
	if x.r.Method == http.MethodHead {
		return nil
	}
	if _, err := out.Write([]byte(text)); err != nil {
		return out.disconnected("httpapi.page")
	}
	return nil
}

const pageText = `Wharf VERSION

This is a stage server: a place where data files land before they are loaded.
A stage is made with a MySQL client, and files are uploaded into it like this:

  curl -H stage_name:s -F upload=@data.csv http://this-server/v1/upload_to_stage

Read more at /README.md on this server. GET /v1/health tells whether it is up.
`

const pageHTML = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Wharf</title></head>
<body>
<h1>Wharf VERSION</h1>
<p>This is a stage server: a place where data files land before they are loaded.
A stage is made with a MySQL client, and files are uploaded into it like this:</p>
<pre>curl -H stage_name:s -F upload=@data.csv http://this-server/v1/upload_to_stage</pre>
<p>Read more in the <a href="README.md">README</a>. <a href="v1/health">Health</a> tells whether it is up.</p>
</body>
</html>
`

// health is the answer of GET /v1/health.
type health struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

// live reports that the process answers, also while it stops.
func (s *Server) live(x *exchange) error {
	return newJSONWriter(x, http.StatusOK).value(health{Status: "ok", Version: s.version}).end()
}

// showMetrics is the answer of GET /metrics. It names all stages, so that it
// takes SUPER.
func (s *Server) showMetrics(x *exchange) error {
	access, err := s.service.Access(x.r.Context(), x.principal)
	if err != nil {
		return err
	}
	if !access.IsSuper() {
		return wharf.Errorf(wharf.CodeDenied, "metrics need the privilege SUPER; --metrics-addr opens an address for them alone")
	}
	if s.metrics == nil {
		return wharf.Errorf(wharf.CodeNotFound, "this server has no metrics")
	}
	x.Header()["Cache-Control"] = noStore
	s.metrics.ServeHTTP(x, x.r)
	return nil
}

// health reports whether the server takes work. It asks nothing of the stores:
// a health check must not wait for what it watches.
func (s *Server) health(x *exchange) error {
	if s.stopping.Load() {
		x.w.Header().Set("Retry-After", retryAfter)
		return newJSONWriter(x, http.StatusServiceUnavailable).value(health{Status: "stopping", Version: s.version}).end()
	}
	return newJSONWriter(x, http.StatusOK).value(health{Status: "ok", Version: s.version}).end()
}
