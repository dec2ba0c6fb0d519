package eval

import (
	"bytes"
	"compress/flate"
	"embed"
	"encoding/binary"
	"io"
	"sync"
	"unicode/utf8"
)

// ucaData are Unicode's Default Collation Element Tables of the versions that MySQL's
// collations follow, as collateucagen.go writes them. Copyright © 1991-2016 Unicode, Inc.;
// for terms of use, see https://www.unicode.org/terms_of_use.html.
//
//go:embed uca400.bin uca520.bin uca900.bin
var ucaData embed.FS

// ucaVersion is a version of the table. MySQL takes no contractions of it, does not
// decompose characters, and takes punctuation as it takes letters.
type ucaVersion uint8

const (
	uca400 ucaVersion = 1 + iota // utf8mb4_unicode_ci
	uca520                       // utf8mb4_unicode_520_ci
	uca900                       // utf8mb4_0900_ai_ci and the like
)

// element is what a character counts at each of the three levels: its letter,
// its accents, and its case. A weight of zero does not count. The older versions
// have the first level only.
type element [3]uint16

// uca is the table by character.
type uca struct {
	version  ucaVersion
	elements []element
	// single is where in elements those of a character are, and how many.
	single map[rune]span
	ascii  [utf8.RuneSelf]element
}

type span struct{ from, n uint32 }

// table returns the table of the version, which is read when it is first needed: most text
// is ASCII, but its elements come from here too.
func (v ucaVersion) table() *uca { return ucaTables[v]() }

var ucaTables = map[ucaVersion]func() *uca{
	uca400: sync.OnceValue(func() *uca { return readUCA(uca400, "uca400.bin", 1) }),
	uca520: sync.OnceValue(func() *uca { return readUCA(uca520, "uca520.bin", 1) }),
	uca900: sync.OnceValue(func() *uca { return readUCA(uca900, "uca900.bin", 3) }),
}

func readUCA(version ucaVersion, name string, levels int) *uca {
	packed, err := ucaData.ReadFile(name)
	if err != nil {
		panic(name + ": " + err.Error()) // it is part of the program
	}
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		panic(name + ": " + err.Error())
	}
	next := func() uint64 {
		n, size := binary.Uvarint(data)
		data = data[size:]
		return n
	}
	count := int(next())
	t := &uca{version: version, single: make(map[rune]span, count)}
	last := rune(0)
	for range count {
		last += rune(next())
		at := span{uint32(len(t.elements)), uint32(next())}
		for range at.n {
			var e element
			for level := range levels {
				e[level] = uint16(next())
			}
			t.elements = append(t.elements, e)
		}
		t.single[last] = at
	}
	for r := range t.ascii {
		if at := t.single[rune(r)]; at.n > 0 {
			t.ascii[r] = t.elements[at.from]
		}
	}
	return t
}

// next pushes the weights at a level of the character at the start of s, and returns how
// many bytes it is.
func (t *uca) next(s string, level int, push func(uint16)) int {
	if c := s[0]; c < utf8.RuneSelf {
		if weight := t.ascii[c][level]; weight != 0 {
			push(weight)
		}
		return 1
	}
	r, size := utf8.DecodeRuneInString(s)
	t.character(r, func(e element) {
		if e[level] != 0 {
			push(e[level])
		}
	})
	return size
}

// character yields the elements of one character.
func (t *uca) character(r rune, yield func(element)) {
	at, ok := t.single[r]
	switch {
	case ok:
		for _, e := range t.elements[at.from : at.from+at.n] {
			yield(e)
		}
		return
	case t.version == uca400 && r > 0xFFFF:
		yield(element{0xFFFD})
		return
	case t.version == uca900 && r >= firstSyllable && r <= lastSyllable:
		t.syllable(r-firstSyllable, yield)
		return
	}
	first, second := t.version.implicit(r)
	yield(element{first, 0x20, 2})
	yield(element{second, 0, 0})
}

const firstSyllable, lastSyllable = 0xAC00, 0xD7AF

// syllable yields the elements of a syllable of Hangul: those of its letters, which
// differ from the letters themselves at the third level.
func (t *uca) syllable(n rune, yield func(element)) {
	letter := func(r rune) { t.character(r, func(e element) { e[2]++; yield(e) }) }
	letter(0x1100 + n/(21*28))
	letter(0x1161 + n%(21*28)/28)
	if n%28 != 0 {
		letter(0x11A7 + n%28)
	}
}

// implicit is the weights of a character that the table does not have: those
// of Chinese characters come before those of all others.
func (v ucaVersion) implicit(r rune) (first, second uint16) {
	in := func(low, high rune) bool { return low <= r && r <= high }
	base := uint16(0xFBC0)
	switch {
	case v != uca900:
		if in(0x4E00, 0x9FA5) {
			base = 0xFB40
		} else if in(0x3400, 0x4DB5) {
			base = 0xFB80
		}
	case in(0x17000, 0x18AFF):
		return 0xFB00, uint16(r-0x17000) | 0x8000
	case in(0x4E00, 0x9FD5), in(0xFA0E, 0xFA29):
		base = 0xFB40
	case in(0x3400, 0x4DB5), in(0x20000, 0x2A6D6), in(0x2A700, 0x2B734), in(0x2B740, 0x2B81D), in(0x2B820, 0x2CEA1):
		base = 0xFB80
	}
	return base + uint16(r>>15), uint16(r)&0x7FFF | 0x8000
}
