//go:build !linux || noduck

package main

import (
	"context"
	"log/slog"

	"wharf/sql"
)

const workerCommand = "query-worker"

// openEngine returns no engine: this build answers no queries of files.
func openEngine(context.Context, *config, *slog.Logger) (sql.Engine, func() error, error) {
	return nil, func() error { return nil }, nil
}

func runWorker() error { return usagef("this build has no engine for queries") }
