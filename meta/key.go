package meta

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"wharf"
)

// keySize is the length of the key in bytes.
const keySize = 32

// fileKey is the one source of the key: it reads catalog.key, or makes it
// where there is no catalog that another key has sealed.
func fileKey(dir string, hasDB bool, log *slog.Logger) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	has, err := presentPrivate(dir, keyFile)
	switch {
	case err != nil:
		return nil, err
	case !has && hasDB:
		return nil, errNoKey
	case !has:
		key := make([]byte, keySize)
		rand.Read(key) // never fails: crypto/rand ends the program instead
		log.Info("made catalog.key; keep a copy of it, the secrets in the catalog are lost without it")
		return key, writeFile(path, key)
	}
	return readKey(path)
}

var errNoKey = wharf.Errorf(wharf.CodeInvalid,
	"catalog.key is missing beside catalog.db, whose secrets only it can open; restore it from a backup")

func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) != keySize {
		err = wharf.Errorf(wharf.CodeInvalid, "catalog.key has %d bytes, not %d; restore it from a backup", len(key), keySize)
	}
	return key, err
}

// writeFile makes a file, whole or not at all. The caller has the folder's lock.
func writeFile(path string, data []byte) error {
	// A crash may have left one.
	if err := os.Remove(path + newSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return publish(path)
}
