package server

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// appendTime writes YYYY-MM-DD, alone or with hh:mm:ss[.ffffff], as the
// binary protocol has it: only as long as what is not zero. It reads no time
// of the calendar, because 0000-00-00 is a value too.
func appendTime(b []byte, s string) ([]byte, error) {
	date, clock, _ := strings.Cut(s, " ")
	var d, c [3]int
	micros, ok := 0, triple(&d, date, '-')
	if ok && clock != "" {
		whole, fraction, _ := strings.Cut(clock, ".")
		ok = triple(&c, whole, ':')
		if fraction != "" {
			n, good := digits((fraction + "000000")[:6])
			micros, ok = n, ok && good
		}
	}
	if !ok || d[0] > 9999 || d[1] > 12 || d[2] > 31 || c[0] > 23 || c[1] > 59 || c[2] > 59 {
		return b, fmt.Errorf("%q is not a date", s)
	}
	length := 4
	switch {
	case micros != 0:
		length = 11
	case c != [3]int{}:
		length = 7
	case d == [3]int{}:
		return append(b, 0), nil
	}
	b = append(b, byte(length), byte(d[0]), byte(d[0]>>8), byte(d[1]), byte(d[2]))
	if length >= 7 {
		b = append(b, byte(c[0]), byte(c[1]), byte(c[2]))
	}
	if length == 11 {
		b = binary.LittleEndian.AppendUint32(b, uint32(micros))
	}
	return b, nil
}

// appendDuration writes [-]hhh:mm:ss[.ffffff] as the binary protocol has it: a
// sign, days, and the rest, or nothing for a time of zero.
func appendDuration(b []byte, s string) ([]byte, error) {
	rest, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(rest, ".")
	var c [3]int
	micros, ok := 0, triple(&c, whole, ':')
	if fraction != "" {
		n, good := digits((fraction + "000000")[:6])
		micros, ok = n, ok && good
	}
	if !ok || c[0] > 838 || c[1] > 59 || c[2] > 59 {
		return b, fmt.Errorf("%q is not a time", s)
	}
	if c == [3]int{} && micros == 0 {
		return append(b, 0), nil
	}
	length, sign := byte(8), byte(0)
	if micros != 0 {
		length = 12
	}
	if negative {
		sign = 1
	}
	b = append(b, length, sign)
	b = binary.LittleEndian.AppendUint32(b, uint32(c[0]/24))
	b = append(b, byte(c[0]%24), byte(c[1]), byte(c[2]))
	if micros != 0 {
		b = binary.LittleEndian.AppendUint32(b, uint32(micros))
	}
	return b, nil
}

// triple reads three numbers with sep between them.
func triple(out *[3]int, s string, sep byte) bool {
	for i := range out {
		head, rest, found := strings.Cut(s, string(sep))
		if found != (i < 2) {
			return false
		}
		n, ok := digits(head)
		if !ok {
			return false
		}
		out[i], s = n, rest
	}
	return true
}

func digits(s string) (int, bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	n := 0
	for _, r := range []byte(s) {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, true
}
