package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"wharf"
)

const (
	// auditQueueSize bounds the bytes of lines that wait for the disk.
	auditQueueSize = 8 << 20
	// auditFlush is how long the end of the program waits for them.
	auditFlush = 5 * time.Second
	// maxAuditText bounds a statement, and all places of one line together.
	maxAuditText = 16 << 10
)

// auditLog writes what clients do as lines of JSON. Lines are written in the
// background: a slow disk delays no client. Those that a full disk or a full
// queue refuses are lost; the log, the metrics, and the next line that can be
// written say how many.
type auditLog struct {
	lines *lineQueue
	file  *lumberjack.Logger
	lost  atomic.Int64
}

// auditOptions are the settings of an audit log.
type auditOptions struct {
	file string // "" is none
	size int64  // bytes of a file before it is rotated
	keep int    // rotated files
}

// openAudit opens the audit log, nil if there is to be none. The error says
// whether it can be written at all.
func openAudit(o auditOptions, log *slog.Logger) (*auditLog, error) {
	if o.file == "" {
		return nil, nil
	}
	if err := probe(o.file); err != nil {
		return nil, usagef("--audit-log %s: %s", o.file, err)
	}
	a := &auditLog{file: &lumberjack.Logger{Filename: o.file, MaxSize: int(max(o.size>>20, 1)), MaxBackups: o.keep}}
	a.lines = newLineQueueOf(auditQueueSize, &auditFile{w: a.file, log: log, lost: &a.lost}, func(lost int64) []byte {
		return fmt.Appendf(nil, `{"time":%q,"action":"lines lost","lost":%d}`+"\n", time.Now().UTC().Format(time.RFC3339Nano), lost)
	})
	return a, nil
}

// probe makes the file for its owner only, and reports whether it can be written.
func probe(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("it is not a regular file")
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("its folder is not there")
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Close writes what waits, for a while, and closes the file.
func (a *auditLog) Close() error {
	if a == nil {
		return nil
	}
	a.lines.Close(auditFlush)
	return a.file.Close()
}

// auditFile counts the lines that cannot be written, and logs why once a minute.
type auditFile struct {
	w      io.Writer
	log    *slog.Logger
	lost   *atomic.Int64
	logged time.Time
}

// Write implements [io.Writer].
func (f *auditFile) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		return n, nil
	}
	f.lost.Add(1)
	if now := time.Now(); now.Sub(f.logged) > time.Minute {
		f.logged = now
		f.log.Error("the audit log cannot be written; its lines are lost until it can", "error", err)
	}
	return n, err
}

// auditLine is one line. Its fields are part of the interface.
type auditLine struct {
	Time       string   `json:"time"`
	Port       string   `json:"port"`
	Connection uint64   `json:"connection"`
	Request    string   `json:"request,omitempty"`
	From       string   `json:"from"`
	User       string   `json:"user"`
	Action     string   `json:"action"`
	Files      []string `json:"files,omitempty"`
	Statement  string   `json:"statement,omitempty"`
	Outcome    string   `json:"outcome"` // "ok" or the code of the error
	Status     int      `json:"status,omitempty"`
	Received   int64    `json:"received,omitempty"`
	Sent       int64    `json:"sent,omitempty"`
	Took       float64  `json:"seconds"`
}

// record writes the line of an event. Requests that are about no stage and no
// user are left out: monitoring asks for health every few seconds.
func (a *auditLog) record(e *wharf.Event) {
	if a == nil || e.Err == nil && (e.Action == "health" || e.Action == "metrics" || e.Action == "page") {
		return
	}
	line := auditLine{
		Time: e.Begun.UTC().Format(time.RFC3339Nano), Port: e.Listener, Connection: e.Connection, Request: e.Request, From: e.From,
		User: e.User, Action: e.Action, Outcome: outcomeOf(e), Status: e.Status, Received: e.Received, Sent: e.Sent, Took: e.Took.Seconds(),
	}
	if e.Places != nil {
		line.Files = boundedTexts(e.Places())
	}
	if e.Statement != nil {
		line.Statement = boundedText(e.Statement(), maxAuditText)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(&line) != nil { // texts and numbers always can be
		return
	}
	if !a.lines.offer(b.Bytes()) {
		a.lost.Add(1)
	}
}

func outcomeOf(e *wharf.Event) string {
	switch {
	case e.Err == nil:
		return "ok"
	case refusesClient(e):
		return "refused"
	}
	return string(wharf.CodeOf(e.Err))
}

// boundedTexts keeps as many texts as a line may have. The last then says how
// many there are more.
func boundedTexts(texts []string) []string {
	left := maxAuditText
	for i, text := range texts {
		if left -= len(text); left < 0 {
			return append(texts[:i:i], fmt.Sprintf("… and %d more", len(texts)-i))
		}
	}
	return texts
}

func boundedText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
