package meta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"wharf"
)

const (
	dbFile  = "catalog.db"
	keyFile = "catalog.key"
	// newSuffix ends the name of a file that is being made.
	newSuffix = ".new"

	fileMode = 0o600
	// formatVersion is the format that this version reads and writes.
	formatVersion = 3
)

// openFiles opens the two files in dir. Where there is neither, or a key
// alone, it makes what is missing: the key first, so that a catalog without
// its key is never the trace of a crash.
func openFiles(dir string, at keyAt, o Options) (*bolt.DB, *os.File, []byte, error) {
	unlock, err := lockFolder(dir, o.LockTimeout)
	if err != nil {
		return nil, nil, nil, err
	}
	// From then on bbolt's own lock keeps others out.
	defer unlock()
	path := filepath.Join(dir, dbFile)
	for _, name := range []string{path, filepath.Join(dir, keyFile)} {
		if err := os.Remove(name + newSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, nil, err
		}
	}
	hasDB, err := presentPrivate(path, dbFile)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := at.load(hasDB, o.Logger)
	if err != nil {
		return nil, nil, nil, err
	}
	if !hasDB {
		if err := makeDB(dir, key, o, nil); err != nil {
			return nil, nil, nil, err
		}
		o.Logger.Info("made a new catalog")
	}
	db, file, err := openDB(path, o)
	return db, file, key, err
}

// openToRead opens the two files, which must be there, and changes nothing.
func openToRead(dir string, at keyAt, o Options) (*bolt.DB, *os.File, []byte, error) {
	there, err := present(filepath.Join(dir, dbFile), dbFile)
	if err == nil && !there {
		err = wharf.Errorf(wharf.CodeNotFound, "catalog.db is missing")
	}
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := at.loadToRead()
	if err != nil {
		return nil, nil, nil, err
	}
	db, file, err := openDB(filepath.Join(dir, dbFile), o)
	return db, file, key, err
}

// Exists reports whether dir has a catalog, whole or not. It changes nothing.
func Exists(dir string) (bool, error) {
	_, err := os.Lstat(filepath.Join(dir, dbFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, translate("meta.Exists", err)
}

// present reports whether the file is there, which messages call name. It
// refuses one that this package never makes, and changes nothing.
func present(path, name string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return false, wharf.Errorf(wharf.CodeInvalid, "%s is a symbolic link to a file that is missing; is its disk mounted?", name)
		}
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, wharf.Errorf(wharf.CodeInvalid, "%s is not a regular file; restore it from a backup", name)
	case info.Size() == 0 && name == dbFile:
		return false, wharf.Errorf(wharf.CodeInvalid, "%s is empty; restore it from a backup, or let wharf check --repair make a stage of each stage's files", name)
	case info.Size() == 0:
		return false, wharf.Errorf(wharf.CodeInvalid, "%s is empty; restore it from a backup", name)
	}
	return true, nil
}

// presentPrivate is present, and keeps others from reading the file.
func presentPrivate(path, name string) (bool, error) {
	there, err := present(path, name)
	if !there || err != nil {
		return there, err
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() == fileMode {
		return true, err
	}
	return true, os.Chmod(path, fileMode)
}

// lockFolder keeps other servers out while dir is looked at and filled.
func lockFolder(dir string, timeout time.Duration) (unlock func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(timeout); ; time.Sleep(10 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f.Close, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(err, f.Close())
		case time.Now().After(deadline):
			return nil, errors.Join(bolterrors.ErrTimeout, f.Close())
		}
	}
}

// openDB opens the file, and returns it beside the database: a damaged file
// makes bbolt panic with the file open, and then only the caller can close it.
func openDB(path string, o Options) (db *bolt.DB, file *os.File, err error) {
	options := &bolt.Options{
		Timeout: o.LockTimeout, FreelistType: bolt.FreelistMapType, ReadOnly: o.readOnly,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			file = f
			return f, err
		},
	}
	panicked, err := guard(func() error {
		db, err = bolt.Open(path, fileMode, options)
		return err
	})
	if panicked {
		err = errors.Join(err, closeMapped(file))
	}
	switch {
	case panicked:
		if err = checkPages(path); err == nil { // it says which page, where bbolt says how it failed
			err = damagedFile(bolterrors.ErrInvalid)
		}
	case err != nil:
		err = fmt.Errorf("catalog.db cannot be opened: %w", err)
	}
	return db, file, err
}

func damagedFile(cause error) error {
	return &wharf.Error{Code: wharf.CodeInternal, Op: "meta.Open", Err: cause,
		Msg: "catalog.db is damaged; wharf check --repair saves what can be read of it"}
}

