package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"wharf"
)

// SignFor is how long a key signs before a new one takes its place.
const SignFor = 30 * 24 * time.Hour

// clockSkew is how far the clocks of servers that share a ring may differ.
const clockSkew = 15 * time.Minute

// Ring is the keys that sign grants, the newest first. It is a value: its
// methods change nothing.
type Ring []wharf.SigningKey

// Stale reports whether the ring has no key that may still sign.
func (r Ring) Stale(now time.Time) bool {
	return len(r) == 0 || !now.Before(r[0].CreatedOn.Add(SignFor))
}

// Rotate returns the ring with a new key in front if it is stale, and without
// the keys whose last grant has expired.
func (r Ring) Rotate(now time.Time) Ring {
	if !r.Stale(now) {
		return r
	}
	next := Ring{newKey(now)}
	for i, key := range r {
		if i == 0 || !r.retired(i, now) {
			next = append(next, key)
		}
	}
	return next
}

func newKey(now time.Time) wharf.SigningKey {
	var id [8]byte
	var secret [32]byte
	rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	rand.Read(secret[:])
	return wharf.SigningKey{ID: hex.EncodeToString(id[:]), Secret: wharf.NewSecret(string(secret[:])), CreatedOn: now.UTC()}
}

// retired reports whether everything that key i has signed has expired: it
// signed nothing after the next key was made. A stolen key is worthless from
// then on, whatever time it signs.
func (r Ring) retired(i int, now time.Time) bool {
	return i > 0 && now.After(r[i-1].CreatedOn.Add(wharf.MaxPresign+clockSkew))
}

// Sign returns the ID of the newest key and the grant's signature under it. A
// ring without keys cannot sign, and returns "".
func (r Ring) Sign(g wharf.Grant) (keyID, signature string) {
	if len(r) == 0 {
		return "", ""
	}
	return r[0].ID, sign(r[0], g)
}

// Check reports whether the signature is the grant's under the key of that ID,
// and both are still good: CodeDenied if not, with the reason.
func (r Ring) Check(g wharf.Grant, keyID, signature string, now time.Time) error {
	// First, although nothing is proven yet: the key of an old URL may be
	// gone, and "expired" is what its owner needs to know.
	if !now.Before(g.Expires) {
		return wharf.Errorf(wharf.CodeDenied, "the presigned URL has expired; PRESIGN gives a new one")
	}
	for i, key := range r {
		if key.ID == keyID && !r.retired(i, now) && proves(key, g, signature) {
			return nil
		}
	}
	return wharf.Errorf(wharf.CodeDenied, "the signature of the presigned URL does not match: the URL was changed, or another server signed it")
}

// grantVersion names the form of what is signed, so that no signature of
// another form, or for another purpose, proves a grant.
const grantVersion = "wharf grant 1"

// sign returns the signature of a grant under a key: HMAC-SHA256 of its
// canonical form, in base64 for URLs.
func sign(key wharf.SigningKey, g wharf.Grant) string {
	h := hmac.New(sha256.New, []byte(key.Secret.Reveal()))
	h.Write(canonical(key.ID, g))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// proves reports whether the signature is the grant's under the key. The texts
// are compared and not the bytes: decoders of base64 pass over line ends.
func proves(key wharf.SigningKey, g wharf.Grant, signature string) bool {
	return hmac.Equal([]byte(sign(key, g)), []byte(signature))
}

// canonical writes a grant as bytes: each field after its length, so that no
// two grants are written alike.
func canonical(keyID string, g wharf.Grant) []byte {
	var b []byte
	for _, field := range []string{
		grantVersion, keyID, g.User, g.Method(), g.Stage.String(), string(g.Name), string(g.Key),
		strconv.FormatInt(g.Expires.Unix(), 10), g.ContentType,
	} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
		b = append(b, field...)
	}
	return b
}
