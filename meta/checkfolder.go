package meta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// CheckOptions say how [CheckFolder] checks. The zero value changes nothing.
type CheckOptions struct {
	// Repair makes a catalog that is damaged or missing anew of the records
	// that can be read, and keeps the old one beside it. It adds a stage
	// recovered_ID for each stage of Files that the catalog does not know.
	Repair bool
	// Key is where the key of the catalog is.
	Key Key
	// Files are the stages that have files on this server.
	Files []wharf.StageID
	// Done is called with each line of what a repair did; nil discards them.
	Done func(what string)
}

// CheckFolder reads the catalog in dir, which no server may have open, and
// reports each thing that is wrong with it: the pages of its file, and what
// [Catalog.Check] finds. Without a repair it changes nothing, also not for a
// moment, so that it works on a file system that is read-only. An error means
// that the check or the repair could not be done. Another catalog's key is
// reported, and nothing is repaired without the right one.
func CheckFolder(ctx context.Context, dir string, o CheckOptions, report func(what string)) error {
	const op = "meta.CheckFolder"
	if o.Done == nil {
		o.Done = func(string) {}
	}
	state, err := inspect(ctx, dir, o, report)
	if err != nil {
		return translate(op, err)
	}
	if !o.Repair {
		return nil
	}
	switch state {
	case isMissing, isDamaged:
		err = rebuild(dir, state == isMissing, o)
	case isIncomplete:
		err = complete(ctx, dir, o)
	}
	return translate(op, err)
}

// state is what an inspection of a catalog comes to.
type state int

const (
	isWhole      state = iota
	isIncomplete       // it does not know all stages that have files
	isMissing
	isDamaged
)

func inspect(ctx context.Context, dir string, o CheckOptions, report func(what string)) (state, error) {
	there, err := Exists(dir)
	if err != nil {
		return 0, err
	}
	if !there {
		report("the catalog, " + dbFile + ", is missing: stages, connections and file formats are lost")
		return isMissing, nil
	}
	c, err := Open(dir, Options{readOnly: true, Key: o.Key})
	switch code := wharf.CodeOf(err); {
	case code == wharf.CodeUnavailable, code == wharf.CodeUnsupported, code == wharf.CodeCanceled:
		return 0, err
	case err != nil:
		report("the catalog cannot be opened: " + line(err))
		return isDamaged, nil
	}
	found := append(parts(metaFaults(dir)), parts(c.Check(ctx))...)
	if err := ctx.Err(); err != nil {
		return 0, errors.Join(err, c.Close())
	}
	for _, e := range found {
		report("catalog: " + line(e))
	}
	if len(found) > 0 {
		return isDamaged, c.Close()
	}
	unknown, err := c.unknown(ctx, o.Files)
	for _, id := range unknown {
		report(fmt.Sprintf("catalog: the stage %s has files, and the catalog does not know it", id))
	}
	if len(unknown) > 0 {
		return isIncomplete, errors.Join(err, c.Close())
	}
	return isWhole, errors.Join(err, c.Close())
}

// metaFaults reads the two pages that say where the catalog begins.
func metaFaults(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, dbFile))
	if err != nil {
		return err
	}
	p, _ := readPages(data)
	return errors.Join(p.metaFaults()...)
}

// unknown lists the stages that the catalog neither has nor lists as
// dropped.
func (c *Catalog) unknown(ctx context.Context, files []wharf.StageID) (unknown []wharf.StageID, err error) {
	err = c.view(ctx, "meta.CheckFolder", func(tx *bolt.Tx) error {
		for _, id := range files {
			if !knows(tx, id) {
				unknown = append(unknown, id)
			}
		}
		return nil
	})
	return unknown, err
}

func knows(tx *bolt.Tx, id wharf.StageID) bool {
	return tx.Bucket([]byte(bucketStages)).Get(id[:]) != nil || tx.Bucket([]byte(bucketDropped)).Get(id[:]) != nil
}

// parts returns the errors that were joined into err, or err alone.
func parts(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			var all []error
			for _, part := range joined.Unwrap() {
				all = append(all, parts(part)...)
			}
			return all
		}
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func line(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// keep writes what was in a damaged file under a name that is free, unless a
// repair that was cut short has done so, and returns the name.
func keep(dir, file string, data []byte) (string, error) {
	for n := 1; ; n++ {
		name := file + ".damaged"
		if n > 1 {
			name = fmt.Sprintf("%s.%d", name, n)
		}
		path := filepath.Join(dir, name)
		kept, err := os.ReadFile(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return name, writeFile(path, data)
		case err != nil:
			return "", err
		case bytes.Equal(kept, data):
			return name, nil
		}
	}
}
