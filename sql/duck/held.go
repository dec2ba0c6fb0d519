//go:build linux && !noduck

package duck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"wharf"
)

// held is the files of this machine that a statement reads by links. They are
// released when the statement's worker has ended it.
type held struct {
	mu    sync.Mutex // guards what follows
	files []heldFile
	ended bool
}

type heldFile struct {
	name string // as messages call it: @stage/path
	wharf.LocalFile
}

// hold keeps a file until the statement ends.
func (h *held) hold(name string, f wharf.LocalFile) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		_ = f.Close()
		return
	}
	h.files = append(h.files, heldFile{name, f})
}

// version returns the version of the file of that name that is read; "" where
// it is read as a copy.
func (h *held) version(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range slices.Backward(h.files) { // one that was replaced stands before its successor
		if f.name == name {
			return f.Object().ETag
		}
	}
	return ""
}

// releaseFiles releases all files.
func (h *held) releaseFiles() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for _, f := range h.files {
		_ = f.Close()
	}
	h.files = nil
}

// whole waits until every file that the statement read has been found whole.
// Its error names the one that is not.
func (h *held) whole(ctx context.Context) error {
	h.mu.Lock()
	files := slices.Clone(h.files)
	h.mu.Unlock()
	for _, f := range files {
		err := f.Whole(ctx)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		return &wharf.Error{Code: wharf.CodeOf(err), Op: "duck.whole", Err: err,
			Msg: fmt.Sprintf("%s cannot be read: %s", f.name, wharf.MessageOf(err))}
	}
	return nil
}

// spoiled returns the error of a statement that has failed with err: where a
// file that it read is damaged, what the database said of its bytes is no
// matter.
func (l *lease) spoiled(err error) error {
	var f failure
	if !errors.As(err, &f) || l.ctx.Err() != nil {
		return err
	}
	if damaged := l.whole(l.ctx); damaged != nil && l.ctx.Err() == nil {
		return damaged
	}
	return err
}
