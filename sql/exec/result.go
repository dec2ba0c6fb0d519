package exec

import (
	"context"
	"time"

	"wharf"
)

// Client is what the listener knows of the connection that a session is for.
type Client struct {
	ID        uint32 // the connection's ID, as CONNECTION_ID() and KILL know it
	Principal wharf.Principal
	Host      string // the client's address, without its port
	// Collation is MySQL's number of the collation that the handshake named, as
	// FindCollation knows it; 0 is the server's.
	Collation uint16
	// Sessions are the connections that there are; nil knows of none.
	Sessions Sessions
	// Cipher and TLSVersion are those of its TLS, "" without.
	Cipher, TLSVersion string
	Compressed         bool // packets are
	// Counters returns what was counted for the connection; nil counts nothing.
	Counters func() Counters
}

// Result is what a statement gave.
type Result struct {
	Rows     *wharf.Rows // nil for a statement without a result set
	Affected uint64
	Info     string // for the OK packet, may be ""
	Release  bool   // the connection ends after the answer
	// Until is when max_execution_time ends Rows; the zero Time is never. Rows
	// see it only between two of them, so the listener should not wait for
	// its client longer than that.
	Until time.Time
}

// Status is the part of a session's state that goes into every OK and EOF
// packet.
type Status struct {
	Autocommit    bool
	InTransaction bool
}

// Process is one line of the process list.
type Process struct {
	ID      uint32
	User    string
	Owner   wharf.UserID // of User; zero for root
	Host    string
	DB      string
	Command string // "Query", "Sleep"
	Since   time.Time
	Info    string // the running statement, its string values as '…'; "" when idle
}

// Sessions is what exec needs of the listener: the connections there are, and
// a way to end one.
type Sessions interface {
	Processes() []Process
	// Counters returns what was counted for all connections.
	Counters() Counters
	// Kill ends the connection with that ID, or its running statement only.
	// An unknown ID is wharf.CodeNotFound.
	Kill(ctx context.Context, id uint32, queryOnly bool) error
}
