package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"syscall"
	"time"
)

const (
	// logQueueSize bounds the bytes of log lines that wait for their reader.
	logQueueSize = 1 << 20
	// logFlush is how long the end of the program waits for what is queued.
	logFlush = time.Second
	// logRetry is the pause after a write that found a non-blocking pipe full.
	logRetry = 10 * time.Millisecond
)

// lineQueue hands lines to a writer in the background, so that a reader that
// has stopped or gone away, or a full disk, delays no caller. Lines that
// find the queue full, or cannot be written, are counted; the count is written
// as a line of its own as soon as the writer takes one.
type lineQueue struct {
	w      io.Writer
	most   int                     // bytes that may wait
	notice func(lost int64) []byte // the line that tells the count; nil for none

	mu     sync.Mutex // guards what follows
	wake   *sync.Cond // signalled when lines, lost or closed changes
	lines  []queuedLine
	size   int // bytes of lines
	lost   int64
	closed bool

	done chan struct{} // closed when the background goroutine has ended

	// Of the background goroutine alone:
	untold  int64 // lines that were lost and not told of
	midLine bool  // the last write ended in the middle of a line
}

type queuedLine struct {
	text       []byte
	lostBefore int64 // lines that found the queue full since the line before
}

func newLineQueue(w io.Writer, notice func(lost int64) []byte) *lineQueue {
	return newLineQueueOf(logQueueSize, w, notice)
}

func newLineQueueOf(most int, w io.Writer, notice func(lost int64) []byte) *lineQueue {
	q := &lineQueue{w: w, most: most, notice: notice, done: make(chan struct{})}
	q.wake = sync.NewCond(&q.mu)
	go q.run()
	return q
}

// Write queues p, which is one line. It never waits for the writer, and never
// fails.
func (q *lineQueue) Write(p []byte) (int, error) {
	q.offer(p)
	return len(p), nil
}

// offer is Write that reports whether there was room.
func (q *lineQueue) offer(p []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.size+len(p) > q.most {
		q.lost++
		return false
	}
	q.lines = append(q.lines, queuedLine{text: bytes.Clone(p), lostBefore: q.lost})
	q.size += len(p)
	q.lost = 0
	q.wake.Signal()
	return true
}

// Close takes no more lines, and waits for those that are queued, at most for
// the given time.
func (q *lineQueue) Close(within time.Duration) {
	q.mu.Lock()
	q.closed = true
	q.wake.Signal()
	q.mu.Unlock()
	for range 2 { // a machine that stood still meanwhile has half of it left
		select {
		case <-q.done:
			return
		case <-time.After(within / 2):
		}
	}
}

func (q *lineQueue) run() {
	defer close(q.done)
	for {
		line, ok := q.next()
		q.untold += line.lostBefore
		if q.untold > 0 {
			q.tell()
		}
		if line.text != nil && (q.untold > 0 || !q.write(line.text)) {
			q.untold++
		}
		if !ok {
			return
		}
	}
}

// next waits for a line. Where lines were lost and none follows, it returns
// their number alone. After Close it returns what is left, and then false.
func (q *lineQueue) next() (queuedLine, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.lines) == 0 && q.lost == 0 && !q.closed {
		q.wake.Wait()
	}
	if len(q.lines) == 0 {
		line := queuedLine{lostBefore: q.lost}
		q.lost = 0
		return line, !q.closed
	}
	line := q.lines[0]
	q.lines[0] = queuedLine{}
	q.lines = q.lines[1:]
	q.size -= len(line.text)
	return line, true
}

// tell writes how many lines were lost.
func (q *lineQueue) tell() {
	if q.notice == nil || q.write(q.notice(q.untold)) {
		q.untold = 0
	}
}

// write reports whether all of the line was written.
func (q *lineQueue) write(line []byte) bool {
	if q.midLine {
		line = append([]byte{'\n'}, line...)
	}
	for {
		n, err := q.w.Write(line)
		if n > 0 {
			q.midLine = line[n-1] != '\n'
		}
		if err == nil {
			return true
		}
		line = line[n:]
		// Another program may have made the pipe that it shares with this
		// one non-blocking.
		if !errors.Is(err, syscall.EAGAIN) {
			return false
		}
		time.Sleep(logRetry)
	}
}

// newLogger makes the server's log on w. The queue is to be closed at the end.
func newLogger(cfg *config, w io.Writer) (*slog.Logger, *lineQueue) {
	queue := newLineQueue(w, func(lost int64) []byte {
		var line bytes.Buffer
		r := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines were lost: standard error could not take them", 0)
		r.AddAttrs(slog.Int64("lost", lost))
		_ = logHandler(cfg, &line).Handle(context.Background(), r) // a buffer takes everything
		return line.Bytes()
	})
	return slog.New(logHandler(cfg, queue)), queue
}

func logHandler(cfg *config, w io.Writer) slog.Handler {
	o := &slog.HandlerOptions{Level: cfg.logLevel}
	if cfg.logFormat == "json" {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// writeWithin writes a line, and leaves it at the given time: a reader that
// has stopped does not keep the program from ending.
func writeWithin(w io.Writer, line string, within time.Duration) {
	q := newLineQueue(w, nil)
	io.WriteString(q, line)
	q.Close(within)
}
