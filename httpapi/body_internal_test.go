package httpapi

import (
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"wharf"
)

// TestBrokenBodies has the ways in which a body ends too early: all are the
// client's affair, but for the connection that Shutdown closes.
func TestBrokenBodies(t *testing.T) {
	for _, c := range []struct {
		err  error
		code wharf.Code
		msg  string
	}{
		{io.ErrUnexpectedEOF, wharf.CodeInvalid, "the body was cut off before its end"},
		{os.ErrDeadlineExceeded, wharf.CodeInvalid, "the body stopped coming: nothing arrived for 0s"},
		{net.ErrClosed, wharf.CodeUnavailable, "the server is stopping"},
		{io.ErrNoProgress, wharf.CodeInvalid, "the body could not be read to its end"},
	} {
		got := (&body{}).translate(fmt.Errorf("read: %w", c.err))
		if wharf.CodeOf(got) != c.code || wharf.MessageOf(got) != c.msg {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
