package local

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the settings of an Engine. The zero value is good.
type Options struct {
	// Logger takes what the engine has to say that no caller hears of:
	// background work that failed, a log that was lost. nil discards it.
	Logger *slog.Logger

	// FS is the seam to the operating system: every file operation of the
	// engine and of its index goes through it. nil is the real disk.
	FS vfs.FS

	// LogSize is the size in bytes of one file of the index's log, and so of
	// what it holds in memory before it writes a table. 0 chooses by the size
	// of the disk.
	LogSize int64
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	return o
}
