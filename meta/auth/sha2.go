package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"

	tidb "github.com/pingcap/tidb/pkg/parser/auth"
)

const sha2Plugin = "caching_sha2_password"

// CheckSHA2 tells whether plain is the password, by the salted hash of
// caching_sha2_password: thousands of rounds of SHA-256, milliseconds.
func (p Password) CheckSHA2(plain string) bool {
	if !p.IsSet() {
		return plain == ""
	}
	if plain == "" || len(plain) > MaxPassword {
		return false
	}
	ok, err := tidb.CheckHashingPassword([]byte(p.sha2), plain, sha2Plugin)
	return ok && err == nil
}

// Digest is SHA256(SHA256(password)), by which caching_sha2_password checks a
// password that it has seen before without seeing it again.
type Digest [sha256.Size]byte

// NewDigest makes the Digest of a password.
func NewDigest(plain string) Digest {
	once := sha256.Sum256([]byte(plain))
	return sha256.Sum256(once[:])
}

// Check tells whether scramble proves knowledge of the password under salt:
//
//	scramble = SHA256(password) XOR SHA256(SHA256(SHA256(password)) + salt)
func (d Digest) Check(scramble, salt []byte) bool {
	if len(scramble) != len(d) {
		return false
	}
	h := sha256.New()
	h.Write(d[:])
	h.Write(salt)
	stage1 := h.Sum(nil)
	subtle.XORBytes(stage1, stage1, scramble)
	stage2 := sha256.Sum256(stage1)
	return subtle.ConstantTimeCompare(stage2[:], d[:]) == 1
}

// String shows nothing of the digest.
func (d Digest) String() string { return "(digest)" }

// Format writes String under any verb, %d and %#v included.
func (d Digest) Format(f fmt.State, _ rune) { io.WriteString(f, d.String()) }
