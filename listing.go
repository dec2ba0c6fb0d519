package wharf

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Listing is a stream of files, and a count of what was left out of it.
type Listing[T Key | Object] struct {
	// All yields the files in byte order of key. An error is yielded once,
	// last. It may be ranged over once.
	All iter.Seq2[T, error]
	// LeftOut grows while All is ranged over: it always tells of the objects
	// up to the file that was yielded last, and after the end of all.
	LeftOut *LeftOut
}

const (
	leftOutNames = 5   // that a LeftOut keeps
	leftOutBytes = 200 // of each
)

// LeftOut counts the objects that are where a Listing looks and cannot be in
// it, because their names are not valid keys. Other programs put them there.
type LeftOut struct {
	Count int64
	// First holds the names of the first five, below the stage's root, each
	// cut after 200 bytes and escaped as in a Go string: `a\x01`, `a\xff`.
	First []string
}

func (l *LeftOut) add(name string) {
	l.Count++
	if len(l.First) == leftOutNames {
		return
	}
	if n := leftOutBytes; len(name) > n {
		for !utf8.RuneStart(name[n]) && n > leftOutBytes-utf8.UTFMax {
			n--
		}
		l.First = append(l.First, escapeName(name[:n])+"…")
		return
	}
	l.First = append(l.First, escapeName(name))
}

// String returns the names, and how many more there are:
// `"a\x01", "b/../c" and 3 more`.
func (l *LeftOut) String() string {
	s := `"` + strings.Join(l.First, `", "`) + `"`
	if more := l.Count - int64(len(l.First)); more > 0 {
		s += " and " + strconv.FormatInt(more, 10) + " more"
	}
	return s
}

// escapeName makes printable, valid text of a name of any bytes.
func escapeName(name string) string {
	quoted := strconv.Quote(name)
	return quoted[1 : len(quoted)-1]
}
