//go:build linux && !noduck

package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"wharf/sql/duck"
	"wharf/sql/exec"
)

// workerCommand is the hidden command of the processes that run queries. The
// server alone starts it.
const workerCommand = "query-worker"

// workersFolder is where in the data folder workers find the files of their
// statements.
const workersFolder = "workers"

// openEngine starts the engine for queries of files, and gives how to close
// it.
func openEngine(ctx context.Context, cfg *config, log *slog.Logger) (exec.FileEngine, func() error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	folder, err := filepath.Abs(filepath.Join(cfg.dataDir, workersFolder))
	if err != nil {
		return nil, nil, err
	}
	pool, err := duck.Open(ctx, duck.Options{Folder: folder, Command: []string{self, workerCommand}, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	return pool, pool.Close, nil
}

// runWorker is the whole life of a worker.
func runWorker() error { return duck.Work(os.NewFile(3, "server")) }
