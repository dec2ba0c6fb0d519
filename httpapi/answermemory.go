package httpapi

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"wharf"
)

// The answer to a form names all its files, so their names are held until it is
// written, which is after the upload has released its own memory.
const (
	// freeNames is what is in the memory of an upload anyway, in bytes.
	freeNames = 64 << 10
	// Beyond it, 32 answers at a time may hold up to shortAnswer, and one of
	// them up to longAnswer.
	shortAnswer  = 512 << 10
	longAnswer   = 12 << 20
	shortAnswers = 32
	// maxNames bounds the names of the files of one form: some 10,000 of the
	// longest, and 97,000 of the shortest. nameCost is what a name takes
	// besides its bytes, at most.
	maxNames = longAnswer
	nameCost = 128
)

// answerMemory bounds what all answers to forms hold. It is apart from the
// memory of uploads, so that an upload never waits for more of what it holds,
// and uploads cannot deadlock. It is safe for concurrent use.
type answerMemory struct {
	wait        time.Duration
	short, long *semaphore.Weighted // of answers

	waiting atomic.Int64
	left    atomic.Int64 // when a form last waited in vain, in Unix nanoseconds
}

func newAnswerMemory(wait time.Duration) *answerMemory {
	return &answerMemory{wait: wait, short: semaphore.NewWeighted(shortAnswers), long: semaphore.NewWeighted(1)}
}

// acquire waits for one answer's part of s. After the wait it is
// CodeUnavailable.
func (m *answerMemory) acquire(ctx context.Context, s *semaphore.Weighted) error {
	if s.TryAcquire(1) {
		return nil
	}
	m.waiting.Add(1)
	defer m.waiting.Add(-1)
	waiting, cancel := context.WithTimeout(ctx, m.wait)
	defer cancel()
	err := s.Acquire(waiting, 1)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return wharf.WrapError(wharf.CodeCanceled, "httpapi.names", "the request was interrupted", ctx.Err())
	}
	m.left.Store(time.Now().UnixNano())
	return wharf.Errorf(wharf.CodeUnavailable, "the server is busy with other forms of many files and had no memory for this one within %s; try again", m.wait)
}

// pressed reports whether a form waits for others to be answered, or did in
// vain within the last wait.
func (m *answerMemory) pressed() bool {
	return m.waiting.Load() > 0 || time.Since(time.Unix(0, m.left.Load())) < m.wait
}

// answerNames is what one answer holds.
type answerNames struct {
	memory      *answerMemory
	bytes       int // of the names, and of what is counted with them
	short, long bool
}

// keep makes room for n bytes more, until release.
func (a *answerNames) keep(ctx context.Context, n int) error {
	a.bytes += n
	if a.bytes > maxNames {
		return invalid("the form has too many files to name in one answer; send what follows the last of these in another form")
	}
	if a.bytes > freeNames && !a.short {
		if err := a.memory.acquire(ctx, a.memory.short); err != nil {
			return err
		}
		a.short = true
	}
	if a.bytes > shortAnswer && !a.long {
		if err := a.memory.acquire(ctx, a.memory.long); err != nil {
			return err
		}
		a.long = true
	}
	return nil
}

// release releases what the answer holds, once it is written.
func (a *answerNames) release() {
	if a.short {
		a.memory.short.Release(1)
	}
	if a.long {
		a.memory.long.Release(1)
	}
	a.short, a.long = false, false
}
