package httpapi

import "bytes"

// search finds one byte string, after Horspool: it looks at the last place
// where the string could end first, and mostly can go on by the string's
// whole length. The boundaries that clients make are 40 bytes and longer, and
// bytes.Index, which looks for the first byte, is several times slower on what
// is in files (BenchmarkForm): every line of a CSV file may end in the CRLF
// that a delimiter starts with.
type search struct {
	want []byte
	// skip tells for the byte at the place of want's last one how far to go
	// on; 0 for want's last byte itself.
	skip [256]uint8
	// again is how far to go on after want's last byte was found and the rest
	// did not fit.
	again int
}

// init makes s a search for want, of 1 to 255 bytes, which must stay as it is.
func (s *search) init(want []byte) {
	s.want, s.again = want, len(want)
	for i := range s.skip {
		s.skip[i] = uint8(len(want))
	}
	last := len(want) - 1
	for i := range last {
		s.skip[want[i]] = uint8(last - i)
		if want[i] == want[last] {
			s.again = last - i
		}
	}
	s.skip[want[last]] = 0
}

// index returns the place of the first occurrence in b, or -1.
func (s *search) index(b []byte) int {
	last := len(s.want) - 1
	for i := last; i < len(b); {
		if n := s.skip[b[i]]; n > 0 {
			i += int(n)
			continue
		}
		// The first byte alone, because a call costs more than most misses.
		if start := i - last; b[start] == s.want[0] && bytes.Equal(b[start:i+1], s.want) {
			return start
		}
		i += s.again
	}
	return -1
}
