package meta

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"wharf"
)

// Key says where the key is that seals the secrets of a catalog. The zero Key is
// the file catalog.key in the catalog's folder. A key is 32 bytes, written as they
// are, in base64 or in hexadecimal.
type Key struct {
	// File is the path of a file that holds the key. Where there is neither a
	// catalog nor this file, Open makes the file, for its owner only.
	File string
	// Value is the key itself, if it is in no file.
	Value wharf.Secret
	// From says where Value comes from, for messages.
	From string
}

const (
	// keySize is the length of the key in bytes.
	keySize = 32
	// maxKeyFile bounds what is read of a file that should hold a key.
	maxKeyFile = 4 << 10
	// nextSuffix ends the name of the file of a new key, which takes the place of
	// the old one when the catalog is sealed with it.
	nextSuffix = ".next"
)

// keyAt is a Key of the catalog in one folder.
type keyAt struct {
	name      string // in messages
	path      string // of its file, without symbolic links; "" if it is in none
	value     []byte // the key, if it is in no file
	isDefault bool   // catalog.key
}

func (k Key) in(dir string) (keyAt, error) {
	if !k.Value.IsZero() {
		value, ok := parseKey([]byte(k.Value.Reveal()))
		if !ok {
			return keyAt{}, wharf.Errorf(wharf.CodeInvalid, "%s is no key: it is not %d bytes in base64 or hexadecimal", k.From, keySize)
		}
		return keyAt{name: k.From, value: value}, nil
	}
	at := keyAt{name: k.File, path: k.File}
	if k.File == "" {
		at = keyAt{name: keyFile, path: filepath.Join(dir, keyFile), isDefault: true}
	}
	// What takes the place of the file must not take that of a link to it.
	if real, err := filepath.EvalSymlinks(at.path); err == nil {
		at.path = real
	}
	return at, nil
}

// parseKey reads a key in one of its forms.
func parseKey(data []byte) (key []byte, ok bool) {
	if len(data) == keySize {
		return data, true
	}
	text := string(bytes.TrimSpace(data))
	decodes := []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	}
	for _, decode := range decodes {
		if key, err := decode(text); err == nil && len(key) == keySize {
			return key, true
		}
	}
	return nil, false
}

// keyText is a key as a line of text.
func keyText(key []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(key) + "\n") }

func newKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// load returns the key, and makes its file where there is no catalog that another
// key has sealed.
func (k keyAt) load(hasDB bool, log *slog.Logger) ([]byte, error) {
	if k.path == "" {
		return k.value, nil
	}
	has, err := k.present(log)
	switch {
	case err != nil:
		return nil, err
	case has:
		return k.read()
	case hasDB:
		return nil, k.errMissing()
	}
	key := newKey()
	log.Info("made the key " + k.name + "; keep a copy of it, the secrets in the catalog are lost without it")
	if k.isDefault {
		return key, writeFile(k.path, key)
	}
	return key, writeFile(k.path, keyText(key))
}

// present reports whether the file is there. Only catalog.key is kept from
// others: the mode of another file is the operator's own choice.
func (k keyAt) present(log *slog.Logger) (bool, error) {
	if k.isDefault {
		return presentPrivate(k.path, k.name)
	}
	has, err := present(k.path, k.name)
	if info, statErr := os.Stat(k.path); statErr == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("other users may read the key file "+k.name, "mode", info.Mode().Perm().String())
	}
	return has, err
}

// loadToRead returns the key, which must be there, and changes nothing.
func (k keyAt) loadToRead() ([]byte, error) {
	if k.path == "" {
		return k.value, nil
	}
	has, err := present(k.path, k.name)
	if err == nil && !has {
		err = k.errMissing()
	}
	if err != nil {
		return nil, err
	}
	return k.read()
}

func (k keyAt) read() ([]byte, error) {
	data, err := readKeyFile(k.path)
	if err != nil {
		return nil, err
	}
	key, ok := parseKey(data)
	if !ok {
		err = wharf.Errorf(wharf.CodeInvalid, "%s has %d bytes, not %d or these in base64 or hexadecimal; restore it from a backup", k.name, len(data), keySize)
	}
	return key, err
}

// readKeyFile reads a file, or a pipe, that should hold a key.
func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return data, errors.Join(err, f.Close())
}

func (k keyAt) errMissing() error {
	if k.isDefault {
		return wharf.Errorf(wharf.CodeInvalid,
			"%s is missing beside catalog.db, whose secrets only it can open; restore it from a backup", k.name)
	}
	return wharf.Errorf(wharf.CodeInvalid, "the key file %s is missing, and only it can open the secrets of catalog.db; restore it from a backup; "+
		"if the key is %s in the data folder still, wharf rekey --new-key-file %s makes a new one there", k.name, keyFile, k.name)
}

func (k keyAt) errOther() error {
	return wharf.Errorf(wharf.CodeInvalid, "%s is not the key of catalog.db; restore the one that was made with it, or after wharf rekey take the new one", k.name)
}

// next returns the new key of a rekey that was cut short; nil if there is none.
func (k keyAt) next() []byte {
	if k.path == "" {
		return nil
	}
	data, err := readKeyFile(k.path + nextSuffix)
	if err != nil {
		return nil
	}
	key, _ := parseKey(data)
	return key
}

// takeNext puts the new key in the place of the old one.
func (k keyAt) takeNext() error {
	return errors.Join(os.Rename(k.path+nextSuffix, k.path), syncFolder(filepath.Dir(k.path)))
}

// dropNext removes a new key that sealed nothing.
func (k keyAt) dropNext() error {
	err := os.Remove(k.path + nextSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncFolder(filepath.Dir(k.path)))
}

// FindKey returns the path of a file in dir, or of one that would be made there,
// from which the key can be read; "" if there is none. Copies of the key that
// lie in dir itself count, not those in its folders.
func FindKey(dir string, k Key) (path string, err error) {
	const op = "meta.FindKey"
	at, err := k.in(dir)
	if err != nil {
		return "", translate(op, err)
	}
	if at.path != "" {
		inside, err := liesIn(dir, at.path)
		if err != nil || inside {
			return at.path, translate(op, err)
		}
	}
	key, err := at.loadToRead()
	if err != nil { // a start says so
		return "", nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxKeyFile {
			continue
		}
		if data, err := os.ReadFile(path); err == nil {
			if found, ok := parseKey(data); ok && bytes.Equal(found, key) {
				return path, nil
			}
		}
	}
	return "", translate(op, err)
}

// liesIn reports whether the file is, or would be, in the folder or below it.
func liesIn(dir, path string) (bool, error) {
	real := func(path string) (string, error) {
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		// A part that is not there yet is no link.
		for rest := ""; ; path, rest = filepath.Dir(path), filepath.Join(filepath.Base(path), rest) {
			if found, err := filepath.EvalSymlinks(path); err == nil || !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
				return filepath.Join(found, rest), err
			}
		}
	}
	dir, err := real(dir)
	if err != nil {
		return false, err
	}
	if path, err = real(path); err != nil {
		return false, err
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel), nil
}
