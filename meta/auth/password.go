package auth

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strings"

	tidb "github.com/pingcap/tidb/pkg/parser/auth"

	"wharf"
)

// MaxPassword is the longest password in bytes, which is MySQL's limit for
// caching_sha2_password.
const MaxPassword = 256

// Password is the hashes of a password. The zero Password is none.
type Password struct {
	native [sha1.Size]byte // SHA1(SHA1(password))
	sha2   string          // $A$005$salt+hash; "" if no password is set
}

// NewPassword hashes plain with a new salt. The empty string makes the zero
// Password. Longer than MaxPassword, or with a NUL byte, which the protocol
// cannot carry, is wharf.CodeInvalid.
func NewPassword(plain string) (Password, error) {
	switch {
	case plain == "":
		return Password{}, nil
	case len(plain) > MaxPassword:
		return Password{}, wharf.Errorf(wharf.CodeInvalid, "the password is longer than %d bytes", MaxPassword)
	case strings.ContainsRune(plain, 0):
		return Password{}, wharf.Errorf(wharf.CodeInvalid, "the password holds a NUL byte")
	}
	return Password{native: doubleSHA1(plain), sha2: tidb.NewHashPassword(plain, sha2Plugin)}, nil
}

// Decoy returns a random Password. To check against it takes the time of a real
// one, so that an unknown name cannot be recognized by the time.
func Decoy() Password {
	plain := rand.Text()
	return Password{native: doubleSHA1(plain), sha2: tidb.NewHashPassword(plain, sha2Plugin)}
}

// Stored returns the two hashes in MySQL's own form, to be stored sealed: an
// asterisk and 40 hexadecimal digits, and $A$005$…. Both are "" if no
// password is set.
func (p Password) Stored() (native, sha2 string) {
	if !p.IsSet() {
		return "", ""
	}
	return "*" + strings.ToUpper(hex.EncodeToString(p.native[:])), p.sha2
}

// IsSet reports whether there is a password at all.
func (p Password) IsSet() bool { return p.sha2 != "" }

// Check reports whether plain is the password. It is cheap enough for every
// request of a protocol that sends the password each time, as HTTP Basic
// does.
func (p Password) Check(plain string) bool {
	if !p.IsSet() {
		return plain == ""
	}
	if plain == "" || len(plain) > MaxPassword {
		return false
	}
	got := doubleSHA1(plain)
	return subtle.ConstantTimeCompare(got[:], p.native[:]) == 1
}

// String says whether there is a password, and shows nothing of its hashes.
func (p Password) String() string {
	if p.IsSet() {
		return "(password set)"
	}
	return "(no password)"
}

// Format writes String under any verb, %d and %#v included.
func (p Password) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// CheckNative reports whether scramble proves knowledge of the password under
// salt, as mysql_native_password does:
//
//	scramble = SHA1(password) XOR SHA1(salt + SHA1(SHA1(password)))
//
// The empty scramble proves the empty password.
func (p Password) CheckNative(scramble, salt []byte) bool {
	if !p.IsSet() {
		return len(scramble) == 0
	}
	if len(scramble) != sha1.Size {
		return false
	}
	h := sha1.New()
	h.Write(salt)
	h.Write(p.native[:])
	stage1 := h.Sum(nil)
	subtle.XORBytes(stage1, stage1, scramble)
	stage2 := sha1.Sum(stage1)
	return subtle.ConstantTimeCompare(stage2[:], p.native[:]) == 1
}

// SHA-1 is what mysql_native_password prescribes; what is kept of it can be
// guessed at faster than the salted form, which is why records are sealed.
func doubleSHA1(plain string) [sha1.Size]byte {
	once := sha1.Sum([]byte(plain))
	return sha1.Sum(once[:])
}

const sha2Plugin = "caching_sha2_password"

// CheckSHA2 reports whether plain is the password, by the salted hash of
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

// Check reports whether scramble proves knowledge of the password under salt:
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

// IsLoopback reports whether host is an address of this machine itself:
// 127.0.0.0/8 or ::1. While root has no password, only such clients are let in.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
