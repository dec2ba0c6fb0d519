package httpapi

import (
	"fmt"
	"strings"
)

// shownText is how many bytes of a client's text an error message repeats. The
// header of a request may hold much more, and the log has each message.
const shownText = 200

// shorten returns s, or where it is longer than about limit bytes its beginning
// and its length.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:limit], ""), len(s))
}
