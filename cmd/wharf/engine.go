//go:build linux && !noduck

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	_ "time/tzdata" // a worker cannot read that of the system

	"wharf"
	"wharf/sql"
	"wharf/sql/duck"
	"wharf/sql/eval"
)

// workerCommand is the hidden command of the processes that run queries. The
// server alone starts it.
const workerCommand = "query-worker"

// workersFolder is where in the data folder workers find the files of their
// statements.
const workersFolder = "workers"

// openEngine starts the engine for queries of files, and gives how to close
// it.
func openEngine(ctx context.Context, cfg *config, log *slog.Logger) (sql.Engine, func() error, error) {
	folder, err := filepath.Abs(filepath.Join(cfg.dataDir, workersFolder))
	if err != nil {
		return nil, nil, err
	}
	pool, err := duck.Open(ctx, duck.Options{
		Folder: folder,
		// This very program, also where its file was replaced or removed since.
		Command: []string{"/proc/self/exe", workerCommand},
		Workers: cfg.query.workers, PerUser: cfg.query.perUser, Memory: cfg.query.memory, TempSpace: cfg.query.temp,
		Wait: cfg.query.wait, Time: cfg.query.time, Rows: cfg.query.rows,
		RequireSandbox: cfg.sandboxRequired(), Logger: log,
	})
	if wharf.CodeOf(err) == wharf.CodeUnsupported && cfg.requireSandbox == sandboxByPorts {
		err = fmt.Errorf("%s is open to other machines, and %w", cfg.openTo, err)
	}
	if err != nil {
		return nil, nil, err
	}
	return pool, pool.Close, nil
}

// runWorker is the whole life of a worker.
func runWorker() error { return duck.Work(os.NewFile(3, "server"), eval.Expressions) }
