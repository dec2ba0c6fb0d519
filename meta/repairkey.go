package meta

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
)

// rebuildKey returns the key for the new catalog. It is the old one's, with a
// damaged byte put right, so that no secret is lost. Where the old catalog.key is
// lost a new one will do, which is not written yet. The key of another catalog is
// refused, and so is a key from elsewhere that is lost: the right one may be at hand.
// Of a catalog in which no sealed value can be read, any key will do.
func rebuildKey(at keyAt, old *salvage, fresh bool, done func(string)) (key []byte, isNew bool, err error) {
	if old.format != 0 && old.format != formatVersion {
		return nil, false, errOtherFormat(old.format)
	}
	proof := old.proof()
	mayFit := func(key []byte) bool { return len(proof) == 0 || proof.fits(key) }
	if at.path == "" {
		if !mayFit(at.value) {
			err = at.errOther()
		}
		return at.value, false, err
	}
	data, err := readKeyFile(at.path)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && fresh {
		key, err = at.load(false, slog.New(slog.DiscardHandler))
		return key, false, err
	}
	if missing {
		_, err = present(at.path, at.name) // a link to a disk that is not mounted is refused
	}
	if err != nil {
		return nil, false, err
	}
	if key, ok := parseKey(data); ok && mayFit(key) {
		return key, false, nil
	}
	if next := at.next(); next != nil && proof.fits(next) {
		return next, false, at.takeNext()
	}
	right, ok := correctKey(data, proof)
	switch {
	case ok:
	case missing && !at.isDefault:
		return nil, false, at.errMissing()
	case !missing && (!at.isDefault || !isSpoiled(data)):
		return nil, false, at.errOther()
	}
	if !missing {
		name, err := keep(filepath.Dir(at.path), filepath.Base(at.path), data)
		if err != nil {
			return nil, false, err
		}
		done("repair: the damaged " + at.name + " is kept as " + name)
	}
	if ok {
		done("repair: a damaged byte of " + at.name + " is put right")
		return right, false, writeFile(at.path, right)
	}
	done("repair: catalog.key is lost, and with it every secret in the catalog; a new key is made. " +
		"If the key is found, put it and the catalog that is kept back under their names")
	return newKey(), true, nil
}

// keyProof is sealed values of one catalog. They tell its key from any other; an
// empty one tells nothing.
type keyProof []sealedValue

// sealedValue is what a cipher opens, with its associated data.
type sealedValue struct{ sealed, identity []byte }

// maxProof bounds what is opened for each key that is tried. One value is enough;
// more are for a page that came from another catalog.
const maxProof = 16

// proof returns the check value, or, where that is lost, secrets of the records.
func (s *salvage) proof() keyProof {
	if check := s.payload(bucketSelf, keyCheck); len(check) > 0 {
		return keyProof{{check[1:], checkIdentity.data()}}
	}
	var found keyProof
	c := &Catalog{seal: &sealer{aead: &found}}
	for _, bucket := range buckets {
		reseal := reseals[bucket]
		if reseal == nil {
			continue
		}
		for _, key := range s.byChange(bucket) {
			if len(found) >= maxProof {
				return found
			}
			// What cannot be decoded proves nothing.
			_, _ = reseal(c, c, []byte(key), s.payload(bucket, key))
		}
	}
	return found
}

// fits reports whether the key sealed one of the values.
func (p keyProof) fits(key []byte) bool {
	seal, err := newSealer(key)
	return err == nil && slices.ContainsFunc(p, func(v sealedValue) bool {
		_, err := seal.aead.Open(nil, nil, v.sealed, v.identity)
		return err == nil
	})
}

// Open implements [cipher.AEAD] for a sealer that collects what it should open. The
// value that it returns is empty.
func (p *keyProof) Open(value, _, sealed, identity []byte) ([]byte, error) {
	*p = append(*p, sealedValue{sealed, identity})
	return value, nil
}

// Seal implements [cipher.AEAD]. It returns what no catalog stores.
func (p *keyProof) Seal(sealed, _, _, _ []byte) []byte { return sealed }

// NonceSize implements [cipher.AEAD].
func (p *keyProof) NonceSize() int { return 0 }

// Overhead implements [cipher.AEAD].
func (p *keyProof) Overhead() int { return 0 }

// correctKey finds the key of a catalog if one byte of its file was changed, or
// the last is missing.
func correctKey(damaged []byte, proof keyProof) (key []byte, ok bool) {
	try := func(data []byte) bool {
		key, ok = parseKey(data)
		ok = ok && proof.fits(key)
		return ok
	}
	if len(proof) == 0 || len(damaged) > maxKeyText {
		return nil, false
	}
	for _, data := range [][]byte{bytes.Clone(damaged), append(bytes.Clone(damaged), 0)} {
		first := 0
		if len(data) > len(damaged) {
			first = len(data) - 1
		}
		for i := first; i < len(data); i++ {
			was := data[i]
			for b := range 256 {
				if data[i] = byte(b); try(data) {
					return bytes.Clone(key), true
				}
			}
			data[i] = was
		}
	}
	return nil, false
}

// maxKeyText is above the length of a key in hexadecimal.
const maxKeyText = 80

// isSpoiled reports whether these cannot be the bytes of any key: of random ones,
// two zeros at the end are one in 65,536.
func isSpoiled(data []byte) bool {
	key, ok := parseKey(data)
	return !ok || bytes.HasSuffix(key, []byte{0, 0})
}

// errOtherKey says that a key did not seal the check value of the catalog.
var errOtherKey = errors.New("another key sealed the catalog")
