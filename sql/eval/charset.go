package eval

import (
	"slices"
	"strings"
)

// DefaultCollation is that of all text.
const DefaultCollation = "utf8mb4_0900_ai_ci"

// Charset is a character set that a client may ask for: UTF-8 by its names, the
// two that listeners convert, and bytes. Wharf refuses the others.
type Charset struct {
	Name, Description, Collation string
	MaxLen                       int64
}

// Charsets returns the character sets that a client may ask for.
func Charsets() []Charset {
	return []Charset{
		{"ascii", "US ASCII", "ascii_general_ci", 1},
		{"binary", "Binary pseudo charset", "binary", 1},
		{"latin1", "cp1252 West European", "latin1_swedish_ci", 1},
		{"utf8mb3", "UTF-8 Unicode", "utf8mb3_general_ci", 3},
		{"utf8mb4", "UTF-8 Unicode", DefaultCollation, 4},
	}
}

// FindCharset finds a character set by its name in any case.
func FindCharset(name string) (Charset, bool) {
	name = strings.ToLower(name)
	if name == "utf8" {
		name = "utf8mb3"
	}
	for _, c := range Charsets() {
		if c.Name == name {
			return c, true
		}
	}
	return Charset{}, false
}

// Collation is an order of text.
type Collation struct {
	Name, Charset string
	Id            int64
	IsDefault     bool
	Pad           string
	rule          rule
	uca           ucaVersion // of rules that go by one
}

const (
	padSpace = "PAD SPACE"
	noPad    = "NO PAD"
)

// collations are those that a client may ask for.
var collations = [...]Collation{
	{DefaultCollation, "utf8mb4", 255, true, noPad, byLetters, uca900},
	{"binary", "binary", 63, true, noPad, byBytes, 0},
	{"utf8mb3_bin", "utf8mb3", 83, false, padSpace, byBytes, 0},
	{"utf8mb3_general_ci", "utf8mb3", 33, true, padSpace, byGeneral, 0},
	{"utf8mb3_unicode_ci", "utf8mb3", 192, false, padSpace, byLetters, uca400},
	{"utf8mb3_unicode_520_ci", "utf8mb3", 214, false, padSpace, byLetters, uca520},
	{"utf8mb4_0900_as_ci", "utf8mb4", 305, false, noPad, byAccents, uca900},
	{"utf8mb4_0900_as_cs", "utf8mb4", 278, false, noPad, byCase, uca900},
	{"utf8mb4_0900_bin", "utf8mb4", 309, false, noPad, byBytes, 0},
	{"utf8mb4_bin", "utf8mb4", 46, false, padSpace, byBytes, 0},
	{"utf8mb4_general_ci", "utf8mb4", 45, false, padSpace, byGeneral, 0},
	{"utf8mb4_unicode_520_ci", "utf8mb4", 246, false, padSpace, byLetters, uca520},
	{"utf8mb4_unicode_ci", "utf8mb4", 224, false, padSpace, byLetters, uca400},
	{"ascii_bin", "ascii", 65, false, padSpace, byBytes, 0},
	{"ascii_general_ci", "ascii", 11, true, padSpace, byGeneral, 0},
	{"latin1_bin", "latin1", 47, false, padSpace, byLatin1, 0},
	{"latin1_danish_ci", "latin1", 15, false, padSpace, byLatin1, 0},
	{"latin1_general_ci", "latin1", 48, false, padSpace, byLatin1, 0},
	{"latin1_general_cs", "latin1", 49, false, padSpace, byLatin1, 0},
	{"latin1_german1_ci", "latin1", 5, false, padSpace, byLatin1, 0},
	{"latin1_german2_ci", "latin1", 31, false, padSpace, byLatin1, 0},
	{"latin1_spanish_ci", "latin1", 94, false, padSpace, byLatin1, 0},
	{"latin1_swedish_ci", "latin1", 8, true, padSpace, byLatin1, 0},
}

// ListedCollations are the collations in the order of their names.
func ListedCollations() []Collation {
	return slices.SortedFunc(slices.Values(collations[:]), func(a, b Collation) int { return strings.Compare(a.Name, b.Name) })
}

// systemCollation is that of the names that the server gives:
// utf8mb3_general_ci.
const systemCollation collationID = 3

func mustFind(name string) collationID {
	id, ok := FindCollation(name)
	if !ok {
		panic("no collation " + name)
	}
	return id
}

// jsonCollating is that of documents of JSON beside texts: utf8mb4_bin.
var jsonCollating = collating{mustFind("utf8mb4_bin"), ofColumn}

// CollationOf returns the collation with MySQL's number. That of another order
// of a character set that there is returns the character set's default. ok is
// false for those of other character sets, and for 0.
func CollationOf(number uint16) (c Collation, ok bool) {
	for _, c := range collations {
		if c.Id == int64(number) {
			return c, true
		}
	}
	in := func(low, high uint16) bool { return low <= number && number <= high }
	var charset string
	switch {
	case in(225, 247), in(255, 323):
		charset = "utf8mb4"
	case in(193, 215), number == 76, number == 223:
		charset = "utf8mb3"
	default:
		return Collation{}, false
	}
	known, _ := FindCharset(charset)
	id, _ := FindCollation(known.Collation)
	return id.Collation(), true
}

// FindCollation finds a collation by its name in any case; without one it
// returns the default.
func FindCollation(name string) (collationID, bool) {
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, "utf8_"); ok {
		name = "utf8mb3_" + rest
	}
	for id, c := range collations {
		if c.Name == name {
			return collationID(id), true
		}
	}
	return DefaultCollationID, false
}
