package eval

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// ucaData is Unicode's Default Collation Element Table, version 13.0, as
// collateucagen.go writes it. MySQL's utf8mb4_0900_… collations have that of version 9.0:
// characters that came later have weights of their own here, and are ordered by
// their numbers there. Copyright © 1991-2020 Unicode, Inc.; for terms of use, see
// https://www.unicode.org/terms_of_use.html.
//
//go:embed uca.bin
var ucaData []byte

// element is what a character counts at each of the three levels: its letter,
// its accents, and its case. A weight of zero does not count.
type element [3]uint16

// uca is the table by character.
type uca struct {
	elements []element
	// single is where in elements those of a character are, and how many.
	single map[rune]span
	// contractions are sequences of characters that have elements of their own, by
	// their first character, longer ones first.
	contractions map[rune][]contraction
	ascii        [utf8.RuneSelf]element
}

type span struct{ from, n uint32 }

type contraction struct {
	rest string // the characters behind the first
	span
}

// ucaTable is the table, which is read when it is first needed: most text is
// ASCII, but its elements come from here too.
var ucaTable = sync.OnceValue(func() *uca {
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(ucaData)))
	if err != nil {
		panic("uca.bin: " + err.Error()) // it is part of the program
	}
	next := func() uint64 {
		n, size := binary.Uvarint(data)
		data = data[size:]
		return n
	}
	count := int(next())
	t := &uca{single: make(map[rune]span, count), contractions: map[rune][]contraction{}}
	last := rune(0)
	for range count {
		runes, elements := int(next()), int(next())
		last += rune(next())
		var rest strings.Builder
		for range runes - 1 {
			rest.WriteRune(rune(next()))
		}
		at := span{uint32(len(t.elements)), uint32(elements)}
		for range elements {
			t.elements = append(t.elements, element{uint16(next()), uint16(next()), uint16(next())})
		}
		if runes == 1 {
			t.single[last] = at
			continue
		}
		t.contractions[last] = append([]contraction{{rest.String(), at}}, t.contractions[last]...)
	}
	for r := range t.ascii {
		t.ascii[r] = t.elements[t.single[rune(r)].from]
	}
	return t
})

// next yields the elements of the character at the start of s, or of several
// that count as one, and returns how many bytes they are.
func (t *uca) next(s string, yield func(element)) int {
	if c := s[0]; c < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		yield(t.ascii[c])
		return 1
	}
	r, size := utf8.DecodeRuneInString(s)
	for _, c := range t.contractions[r] {
		if strings.HasPrefix(s[size:], c.rest) {
			t.each(c.span, yield)
			return size + len(c.rest)
		}
	}
	t.character(r, yield)
	return size
}

func (t *uca) each(at span, yield func(element)) {
	for _, e := range t.elements[at.from : at.from+at.n] {
		yield(e)
	}
}

// character yields the elements of one character.
func (t *uca) character(r rune, yield func(element)) {
	if at, ok := t.single[r]; ok {
		t.each(at, yield)
		return
	}
	const firstSyllable, lastSyllable = 0xAC00, 0xD7A3
	if r >= firstSyllable && r <= lastSyllable {
		n := r - firstSyllable
		t.character(0x1100+n/(21*28), yield)
		t.character(0x1161+n%(21*28)/28, yield)
		if n%28 != 0 {
			t.character(0x11A7+n%28, yield)
		}
		return
	}
	first, second := implicit(r)
	yield(element{first, 0x20, 2})
	yield(element{second, 0, 0})
}

// implicit is the weights of a character that the table does not have: those
// of Chinese characters come before those of all others.
func implicit(r rune) (first, second uint16) {
	n := uint16(r>>15) + 0xFBC0
	switch {
	case r >= 0x17000 && r <= 0x18AFF, r >= 0x18D00 && r <= 0x18D8F:
		return 0xFB00, uint16(r-0x17000) | 0x8000
	case r >= 0x1B170 && r <= 0x1B2FF:
		return 0xFB01, uint16(r-0x1B170) | 0x8000
	case r >= 0x18B00 && r <= 0x18CFF:
		return 0xFB02, uint16(r-0x18B00) | 0x8000
	case r >= 0x4E00 && r <= 0x9FFC, isCompatibilityIdeograph(r):
		n = uint16(r>>15) + 0xFB40
	case r >= 0x3400 && r <= 0x4DBF, r >= 0x20000 && r <= 0x2A6DD, r >= 0x2A700 && r <= 0x2EBE0, r >= 0x30000 && r <= 0x3134A:
		n = uint16(r>>15) + 0xFB80
	}
	return n, uint16(r)&0x7FFF | 0x8000
}

// isCompatibilityIdeograph reports whether r is one of the twelve characters of
// the block of compatibility ideographs that are unified ones.
func isCompatibilityIdeograph(r rune) bool {
	return r >= 0xFA0E && r <= 0xFA29 && strings.ContainsRune("\uFA0E\uFA0F\uFA11\uFA13\uFA14\uFA1F\uFA21\uFA23\uFA24\uFA27\uFA28\uFA29", r)
}

// appendKey appends the weights of s at a level, two bytes each.
func (t *uca) appendKey(b []byte, s string, level int) []byte {
	add := func(e element) {
		if e[level] != 0 {
			b = binary.BigEndian.AppendUint16(b, e[level])
		}
	}
	for s != "" {
		s = s[t.next(s, add):]
	}
	return b
}

// same reports whether two characters count the same up to a level, each by
// itself.
func (t *uca) same(a, b rune, levels int) bool {
	if a == b {
		return true
	}
	if a < utf8.RuneSelf && b < utf8.RuneSelf {
		x, y := t.ascii[a], t.ascii[b]
		return slices.Equal(x[:levels], y[:levels])
	}
	for level := range levels {
		if string(t.appendCharacter(nil, a, level)) != string(t.appendCharacter(nil, b, level)) {
			return false
		}
	}
	return true
}

func (t *uca) appendCharacter(b []byte, r rune, level int) []byte {
	t.character(r, func(e element) {
		if e[level] != 0 {
			b = binary.BigEndian.AppendUint16(b, e[level])
		}
	})
	return b
}
