package httpapi

import "net/http"

// health is the answer of GET /v1/health.
type health struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

// health tells whether the server takes work. It asks nothing of the stores:
// a health check must not wait for what it watches.
func (s *Server) health(x *exchange) error {
	if s.stopping.Load() {
		x.w.Header().Set("Retry-After", retryAfter)
		return newJSONWriter(x, http.StatusServiceUnavailable).value(health{Status: "stopping", Version: s.version}).end()
	}
	return newJSONWriter(x, http.StatusOK).value(health{Status: "ok", Version: s.version}).end()
}
