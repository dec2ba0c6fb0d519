package eval

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// generalWeight is the weight of a character under utf8mb4_general_ci: its
// upper case without accents, in the scripts whose case and accents it knows,
// as they were in Unicode 3.0.
func generalWeight(r rune) uint16 {
	const replacement = 0xFFFD
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return uint16(r)
	case r > 0xFFFF:
		return replacement
	case r == 'ß':
		return 'S'
	case !unicode.Is(generalScripts, r):
		return uint16(r)
	}
	upper := generalUpper(r)
	text := string(upper)
	base, _ := utf8.DecodeRuneInString(norm.NFD.String(text))
	switch {
	case r == 'ϲ':
		return 'Σ'
	case upper == 'Й', norm.NFC.String(text) != text, base < utf8.RuneSelf && !unicode.IsLetter(base), !unicode.IsLetter(upper):
		return uint16(upper)
	}
	return uint16(generalUpper(base))
}

// generalUpper is the upper case of a character where it is of the same
// scripts.
func generalUpper(r rune) rune {
	if upper := unicode.ToUpper(r); upper < utf8.RuneSelf || unicode.Is(generalScripts, upper) {
		return upper
	}
	return r
}

// generalScripts are the characters whose case and accents utf8mb4_general_ci
// knows.
var generalScripts = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x00B5, Hi: 0x021F, Stride: 1}, {Lo: 0x0222, Hi: 0x0233, Stride: 1}, {Lo: 0x0250, Hi: 0x0292, Stride: 1},
	{Lo: 0x0345, Hi: 0x0345, Stride: 1}, {Lo: 0x0386, Hi: 0x03D6, Stride: 1}, {Lo: 0x03DA, Hi: 0x03F2, Stride: 1}, {Lo: 0x0400, Hi: 0x0489, Stride: 1},
	{Lo: 0x048C, Hi: 0x04C4, Stride: 1}, {Lo: 0x04C7, Hi: 0x04C8, Stride: 1}, {Lo: 0x04CB, Hi: 0x04CC, Stride: 1},
	{Lo: 0x04D0, Hi: 0x04F5, Stride: 1}, {Lo: 0x04F8, Hi: 0x04F9, Stride: 1}, {Lo: 0x0531, Hi: 0x0586, Stride: 1},
	{Lo: 0x1E00, Hi: 0x1E9B, Stride: 1}, {Lo: 0x1EA0, Hi: 0x1EF9, Stride: 1}, {Lo: 0x1F00, Hi: 0x1FFF, Stride: 1},
	{Lo: 0x2126, Hi: 0x212B, Stride: 1}, {Lo: 0x2160, Hi: 0x217F, Stride: 1}, {Lo: 0x24B6, Hi: 0x24E9, Stride: 1},
	{Lo: 0xFF21, Hi: 0xFF5A, Stride: 1},
}}
