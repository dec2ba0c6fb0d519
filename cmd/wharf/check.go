package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"syscall"

	"wharf"
	"wharf/meta"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
)

// errFound says that a check found something, and that all has been said.
var errFound = errors.New("the data folder has faults")

// check verifies a stopped data folder, and prints what it finds, one line
// each: files first, because a repair of the catalog asks which stages have
// any. Without a repair it changes nothing. It takes the settings of serve, of
// which it uses the data folder and the sealing key.
func check(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) error {
	cfg, flags, err := gather("check", args, env)
	if errors.Is(err, errHelp) {
		return writeHelp(stdout)
	}
	if err != nil {
		return err
	}
	repair, err := flags.isSet(repairFlag)
	if err != nil {
		return err
	}
	if err := enoughFiles(); err != nil {
		return err
	}
	unlock, err := openToCheck(cfg.dataDir, repair)
	if err != nil {
		return err
	}
	defer unlock() // a lock that nothing was written under
	if repair {
		surviveClosedPipes() // a repair that was begun is finished
	}
	key, err := cfg.sealingKey(ctx, func(line string) { fmt.Fprintln(stderr, "key command: "+line) })
	if err != nil {
		return err
	}
	out := &firstError{w: stdout}
	if err := checkDataDir(ctx, cfg.dataDir, key, repair, out); err != nil && err != errFound || out.err == nil {
		return err
	}
	return fmt.Errorf("the findings cannot be written: %w", out.err)
}

// firstError is a writer that remembers the first error, for callers that write
// and cannot stop.
type firstError struct {
	w   io.Writer
	err error
}

func (f *firstError) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if f.err == nil {
		f.err = err
	}
	return n, err
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

func checkDataDir(ctx context.Context, dir string, key meta.Key, repair bool, stdout io.Writer) error {
	faults := 0
	say := func(what string) { fmt.Fprintln(stdout, what) }
	report := func(what string) {
		faults++
		say(what)
	}
	if p, err := readParts(dir); err != nil {
		return err
	} else if p.begun && !p.files {
		say("the first start of this folder has not been finished, so that nothing is in it; the next start goes on with it")
		return nil
	}
	stages, err := checkFiles(ctx, filepath.Join(dir, filesFolder), repair, report, say)
	if err != nil {
		return err
	}
	err = meta.CheckFolder(ctx, dir, meta.CheckOptions{Repair: repair, Key: key, Files: stages, Done: say}, report)
	if err != nil {
		return err
	}
	if faults > 0 {
		fmt.Fprintf(stdout, "%d found\n", faults)
		return errFound
	}
	say("nothing is wrong")
	return nil
}

// checkFiles verifies the files and returns which stages have any.
func checkFiles(ctx context.Context, dir string, repair bool, report, say func(what string)) ([]wharf.StageID, error) {
	stages := map[wharf.StageID]bool{}
	o := fsck.Options{Repair: repair, Stage: func(id wharf.StageID) { stages[id] = true }}
	err := fsck.Check(ctx, dir, o, func(f fsck.Finding) {
		if f.Foreign {
			say(f.String())
		} else {
			report(f.String())
		}
	})
	if wharf.CodeOf(err) == wharf.CodeNotFound {
		report("the folder of the files, " + filesFolder + ", is missing or empty: is its disk mounted?")
		if !repair {
			return nil, nil
		}
		if err = beginFiles(dir); err == nil {
			say("repair: an empty folder of files is begun")
		}
	}
	ids := slices.Collect(maps.Keys(stages))
	slices.SortFunc(ids, func(a, b wharf.StageID) int { return bytes.Compare(a[:], b[:]) })
	return ids, err
}

// beginFiles makes the folder of the files where it is missing.
func beginFiles(dir string) error {
	files, err := local.Open(dir, local.Options{})
	if err != nil {
		return err
	}
	return files.Close()
}
