package server

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"sync"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf/meta/auth"
)

const rootUser = "root"

// packetIO is how an attempt talks to its client.
type packetIO interface {
	ReadPacket() ([]byte, error)
	WritePacket([]byte) error // four free bytes first
}

// attempt is one client's try to be one user.
type attempt struct {
	packets packetIO
	host    string
	secure  bool // the connection is encrypted
	user    string
	plugin  string
	data    []byte
	salt    []byte
	dummy   bool // empty data says nothing yet: ask again
}

// authenticator knows who may log in. It is safe for concurrent use.
type authenticator struct {
	root  auth.Password
	decoy auth.Password // for every other user, so that they take as long
	key   func() (*rsa.PrivateKey, error)

	mu     sync.Mutex             // guards digest
	digest map[string]auth.Digest // of passwords that were seen, by their stored hash
}

func newAuthenticator(root auth.Password) *authenticator {
	a := &authenticator{root: root, digest: map[string]auth.Digest{}}
	if root.IsSet() {
		a.decoy = auth.Decoy()
	}
	// Made when it is first needed, for it takes long: a password for
	// caching_sha2_password over a connection without TLS.
	a.key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	return a
}

// run checks an attempt. A refusal is for the client, any other error means
// that the client is gone or makes no sense.
func (a *authenticator) run(t *attempt) error {
	record, known := a.root, t.user == rootUser
	if !known {
		record = a.decoy
	}
	if t.dummy && isEmpty(t.data) {
		if err := t.again(); err != nil {
			return err
		}
	}
	if isEmpty(t.data) {
		if known && !record.IsSet() {
			return nil
		}
		return t.denied()
	}
	ok, err := a.matches(record, t)
	if err != nil {
		return err
	}
	if !ok || !known {
		return t.denied()
	}
	return nil
}

func (a *authenticator) matches(record auth.Password, t *attempt) (bool, error) {
	switch {
	case !record.IsSet():
		return false, nil
	case t.plugin == sha2Plugin:
		return a.sha2(record, t)
	}
	return record.CheckNative(t.data, t.salt), nil
}

// sha2 is caching_sha2_password: by the digest if the password was seen
// before, else by the password itself.
func (a *authenticator) sha2(record auth.Password, t *attempt) (bool, error) {
	_, stored := record.Stored()
	a.mu.Lock()
	digest, seen := a.digest[stored]
	a.mu.Unlock()
	if seen && digest.Check(t.data, t.salt) {
		return true, t.write(mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FAST_AUTH)
	}
	if err := t.write(mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FULL_AUTH); err != nil {
		return false, err
	}
	plain, err := a.plain(t)
	if err != nil || !record.CheckSHA2(plain) {
		return false, err
	}
	a.mu.Lock()
	a.digest[stored] = auth.NewDigest(plain)
	a.mu.Unlock()
	return true, nil
}

// plain reads the password: as it is under TLS, else encrypted with our key.
func (a *authenticator) plain(t *attempt) (string, error) {
	b, err := t.packets.ReadPacket()
	if err != nil {
		return "", err
	}
	if !t.secure {
		if b, err = a.decrypt(t, b); err != nil {
			return "", err
		}
	}
	return string(bytes.TrimSuffix(b, []byte{0})), nil
}

func (a *authenticator) decrypt(t *attempt, b []byte) ([]byte, error) {
	key, err := a.key()
	if err != nil {
		return nil, err
	}
	const wantsKey = 2
	if len(b) == 1 && b[0] == wantsKey {
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			return nil, err
		}
		pub := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		if err := t.write(append([]byte{mysql.MORE_DATE_HEADER}, pub...)...); err != nil {
			return nil, err
		}
		if b, err = t.packets.ReadPacket(); err != nil {
			return nil, err
		}
	}
	// OAEP with SHA-1 and a password masked with the salt are the protocol's.
	b, err = rsa.DecryptOAEP(sha1.New(), nil, key, b, nil)
	if err != nil {
		return nil, t.denied()
	}
	for i := 0; i < len(b); i += len(t.salt) {
		subtle.XORBytes(b[i:], b[i:], t.salt)
	}
	return b, nil
}

// again asks for the proof of the plugin under a salt of its own.
func (t *attempt) again() error {
	t.salt = newSalt()
	request := append([]byte{mysql.EOF_HEADER}, t.plugin...)
	request = append(request, 0)
	request = append(request, t.salt...)
	if err := t.write(append(request, 0)...); err != nil {
		return err
	}
	var err error
	t.data, err = t.packets.ReadPacket()
	return err
}

func (t *attempt) write(payload ...byte) error {
	return t.packets.WritePacket(append(make([]byte, headerLen), payload...))
}

func (t *attempt) denied() refusal {
	using := "YES"
	if isEmpty(t.data) {
		using = "NO"
	}
	return refusal{1045, "28000", fmt.Sprintf("Access denied for user '%s'@'%s' (using password: %s)", t.user, t.host, using)}
}

// isEmpty tells the proof of the empty password, which some clients send as
// nothing and some as a zero byte.
func isEmpty(data []byte) bool { return len(data) == 0 || len(data) == 1 && data[0] == 0 }

// newSalt makes a salt of printable bytes: clients take it as text.
func newSalt() []byte { return []byte(rand.Text())[:saltLen] }
