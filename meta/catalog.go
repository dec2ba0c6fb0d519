package meta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// Options are the settings of a catalog. The zero value is fine.
type Options struct {
	// LockTimeout is how long Open waits for another server to release the
	// catalog; 0 is one second.
	LockTimeout time.Duration
	// Key is where the key is that seals secrets.
	Key Key
	// Logger logs when a new catalog and a new key are made; nil is none.
	Logger *slog.Logger

	// readOnly opens a catalog that is there, and changes nothing.
	readOnly bool
}

func (o Options) withDefaults() Options {
	if o.LockTimeout == 0 {
		o.LockTimeout = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Catalog is a [wharf.Catalog] in one folder. It is safe for concurrent use;
// one process at a time has the folder.
type Catalog struct {
	db   *bolt.DB
	file *os.File // of db, which keeps the lock
	seal *sealer
	// recent keeps what was read since the last write.
	recent recent
	// users keeps all users, decoded, as the last UpdateUsers left them; nil until
	// they are read. Other writes do not touch it.
	users atomic.Pointer[wharf.Users]
	// writing holds one token: bbolt lets its writers wait on a mutex, which
	// no context ends.
	writing chan struct{}
	// doubtful is set when it is not known whether a failed commit happened;
	// all methods fail from then on.
	doubtful atomic.Bool
	// changed is set once something was committed.
	changed atomic.Bool
	// panicked is set when bbolt panicked: it may hold its own locks then,
	// so nothing calls it any more.
	panicked atomic.Bool
}

var _ wharf.Catalog = (*Catalog)(nil)

// Open opens the catalog in dir, a folder that is there already, and makes it
// if dir has none. It is [wharf.CodeUnavailable] while another server has the
// catalog, [wharf.CodeUnsupported] for a format that this version does not
// know, and [wharf.CodeInvalid] where the key file is missing or is not the
// catalog's.
func Open(dir string, o Options) (*Catalog, error) {
	o = o.withDefaults()
	open := openFiles
	if o.readOnly {
		open = openToRead
	}
	at, err := o.Key.in(dir)
	if err != nil {
		return nil, translate("meta.Open", err)
	}
	db, file, key, err := open(dir, at, o)
	if err != nil {
		return nil, translate("meta.Open", err)
	}
	c := &Catalog{db: db, file: file, writing: make(chan struct{}, 1)}
	if err = checkPages(db.Path()); err == nil {
		err = c.unseal(key, at, o)
	}
	if err != nil {
		return nil, errors.Join(translate("meta.Open", err), c.Close())
	}
	return c, nil
}

// unseal finds out whether the key is the catalog's. It ends a rekey that was cut
// short: where the catalog is sealed anew already, the new key, which lies beside
// the old one until then, takes its place.
func (c *Catalog) unseal(key []byte, at keyAt, o Options) error {
	err := c.sealBy(key)
	next := at.next()
	switch {
	case err == nil && next != nil && !o.readOnly:
		return at.dropNext()
	case err != errOtherKey:
		return err
	case next == nil || c.sealBy(next) != nil:
		return at.errOther()
	case o.readOnly:
		return nil
	}
	o.Logger.Info("a rekey that was cut short is done: the new key is " + at.name)
	return at.takeNext()
}

func (c *Catalog) sealBy(key []byte) (err error) {
	if c.seal, err = newSealer(key); err != nil {
		return err
	}
	return c.run(func() error { return c.db.View(c.checkFormat) })
}

// Close waits for the transactions that run and closes the files. Methods
// that are called later fail with [wharf.CodeUnavailable].
func (c *Catalog) Close() error {
	c.recent.writing() // never done
	c.users.Store(nil)
	if c.panicked.Load() {
		return translate("meta.Close", closeMapped(c.file))
	}
	c.writeTwice()
	return translate("meta.Close", c.db.Close())
}

// writeTwice commits nothing once more, so that both of the file's meta pages
// lead to the same stages: a damaged one costs nothing then.
func (c *Catalog) writeTwice() {
	if !c.changed.Load() || c.doubtful.Load() {
		return
	}
	// Without it, the catalog is as good as it was before.
	_ = c.run(func() error { return c.db.Update(func(*bolt.Tx) error { return nil }) })
}

// view runs f in a transaction that reads.
func (c *Catalog) view(ctx context.Context, op string, f func(tx *bolt.Tx) error) error {
	if err := c.ready(ctx); err != nil {
		return translate(op, err)
	}
	return translate(op, c.run(func() error { return c.db.View(f) }))
}

// update runs f in a transaction that writes, and commits it unless f fails.
func (c *Catalog) update(ctx context.Context, op string, f func(tx *bolt.Tx) error) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
	}
	if err := c.ready(ctx); err != nil {
		return translate(op, err)
	}
	defer c.recent.writing()()
	committing := 0
	err := c.run(func() error {
		return c.db.Update(func(tx *bolt.Tx) error {
			if err := f(tx); err != nil {
				return err
			}
			committing = tx.ID()
			return nil
		})
	})
	if err == nil {
		c.changed.Store(true)
	} else if committing != 0 && !c.panicked.Load() {
		c.doubt(committing)
	}
	return translate(op, err)
}

// ready reports whether a transaction may start.
func (c *Catalog) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.panicked.Load() {
		return errPanic(errors.New("bbolt panicked before"))
	}
	if c.doubtful.Load() {
		return wharf.Errorf(wharf.CodeInternal, "the catalog could not be written to its disk; the server must be started again")
	}
	return nil
}

// doubt is called when the commit of the transaction with that ID failed. A
// sync that fails leaves the pages in the memory map, where later transactions
// would see what its caller was told has failed.
func (c *Catalog) doubt(id int) {
	err := c.run(func() error {
		return c.db.View(func(tx *bolt.Tx) error {
			if tx.ID() >= id {
				return errors.New("the commit can be seen")
			}
			return nil
		})
	})
	if err != nil {
		c.doubtful.Store(true)
	}
}

// run calls bbolt, and records whether it panicked.
func (c *Catalog) run(f func() error) error {
	panicked, err := guard(f)
	if panicked {
		c.panicked.Store(true)
	}
	return err
}

// guard turns into an error what bbolt does about a damaged file: it panics,
// and touches pages of its memory map that the file no longer has.
func guard(f func() error) (panicked bool, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			panicked, err = true, errPanic(fmt.Errorf("panic: %v", p))
		}
	}()
	return false, f()
}
