package eval

import (
	"strings"

	"wharf"
	"wharf/sql"
)

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
		return Node{}, sql.NoCollation(name.Text)
	}
	of, set := c.charsetOfNode(x), id.Collation().Charset
	isName := x.Coll.Id == systemCollation && set == "utf8mb4" // of the server's tables
	if set == "binary" && of != set {
		id = mustFind(of + "_bin") // BINARY is the word for it
	} else if set != of && !isName && x.Typ != wharf.TypeNull {
		return Node{}, Invalid(ErrCharsetMismatch, "COLLATION '%s' is not valid for CHARACTER SET '%s'", id.Collation().Name, of)
	}
	n := Node{Typ: wharf.TypeString, Coll: collating{id, ofExplicit}, charset: x.charset}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		d, err := x.Eval(ev)
		if err != nil || d.IsNull() {
			return d, err
		}
		return StringDatum(x.Settle(d).Text()).Collated(id), nil
	}
	return n, nil
}

// charsetOfNode is the character set of a node as text: a number has the connection's.
func (c *Compiler) charsetOfNode(n Node) string {
	coll := n.Coll
	switch n.Typ {
	case wharf.TypeString:
	case wharf.TypeBytes:
		return "binary"
	case wharf.TypeJSON:
		coll = jsonCollating
	default:
		coll = c.literalCollating()
	}
	return coll.Id.Collation().Charset
}

// collationName is what COLLATION tells of a node.
func (n Node) collationName() string {
	if n.Typ != wharf.TypeString {
		return "binary"
	}
	return n.Coll.Id.Collation().Name
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
	name := x.collationName()
	if e.Name == "CHARSET" {
		name, _, _ = strings.Cut(name, "_")
	}
	n := Constant(StringDatum(name).Collated(systemCollation), wharf.TypeString)
	n.Coll = collating{systemCollation, ofSystem}
	return n, nil
}
