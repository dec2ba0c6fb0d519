package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"wharf"
)

// grantVersion names the form of what is signed, so that no signature of
// another form, or for another purpose, proves a grant.
const grantVersion = "wharf grant 1"

// sign gives the signature of a grant under a key: HMAC-SHA256 of what
// canonical gives, in base64 for URLs.
func sign(key wharf.SigningKey, g wharf.Grant) string {
	h := hmac.New(sha256.New, []byte(key.Secret.Reveal()))
	h.Write(canonical(key.ID, g))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// proves tells whether the signature is the grant's under the key. The texts
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
