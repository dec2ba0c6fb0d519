package server

import "github.com/go-mysql-org/go-mysql/mysql"

const (
	nativePlugin = mysql.AUTH_NATIVE_PASSWORD
	sha2Plugin   = mysql.AUTH_CACHING_SHA2_PASSWORD

	// sslRequest is the length of the packet that asks for TLS: the first
	// fields of a handshake response and nothing else.
	sslRequest = 4 + 4 + 1 + 23

	// maxName is the most bytes of a user's or a database's name before it is
	// known who sends it: both get into messages, and so into the log. MySQL
	// has 32 and 64 characters.
	maxName = 256
)

// handshakeResponse is what a client says of itself when it logs in, or asks to be
// another user.
type handshakeResponse struct {
	caps   uint32
	user   string
	auth   []byte
	db     string
	plugin string
	zstd   int // the level of compression that it asks for
	// collation is MySQL's number of the client's; 0 if it said none.
	collation uint16
}

// parseHandshakeResponse reads a HandshakeResponse41.
func parseHandshakeResponse(p []byte) (handshakeResponse, bool) {
	f := fields{b: p}
	h := handshakeResponse{caps: f.u32()}
	f.bytes(4) // its packet limit
	h.collation = uint16(f.u8())
	f.bytes(23) // reserved
	h.user = string(f.nul())
	switch {
	case h.caps&mysql.CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA != 0:
		h.auth = f.lenencBytes()
	default:
		h.auth = f.bytes(uint64(f.u8()))
	}
	// Some clients set the flag and end the packet without a database.
	if h.caps&mysql.CLIENT_CONNECT_WITH_DB != 0 && len(f.b) > 0 {
		h.db = string(f.nul())
	}
	h.plugin = nativePlugin
	if h.caps&mysql.CLIENT_PLUGIN_AUTH != 0 {
		h.plugin = string(f.nul())
	}
	if h.caps&mysql.CLIENT_CONNECT_ATTRS != 0 && len(f.b) > 0 {
		f.lenencBytes()
	}
	if h.caps&mysql.CLIENT_ZSTD_COMPRESSION_ALGORITHM != 0 && len(f.b) > 0 {
		h.zstd = int(f.u8())
	}
	const needed = mysql.CLIENT_PROTOCOL_41 | mysql.CLIENT_SECURE_CONNECTION
	return h, !f.bad && h.isShort() && h.caps&needed == needed
}

// parseChangeUser reads a COM_CHANGE_USER, without its command byte.
func parseChangeUser(p []byte, caps uint32) (handshakeResponse, bool) {
	f := fields{b: p}
	h := handshakeResponse{caps: caps, user: string(f.nul()), plugin: nativePlugin}
	h.auth = f.bytes(uint64(f.u8()))
	h.db = string(f.nul())
	if len(f.b) > 0 {
		h.collation = f.u16()
	}
	if caps&mysql.CLIENT_PLUGIN_AUTH != 0 && len(f.b) > 0 {
		h.plugin = string(f.nul())
	}
	return h, !f.bad && h.isShort()
}

func (h *handshakeResponse) isShort() bool { return len(h.user) <= maxName && len(h.db) <= maxName }
