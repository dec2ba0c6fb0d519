package local

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// Finding is one thing that is wrong in a data folder.
type Finding struct {
	What  string        // what is wrong
	Stage wharf.StageID // whose object it concerns, if that is known
	Key   wharf.Key
	File  string // the file within the data folder that it concerns, if any
	Done  string // what the repair made of it; "" without a repair
	// Foreign is a file that is not one of Wharf's, which is no fault and
	// left alone.
	Foreign bool
}

// String gives the finding as one line.
func (f Finding) String() string {
	var b strings.Builder
	if f.Key != "" {
		fmt.Fprintf(&b, "stage %s, file %q: ", f.Stage, string(f.Key))
	}
	if f.File != "" {
		fmt.Fprintf(&b, "%s: ", f.File)
	}
	b.WriteString(strings.ReplaceAll(f.What, "\n", " "))
	if f.Done != "" {
		b.WriteString("; " + f.Done)
	}
	return b.String()
}

// CheckOptions says how to check.
type CheckOptions struct {
	// FS is the seam to the operating system; nil is the real disk.
	FS vfs.FS
	// Repair makes the folder one that can be served: what is broken is put
	// into the folder aside/, what can be proven whole is kept.
	Repair bool
	// Stage is called for each stage that has files, perhaps more than once;
	// nil is not called.
	Stage func(wharf.StageID)

	window uint64 // as in Options
}

const asideFolder = "aside"

// Check compares the index of a stopped data folder with the bytes, reads
// and verifies every body, and reports what is wrong, in no particular
// order. Without a repair it changes nothing, and needs to change nothing: it
// works on a file system that is read-only. An error means that the check
// could not be done: a folder that a server has open is
// [wharf.CodeUnavailable], one that is missing or empty [wharf.CodeNotFound].
func Check(ctx context.Context, dir string, o CheckOptions, report func(Finding)) error {
	const op = "local.Check"
	c := newChecker(ctx, dir, o, report)
	isNew, err := checkFormat(c.e.fs, dir)
	lost := errors.Is(err, errNoFormat)
	switch {
	case isNew && err == nil:
		return &wharf.Error{Code: wharf.CodeNotFound, Op: op, Msg: "there is no data folder of Wharf"}
	case lost:
		err = c.found(Finding{File: formatFile, What: "the file is missing or cut short"},
			func() (string, error) { return "written again", nil })
	}
	if err == nil {
		err = c.run()
	}
	// Last, so that a repair that is cut short leaves a folder that no server
	// opens.
	if err == nil && lost && o.Repair {
		err = writeFormat(c.e.fs, dir)
	}
	if err != nil {
		return fault(op, err)
	}
	return nil
}

// checker is one check on its way.
type checker struct {
	ctx    context.Context
	e      *Engine // neither recovering nor working in the background
	o      CheckOptions
	report func(Finding)
	last   allocation
}

func newChecker(ctx context.Context, dir string, o CheckOptions, report func(Finding)) *checker {
	options := Options{FS: o.FS, window: o.window}.withDefaults()
	if !o.Repair {
		options.FS = readOnly{options.FS}
	}
	return &checker{ctx: ctx, e: newEngine(dir, options), o: o, report: report}
}

// run checks with the index, or, where that cannot be read, without.
func (c *checker) run() error {
	err := c.withIndex(indexFolder, c.checkAll)
	if err == nil || !errors.Is(err, errIndex) {
		return err
	}
	f := Finding{What: fmt.Sprintf("the index cannot be read: %v", err), File: indexFolder}
	if !c.o.Repair {
		c.report(f)
		return c.checkFilesAlone()
	}
	return c.rebuild(f)
}

// errIndex is what a failure of the index itself is marked with, as opposed
// to one of what stands in it.
var errIndex = errors.New("index")

// withIndex opens an index for work, and closes it. Only a new one may be
// missing.
func (c *checker) withIndex(folder string, work func() error) (err error) {
	e := c.e
	if folder == newIndexFolder {
		err = e.fs.MkdirAll(e.path(folder), folderMode)
	} else if _, err = e.fs.Stat(e.path(folder)); missing(err) {
		return fmt.Errorf("%w: the folder is missing", errIndex)
	}
	if err != nil {
		return err
	}
	if e.lock, err = lockIndex(e, folder); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.lock.Close()) }()
	o := indexOptions(e, e.lock, chooseSizes(e.fs, e.dir, 0))
	o.ReadOnly, o.ErrorIfNotExists = !c.o.Repair, folder != newIndexFolder
	err = e.aside("local.Check", func() (err error) {
		e.index, err = pebble.Open(e.path(folder), o)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	defer func() { err = errors.Join(err, e.index.Close()) }()
	return work()
}

func (c *checker) checkAll() (err error) {
	if c.last, err = c.e.ids.load(); err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	for _, part := range []func() error{c.checkObjects, c.checkSmall, c.checkOwners, c.checkFolders, c.stages} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// stages tells of each stage that has an object.
func (c *checker) stages() (err error) {
	if c.o.Stage == nil {
		return nil
	}
	it, err := c.e.index.NewIterWithContext(c.ctx, &pebble.IterOptions{
		LowerBound: []byte{spaceObject}, UpperBound: []byte{spaceObject + 1},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; {
		stage, _, whole := splitObjectKey(it.Key()[1:])
		if !whole {
			ok = it.Next()
			continue
		}
		c.o.Stage(stage)
		_, after := stageSpan(stage)
		ok = it.SeekGE(after)
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	return nil
}

// each calls do for every record of a space.
func (c *checker) each(space byte, do func(key, value []byte) error) (err error) {
	it, err := c.e.index.NewIterWithContext(c.ctx, &pebble.IterOptions{
		LowerBound: []byte{space}, UpperBound: []byte{space + 1},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			v = nil // a value that cannot be read is damaged, like one that is wrong
		}
		if err := do(it.Key(), v); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	return nil
}

// found reports a finding, and with a repair, what that made of it.
func (c *checker) found(f Finding, repair func() (done string, err error)) error {
	if c.o.Repair {
		done, err := repair()
		if err != nil {
			return err
		}
		f.Done = done
	}
	c.report(f)
	return nil
}
