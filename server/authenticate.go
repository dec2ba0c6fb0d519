package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
	"wharf/meta/auth"
)

// packetIO is how an attempt talks to its client.
type packetIO interface {
	ReadPacket() ([]byte, error)
	WritePacket([]byte) error // four free bytes first
	// Delayed says how long the server kept the client waiting: its time to log in is
	// that much longer.
	Delayed(time.Duration) error
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

// authenticator lets clients prove who they are. It is safe for concurrent use.
type authenticator struct {
	gate *auth.Gate
	key  func() (*rsa.PrivateKey, error)
}

func newAuthenticator(gate *auth.Gate) *authenticator {
	a := &authenticator{gate: gate}
	// Made when it is first needed, for it takes long: a password for
	// caching_sha2_password over a connection without TLS.
	a.key = sync.OnceValues(func() (key *rsa.PrivateKey, err error) {
		gate.Compute(func() { key, err = rsa.GenerateKey(rand.Reader, 2048) })
		return key, err
	})
	return a
}

// run checks an attempt, and returns who the client is. A refusal is for the client,
// any other error means that the client is gone or makes no sense.
func (a *authenticator) run(t *attempt) (p wharf.Principal, err error) {
	tried, err := a.gate.Begin(context.Background(), t.user, t.host)
	if errors.Is(err, auth.ErrTooManyFailures) {
		return wharf.Principal{}, blocked(t.host, err)
	}
	if err != nil {
		return wharf.Principal{}, err
	}
	// A client that leaves may have learnt that its password is wrong.
	defer func() { tried.End(err == nil) }()
	return a.prove(t)
}

// blocked is MySQL's answer to a host from which too many logins have failed.
func blocked(host string, err error) refusal {
	return refusal{1129, "HY000", fmt.Sprintf("Host '%s' is blocked: %s", host, wharf.MessageOf(err))}
}

func (a *authenticator) prove(t *attempt) (wharf.Principal, error) {
	who, err := a.gate.Find(context.Background(), t.user, t.host)
	if err != nil {
		return wharf.Principal{}, err
	}
	if !who.Password.Takes(t.plugin) {
		// What was sent is for a plugin that the user has not got.
		if t.plugin, t.data, t.dummy = otherPlugin(t.plugin), nil, true; !who.Password.Takes(t.plugin) {
			return wharf.Principal{}, t.denied()
		}
	}
	if t.dummy && isEmpty(t.data) {
		if err := t.again(); err != nil {
			return wharf.Principal{}, err
		}
	}
	ok := isEmpty(t.data) && !who.Password.IsSet()
	if !isEmpty(t.data) {
		if ok, err = a.matches(who, t); err != nil {
			return wharf.Principal{}, err
		}
	}
	// The client may have kept its proof back for as long as a login may take.
	if who, err = who.Again(context.Background()); err != nil {
		return wharf.Principal{}, err
	}
	switch {
	case ok && who.Locked():
		return wharf.Principal{}, t.locked()
	case !ok || !who.Admits():
		return wharf.Principal{}, t.denied()
	}
	return who.Principal, nil
}

func otherPlugin(plugin string) string {
	if plugin == nativePlugin {
		return sha2Plugin
	}
	return nativePlugin
}

func (a *authenticator) matches(who auth.Candidate, t *attempt) (bool, error) {
	switch {
	case !who.Password.IsSet():
		return false, nil
	case t.plugin == sha2Plugin:
		return a.sha2(who, t)
	}
	return who.Password.CheckNative(t.data, t.salt), nil
}

// sha2 is caching_sha2_password: by the digest if the password was seen
// before, else by the password itself.
func (a *authenticator) sha2(who auth.Candidate, t *attempt) (bool, error) {
	if digest, seen := who.Digest(); seen && digest.Check(t.data, t.salt) {
		return true, t.write(mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FAST_AUTH)
	}
	if err := t.write(mysql.MORE_DATE_HEADER, mysql.CACHE_SHA2_FULL_AUTH); err != nil {
		return false, err
	}
	plain, err := a.plain(t)
	return err == nil && who.CheckSHA2(plain), err
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
	begun := time.Now()
	key, err := a.key() // takes seconds on a busy machine, the first time
	if err == nil {
		err = t.packets.Delayed(time.Since(begun))
	}
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
	a.gate.Compute(func() { b, err = rsa.DecryptOAEP(sha1.New(), nil, key, b, nil) })
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

// locked is MySQL's answer to a user who has proven the password and may not come in.
func (t *attempt) locked() refusal {
	return refusal{3118, "HY000", fmt.Sprintf("Access denied for user '%s'@'%s'. Account is locked.", t.user, t.host)}
}

// isEmpty tells the proof of the empty password, which some clients send as
// nothing and some as a zero byte.
func isEmpty(data []byte) bool { return len(data) == 0 || len(data) == 1 && data[0] == 0 }

// newSalt makes a salt of printable bytes: clients take it as text.
func newSalt() []byte { return []byte(rand.Text())[:saltLen] }
