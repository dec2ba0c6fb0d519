package server

import (
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

// greet writes the greeting of protocol 10.
func (c *conn) greet(caps uint32, salt []byte) {
	const firstSalt = 8
	c.out.begin()
	b := append(c.out.buf, 10)
	b = append(append(b, c.srv.o.Version...), 0)
	b = binary.LittleEndian.AppendUint32(b, c.id)
	b = append(append(b, salt[:firstSalt]...), 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(caps))
	b = append(b, collation)
	b = binary.LittleEndian.AppendUint16(b, mysql.SERVER_STATUS_AUTOCOMMIT)
	b = binary.LittleEndian.AppendUint16(b, uint16(caps>>16))
	b = append(b, saltLen+1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // and what is reserved
	b = append(append(b, salt[firstSalt:]...), 0)
	c.out.buf = append(append(b, nativePlugin...), 0)
	c.out.end()
	c.out.flush()
}
