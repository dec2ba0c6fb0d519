package exec

import (
	"strings"

	"wharf"
)

// defaultCollation is that of all text.
const defaultCollation = "utf8mb4_0900_ai_ci"

// charset is a character set that a client may ask for: UTF-8 by its names,
// and bytes. Wharf converts nothing, and so refuses the others.
type charset struct {
	name, description, collation string
	maxLen                       int64
}

func charsets() []charset {
	return []charset{
		{"binary", "Binary pseudo charset", "binary", 1},
		{"utf8mb3", "UTF-8 Unicode", "utf8mb3_general_ci", 3},
		{"utf8mb4", "UTF-8 Unicode", defaultCollation, 4},
	}
}

func findCharset(name string) (charset, bool) {
	name = strings.ToLower(name)
	if name == "utf8" {
		name = "utf8mb3"
	}
	for _, c := range charsets() {
		if c.name == name {
			return c, true
		}
	}
	return charset{}, false
}

// collation is the name of an order of text. Whatever a session asks for,
// text is compared without case and without accents, unless COLLATE says of it
// that case counts.
type collation struct {
	name, charset string
	id            int64
	isDefault     bool
	pad           string
}

func collations() []collation {
	return []collation{
		{"binary", "binary", 63, true, "NO PAD"},
		{"utf8mb3_bin", "utf8mb3", 83, false, "PAD SPACE"},
		{"utf8mb3_general_ci", "utf8mb3", 33, true, "PAD SPACE"},
		{"utf8mb3_unicode_ci", "utf8mb3", 192, false, "PAD SPACE"},
		{"utf8mb4_0900_ai_ci", "utf8mb4", 255, true, "NO PAD"},
		{"utf8mb4_0900_as_ci", "utf8mb4", 305, false, "NO PAD"},
		{"utf8mb4_0900_as_cs", "utf8mb4", 278, false, "NO PAD"},
		{"utf8mb4_0900_bin", "utf8mb4", 309, false, "NO PAD"},
		{"utf8mb4_bin", "utf8mb4", 46, false, "PAD SPACE"},
		{"utf8mb4_general_ci", "utf8mb4", 45, false, "PAD SPACE"},
		{"utf8mb4_unicode_520_ci", "utf8mb4", 246, false, "PAD SPACE"},
		{"utf8mb4_unicode_ci", "utf8mb4", 224, false, "PAD SPACE"},
	}
}

// isExact tells a collation under which text is compared by its bytes.
func (c collation) isExact() bool { return !strings.HasSuffix(c.name, "_ci") }

func findCollation(name string) (collation, bool) {
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, "utf8_"); ok {
		name = "utf8mb3_" + rest
	}
	for _, c := range collations() {
		if c.name == name {
			return c, true
		}
	}
	return collation{}, false
}

func charsetType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d datum) (wharf.Value, bool) {
		c, ok := findCharset(d.text())
		return wharf.Text(c.name), ok
	}}
}

func collationType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d datum) (wharf.Value, bool) {
		c, ok := findCollation(d.text())
		return wharf.Text(c.name), ok
	}}
}

// setNames is SET NAMES and SET CHARACTER SET: what the client sends and
// wants to be sent.
func (s *Session) setNames(name, collate string) error {
	cs, ok := findCharset(name)
	if !ok {
		return invalid(errUnknownCharset, "Unknown character set: '%s'; Wharf speaks utf8mb4", cutRunes(name, 64))
	}
	order := cs.collation
	if collate != "" {
		co, ok := findCollation(collate)
		if !ok {
			return invalid(errUnknownCollate, "Unknown collation: '%s'", cutRunes(collate, 64))
		}
		if co.charset != cs.name {
			return invalid(errCharsetMismatch, "COLLATION '%s' is not valid for CHARACTER SET '%s'", co.name, cs.name)
		}
		order = co.name
	}
	for _, v := range []string{"character_set_client", "character_set_connection", "character_set_results"} {
		s.setVar(v, wharf.Text(cs.name))
	}
	s.setVar("collation_connection", wharf.Text(order))
	return nil
}
