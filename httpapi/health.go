package httpapi

import (
	"net/http"

	"wharf"
)

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
		return x.answerHealth(http.StatusServiceUnavailable, health{Status: "stopping", Version: s.version})
	}
	return x.answerHealth(http.StatusOK, health{Status: "ok", Version: s.version})
}

func (x *exchange) answerHealth(status int, h health) error {
	text, err := encodeJSON(h)
	if err != nil {
		return wharf.WrapError(wharf.CodeInternal, "httpapi.health", "", err)
	}
	return x.answer(status, text)
}
