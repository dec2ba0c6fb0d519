package meta

import (
	"context"
	"errors"
	"strings"

	"wharf"
)

// CheckFolder opens the catalog in dir, which no server may have open, and
// reports each thing that is wrong with it, by [Catalog.Check]. It changes
// nothing and makes nothing. An error means that the check could not be done.
func CheckFolder(ctx context.Context, dir string, report func(what string)) error {
	const op = "meta.CheckFolder"
	there, err := present(dir, dbFile)
	if err == nil && !there {
		report("the catalog, " + dbFile + ", is missing: stages, connections and file formats are lost")
		return nil
	}
	var catalog *Catalog
	if err == nil {
		catalog, err = Open(dir, Options{})
	}
	switch code := wharf.CodeOf(err); {
	case code == wharf.CodeUnavailable, code == wharf.CodeUnsupported, code == wharf.CodeCanceled:
		return translate(op, err)
	case err != nil:
		report("the catalog cannot be opened: " + line(err))
		return nil
	}
	found := catalog.Check(ctx)
	if ctx.Err() == nil {
		for _, e := range parts(found) {
			report("catalog: " + line(e))
		}
		found = nil
	}
	return errors.Join(translate(op, found), translate(op, catalog.Close()))
}

// parts gives the errors that were joined into err, or err alone.
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
