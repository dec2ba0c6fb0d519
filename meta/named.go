package meta

import (
	"context"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// named is one kind of definition that has a name and nothing else to find
// it by: how it is called, stored and read.
type named[T any] struct {
	what   string // in messages: "connection"
	bucket string
	encode func(T) (name string, payload []byte, err error)
	decode func(name string, payload []byte) (T, error)
}

// create adds v by the mode, and returns what is there afterwards and whether
// that is v.
func (n named[T]) create(ctx context.Context, c *Catalog, op string, v T, mode wharf.CreateMode, checks []func(T) error) (after T, created bool, err error) {
	var none T
	name, payload, err := n.encode(v)
	if err != nil {
		return none, false, translate(op, err)
	}
	if name == "" || len(name) > wharf.MaxStageName {
		return none, false, translate(op, fmt.Errorf("a %s has a name of %d bytes", n.what, len(name)))
	}
	err = c.update(ctx, op, func(tx *bolt.Tx) error {
		present, taken, err := n.find(tx, name)
		switch {
		case err != nil:
			return err
		case taken && mode == wharf.CreateIfNotExists:
			after = present
			return nil
		case taken && mode != wharf.CreateOrReplace:
			return wharf.Errorf(wharf.CodeExists, "the %s %q exists already", n.what, name)
		case taken:
			if err := passes(present, checks); err != nil {
				return err
			}
		}
		created = true
		if err := putRecord(tx, n.bucket, []byte(name), payload); err != nil {
			return err
		}
		after, err = n.decode(name, payload)
		return err
	})
	if err != nil {
		return none, false, err
	}
	return after, created, nil
}

// passes asks the checks of what is there.
func passes[T any](present T, checks []func(T) error) error {
	for _, check := range checks {
		if err := check(present); err != nil {
			return err
		}
	}
	return nil
}

func (n named[T]) drop(ctx context.Context, c *Catalog, op, name string, checks []func(T) error) error {
	return c.update(ctx, op, func(tx *bolt.Tx) error {
		present, found, err := n.find(tx, name)
		if err != nil || !found {
			return n.orMissing(name, err)
		}
		if err := passes(present, checks); err != nil {
			return err
		}
		return tx.Bucket([]byte(n.bucket)).Delete([]byte(name))
	})
}

// alter stores what change makes of the definition of that name, whose name stays.
func (n named[T]) alter(ctx context.Context, c *Catalog, op, name string, change func(T) (T, error)) (after T, err error) {
	var none T
	err = c.update(ctx, op, func(tx *bolt.Tx) error {
		present, found, err := n.find(tx, name)
		if err != nil || !found {
			return n.orMissing(name, err)
		}
		next, err := change(present)
		if err != nil {
			return err
		}
		now, payload, err := n.encode(next)
		if err != nil {
			return err
		}
		if now != name {
			return fmt.Errorf("a change of the %s %q touched its name", n.what, name)
		}
		if err := putRecord(tx, n.bucket, []byte(name), payload); err != nil {
			return err
		}
		after, err = n.decode(name, payload)
		return err
	})
	if err != nil {
		return none, err
	}
	return after, nil
}

func (n named[T]) one(ctx context.Context, c *Catalog, op, name string) (T, error) {
	var v T
	err := c.view(ctx, op, func(tx *bolt.Tx) error {
		present, found, err := n.find(tx, name)
		if err != nil || !found {
			return n.orMissing(name, err)
		}
		v = present
		return nil
	})
	return v, err
}

func (n named[T]) page(ctx context.Context, c *Catalog, op, after string, limit int) ([]T, error) {
	var all []T
	err := c.view(ctx, op, func(tx *bolt.Tx) error {
		return eachAfter(tx, n.bucket, after, limit, func(name string) error {
			v, _, err := n.find(tx, name)
			all = append(all, v)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// find returns the definition of that name, and whether there is one.
func (n named[T]) find(tx *bolt.Tx, name string) (v T, found bool, err error) {
	if name == "" {
		return v, false, nil
	}
	payload, err := record(tx, n.bucket, []byte(name))
	if payload == nil || err != nil {
		return v, false, err
	}
	if v, err = n.decode(name, payload); err != nil {
		return v, false, fmt.Errorf("%s %q: %w", n.what, name, err)
	}
	return v, true, nil
}

func (n named[T]) orMissing(name string, err error) error {
	if err == nil {
		err = wharf.Errorf(wharf.CodeNotFound, "there is no %s %q", n.what, name)
	}
	return err
}

// encodeJSON returns the payload of a record whose texts JSON can carry.
func encodeJSON(what, name string, r any, valid bool) ([]byte, error) {
	if !valid {
		// encoding/json would store U+FFFD instead, without a word.
		return nil, wharf.Errorf(wharf.CodeInvalid, "the definition of %s %q holds text that is not valid UTF-8", what, name)
	}
	return json.Marshal(r)
}