// checkPages refuses a file whose pages do not make a tree. On such a file
// bbolt panics, or never ends.
func checkPages(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	p, ok := readPages(data)
	if !ok {
		return damagedFile(bolterrors.ErrInvalid)
	}
	if n := p.meta.end * p.size; uint64(len(data)) < n {
		return wharf.Errorf(wharf.CodeInvalid, "catalog.db is cut short: it has %d bytes of %d; "+
			"restore it from a backup, or let wharf check --repair save what can be read", len(data), n)
	}
	if faults := p.walk().faults; len(faults) > 0 {
		return damagedFile(faults[0])
	}
	return nil
}

// closeMapped closes a file that bbolt has mapped. The map stays, and would keep
// the lock.
func closeMapped(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}

// makeDB makes a catalog for the key, and lets fill put something into it
// before it has its name; nil leaves it empty.
func makeDB(dir string, key []byte, o Options, fill func(c *Catalog, tx *bolt.Tx) error) error {
	if err := buildDB(dir, key, o, fill); err != nil {
		return err
	}
	return publish(filepath.Join(dir, dbFile))
}

// buildDB is makeDB without the name.
func buildDB(dir string, key []byte, o Options, fill func(c *Catalog, tx *bolt.Tx) error) error {
	path := filepath.Join(dir, dbFile+newSuffix)
	// A crash may have left one.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, _, err := openDB(path, o)
	if err != nil {
		return err
	}
	if err = fillDB(db, key, fill); err == nil {
		err = db.Update(func(*bolt.Tx) error { return nil }) // see Catalog.writeTwice
	}
	return errors.Join(err, db.Close())
}

func fillDB(db *bolt.DB, key []byte, fill func(c *Catalog, tx *bolt.Tx) error) error {
	seal, err := newSealer(key)
	if err != nil {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		if err := tx.Bucket([]byte(bucketSelf)).Put([]byte(keyFormat), formatNumber(formatVersion)); err != nil {
			return err
		}
		if err := putRecord(tx, bucketSelf, []byte(keyCheck), seal.seal(checkIdentity, checkValue)); err != nil || fill == nil {
			return err
		}
		return fill(&Catalog{db: db, seal: seal}, tx)
	})
}

// checkFormat refuses a file that is of another format, or of another key.
func (c *Catalog) checkFormat(tx *bolt.Tx) error {
	self := tx.Bucket([]byte(bucketSelf))
	if self == nil {
		return errNotOurs(bucketSelf)
	}
	format := self.Get([]byte(keyFormat))
	v, ok := parseFormatNumber(format)
	switch {
	case format == nil:
		return wharf.Errorf(wharf.CodeInvalid, "catalog.db has no format number; restore it from a backup")
	case !ok:
		return damagedFile(errors.New("the format number does not match its checksum"))
	case v != formatVersion: // before the buckets, for another format may have others
		return errOtherFormat(v)
	}
	for _, name := range buckets {
		if tx.Bucket([]byte(name)) == nil && name != bucketUsers { // which older versions did not make
			return errNotOurs(name)
		}
	}
	sealed, err := record(tx, bucketSelf, []byte(keyCheck))
	if err != nil && wharf.CodeOf(err) != wharf.CodeUnsupported {
		err = damagedFile(err)
	}
	if err == nil && sealed == nil { // any key would be taken for another catalog's
		err = damagedFile(errors.New("the check value of the key is missing"))
	}
	if err != nil {
		return err
	}
	return c.checkKey(sealed)
}

func errOtherFormat(v uint32) error {
	return wharf.Errorf(wharf.CodeUnsupported, "catalog.db has format %d; this version reads format %d", v, formatVersion)
}

// formatNumber is a format as it is stored, with a checksum: a number that was
// damaged must not be taken for another version's.
func formatNumber(v uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, v)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseFormatNumber reads a format, or one without a checksum, as catalogs had
// it before.
func parseFormatNumber(b []byte) (v uint32, ok bool) {
	if len(b) != 4 && len(b) != 8 {
		return 0, false
	}
	v = binary.BigEndian.Uint32(b)
	return v, len(b) == 4 || bytes.Equal(b, formatNumber(v))
}

// checkKey refuses a key that did not seal the check value.
func (c *Catalog) checkKey(sealed []byte) error {
	if value, err := c.seal.open(checkIdentity, sealed); err != nil || value != checkValue {
		return errOtherKey
	}
	return nil
}

func errNotOurs(bucket string) error {
	return wharf.Errorf(wharf.CodeInvalid, "catalog.db is not a catalog of Wharf's: it lacks %q", bucket)
}

// publish renames a file from its temporary name, and makes that durable.
func publish(path string) error {
	if err := os.Rename(path+newSuffix, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
