package eval

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"strconv"
	"strings"

	"wharf"
)

// maxRandomBytes is the most that RANDOM_BYTES gives, as in MySQL.
const maxRandomBytes = 1024

// cryptFunctions are those of AES, in the mode of the variable
// block_encryption_mode, and random bytes.
func cryptFunctions() map[string]Function {
	raw := Always(wharf.TypeBytes)
	return map[string]Function{
		"AES_ENCRYPT":  {Min: 2, Max: 3, Typ: raw, Run: aesEncrypt},
		"AES_DECRYPT":  {Min: 2, Max: 3, Typ: raw, Run: aesDecrypt},
		"RANDOM_BYTES": {Min: 1, Max: 1, Typ: raw, strict: true, Run: randomBytes},
	}
}

func randomBytes(_ *Evaluation, a []Datum) (Datum, error) {
	n := a[0].ToInt()
	if n < 1 || n > maxRandomBytes {
		return NullDatum(), Invalid(errOutOfRange, "length value is out of range in 'random_bytes'")
	}
	b := make([]byte, n)
	rand.Read(b) // does not fail
	return bytesDatum(string(b)), nil
}

func aesEncrypt(ev *Evaluation, a []Datum) (Datum, error) {
	c, err := aesOf(ev, "aes_encrypt", a)
	if err != nil || c == nil {
		return NullDatum(), err
	}
	text := a[0].Text()
	pad := aes.BlockSize - len(text)%aes.BlockSize
	if len(text)+pad > MaxText {
		return ev.tooLong("AES_ENCRYPT"), nil
	}
	return bytesDatum(string(c.encrypt(append([]byte(text), bytes.Repeat([]byte{byte(pad)}, pad)...)))), nil
}

// aesDecrypt gives NULL for bytes that AES_ENCRYPT did not make with this key, as
// far as their padding shows it.
func aesDecrypt(ev *Evaluation, a []Datum) (Datum, error) {
	c, err := aesOf(ev, "aes_decrypt", a)
	if err != nil || c == nil {
		return NullDatum(), err
	}
	text := []byte(a[0].Text())
	if len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return NullDatum(), nil
	}
	text = c.decrypt(text)
	pad := int(text[len(text)-1])
	if pad < 1 || pad > aes.BlockSize || !bytes.HasSuffix(text, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return NullDatum(), nil
	}
	return bytesDatum(string(text[:len(text)-pad])), nil
}

// A blockCipher is AES with a key; iv is nil in ECB mode.
type blockCipher struct {
	block cipher.Block
	iv    []byte
}

// aesOf is the cipher of a call with (text, key[, initialization vector]). It is
// nil where the call gives NULL.
func aesOf(ev *Evaluation, name string, a []Datum) (*blockCipher, error) {
	parts := strings.Split(strings.ToLower(ev.Env.Value("block_encryption_mode").String()), "-")
	bits, err := 0, error(nil)
	if len(parts) == 3 {
		bits, err = strconv.Atoi(parts[1])
	}
	if bits == 0 || err != nil {
		return nil, Unsupported("this block_encryption_mode")
	}
	chained := parts[2] == "cbc"
	switch {
	case chained && len(a) < 3:
		return nil, wrongCount(name)
	case a[0].IsNull() || a[1].IsNull() || chained && a[2].IsNull():
		return nil, nil
	}
	block, err := aes.NewCipher(foldKey(a[1].Text(), bits/8))
	if err != nil {
		return nil, err
	}
	if !chained {
		if len(a) == 3 {
			ev.Env.Warn(warnOptionIgnored, "<IV> option ignored")
		}
		return &blockCipher{block: block}, nil
	}
	iv := a[2].Text()
	if len(iv) < aes.BlockSize {
		return nil, Invalid(errShortVector, "The initialization vector supplied to %s is too short. Must be at least %d bytes long", name, aes.BlockSize)
	}
	return &blockCipher{block: block, iv: []byte(iv[:aes.BlockSize])}, nil
}

// foldKey makes a key of n bytes of one of any length: its pieces of n bytes are
// combined by exclusive or, as in MySQL.
func foldKey(text string, n int) []byte {
	key := make([]byte, n)
	for i := range len(text) {
		key[i%n] ^= text[i]
	}
	return key
}

// encrypt and decrypt change whole blocks in place.
func (c *blockCipher) encrypt(b []byte) []byte {
	if c.iv != nil {
		cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(b, b)
		return b
	}
	for i := 0; i < len(b); i += aes.BlockSize {
		c.block.Encrypt(b[i:], b[i:])
	}
	return b
}

func (c *blockCipher) decrypt(b []byte) []byte {
	if c.iv != nil {
		cipher.NewCBCDecrypter(c.block, c.iv).CryptBlocks(b, b)
		return b
	}
	for i := 0; i < len(b); i += aes.BlockSize {
		c.block.Decrypt(b[i:], b[i:])
	}
	return b
}
