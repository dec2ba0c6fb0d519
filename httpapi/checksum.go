package httpapi

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"strings"

	"wharf"
)

// checks are the headers that tell a checksum of the body, in base64. MD5 and
// SHA-1 are what clients send against damage on the way; neither is used
// against an attacker.
var checks = map[string]func() hash.Hash{
	"Content-Md5":           md5.New,
	"X-Amz-Checksum-Crc32":  func() hash.Hash { return crc32.NewIEEE() },
	"X-Amz-Checksum-Crc32c": func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"X-Amz-Checksum-Sha1":   sha1.New,
	"X-Amz-Checksum-Sha256": sha256.New,
}

// hexChecks are the headers that tell a checksum of the body in hexadecimal.
var hexChecks = map[string]func() hash.Hash{
	contentSHA256:       sha256.New,
	"X-Checksum-Md5":    md5.New,
	"X-Checksum-Sha1":   sha1.New,
	"X-Checksum-Sha256": sha256.New,
	"X-Checksum-Sha512": sha512.New,
}

const (
	// contentSHA256 is what S3's clients sign, with the word that they send
	// where there is no checksum. Other words than this one tell of a body that
	// is not the file.
	contentSHA256   = "X-Amz-Content-Sha256"
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// digests are the checksums that the headers Digest (RFC 3230), Content-Digest
// and Repr-Digest (RFC 9530) and Google's X-Goog-Hash tell, by the names that
// they have there.
var digests = map[string]func() hash.Hash{
	"crc32c":  func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"md5":     md5.New,
	"sha":     sha1.New,
	"sha-256": sha256.New,
	"sha-512": sha512.New,
}

const (
	checkPrefix = "X-Amz-Checksum-"
	googHash    = "X-Goog-Hash"
)

// isChecksum reports whether a header, in its canonical spelling, tells a
// checksum of the body.
func isChecksum(name string) bool {
	switch name {
	case "Content-Md5", "Digest", "Content-Digest", "Repr-Digest", googHash:
		return true
	case checkPrefix + "Algorithm", checkPrefix + "Type", checkPrefix + "Mode":
		return false // they only tell which others there are
	}
	_, inHex := hexChecks[name]
	return inHex || strings.HasPrefix(name, checkPrefix)
}

// checksums returns src, or a reader of it that does not end well unless the
// bytes have the checksums that the header tells.
func checksums(h http.Header, src io.Reader) (io.Reader, error) {
	for name, values := range h {
		if !isChecksum(name) {
			continue
		}
		for _, v := range values {
			var err error
			if strings.HasSuffix(name, "Digest") || name == googHash {
				src, err = checkDigests(name, v, src)
			} else if check, known := hexChecks[name]; known {
				src, err = checkedHex(name, check(), v, src)
			} else if check, known := checks[name]; known {
				src, err = checked(name, check(), v, src)
			} else {
				err = wharf.Errorf(wharf.CodeUnsupported, "the checksum %s is not supported; CRC32, CRC32C, SHA1 and SHA256 are", strings.ToLower(name))
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return src, nil
}

// checkedHex is checked for a checksum in hexadecimal.
func checkedHex(name string, sum hash.Hash, text string, src io.Reader) (io.Reader, error) {
	if name == contentSHA256 && text == unsignedPayload {
		return src, nil
	}
	want, err := hex.DecodeString(text)
	if err != nil || len(want) != sum.Size() {
		return nil, invalid("%s is not %d hexadecimal digits", name, 2*sum.Size())
	}
	return &checkedReader{src: src, name: name, sum: sum, want: string(want)}, nil
}

// checkDigests is checksums for a list of the form "sha-256=text, …". In
// Content-Digest and Repr-Digest, a text stands between colons.
func checkDigests(name, list string, src io.Reader) (io.Reader, error) {
	for item := range strings.SplitSeq(list, ",") {
		algorithm, text, _ := strings.Cut(trimBlanks(item), "=")
		check, known := digests[strings.ToLower(algorithm)]
		if !known {
			return nil, wharf.Errorf(wharf.CodeUnsupported, "%s has the checksum %q, which is not supported; sha-256 and sha-512 are", name, algorithm)
		}
		if strings.HasSuffix(name, "-Digest") {
			text = strings.TrimSuffix(strings.TrimPrefix(text, ":"), ":")
		}
		var err error
		if src, err = checked(name, check(), text, src); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// checked is a reader of src that wants the checksum whose base64 is text.
func checked(name string, sum hash.Hash, text string, src io.Reader) (io.Reader, error) {
	want, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(want) != sum.Size() {
		return nil, invalid("%s is not the base64 of %d bytes", name, sum.Size())
	}
	return &checkedReader{src: src, name: name, sum: sum, want: string(want)}, nil
}

// checkedReader ends with an error unless the bytes have the right checksum.
type checkedReader struct {
	src  io.Reader
	name string
	sum  hash.Hash
	want string
}

// Read implements io.Reader.
func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF && string(c.sum.Sum(nil)) != c.want {
		return n, invalid("the body does not have the checksum that %s tells; it was changed on its way", c.name)
	}
	return n, err
}
