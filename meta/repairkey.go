package meta

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"wharf"
)

// rebuildKey returns the key for the new catalog. It is the old one's, with a
// damaged byte put right, so that no secret is lost. Where the old key is lost
// a new one will do, which is not written yet. The key of another catalog is
// refused: the right one may be at hand.
func rebuildKey(dir string, old *salvage, fresh bool, done func(string)) (key []byte, isNew bool, err error) {
	if old.format != 0 && old.format != formatVersion {
		return nil, false, errOtherFormat(old.format)
	}
	sealed, hasCheck := old.records[place{bucketSelf, keyCheck}]
	key, err = os.ReadFile(filepath.Join(dir, keyFile))
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && fresh {
		key, err = fileKey(dir, false, slog.New(slog.DiscardHandler))
		return key, false, err
	}
	if missing {
		_, err = present(dir, keyFile) // a link to a disk that is not mounted is refused
	}
	switch {
	case err != nil:
		return nil, false, err
	case len(key) == keySize && (!hasCheck || fits(key, sealed)):
		return key, false, nil
	}
	right, ok := correctKey(key, sealed)
	if !ok && !missing && !isSpoiled(key) {
		return nil, false, errOtherKey
	}
	if !missing {
		name, err := keep(dir, keyFile, key)
		if err != nil {
			return nil, false, err
		}
		done("repair: the damaged catalog.key is kept as " + name)
	}
	if ok {
		done("repair: a damaged byte of catalog.key is put right")
		return right, false, writeFile(filepath.Join(dir, keyFile), right)
	}
	done("repair: catalog.key is lost, and with it every secret in the catalog; a new key is made. " +
		"If the key is found, put it and the catalog that is kept back under their names")
	key = make([]byte, keySize)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	return key, true, nil
}

// fits reports whether the key sealed the check value of a catalog.
func fits(key, sealed []byte) bool {
	seal, err := newSealer(key)
	return err == nil && (&Catalog{seal: seal}).checkKey(sealed) == nil
}

// correctKey finds the key of a catalog if one byte of it was changed, or the
// last is missing.
func correctKey(damaged, sealed []byte) (key []byte, ok bool) {
	key = append(bytes.Clone(damaged), 0)
	if len(key) > keySize {
		key = key[:len(damaged)]
	}
	if sealed == nil || len(key) != keySize {
		return nil, false
	}
	first := 0
	if len(damaged) < keySize {
		first = keySize - 1
	}
	for i := first; i < keySize; i++ {
		was := key[i]
		for b := range 256 {
			if key[i] = byte(b); fits(key, sealed) {
				return key, true
			}
		}
		key[i] = was
	}
	return nil, false
}

// isSpoiled reports whether these cannot be the bytes of any key: of random ones,
// two zeros at the end are one in 65,536.
func isSpoiled(key []byte) bool {
	return len(key) != keySize || bytes.HasSuffix(key, []byte{0, 0})
}

var errOtherKey = wharf.Errorf(wharf.CodeInvalid, "catalog.key is not the key of catalog.db; restore the one that was made with it")
