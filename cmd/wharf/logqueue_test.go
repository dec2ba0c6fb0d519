package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// reader is what a log is written to. While it is stopped, writes wait.
type reader struct {
	stopped sync.Mutex // held while the reader is stopped
	mu      sync.Mutex // guards what follows
	fail    []error    // what the next writes give
	part    int        // how much of a line a failing write takes
	text    bytes.Buffer
}

func (r *reader) Write(p []byte) (int, error) {
	r.stopped.Lock()
	defer r.stopped.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.fail) > 0 {
		err := r.fail[0]
		r.fail = r.fail[1:]
		if err != nil {
			n, _ := r.text.Write(p[:min(len(p), r.part)])
			return n, err
		}
	}
	return r.text.Write(p)
}

var lostLine = regexp.MustCompile(`level=WARN msg="log lines were lost[^"]*" lost=(\d+)`)

// lost adds up what the log says that it lost.
func lost(t *testing.T, text string) (sum int) {
	t.Helper()
	for _, m := range lostLine.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

func TestLogReaderThatStops(t *testing.T) {
	r := &reader{}
	log, q := newLogger(&config{}, r)
	r.stopped.Lock()
	const lines = 3 * logQueueSize / 100
	for i := range lines { // would never end if it waited
		log.Info("line", "number", i, "padding", strings.Repeat("x", 100))
	}
	r.stopped.Unlock()
	log.Info("after")
	q.Close(time.Minute)
	text := r.text.String()
	got := strings.Count(text, "msg=line")
	if got == 0 || got == lines || got+lost(t, text)+strings.Count(text, "msg=after") != lines+1 {
		t.Errorf("%d lines of %d are there, and %d are said to be lost", got, lines, lost(t, text))
	}
	if len(text) > 2*logQueueSize {
		t.Errorf("%d bytes were kept for a reader that had stopped", len(text))
	}
	for i := range got { // the first ones are there, in their order
		if !strings.Contains(text, fmt.Sprintf("number=%d ", i)) {
			t.Fatalf("line %d is missing among the first %d", i, got)
		}
	}
}

func TestLogReaderThatNeverComesBack(t *testing.T) {
	r := &reader{}
	log, q := newLogger(&config{}, r)
	r.stopped.Lock()
	defer r.stopped.Unlock()
	log.Info("one")
	done := make(chan struct{})
	go func() {
		q.Close(10 * time.Millisecond)
		log.Info("after the end")
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the end waits for a reader that has stopped")
	}
}

func TestLogThatCannotBeWritten(t *testing.T) {
	full := syscall.ENOSPC
	for name, c := range map[string]struct {
		fail       []error
		part       int
		want       string // the messages that are there, in order
		wantLost   int
		wantBroken string // a line that is cut
	}{
		"a full disk, twice":           {[]error{full, full}, 0, "lost two", 2, ""},
		"a full disk within a line":    {[]error{nil, full}, 30, "zero lost two", 1, "time="},
		"a reader that has gone":       {[]error{syscall.EPIPE, syscall.EPIPE, syscall.EPIPE}, 0, "lost", 3, ""},
		"a full non-blocking pipe":     {[]error{syscall.EAGAIN, syscall.EAGAIN}, 0, "zero one two", 0, ""},
		"one that takes a part":        {[]error{syscall.EAGAIN, syscall.EAGAIN}, 7, "zero one two", 0, ""},
		"nothing but the last of them": {[]error{nil, nil, full}, 0, "zero one lost", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &reader{fail: c.fail, part: c.part}
			log, q := newLogger(&config{}, r)
			for _, m := range []string{"zero", "one", "two"} {
				log.Info(m)
			}
			q.Close(time.Minute)
			var got []string
			for line := range strings.Lines(r.text.String()) {
				switch _, msg, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " msg="); {
				case !ok && c.wantBroken != "" && strings.HasPrefix(line, c.wantBroken):
				case strings.HasPrefix(msg, `"log lines were lost`):
					got = append(got, "lost")
				default:
					got = append(got, msg)
				}
			}
			if strings.Join(got, " ") != c.want || lost(t, r.text.String()) != c.wantLost {
				t.Errorf("the log is %q, want %s with %d lost", r.text.String(), c.want, c.wantLost)
			}
		})
	}
}

func TestLogFormats(t *testing.T) {
	for format, want := range map[string]string{"text": "lost=2", "json": `"lost":2`} {
		r := &reader{fail: []error{syscall.ENOSPC, syscall.ENOSPC}}
		log, q := newLogger(&config{logFormat: format, logLevel: slog.LevelError}, r)
		log.Error("one")
		log.Error("two")
		q.Close(time.Minute)
		if text := r.text.String(); !strings.Contains(text, want) || strings.Count(text, "\n") != 1 {
			t.Errorf("%s: the log is %q, want one line with %s", format, text, want)
		}
	}
}
