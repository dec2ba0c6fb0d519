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

// Password is the hashes of a password: in the forms of both plugins, or of one.
// The zero Password is none.
type Password struct {
	native    [sha1.Size]byte // SHA1(SHA1(password))
	hasNative bool
	sha2      string // $A$005$salt+hash; "" if it has none
}

// NewPassword hashes plain with a new salt. The empty string makes the zero
// Password. Longer than MaxPassword, or with a NUL byte, which the protocol
// cannot carry, is wharf.CodeInvalid.
func NewPassword(plain string) (Password, error) {
	if err := CheckPlain(plain); err != nil || plain == "" {
		return Password{}, err
	}
	return Password{native: doubleSHA1(plain), hasNative: true, sha2: tidb.NewHashPassword(plain, wharf.PluginSHA2)}, nil
}

// CheckPlain is wharf.CodeInvalid for what cannot be a password.
func CheckPlain(plain string) error {
	switch {
	case len(plain) > MaxPassword:
		return wharf.Errorf(wharf.CodeInvalid, "the password is longer than %d bytes", MaxPassword)
	case strings.ContainsRune(plain, 0):
		return wharf.Errorf(wharf.CodeInvalid, "the password holds a NUL byte")
	}
	return nil
}

// StoredPassword returns the password of a hash that is in the form of a plugin,
// wharf.PluginSHA2 or wharf.PluginNative. The zero Secret makes the zero Password.
// What is no hash of that form is wharf.CodeInvalid.
func StoredPassword(plugin string, hash wharf.Secret) (Password, error) {
	text := hash.Reveal()
	switch {
	case text == "":
		return Password{}, nil
	case plugin == wharf.PluginNative && len(text) == 1+2*sha1.Size && text[0] == '*':
		p := Password{hasNative: true}
		if _, err := hex.Decode(p.native[:], []byte(text[1:])); err == nil {
			return p, nil
		}
	case plugin == wharf.PluginSHA2 && isSHA2(text):
		return Password{sha2: text}, nil
	}
	return Password{}, wharf.Errorf(wharf.CodeInvalid, "the hash of the password is not of the form of %s", plugin)
}

// isSHA2 reports whether a hash has the form of caching_sha2_password: $A$, three
// hexadecimal digits of rounds, $, a salt of 20 bytes, and 43 characters. The rounds
// are those of MySQL's default, 5,000: more would let a hash cost a login seconds.
func isSHA2(text string) bool {
	const prefix, salt, digest = "$A$005$", 20, 43
	return len(text) == len(prefix)+salt+digest && strings.HasPrefix(text, prefix) && strings.Count(text, "$") == 3
}

// Hasher makes hashes of passwords.
type Hasher struct{}

var _ wharf.PasswordHasher = Hasher{}

// Hash implements [wharf.PasswordHasher].
func (Hasher) Hash(plugin, plain string) (wharf.Secret, error) {
	p, err := NewPassword(plain)
	if err != nil {
		return wharf.Secret{}, err
	}
	native, sha2 := p.Stored()
	if plugin == wharf.PluginNative {
		return wharf.NewSecret(native), nil
	}
	return wharf.NewSecret(sha2), nil
}

// CheckHash implements [wharf.PasswordHasher].
func (Hasher) CheckHash(plugin, hash string) error {
	_, err := StoredPassword(plugin, wharf.NewSecret(hash))
	return err
}

// Matches implements [wharf.PasswordHasher].
func (Hasher) Matches(plugin string, hash wharf.Secret, plain string) bool {
	p, err := StoredPassword(plugin, hash)
	return err == nil && p.Check(plain)
}

// Decoy returns a random Password. To check against it takes the time of a real
// one, so that an unknown name cannot be recognized by the time.
func Decoy() Password {
	plain := rand.Text()
	return Password{native: doubleSHA1(plain), hasNative: true, sha2: tidb.NewHashPassword(plain, wharf.PluginSHA2)}
}

// Only returns the password in the form of one plugin.
func (p Password) Only(plugin string) Password {
	if plugin == wharf.PluginNative {
		p.sha2 = ""
		return p
	}
	return Password{sha2: p.sha2}
}

// Takes reports whether the plugin can prove the password.
func (p Password) Takes(plugin string) bool {
	switch plugin {
	case wharf.PluginNative:
		return p.hasNative || !p.IsSet()
	case wharf.PluginSHA2:
		return p.sha2 != "" || !p.IsSet()
	}
	return false
}

// Stored returns the two hashes in MySQL's own form, to be stored sealed: an
// asterisk and 40 hexadecimal digits, and $A$005$…. Each is "" if the password
// has not got that form.
func (p Password) Stored() (native, sha2 string) {
	if p.hasNative {
		native = "*" + strings.ToUpper(hex.EncodeToString(p.native[:]))
	}
	return native, p.sha2
}

// IsSet reports whether there is a password at all.
func (p Password) IsSet() bool { return p.hasNative || p.sha2 != "" }

// Check reports whether plain is the password. With the form of
// mysql_native_password it is cheap; without, it costs milliseconds.
func (p Password) Check(plain string) bool {
	if !p.IsSet() {
		return plain == ""
	}
	if plain == "" || len(plain) > MaxPassword {
		return false
	}
	if !p.hasNative {
		return p.CheckSHA2(plain)
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
	if len(scramble) != sha1.Size || !p.hasNative {
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

// CheckSHA2 reports whether plain is the password, by the salted hash of
// caching_sha2_password: thousands of rounds of SHA-256, milliseconds.
func (p Password) CheckSHA2(plain string) bool {
	if !p.IsSet() {
		return plain == ""
	}
	if plain == "" || len(plain) > MaxPassword || p.sha2 == "" {
		return false
	}
	ok, err := tidb.CheckHashingPassword([]byte(p.sha2), plain, wharf.PluginSHA2)
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

// Equal reports whether both are of one password.
func (d Digest) Equal(other Digest) bool { return subtle.ConstantTimeCompare(d[:], other[:]) == 1 }

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
