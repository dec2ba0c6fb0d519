package local

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"wharf"
)

// recover brings the folder of bodies in line with the index after a crash.
// It looks at the last window of body files and at the uploads that were
// older, not at what is stored.
func (e *Engine) recover() error {
	if err := e.bodiesThere(); err != nil {
		return err
	}
	last, err := e.ids.load()
	if err != nil {
		return err
	}
	strays, err := e.strays(last)
	if err != nil {
		return err
	}
	if err := e.removeBodies(strays); err != nil {
		return err
	}
	dead, err := e.dead()
	if err != nil {
		return err
	}
	e.reaper.add(dead...)
	return e.ids.begin(last)
}

// errNoBodies is a folder whose index is there, and its bodies are not.
var errNoBodies = wharf.Errorf(wharf.CodeInvalid, "the folder %s is missing or empty, and the index knows files in it; "+
	"mount its disk or restore it, or let wharf check --repair tell what is lost", bodiesFolder)

// bodiesThere refuses a folder that lost all of its body files. What is there
// is not looked at one by one: that is the check's.
func (e *Engine) bodiesThere() error {
	names, err := e.fs.List(e.path(bodiesFolder))
	if err != nil || len(slices.DeleteFunc(names, foreign)) > 0 {
		return err
	}
	it, err := e.index.NewIterWithContext(context.Background(), &pebble.IterOptions{
		LowerBound: []byte{spaceFile}, UpperBound: []byte{spaceFile + 1},
	})
	if err != nil {
		return err
	}
	if it.First() {
		err = errNoBodies
	}
	return errors.Join(err, it.Error(), it.Close())
}

// strays lists the body files that were in flight and belong to no object.
func (e *Engine) strays(last allocation) ([]bodyID, error) {
	var strays []bodyID
	check := func(id bodyID) error {
		owned, err := e.has(spaceFile, id)
		if err == nil && !owned {
			strays = append(strays, id)
		}
		return err
	}
	for _, n := range last.older {
		if err := check(bodyID(n) | largeBit); err != nil {
			return nil, err
		}
	}
	if last.from == last.to {
		return strays, nil
	}
	names, err := e.fs.List(e.folderPath(bodyID(last.from)))
	if err != nil && !missing(err) {
		return nil, err
	}
	for _, name := range names {
		id, ok := parseBodyName(name)
		if !ok {
			e.log.Warn("a file among the bodies is not one of Wharf's; it is left alone", "file", name)
			continue
		}
		if err := check(id); err != nil {
			return nil, err
		}
	}
	return strays, nil
}

// has tells whether the index has a record of a body file in space.
func (e *Engine) has(space byte, id bodyID) (bool, error) {
	k := idKey(space, id)
	_, done, err := e.index.Get(k[:])
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, done.Close()
}

// dead lists the files whose removal was not finished.
func (e *Engine) dead() (ids []bodyID, err error) {
	it, err := e.index.NewIterWithContext(context.Background(), &pebble.IterOptions{
		LowerBound: []byte{spaceDead}, UpperBound: []byte{spaceDead + 1},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		if k := it.Key(); len(k) == 1+8 {
			ids = append(ids, bodyID(binary.BigEndian.Uint64(k[1:])))
		}
	}
	return ids, it.Error()
}
