package auth

import (
	"crypto/sha1"
	"crypto/subtle"
)

// CheckNative tells whether scramble proves knowledge of the password under
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
