package eval

import (
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"wharf"
	"wharf/sql"
)

// convertUsing compiles CONVERT(x USING charset), whose name is the last argument.
// A character that the set does not have becomes a '?'.
func (c *Compiler) convertUsing(e sql.Call) (Node, error) {
	if len(e.Args) != 2 {
		return Node{}, wrongCount(e.Name)
	}
	name, _ := e.Args[1].(sql.Literal)
	set, ok := FindCharset(name.Text)
	if !ok {
		return Node{}, sql.NoCharset(name.Text)
	}
	if set.Name == "binary" || set.Name == "utf8mb4" {
		return c.cast(e)
	}
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	id, _ := FindCollation(set.Collation)
	n := Node{Typ: wharf.TypeString, Coll: collating{id, ofColumn}, charset: set.Name}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := x.Eval(ev)
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		text := encodable(set.Name, decoded(set.Name, x.Settle(d)))
		return ev.made(e.Name, StringDatum(text).Collated(id), mark)
	}
	return n, nil
}

// introduced compiles _charset'…'. What the character set does not have becomes a '?'.
func (c *Compiler) introduced(e sql.Call) (Node, error) {
	text, _ := e.Args[0].(sql.Literal)
	name, _ := e.Args[1].(sql.Literal)
	set, ok := FindCharset(name.Text)
	if !ok {
		return Node{}, sql.NoCharset(name.Text)
	}
	id, _ := FindCollation(set.Collation)
	s := decoded(set.Name, bytesDatum(text.Text))
	if set.Name == "ascii" {
		s = encodable(set.Name, s)
	}
	n := Constant(StringDatum(s).Collated(id), wharf.TypeString)
	n.Coll, n.charset = collating{id, ofLiteral}, set.Name
	return n, nil
}

// decoded is the text of a value: of bytes, as the character set has it.
func decoded(charset string, d Datum) string {
	if d.Kind != kBytes || charset != "latin1" {
		return d.Text()
	}
	var b strings.Builder
	for _, c := range []byte(d.Str) {
		b.WriteRune(charmap.Windows1252.DecodeByte(c))
	}
	return b.String()
}

// encodable is a text in which a '?' stands for each character that a character set does
// not have.
func encodable(charset, s string) string {
	return strings.Map(func(r rune) rune {
		if encodes(charset, r) {
			return r
		}
		return '?'
	}, s)
}

// encodes reports whether a character set has a character. MySQL's latin1 is
// Windows-1252.
func encodes(charset string, r rune) bool {
	switch charset {
	case "ascii":
		return r < 0x80
	case "latin1":
		_, ok := charmap.Windows1252.EncodeRune(r)
		return ok
	case "utf8mb3":
		return r <= 0xffff
	}
	return true
}

// encodedFunctions are those that go by the bytes of a text.
var encodedFunctions = []string{
	"HEX", "LENGTH", "OCTET_LENGTH", "BIT_LENGTH", "MD5", "SHA1", "SHA", "SHA2", "CRC32", "TO_BASE64", "ASCII", "ORD", "COMPRESS",
}

// encoded makes arguments bytes, as the character set that they were converted to
// has them, where a function goes by these.
func encoded(name string, args []Node) {
	if !slices.Contains(encodedFunctions, name) {
		return
	}
	for i, a := range args {
		if a.charset != "latin1" { // the others have the bytes of UTF-8
			continue
		}
		args[i] = Node{Typ: wharf.TypeBytes, Eval: func(ev *Evaluation) (Datum, error) {
			d, err := a.Eval(ev)
			if err != nil || d.IsNull() {
				return d, err
			}
			var b []byte
			for _, r := range d.Text() {
				c, _ := charmap.Windows1252.EncodeRune(r) // it has all that are left
				b = append(b, c)
			}
			return bytesDatum(string(b)), nil
		}}
	}
}

// coercibility compiles COERCIBILITY, which needs no value: how firm the collation
// of its argument is.
func (c *Compiler) coercibility(e sql.Call) (Node, error) {
	if len(e.Args) != 1 {
		return Node{}, wrongCount(e.Name)
	}
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	const explicit, implicit, system, literal, number, ignorable = 0, 2, 3, 4, 5, 6
	level := map[firmness]int64{noText: number, ofLiteral: literal, ofSystem: system, ofColumn: implicit, ofExplicit: explicit}[x.Coll.firm]
	switch {
	case x.Typ == wharf.TypeNull:
		level = ignorable
	case x.Typ == wharf.TypeBytes && x.fixed != nil:
		level = literal
	case x.Typ == wharf.TypeBytes:
		level = implicit
	}
	return Constant(IntDatum(level), wharf.TypeInt), nil
}
