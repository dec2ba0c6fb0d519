package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"wharf/meta"
	"wharf/storage/local"
)

// errFound says that a check found something, and that all has been said.
var errFound = errors.New("the data folder has faults")

// check verifies a stopped data folder, and prints what it finds, one line
// each: catalog first, files after. It takes the settings of serve, of which
// it uses the data folder.
func check(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	cfg, flags, err := gather("check", args, getenv)
	if errors.Is(err, errHelp) {
		return writeHelp(stdout)
	}
	if err != nil {
		return err
	}
	repair := false
	if v, ok := flags[repairFlag.name]; ok {
		if repair, err = parseBool(v); err != nil {
			return usagef("--repair cannot be %q: %s", v, err)
		}
	}
	if err := enoughFiles(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(cfg.dataDir, lockFile)); err != nil {
		return fmt.Errorf("%s is not a data folder of Wharf's", cfg.dataDir)
	}
	unlock, err := openDataDir(cfg.dataDir)
	if err != nil {
		return err
	}
	defer unlock() // a lock that nothing was written under
	return checkDataDir(ctx, cfg.dataDir, repair, stdout)
}

// leastFiles is how many files a check wants to be able to open: where the
// index cannot be opened for want of one, a repair would take it for damaged.
const leastFiles = 256

func enoughFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < leastFiles {
		return fmt.Errorf("this process may open %d files; a check needs %d (ulimit -n)", limit.Cur, leastFiles)
	}
	return nil
}

func checkDataDir(ctx context.Context, dir string, repair bool, stdout io.Writer) error {
	faults := 0
	report := func(what string) {
		faults++
		fmt.Fprintln(stdout, what)
	}
	if err := meta.CheckFolder(ctx, dir, report); err != nil {
		return err
	}
	err := local.Check(ctx, filepath.Join(dir, filesFolder), local.CheckOptions{Repair: repair},
		func(f local.Finding) { report(f.String()) })
	if err != nil {
		return err
	}
	if faults > 0 {
		fmt.Fprintf(stdout, "%d found\n", faults)
		return errFound
	}
	fmt.Fprintln(stdout, "nothing is wrong")
	return nil
}
