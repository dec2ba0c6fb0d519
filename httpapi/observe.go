package httpapi

import (
	"net/http"
	"strings"
	"time"

	"wharf"
)

// event is what is told of an exchange that has ended.
func (x *exchange) event() *wharf.Event {
	e := &wharf.Event{
		Listener: "http", Connection: x.client.id(), Request: x.id, From: x.r.RemoteAddr, User: x.principal.User,
		Action: actionOf(x.r), Begun: x.start, Took: time.Since(x.start),
		Received: x.body.n, Sent: x.sent, Status: x.status, Err: x.err,
	}
	if e.User == "" && e.Err != nil {
		e.User = claimedUser(x.r)
	}
	e.Places = func() []string {
		switch {
		case len(x.files.names) > 0:
			places := make([]string, len(x.files.names))
			for i, name := range x.files.names {
				places[i] = x.stage + "/" + name
			}
			return places
		case strings.HasPrefix(x.r.URL.Path, stagePrefix):
			return []string{shorten(strings.TrimPrefix(x.r.URL.Path, stagePrefix), loggedPath)}
		case x.stage != "":
			return []string{shorten(x.stage, wharf.MaxStageName)}
		}
		return nil
	}
	return e
}

// claimedUser is the name that a client sent who was not let in.
func claimedUser(r *http.Request) string {
	user, _, _ := r.BasicAuth()
	return strings.ToValidUTF8(shorten(user, shownText), "?")
}

// actionOf names what a request asks for, in one of a few words.
func actionOf(r *http.Request) string {
	path := r.URL.Path
	switch {
	case path == "/v1/upload_to_stage":
		return "upload"
	case strings.HasPrefix(path, stagePrefix):
		return stageAction(r.Method, path)
	case path == "/v1/health" || strings.HasPrefix(path, "/v1/health/"):
		return "health"
	case path == "/metrics":
		return "metrics"
	case path == "/" || path == "/README.md":
		return "page"
	}
	return "other"
}

func stageAction(method, path string) string {
	switch method {
	case http.MethodPut:
		return "upload"
	case http.MethodDelete:
		return "remove"
	case http.MethodGet, http.MethodHead:
		if strings.HasSuffix(path, "/") {
			return "list"
		}
		return "download"
	}
	return "other"
}
