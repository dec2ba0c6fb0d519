package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"wharf"
	"wharf/sql/exec"
)

// refusal is an error as the protocol has it. It is what a client is told.
type refusal struct {
	errno uint16
	state string // SQLSTATE, five characters
	msg   string
}

func (r refusal) Error() string { return fmt.Sprintf("ERROR %d (%s): %s", r.errno, r.state, r.msg) }

// The refusals of the protocol itself. Those of statements come from the
// table below.
func badHandshake() refusal { return refusal{1043, "08S01", "Bad handshake"} }
func unknownCommand() refusal {
	return refusal{1047, "08S01", "Unknown command"}
}
func malformed() refusal { return refusal{1835, "HY000", "Malformed communication packet"} }
func outOfOrder() refusal {
	return refusal{1156, "08S01", "Got packets out of order"}
}
func badFrame() refusal {
	return refusal{1157, "08S01", "Couldn't uncompress communication packet"}
}
func packetTooLarge() refusal {
	return refusal{1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes"}
}
func noRoom() refusal {
	return refusal{1040, "08004", "The server is busy with other large packets; try again"}
}
func tooSlow() refusal {
	return refusal{1159, "08S01", "Got timeout reading communication packets: a large one comes too slowly"}
}

// noConnection is MySQL's answer where all connections are taken, or the user has as
// many as it may.
func noConnection(err error, user string) refusal {
	switch {
	case errors.Is(err, wharf.ErrUserConnections):
		return refusal{1203, "42000", fmt.Sprintf("User %s already has more than 'max_user_connections' active connections", user)}
	case errors.Is(err, wharf.ErrAddressConnections):
		return refusal{1040, "08004", "Too many connections from this address"}
	}
	return tooManyConnections()
}
func tooManyConnections() refusal { return refusal{1040, "08004", "Too many connections"} }
func hostNotAllowed(host string) refusal {
	return refusal{1130, "HY000", fmt.Sprintf("Host '%s' is not allowed to connect: root has no password, so only this machine may", host)}
}

// insecure is what MySQL answers under require_secure_transport.
func insecure() refusal {
	return refusal{3159, "HY000", "Connections using insecure transport are prohibited while --require_secure_transport=ON. This server requires TLS (--require-tls)"}
}
func inactive() refusal {
	return refusal{4031, "HY000", "The client was disconnected by the server because of inactivity"}
}
func shuttingDown() refusal { return refusal{1053, "08S01", "Server shutdown in progress"} }
func interrupted() refusal  { return refusal{1317, "70100", "Query execution was interrupted"} }
func emptyQuery() refusal   { return refusal{1065, "42000", "Query was empty"} }
func unknownStatement(id uint32, command string) refusal {
	return refusal{1243, "HY000", fmt.Sprintf("Unknown prepared statement handler (%d) given to %s", id, command)}
}
func noCursor(id uint32) refusal {
	return refusal{1421, "HY000", fmt.Sprintf("The statement (%d) has no open cursor", id)}
}
func wrongArguments(command string) refusal {
	return refusal{1210, "HY000", "Incorrect arguments to " + command}
}
func syntaxError(msg string) refusal { return refusal{1064, "42000", msg} }

// maxMessage is the most bytes of a message: clients keep 512 and cut the rest
// off, so a little more is for those that do not.
const maxMessage = 1024

// payload is the body of the ERR packet. A client that was not greeted yet
// expects it without the SQLSTATE.
func (r refusal) payload(withState bool) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{mysql.ERR_HEADER}, r.errno)
	if withState {
		b = append(append(b, '#'), r.state...)
	}
	return append(b, cut(r.msg, maxMessage)...)
}

// cut returns s, or its first limit bytes and an ellipsis if it is longer.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// number returns the number and the SQLSTATE of a Code. false means that the
// table has forgotten it.
func number(code wharf.Code) (errno uint16, state string, ok bool) {
	switch code {
	case wharf.CodeSyntax:
		return 1064, "42000", true
	case wharf.CodeInvalid, wharf.CodeMediaType, wharf.CodePrecondition, wharf.CodeRange:
		return 1210, "HY000", true
	case wharf.CodeUnsafe:
		return 1175, "HY000", true
	case wharf.CodeNotFound:
		return 1146, "42S02", true
	case wharf.CodeExists:
		return 1050, "42S01", true
	case wharf.CodeUnauthenticated:
		return 1045, "28000", true
	case wharf.CodeDenied:
		return 1142, "42000", true
	case wharf.CodeTooLarge:
		return 1153, "08S01", true
	case wharf.CodeUnsupported:
		return 1235, "42000", true
	case wharf.CodeUpstream:
		return 1296, "HY000", true
	case wharf.CodeUnavailable:
		return 1040, "08004", true
	case wharf.CodeTimeout:
		return 3024, "HY000", true
	case wharf.CodeNoSpace:
		return 1021, "HY000", true
	case wharf.CodeCanceled:
		return 1317, "70100", true
	case wharf.CodeInternal:
		return 1105, "HY000", true
	}
	return 1105, "HY000", false
}

// numberOf is the number of an error: its Code's, unless MySQL tells apart
// what the Code does not.
func numberOf(err error) (errno uint16, state string) {
	var cause *exec.Cause
	if errors.As(err, &cause) {
		return cause.Number, cause.State
	}
	errno, state, _ = number(wharf.CodeOf(err))
	return errno, state
}

// ErrorNumber is the number under which clients are told of err, for SHOW
// WARNINGS.
func ErrorNumber(err error) uint16 {
	errno, _ := numberOf(err)
	return errno
}

// refusalOf turns the error of a statement into what the client of the
// connection with that ID is told.
func refusalOf(err error, id uint32) refusal {
	if r, ok := err.(refusal); ok {
		return r
	}
	code := wharf.CodeOf(err)
	errno, state := numberOf(err)
	msg := wharf.MessageOf(err)
	if code == wharf.CodeInternal {
		msg = fmt.Sprintf("%s (connection %d)", msg, id)
	}
	return refusal{errno, state, msg}
}
