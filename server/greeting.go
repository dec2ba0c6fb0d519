package server

import (
	"bytes"
	"encoding/binary"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// capabilities is what the server offers. CLIENT_SSL is added where it is
// configured.
const capabilities = mysql.CLIENT_LONG_PASSWORD |
	mysql.CLIENT_FOUND_ROWS |
	mysql.CLIENT_LONG_FLAG |
	mysql.CLIENT_CONNECT_WITH_DB |
	mysql.CLIENT_IGNORE_SPACE |
	mysql.CLIENT_PROTOCOL_41 |
	mysql.CLIENT_INTERACTIVE |
	mysql.CLIENT_TRANSACTIONS |
	mysql.CLIENT_SECURE_CONNECTION |
	mysql.CLIENT_MULTI_STATEMENTS |
	mysql.CLIENT_MULTI_RESULTS |
	mysql.CLIENT_PS_MULTI_RESULTS |
	mysql.CLIENT_PLUGIN_AUTH |
	mysql.CLIENT_CONNECT_ATTRS |
	mysql.CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA |
	mysql.CLIENT_DEPRECATE_EOF |
	mysql.CLIENT_COMPRESS |
	mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM

const (
	// collation is utf8mb4_general_ci: every client that there is knows it,
	// where MySQL 8's own 255 is unknown to older ones.
	collation = 45

	saltLen = 20
)

// patchGreeting sets, in the payload of the library's greeting, what
// go-mysql's server/initial_handshake.go takes from fields without a setter:
// the connection's ID, the capabilities and the status. It returns the salt,
// and false if the payload is not laid out as expected.
func patchGreeting(p []byte, id, caps uint32) ([]byte, bool) {
	version := bytes.IndexByte(p, 0)
	if version < 0 || p[0] != 10 {
		return nil, false
	}
	// What follows the version: ID 4, salt 8, 0, capabilities 2, collation 1,
	// status 2, capabilities 2, length 1, reserved 10, salt 12, 0.
	b := p[version+1:]
	const fixed = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10 + 12 + 1
	if len(b) < fixed {
		return nil, false
	}
	binary.LittleEndian.PutUint32(b, id)
	binary.LittleEndian.PutUint16(b[13:], uint16(caps))
	binary.LittleEndian.PutUint16(b[16:], mysql.SERVER_STATUS_AUTOCOMMIT)
	binary.LittleEndian.PutUint16(b[18:], uint16(caps>>16))
	salt := make([]byte, 0, saltLen)
	salt = append(salt, b[4:12]...)
	salt = append(salt, b[31:43]...)
	return salt, b[20] == saltLen+1 && b[43] == 0
}
