package local

import (
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// CrashDisk is a disk in memory whose power can fail. What was not synced is
// then there, or not, or in part, in any order. vfs.MemFS by itself keeps every
// entry of a folder whose removal was not synced; on a disk such a one may be
// gone, before what was done earlier is there.
type CrashDisk struct {
	*vfs.MemFS

	mu      sync.Mutex        // guards renamed
	renamed map[string]string // new names by old ones
}

// NewCrashDisk returns an empty disk.
func NewCrashDisk() *CrashDisk {
	return &CrashDisk{MemFS: vfs.NewCrashableMem(), renamed: map[string]string{}}
}

// Rename takes note: the old name is not gone by itself before the new one is
// there. A sync of the old one's folder alone makes it go.
func (d *CrashDisk) Rename(from, to string) error {
	d.mu.Lock()
	d.renamed[from] = to
	d.mu.Unlock()
	return d.MemFS.Rename(from, to)
}

// Crash returns what the disk may hold after a loss of power, with so much of
// what was not synced.
func (d *CrashDisk) Crash(percent int, rng *rand.Rand) *CrashDisk {
	after := &CrashDisk{MemFS: d.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng}), renamed: map[string]string{}}
	if percent > 0 {
		panicOn(d.dropRemoved(after, "", percent, rng))
	}
	return after
}

// dropRemoved removes from a copy some of the entries of a folder, and of those
// below, that were removed here.
func (d *CrashDisk) dropRemoved(after *CrashDisk, dir string, percent int, rng *rand.Rand) error {
	names, err := after.List(dir)
	if err != nil {
		return err
	}
	slices.Sort(names)
	gone := false
	for _, name := range names {
		p := path.Join(dir, strings.TrimSuffix(name, "/"))
		switch _, err := d.Stat(p); {
		case missing(err):
			if rng.IntN(100) >= percent || d.hasNoName(after, p) {
				continue
			}
			gone = true
			err = after.RemoveAll(p)
			if err != nil {
				return err
			}
		case err != nil:
			return err
		}
		if info, err := after.Stat(p); err == nil && info.IsDir() {
			if err := d.dropRemoved(after, p, percent, rng); err != nil {
				return err
			}
		}
	}
	if !gone {
		return nil
	}
	return syncFolder(after.MemFS, dir)
}

// hasNoName reports whether a file would be gone with its old name.
func (d *CrashDisk) hasNoName(after *CrashDisk, old string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	to, ok := d.renamed[old]
	if !ok {
		return false
	}
	_, err := after.Stat(to)
	return missing(err)
}

func panicOn(err error) {
	if err != nil {
		panic(err)
	}
}

// errorLog has the errors that an engine logs, which it may do until it is closed.
type errorLog struct {
	mu   sync.Mutex // guards text
	text []byte
}

func (l *errorLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelError}))
}

// Write is called by the logger.
func (l *errorLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *errorLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
