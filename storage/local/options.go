package local

import (
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// folderFiles is how many body files share a folder.
const folderFiles = 1024

// Options are the settings of an Engine. The zero value is good.
type Options struct {
	// Logger takes what the engine has to say that no caller hears of:
	// background work that failed, a log that was lost. nil discards it.
	Logger *slog.Logger

	// OnCommit is told of each write of the log: how many changes it has, and
	// how long it took until they were on the disk. nil is not told.
	OnCommit func(changes int, sync time.Duration)

	// FS is the seam to the operating system: every file operation of the
	// engine and of its index goes through it. nil is the real disk.
	FS vfs.FS

	// SegmentSize is the size in bytes at which a file of the log gets a
	// successor; at least 4 KiB. It also bounds what the index gathers in
	// memory. 0 chooses by the size of the disk, 64 MiB at most.
	SegmentSize int64

	// Reserve is how many bytes of the disk uploads leave free, for the work of
	// the log and the index. 0 chooses by the size of the disk, 64 MiB at most.
	Reserve int64

	// OpenFiles is how many files the index may have open, about; at least 80.
	// 0 is 512. Open files and uploads come on top.
	OpenFiles int

	// border is the longest body that is stored within the log; 0 is smallMax.
	// Benchmarks move it.
	border int

	// repairing is for a repair, which puts aside what it takes out of the folder.
	// So body files that no object has are kept, and nothing is compacted: that
	// would remove a damaged segment once nothing of it is needed.
	repairing bool

	// noSpare has spares made only where a test does.
	noSpare bool

	// window is how many body files share a folder; 0 is folderFiles. It is
	// part of the format: only tests choose another.
	window uint64
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnCommit == nil {
		o.OnCommit = func(int, time.Duration) {}
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.OpenFiles == 0 {
		o.OpenFiles = 512
	}
	if o.border == 0 {
		o.border = smallMax
	}
	if o.window == 0 {
		o.window = folderFiles
	}
	return o
}
