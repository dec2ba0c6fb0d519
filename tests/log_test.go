package tests

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// logBuffer keeps what the server writes to stderr.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) tail(n int) string {
	s := l.String()
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// checkLog wants a log in JSON, line by line, without a panic, a data race or
// a secret.
func (s *server) checkLog(killed bool) {
	s.t.Helper()
	text := s.log.String()
	if killed {
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	for _, bad := range []string{"DATA RACE", "panic", "goroutine "} {
		if i := strings.Index(text, bad); i >= 0 {
			s.t.Errorf("the log holds %q: …%.3000s", bad, text[i:])
		}
	}
	for _, secret := range s.secrets {
		if i := strings.Index(text, secret); i >= 0 {
			s.t.Errorf("the log holds the secret %q: %.300s", secret, text[max(0, i-200):])
		}
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			s.t.Errorf("a log line is not JSON: %.300s", line)
			return
		}
	}
}
