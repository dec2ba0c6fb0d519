package main

import (
	"fmt"
	"syscall"
)

// fileBudget is how the files that the process may open are shared out, so
// that clients cannot take those that the store needs.
type fileBudget struct {
	index       int // of the internal stages' index
	connections int // of clients, of both ports together
	downloads   int // at once, each with a file or a connection to an S3 server
	uploads     int // at once, likewise
}

const (
	// leastFilesServed is the fewest open files that a server can work with.
	leastFilesServed = 128
	// ownFiles are those of the process: catalog, locks, ports, log.
	ownFiles = 24
	// A connection costs some 20 KiB of memory when it is idle, a download up
	// to 320 KiB.
	mostConnections = 8192
	mostDownloads   = 512
)

// openFiles reads how many files the process may open and shares them out.
// Go's runtime has raised the limit to the hard one.
func openFiles() (fileBudget, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fileBudget{}, fmt.Errorf("cannot read the limit of open files: %w", err)
	}
	if limit.Cur < leastFilesServed {
		return fileBudget{}, fmt.Errorf("this process may open %d files; a server needs at least %d (ulimit -n)", limit.Cur, leastFilesServed)
	}
	return shareFiles(int(min(limit.Cur, 1<<20))), nil
}

// shareFiles shares out limit files. Of what the index and the process leave,
// two thirds are for connections and the rest for what they transfer.
func shareFiles(limit int) fileBudget {
	b := fileBudget{index: min(max(limit/4, 80), 512)}
	rest := limit - b.index - ownFiles
	b.connections = min(rest*2/3, mostConnections)
	b.downloads = min(rest/6, mostDownloads)
	b.uploads = rest / 6
	return b
}
