package exec

import (
	"context"
	"strconv"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// node is a compiled expression: its type, which is known before it runs, and
// how it is evaluated.
type node struct {
	typ  wharf.Type
	coll collating
	// scale is the digits after the point that a decimal, a time or a date with
	// its time is shown with, or asItComes. Until it is shown, a decimal may
	// have more.
	scale int
	// shown is the digits after the point that a double is shown with; 0 is
	// all.
	shown int
	// wide is set for a decimal that may have more digits than a BIGINT.
	wide bool
	// fixed is the value of a constant, nil of others.
	fixed *datum
	eval  func(*evaluation) (datum, error)
}

// asItComes is the scale of what is shown with the digits that it has.
const asItComes = -1

// settle gives a value of the node as it is shown, or taken for text.
func (n node) settle(d datum) datum {
	if isTemporalType(n.typ) && n.scale != asItComes && d.isTemporal() {
		return d.withPlaces(n.scale)
	}
	if n.shown > 0 && d.kind == kFloat {
		text := strconv.FormatFloat(d.float64Bits(), 'f', n.shown, 64)
		return floatDatum(leadingFloat(text))
	}
	if n.typ != wharf.TypeDecimal || d.isNull() {
		return d
	}
	dec := d.toDecimal()
	if n.scale != asItComes {
		dec = dec.fit(n.scale)
	}
	return decDatum(dec)
}

// take evaluates from, one of the nodes that meet in n, and gives its value
// in n's type.
func (n node) take(ev *evaluation, from node) (datum, error) {
	d, err := from.eval(ev)
	switch {
	case err != nil || d.isNull():
		return d, err
	case n.typ == wharf.TypeFloat:
		return floatDatum(d.toFloat()), nil
	case n.typ == wharf.TypeDecimal:
		return decDatum(d.toDecimal()), nil
	case isTemporalType(n.typ):
		return ev.asTemporal(d, n.typ, placesOf(n.scale, d)), nil
	case n.typ == wharf.TypeString:
		text := stringDatum(from.settle(d).text())
		return text.collated(n.coll.id), nil
	case n.typ == wharf.TypeBytes:
		return bytesDatum(from.settle(d).text()), nil
	}
	return d, nil
}

// maxScale is the largest scale of some nodes.
func maxScale(nodes []node) int {
	scale := 0
	for _, n := range nodes {
		if n.scale == asItComes {
			return asItComes
		}
		scale = max(scale, n.scale)
	}
	return scale
}

// evaluation is what one run of a statement's expressions works on.
type evaluation struct {
	ctx  context.Context
	env  env
	held *eval.Account // by the statement
	now  time.Time     // one time for the whole statement
	row  []wharf.Value // for Column

	outer *evaluation // of the query around this one
	sums  []datum     // of the group at hand
	work  *work       // of the whole statement
	own   work        // what work points to, of the outermost
}

// newEvaluation returns that of one run of a statement.
func newEvaluation(ctx context.Context, e env) *evaluation {
	ev := &evaluation{ctx: ctx, env: e, held: e.Account(), now: e.Now()}
	ev.work = &ev.own
	return ev
}

// inside is the evaluation of a query within that of the one around it.
func (ev *evaluation) inside() *evaluation {
	return &evaluation{ctx: ev.ctx, env: ev.env, held: ev.held, now: ev.now, outer: ev, work: ev.work}
}

// compiler turns expressions into nodes.
type compiler struct {
	env   env
	args  []wharf.Value // of the placeholders; nil where they are not known yet
	names names         // nil where there are no columns
}

func constant(d datum, typ wharf.Type) node {
	n := node{typ: typ, fixed: &d, eval: func(*evaluation) (datum, error) { return d, nil }}
	if d.kind == kDecimal {
		n.scale = d.dec.scale
	} else if d.isTemporal() {
		n.scale = int(d.places)
	}
	return n
}

// compile finds everything that is wrong with an expression without running
// it: unknown functions, variables and columns, and wrong numbers of
// arguments.
func (c *compiler) compile(e sql.Expr) (node, error) {
	switch e := e.(type) {
	case sql.Literal:
		return c.literal(e)
	case sql.Param:
		return c.param(e)
	case sql.SysVar:
		return c.env.SysVar(e)
	case sql.UserVar:
		return c.userVar(e), nil
	case sql.Column:
		if c.names == nil {
			return node{}, unknownColumn(e)
		}
		return c.names.Column(e)
	case sql.Unary:
		return inPlace(c.unary(e))
	case sql.Binary:
		return inPlace(c.binary(e))
	case sql.Call:
		return c.call(e)
	case sql.Aggregate:
		if c.names == nil {
			return node{}, noGroups()
		}
		return c.names.Aggregate(e)
	case sql.Subquery:
		return c.subquery(e)
	}
	return node{}, wharf.Errorf(wharf.CodeUnsupported, "this kind of expression is not supported by Wharf")
}

func (c *compiler) subquery(e sql.Subquery) (node, error) {
	var x node
	if e.X != nil {
		var err error
		if x, err = c.compile(e.X); err != nil {
			return node{}, err
		}
	}
	if c.names == nil {
		return c.env.Subquery(e, x, c.args)
	}
	return c.names.Subquery(e, x)
}

func (c *compiler) compileAll(exprs []sql.Expr) ([]node, error) {
	nodes := make([]node, len(exprs))
	for i, e := range exprs {
		var err error
		if nodes[i], err = c.compile(e); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (c *compiler) literal(l sql.Literal) (node, error) {
	switch l.Kind {
	case sql.IntLiteral, sql.UintLiteral:
		if n, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
			return constant(intDatum(n), wharf.TypeInt), nil
		}
		if n, err := strconv.ParseUint(l.Text, 10, 64); err == nil {
			return constant(uintDatum(n), wharf.TypeUint), nil
		}
		return decimalLiteral(l.Text)
	case sql.DecimalLiteral:
		return decimalLiteral(l.Text)
	case sql.FloatLiteral:
		f, err := strconv.ParseFloat(l.Text, 64)
		if err != nil {
			return node{}, wharf.Errorf(wharf.CodeInvalid, "the number %s is out of range", l.Text)
		}
		return constant(floatDatum(f), wharf.TypeFloat), nil
	case sql.StringLiteral:
		return c.text(l.Text), nil
	case sql.BytesLiteral:
		return constant(bytesDatum(l.Text), wharf.TypeBytes), nil
	case sql.HexLiteral:
		d := bytesDatum(l.Text)
		d.literal = true
		return constant(d, wharf.TypeBytes), nil
	}
	return constant(nullDatum(), wharf.TypeNull), nil
}

// text is a constant text in the collation of the connection.
func (c *compiler) text(s string) node {
	coll := c.literalCollating()
	n := constant(stringDatum(s).collated(coll.id), wharf.TypeString)
	n.coll = coll
	return n
}

func decimalLiteral(text string) (node, error) {
	d, ok := parseDecimal(text)
	if !ok || !d.fits() {
		return node{}, wharf.Errorf(wharf.CodeInvalid, "the number has more than the %d digits of a DECIMAL", maxDecimalDigits)
	}
	return constant(decDatum(d), wharf.TypeDecimal), nil
}

func (c *compiler) param(p sql.Param) (node, error) {
	if p.Index >= len(c.args) {
		return constant(nullDatum(), wharf.TypeString), nil
	}
	v := c.args[p.Index]
	if v.Kind() == wharf.TextValue {
		return c.text(v.Str()), nil
	}
	typ := typeOfValue(v)
	return constant(datumOf(v, typ), typ), nil
}

func typeOfValue(v wharf.Value) wharf.Type {
	switch v.Kind() {
	case wharf.IntValue:
		return wharf.TypeInt
	case wharf.UintValue:
		return wharf.TypeUint
	case wharf.FloatValue:
		return wharf.TypeFloat
	case wharf.TextValue:
		return wharf.TypeString
	}
	return wharf.TypeNull
}

func typeOfDatum(d datum) wharf.Type {
	return [...]wharf.Type{
		kNull: wharf.TypeNull, kInt: wharf.TypeInt, kUint: wharf.TypeUint, kDecimal: wharf.TypeDecimal,
		kFloat: wharf.TypeFloat, kString: wharf.TypeString, kBytes: wharf.TypeBytes,
		kDate: wharf.TypeDate, kDateTime: wharf.TypeDateTime, kTime: wharf.TypeTime,
	}[d.kind]
}

func (c *compiler) userVar(v sql.UserVar) node {
	name := fold(v.Name)
	now := c.env.UserVar(name)
	return node{typ: typeOfDatum(now), scale: asItComes, coll: collating{now.coll, ofColumn}, eval: func(ev *evaluation) (datum, error) {
		return ev.env.UserVar(name), nil
	}}
}
