package httpapi

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
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

const checkPrefix = "X-Amz-Checksum-"

// checksums gives src, or a reader of it that does not end well unless the
// bytes have the checksums that the header tells.
func checksums(h http.Header, src io.Reader) (io.Reader, error) {
	for name, values := range h {
		check, known := checks[name]
		if !known {
			if strings.HasPrefix(name, checkPrefix) {
				return nil, wharf.Errorf(wharf.CodeUnsupported, "the checksum %s is not supported; CRC32, CRC32C, SHA1 and SHA256 are", strings.ToLower(name))
			}
			continue
		}
		for _, v := range values {
			sum := check()
			want, err := base64.StdEncoding.DecodeString(v)
			if err != nil || len(want) != sum.Size() {
				return nil, invalid("%s is not the base64 of %d bytes", name, sum.Size())
			}
			src = &checkedReader{src: src, name: name, sum: sum, want: string(want)}
		}
	}
	return src, nil
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
