package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wharf"
)

// auditOn opens an audit log in a folder of its own.
func auditOn(t *testing.T, o auditOptions) (*auditLog, string) {
	t.Helper()
	o.file = filepath.Join(t.TempDir(), "audit.log")
	a, err := openAudit(o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a, o.file
}

func TestAuditLines(t *testing.T) {
	a, file := auditOn(t, auditOptions{size: 1 << 20, keep: 1})
	begun := time.Date(2026, 11, 28, 1, 2, 3, 4000, time.UTC)
	for _, e := range []*wharf.Event{
		{Listener: "mysql", Connection: 7, From: "10.0.0.1:5", User: "root", Action: "LIST FILES", Begun: begun, Took: time.Second,
			Places: func() []string { return []string{"s/<a>\n.csv"} }, Statement: func() string { return "LIST '…'" }},
		{Listener: "http", Request: "id", From: "10.0.0.1:6", Action: "upload", Begun: begun, Status: 401, Err: wharf.Errorf(wharf.CodeUnauthenticated, "no")},
		{Listener: "http", Request: "id", User: "root", Action: "download", Begun: begun, Status: 404, Err: wharf.Errorf(wharf.CodeNotFound, "none")},
		{Listener: "http", Action: "health", Begun: begun, Status: 200},
		{Listener: "mysql", User: "root", Action: "SELECT", Begun: begun, Statement: func() string { return strings.Repeat("x", 2*maxAuditText) },
			Places: func() []string { return []string{strings.Repeat("a", maxAuditText), "b", "c"} }},
	} {
		a.record(e)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines: %s", len(lines), data)
	}
	if want := `{"time":"2026-11-28T01:02:03.000004Z","port":"mysql","connection":7,"from":"10.0.0.1:5","user":"root","action":"LIST FILES",` +
		`"files":["s/<a>\n.csv"],"statement":"LIST '…'","outcome":"ok","seconds":1}`; lines[0] != want {
		t.Errorf("%s, want %s", lines[0], want)
	}
	for i, outcome := range []string{"ok", "refused", "not_found", "ok"} {
		var line auditLine
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil || line.Outcome != outcome {
			t.Errorf("%s: %v, want %s", lines[i], err, outcome)
		}
	}
	if last := lines[3]; len(last) > 3*maxAuditText || !strings.Contains(last, "… and 2 more") {
		t.Errorf("the long line has %d bytes", len(last))
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

// TestAuditRotates wants as many files as are to be kept, each of the size that
// was asked for, and no line torn or lost where none was removed.
func TestAuditRotates(t *testing.T) {
	a, file := auditOn(t, auditOptions{size: 1 << 20})
	const n = 3000
	for range n {
		a.record(&wharf.Event{Listener: "mysql", Action: "SELECT", Statement: func() string { return strings.Repeat("x", 1000) }})
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(file), "audit*.log"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%q, %v", files, err)
	}
	lines := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || len(data) > 1<<20 {
			t.Errorf("%s has %d bytes: %v", f, len(data), err)
		}
		for line := range bytes.Lines(data) {
			if !json.Valid(line) {
				t.Errorf("a line is torn: %s", line)
			}
			lines++
		}
	}
	if lines != n {
		t.Errorf("%d lines, want %d", lines, n)
	}
}

// TestAuditOnAFullDisk wants lines to be lost and counted, nobody to wait, and
// the next line that can be written to say so.
func TestAuditOnAFullDisk(t *testing.T) {
	a, _ := auditOn(t, auditOptions{size: 1 << 20})
	disk := &reader{}
	full := errors.New("no space left on device")
	disk.fail = []error{full, full, full}
	a.lines = newLineQueueOf(1<<10, &auditFile{w: disk, log: slog.New(slog.DiscardHandler), lost: &a.lost}, a.lines.notice)
	event := func() {
		a.record(&wharf.Event{Listener: "mysql", Action: "SELECT", Statement: func() string { return strings.Repeat("x", 100) }})
	}
	for range 3 {
		event()
		for !a.lines.empty() {
			time.Sleep(time.Millisecond)
		}
	}
	disk.stopped.Lock() // the disk stands still
	const more = 100
	for range more {
		event() // returns all the same
	}
	disk.stopped.Unlock()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	text := disk.text.String()
	written := strings.Count(text, `"SELECT"`)
	if written == 0 || a.lost.Load() < more-10 || !strings.Contains(text, `"action":"lines lost","lost":`) {
		t.Errorf("%d lines written, %d lost: %s", written, a.lost.Load(), text)
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %q", line)
		}
	}
}

// empty reports whether no line waits.
func (q *lineQueue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.lines) == 0
}

func TestAuditRefusesToStart(t *testing.T) {
	for _, file := range []string{"/", "/nonexistent/audit.log", "/dev/null"} {
		if _, err := openAudit(auditOptions{file: file}, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s is taken", file)
		}
	}
}
