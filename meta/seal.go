package meta

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"wharf"
)

const (
	sealVersion = 1
	sealInfo    = "wharf catalog seal 1"
	decoyInfo   = "wharf names that do not exist 1"
	checkValue  = "wharf"
)

// identity says what a sealed value is and whose. A value that is moved to
// another place does not open there.
type identity struct {
	kind  string // "stage", "connection", "signing key"
	id    string // of the stage, of the key; the name of the connection
	field string // "SecretAccessKey"
}

var checkIdentity = identity{kind: "catalog", field: "check"}

// data is the associated data of the cipher.
func (i identity) data() []byte {
	b := []byte{sealVersion}
	for _, part := range []string{i.kind, i.id, i.field} {
		b = append(b, byte(len(part)))
		b = append(b, part...)
	}
	return b
}

// sealer seals secrets under the catalog's key.
type sealer struct {
	aead  cipher.AEAD
	decoy []byte // another key that is derived from the catalog's
}

func newSealer(key []byte) (*sealer, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, sealInfo, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	decoy, err := hkdf.Key(sha256.New, key, nil, decoyInfo, keySize)
	if err != nil {
		return nil, err
	}
	return &sealer{aead, decoy}, nil
}

// DecoyKey returns a secret that is always the same for one key: by it, names
// of users that do not exist are answered alike over restarts.
func (c *Catalog) DecoyKey() wharf.Secret { return wharf.NewSecret(string(c.seal.decoy)) }

// seal closes a value. The nonce, which the cipher makes at random and puts
// first, may repeat with a chance of 2^-32 after 2^32 values: no catalog has
// so many.
func (s *sealer) seal(i identity, value string) []byte {
	return s.aead.Seal([]byte{sealVersion}, nil, []byte(value), i.data())
}

// open returns the value that was sealed under the same identity.
func (s *sealer) open(i identity, sealed []byte) (string, error) {
	switch {
	case len(sealed) == 0:
		return "", errors.New("a sealed value is empty")
	case sealed[0] != sealVersion:
		return "", fmt.Errorf("a sealed value has version %d; this version reads %d", sealed[0], sealVersion)
	}
	value, err := s.aead.Open(nil, nil, sealed[1:], i.data())
	if err != nil {
		return "", fmt.Errorf("the %s of a %s does not open: it was changed, moved, or sealed with another key", i.field, i.kind)
	}
	return string(value), nil
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
