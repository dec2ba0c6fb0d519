package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"wharf"
)

// finish ends an exchange, deferred: it answers for a handler that panicked,
// writes the exchange's line in the log, and lets go of a body that was not read.
// A client that was answered before the end of its body finds the line there.
func (s *Server) finish(x *exchange) {
	defer x.names.release()
	if x.isHTTP2() {
		x.holdStream()
	}
	fault := recover()
	if fault != nil && fault != http.ErrAbortHandler {
		s.answerPanic(x, fault)
		fault = nil
	}
	s.record(x)
	if fault != nil {
		panic(fault) // net/http ends the connection, and says nothing
	}
	x.drain()
}

// answerPanic turns a panic into an internal error, if it is not too late.
func (s *Server) answerPanic(x *exchange, fault any) {
	err := &wharf.Error{Code: wharf.CodeInternal, Op: "httpapi", Err: fmt.Errorf("panic: %v\n%s", fault, debug.Stack())}
	if x.status != 0 {
		x.err = err
		s.record(x)
		panic(http.ErrAbortHandler)
	}
	x.fail(err)
}

// record writes the one line that an exchange leaves in the log.
func (s *Server) record(x *exchange) {
	level := slog.LevelInfo
	switch wharf.CodeOf(x.err) {
	case wharf.CodeInternal:
		level = slog.LevelError
	case wharf.CodeUpstream, wharf.CodeNoSpace:
		level = slog.LevelWarn
	}
	if s.observe != nil {
		s.observe(x.event())
	}
	ctx := x.r.Context()
	if !s.log.Enabled(ctx, level) {
		return
	}
	ctx = context.WithoutCancel(ctx)
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("id", x.id),
		slog.Uint64("connection", x.client.id()),
		slog.String("remote", x.r.RemoteAddr),
		slog.String("method", shorten(x.r.Method, shownText)),
		slog.String("path", shorten(x.r.URL.Path, loggedPath)),
		slog.Int("status", x.status),
		slog.Int64("bytes_in", x.body.n),
		slog.Int64("bytes_out", x.sent),
		slog.Duration("duration", time.Since(x.start)),
	)
	if x.stage != "" {
		attrs = append(attrs, slog.String("stage", shorten(x.stage, wharf.MaxStageName)), slog.Int("files", len(x.files.names)))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("code", string(wharf.CodeOf(x.err))), slog.Any("error", loggedError(x.err)))
	}
	s.log.LogAttrs(ctx, level, "http", attrs...)
}

const (
	// loggedPath is how many bytes of a path the log shows: enough for a stage
	// and a file with the longest of names.
	loggedPath = len(stagePrefix) + wharf.MaxStageName + 1 + wharf.MaxKey
	// loggedMessage is how many bytes of an error that is not ours it shows.
	loggedMessage = 2 << 10
)

// loggedError returns an error as the log shows it.
func loggedError(err error) any {
	if text := err.Error(); wharf.CodeOf(err) != wharf.CodeInternal && len(text) > loggedMessage {
		return shorten(text, loggedMessage)
	}
	return err
}

// shownText is how many bytes of a client's text an error message repeats. The
// header of a request may hold much more, and the log has each message.
const shownText = 200

// shorten returns s, or where it is longer than about limit bytes its beginning
// and its length.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:limit], ""), len(s))
}
