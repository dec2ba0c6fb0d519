package auth

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	tidb "github.com/pingcap/tidb/pkg/parser/auth"

	"wharf"
)

// MaxPassword is the longest password in bytes, which is MySQL's limit for
// caching_sha2_password.
const MaxPassword = 256

// Password is what is kept of a password. The zero Password is the state of
// having none.
type Password struct {
	native [sha1.Size]byte // SHA1(SHA1(password))
	sha2   string          // $A$005$salt+hash; "" if no password is set
}

// NewPassword hashes plain with a new salt. The empty string gives the zero
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

// Decoy gives a Password that nobody knows: checking against it costs a
// stranger with an unknown name the same time as a known one.
func Decoy() Password {
	plain := rand.Text()
	return Password{native: doubleSHA1(plain), sha2: tidb.NewHashPassword(plain, sha2Plugin)}
}

// Stored gives the two hashes in MySQL's own form, to be stored sealed: an
// asterisk and 40 hexadecimal digits, and $A$005$…. Both are "" if no
// password is set.
func (p Password) Stored() (native, sha2 string) {
	if !p.IsSet() {
		return "", ""
	}
	return "*" + strings.ToUpper(hex.EncodeToString(p.native[:])), p.sha2
}

// IsSet tells whether there is a password at all.
func (p Password) IsSet() bool { return p.sha2 != "" }

// Check tells whether plain is the password. It is cheap enough for every
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
