package server

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"wharf"
)

// Texts are UTF-8 inside. A client of character set latin1, which is MySQL's
// name for Windows-1252, or ascii gets them converted, and latin1 is converted
// from as well. What the character set lacks is '?', as in MySQL.

// encoding is how the texts of a result are sent.
type encoding struct {
	collation uint16              // of columns of text
	convert   func(string) string // nil leaves texts as they are
}

func encodingOf(charset string) encoding {
	switch charset {
	case "latin1":
		return encoding{8, toLatin1}
	case "ascii":
		return encoding{11, toASCII}
	case "utf8mb3":
		return encoding{33, nil}
	}
	return encoding{collation, nil}
}

// text gives a text as it is sent.
func (e encoding) text(s string) string {
	if e.convert == nil || isASCII(s) {
		return s
	}
	return e.convert(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func toLatin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			c = '?'
		}
		b = append(b, c)
	}
	return string(b)
}

func toASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, s)
}

// decode gives what a client sent as UTF-8. Text that is no UTF-8 though the
// client says so is left to the parser.
func decode(charset, s string) string {
	switch {
	case charset != "latin1" && charset != "ascii" || isASCII(s):
		return s
	case charset == "ascii":
		return toASCII(s)
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(charmap.Windows1252.DecodeByte(s[i]))
	}
	return b.String()
}

// decodeArguments decodes the values of placeholders that are texts; bytes stay
// as they are.
func (c *conn) decodeArguments(p *prepared, args []wharf.Value) {
	client, _ := c.session.Charsets()
	for i, v := range args {
		if v.Kind() == wharf.TextValue && p.types[i].isText() {
			args[i] = wharf.Text(decode(client, v.Str()))
		}
	}
}

// encode makes what follows be sent in the session's character set.
func (c *conn) encode() {
	_, results := c.session.Charsets()
	c.out.encoding = encodingOf(results)
}

// unknownCharset is the refusal of a login with a collation of a character set
// that Wharf does not have.
func unknownCharset(id uint16) refusal {
	if name, ok := otherCharsets[id]; ok {
		return refusal{1235, "42000", fmt.Sprintf("the character set %s is not supported by Wharf; it has utf8mb4, utf8mb3, latin1, ascii and binary", name)}
	}
	return refusal{1115, "42000", fmt.Sprintf("Unknown character set: 'of collation %d'; Wharf has utf8mb4, utf8mb3, latin1, ascii and binary", id)}
}

// otherCharsets are MySQL's other character sets by the collations that
// clients log in with.
var otherCharsets = map[uint16]string{
	1: "big5", 84: "big5", 9: "latin2", 77: "latin2", 7: "koi8r", 74: "koi8r", 12: "ujis", 91: "ujis", 13: "sjis", 88: "sjis",
	16: "hebrew", 71: "hebrew", 18: "tis620", 89: "tis620", 19: "euckr", 85: "euckr", 22: "koi8u", 75: "koi8u", 24: "gb2312", 86: "gb2312",
	25: "greek", 70: "greek", 26: "cp1250", 66: "cp1250", 28: "gbk", 87: "gbk", 30: "latin5", 78: "latin5", 35: "ucs2", 90: "ucs2",
	36: "cp866", 68: "cp866", 40: "cp852", 81: "cp852", 41: "latin7", 79: "latin7", 51: "cp1251", 50: "cp1251", 54: "utf16", 55: "utf16",
	57: "cp1256", 67: "cp1256", 59: "cp1257", 58: "cp1257", 60: "utf32", 61: "utf32", 95: "cp932", 96: "cp932", 97: "eucjpms", 98: "eucjpms",
	248: "gb18030", 249: "gb18030", 250: "gb18030",
}
