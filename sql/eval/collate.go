package eval

import (
	"cmp"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// collationID is the place of a collation among the [collations]. The zero
// value is the default.
type collationID uint8

// DefaultCollationID is that of DefaultCollation.
const DefaultCollationID collationID = 0

// rule is how a collation orders text.
type rule uint8

const (
	byBytes   rule = iota // by the bytes
	byGeneral             // by capital letters without accents, one by one
	byLetters             // by the UCA's first level: letters
	byAccents             // then by its second level
	byCase                // then by its third level
)

// levels is how many levels of the UCA a rule looks at.
func (r rule) levels() int { return int(r) - int(byLetters) + 1 }

// Collation returns what is known of a collation.
func (id collationID) Collation() Collation { return collations[id] }

// pads reports whether spaces at the end do not count.
func (c Collation) pads() bool { return c.Pad == padSpace }

// compare orders two texts, in memory that does not depend on their length.
func (id collationID) compare(a, b string) int {
	c := id.Collation()
	switch c.rule {
	case byBytes:
		if c.pads() {
			return comparePadded(a, b, func(s string) (uint32, int) { return uint32(s[0]), 1 })
		}
		return strings.Compare(a, b)
	case byGeneral:
		return comparePadded(a, b, generalNext)
	}
	if c.pads() {
		a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	}
	if a == b {
		return 0
	}
	t := ucaTable()
	for level := range c.rule.levels() {
		if order := t.compare(a, b, level); order != 0 {
			return order
		}
	}
	return 0
}

func generalNext(s string) (uint32, int) {
	r, size := utf8.DecodeRuneInString(s)
	return uint32(generalWeight(r)), size
}

// comparePadded compares weight by weight, the shorter text as if spaces
// followed it.
func comparePadded(a, b string, next func(string) (uint32, int)) int {
	for a != "" || b != "" {
		x, y := uint32(' '), uint32(' ')
		if a != "" {
			var size int
			x, size = next(a)
			a = a[size:]
		}
		if b != "" {
			var size int
			y, size = next(b)
			b = b[size:]
		}
		if x != y {
			return cmp.Compare(x, y)
		}
	}
	return 0
}

// compare orders two texts at one level.
func (t *uca) compare(a, b string, level int) int {
	x, y := weights{t: t, rest: a, level: level}, weights{t: t, rest: b, level: level}
	for {
		v, hasX := x.next()
		w, hasY := y.next()
		switch {
		case !hasX || !hasY:
			return cmp.Compare(v, w) // no weight is zero
		case v != w:
			return cmp.Compare(v, w)
		}
	}
}

// weights are the weights of a text at one level, one after the other.
type weights struct {
	t     *uca
	rest  string
	level int
	queue []uint16
}

func (w *weights) next() (uint16, bool) {
	for len(w.queue) == 0 {
		if w.rest == "" {
			return 0, false
		}
		w.queue = w.queue[:0]
		w.rest = w.rest[w.t.next(w.rest, w.push):]
	}
	first := w.queue[0]
	w.queue = w.queue[1:]
	return first, true
}

func (w *weights) push(e element) {
	if e[w.level] != 0 {
		w.queue = append(w.queue, e[w.level])
	}
}

// Key is a text whose bytes compare as s does with others of its collation.
func (id collationID) Key(s string) string {
	c := id.Collation()
	if c.pads() {
		s = strings.TrimRight(s, " ")
	}
	switch c.rule {
	case byBytes:
		return s
	case byGeneral:
		b := make([]byte, 0, 2*len(s))
		for _, r := range s {
			b = binary.BigEndian.AppendUint16(b, generalWeight(r))
		}
		return string(b)
	}
	t := ucaTable()
	b := make([]byte, 0, 2*len(s))
	for level := range c.rule.levels() {
		if level > 0 {
			b = append(b, 0, 0)
		}
		b = t.appendKey(b, s, level)
	}
	return string(b)
}

// same reports whether two characters are equal, each by itself.
func (id collationID) same(a, b rune) bool {
	if a == b {
		return true
	}
	switch r := id.Collation().rule; r {
	case byBytes:
		return false
	case byGeneral:
		return generalWeight(a) == generalWeight(b)
	default:
		return ucaTable().same(a, b, r.levels())
	}
}

// knowsCase reports whether small and capital letters differ.
func (id collationID) knowsCase() bool {
	r := id.Collation().rule
	return r == byBytes || r == byCase
}

// firmness is how an expression came to its collation. What is firmer decides
// where two meet.
type firmness uint8

const (
	noText     firmness = iota // a number, NULL
	ofLiteral                  // the connection's
	ofSystem                   // USER() and the like
	ofColumn                   // a column's, a variable's
	ofExplicit                 // by COLLATE
)

// collating is the collation of an expression, and how firmly.
type collating struct {
	Id   collationID
	firm firmness
}

// Meet is the collation in which two expressions are compared or put
// together.
func (c collating) Meet(o collating, operation string) (collating, error) {
	switch {
	case c.firm > o.firm || c == o || o.firm == noText:
		return c, nil
	case o.firm > c.firm || c.firm == noText:
		return o, nil
	case c.Id == o.Id:
		return c, nil
	case c.Id.Collation().Charset != o.Id.Collation().Charset:
		return wider(c, o), nil
	case c.firm != ofExplicit && c.Id.Collation().rule == byBytes:
		return c, nil
	case o.firm != ofExplicit && o.Id.Collation().rule == byBytes:
		return o, nil
	}
	names := map[firmness]string{ofLiteral: "COERCIBLE", ofSystem: "SYSCONST", ofColumn: "IMPLICIT", ofExplicit: "EXPLICIT"}
	return c, Invalid(errMixedCollations, "Illegal mix of collations (%s,%s) and (%s,%s) for operation '%s'",
		c.Id.Collation().Name, names[c.firm], o.Id.Collation().Name, names[o.firm], strings.ToLower(operation))
}

// wider is the one of two collations of different character sets that can hold
// both: bytes, or the larger part of Unicode.
func wider(c, o collating) collating {
	set := c.Id.Collation().Charset
	if set == "binary" || set == "utf8mb4" && o.Id.Collation().Charset != "binary" {
		return c
	}
	return o
}

// CollatingOf is the collation in which all nodes meet.
func CollatingOf(nodes []Node, operation string) (collating, error) {
	var c collating
	for _, n := range nodes {
		var err error
		if c, err = c.Meet(n.Coll, operation); err != nil {
			return c, err
		}
	}
	return c, nil
}

// literalCollating is the collation of the connection.
func (c *Compiler) literalCollating() collating {
	v := c.Env.Value("collation_connection")
	id, _ := FindCollation(v.Str())
	return collating{id, ofLiteral}
}

// collate compiles x COLLATE name.
func (c *Compiler) collate(e sql.Call) (Node, error) {
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	name, _ := e.Args[1].(sql.Literal)
	id, ok := FindCollation(name.Text)
	if !ok {
		return Node{}, Invalid(ErrUnknownCollate, "Unknown collation: '%s'", CutRunes(name.Text, 64))
	}
	if x.Typ == wharf.TypeBytes && id.Collation().Charset != "binary" {
		return Node{}, Invalid(ErrCharsetMismatch, "COLLATION '%s' is not valid for CHARACTER SET 'binary'", id.Collation().Name)
	}
	if set := id.Collation().Charset; (set == "latin1" || set == "ascii") && x.Coll.Id.Collation().Charset != set {
		return Node{}, Invalid(ErrCharsetMismatch, "COLLATION '%s' is not valid for CHARACTER SET '%s'", id.Collation().Name, x.Coll.Id.Collation().Charset)
	}
	n := Node{Typ: wharf.TypeString, Coll: collating{id, ofExplicit}}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		d, err := x.Eval(ev)
		if err != nil || d.IsNull() {
			return d, err
		}
		return StringDatum(x.Settle(d).Text()).Collated(id), nil
	}
	return n, nil
}

// charsetOf compiles CHARSET and COLLATION, which need no value.
func (c *Compiler) charsetOf(e sql.Call) (Node, error) {
	if len(e.Args) != 1 {
		return Node{}, wrongCount(e.Name)
	}
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	name := "binary"
	if x.Typ == wharf.TypeString {
		co := x.Coll.Id.Collation()
		if name = co.Charset; e.Name == "COLLATION" {
			name = co.Name
		}
	}
	n := Constant(StringDatum(name).Collated(systemCollation), wharf.TypeString)
	n.Coll = collating{systemCollation, ofSystem}
	return n, nil
}
