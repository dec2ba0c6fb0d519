package auth

import (
	"crypto/rand"
	"encoding/hex"
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

// Stale tells whether the ring has no key that may still sign.
func (r Ring) Stale(now time.Time) bool {
	return len(r) == 0 || !now.Before(r[0].CreatedOn.Add(SignFor))
}

// Rotate gives the ring with a new key in front if it is stale, and without
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

// retired tells whether everything that key i has signed has expired: it
// signed nothing after the key before it was made. A key that was stolen is
// then worth nothing, whatever time it is made to sign.
func (r Ring) retired(i int, now time.Time) bool {
	return i > 0 && now.After(r[i-1].CreatedOn.Add(wharf.MaxPresign+clockSkew))
}

// Sign gives the ID of the newest key and the grant's signature under it. A
// ring without keys cannot sign, and gives "".
func (r Ring) Sign(g wharf.Grant) (keyID, signature string) {
	if len(r) == 0 {
		return "", ""
	}
	return r[0].ID, sign(r[0], g)
}

// Check tells whether the signature is the grant's under the key of that ID,
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
