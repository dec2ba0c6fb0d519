package exec

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

const defaultCollationID collationID = 0

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

func (id collationID) collation() collation { return collations[id] }

// pads reports whether spaces at the end do not count.
func (c collation) pads() bool { return c.pad == padSpace }

// compare orders two texts, in memory that does not depend on their length.
func (id collationID) compare(a, b string) int {
	c := id.collation()
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

// key is a text whose bytes compare as s does with others of its collation.
func (id collationID) key(s string) string {
	c := id.collation()
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
	switch r := id.collation().rule; r {
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
	r := id.collation().rule
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
	id   collationID
	firm firmness
}

// meet is the collation in which two expressions are compared or put
// together.
func (c collating) meet(o collating, operation string) (collating, error) {
	switch {
	case c.firm > o.firm || c == o || o.firm == noText:
		return c, nil
	case o.firm > c.firm || c.firm == noText:
		return o, nil
	case c.id == o.id:
		return c, nil
	case c.id.collation().charset != o.id.collation().charset:
		return wider(c, o), nil
	case c.firm != ofExplicit && c.id.collation().rule == byBytes:
		return c, nil
	case o.firm != ofExplicit && o.id.collation().rule == byBytes:
		return o, nil
	}
	names := map[firmness]string{ofLiteral: "COERCIBLE", ofSystem: "SYSCONST", ofColumn: "IMPLICIT", ofExplicit: "EXPLICIT"}
	return c, invalid(errMixedCollations, "Illegal mix of collations (%s,%s) and (%s,%s) for operation '%s'",
		c.id.collation().name, names[c.firm], o.id.collation().name, names[o.firm], strings.ToLower(operation))
}

// wider is the one of two collations of different character sets that can hold
// both: bytes, or the larger part of Unicode.
func wider(c, o collating) collating {
	set := c.id.collation().charset
	if set == "binary" || set == "utf8mb4" && o.id.collation().charset != "binary" {
		return c
	}
	return o
}

// collatingOf is the collation in which all nodes meet.
func collatingOf(nodes []node, operation string) (collating, error) {
	var c collating
	for _, n := range nodes {
		var err error
		if c, err = c.meet(n.coll, operation); err != nil {
			return c, err
		}
	}
	return c, nil
}

// literalCollating is the collation of the connection.
func (c *compiler) literalCollating() collating {
	v := c.env.Value("collation_connection")
	id, _ := findCollation(v.Str())
	return collating{id, ofLiteral}
}

// collate compiles x COLLATE name.
func (c *compiler) collate(e sql.Call) (node, error) {
	x, err := c.compile(e.Args[0])
	if err != nil {
		return node{}, err
	}
	name, _ := e.Args[1].(sql.Literal)
	id, ok := findCollation(name.Text)
	if !ok {
		return node{}, invalid(errUnknownCollate, "Unknown collation: '%s'", cutRunes(name.Text, 64))
	}
	if x.typ == wharf.TypeBytes && id.collation().charset != "binary" {
		return node{}, invalid(errCharsetMismatch, "COLLATION '%s' is not valid for CHARACTER SET 'binary'", id.collation().name)
	}
	n := node{typ: wharf.TypeString, coll: collating{id, ofExplicit}}
	n.eval = func(ev *evaluation) (datum, error) {
		d, err := x.eval(ev)
		if err != nil || d.isNull() {
			return d, err
		}
		return stringDatum(x.settle(d).text()).collated(id), nil
	}
	return n, nil
}

// charsetOf compiles CHARSET and COLLATION, which need no value.
func (c *compiler) charsetOf(e sql.Call) (node, error) {
	if len(e.Args) != 1 {
		return node{}, wrongCount(e.Name)
	}
	x, err := c.compile(e.Args[0])
	if err != nil {
		return node{}, err
	}
	name := "binary"
	if x.typ == wharf.TypeString {
		co := x.coll.id.collation()
		if name = co.charset; e.Name == "COLLATION" {
			name = co.name
		}
	}
	n := constant(stringDatum(name).collated(systemCollation), wharf.TypeString)
	n.coll = collating{systemCollation, ofSystem}
	return n, nil
}
