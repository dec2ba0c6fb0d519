//go:build linux && !noduck

package duck

import (
	"log/slog"
	"runtime"
	"time"
)

// Options are the settings of a Pool.
type Options struct {
	// Folder is where the folders of workers are made: on the file system of
	// the data, so that bodies can be linked into them. What is in it when
	// the Pool opens is removed.
	Folder  string
	Command []string // starts a worker: this binary and its hidden subcommand

	Workers    int           // statements at once; 0 is DefaultWorkers
	PerUser    int           // of these, of one user without SUPER; 0 is three quarters of them
	Threads    int           // of one statement; 0 is the number of processors
	Memory     int64         // bytes of one statement; 0 is DefaultMemory
	TempSpace  int64         // bytes on disk of one statement; 0 is DefaultTempSpace
	Wait       time.Duration // how long a statement waits for its turn; 0 is DefaultWait
	Time       time.Duration // how long a statement runs, with the reading of its rows; 0 is no bound
	Rows       int64         // of one result; 0 is no bound
	Statements int           // after so many a worker is replaced; 0 is DefaultStatements
	Idle       time.Duration // after so long without a statement a worker ends; 0 is DefaultIdle
	Logger     *slog.Logger  // nil discards

	RequireSandbox bool // Open fails where workers cannot be fully confined

	unlocked bool // tests only: see limits
}

// The defaults of Options.
const (
	DefaultMemory     = 512 << 20
	DefaultTempSpace  = 4 << 30
	DefaultWait       = 30 * time.Second
	DefaultStatements = 1000
	DefaultIdle       = time.Minute
)

// DefaultWorkers returns the number of processors, and at least 4: a statement
// whose client reads slowly keeps its worker and needs no processor.
func DefaultWorkers() int { return max(4, runtime.NumCPU()) }

func (o Options) withDefaults() Options {
	set(&o.Workers, DefaultWorkers())
	set(&o.PerUser, max(1, o.Workers*3/4))
	set(&o.Threads, runtime.NumCPU())
	set(&o.Statements, DefaultStatements)
	set(&o.Memory, DefaultMemory)
	set(&o.TempSpace, DefaultTempSpace)
	set(&o.Wait, DefaultWait)
	set(&o.Idle, DefaultIdle)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func set[T int | int64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// limits returns what a worker with the two folders is told.
func (o Options) limits(files, temp string) limits {
	return limits{
		Files: files, Temp: temp, Memory: o.Memory, ProcessMemory: 4*o.Memory + processOverhead,
		TempSpace: o.TempSpace, Threads: o.Threads, Unlocked: o.unlocked,
	}
}

// processOverhead is what a worker maps beside four times its database's
// memory, twice of which the database is known to reach, and twice of which its
// allocator keeps mapped: the stacks of its threads, its batches of rows. In
// bytes.
const processOverhead = 1 << 30
