package harness

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
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

// cut takes off what comes behind the first n bytes, and returns it.
func (l *logBuffer) cut(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := string(l.buf.Bytes()[n:])
	l.buf.Truncate(n)
	return rest
}

func (l *logBuffer) tail(n int) string {
	s := l.String()
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// check wants lines of JSON, without a panic, a data race or a secret. The log
// of a server that was killed may end in the middle of a line.
func (l *logBuffer) check(t testing.TB, secrets []string, killed bool) {
	t.Helper()
	text := l.String()
	if killed {
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	for _, bad := range append([]string{"DATA RACE", "panic", "goroutine "}, secrets...) {
		if i := strings.Index(text, bad); i >= 0 {
			t.Errorf("the log holds %q: …%.3000s", bad, text[max(0, i-200):])
		}
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a log line is not JSON: %.300s", line)
			return
		}
	}
}
