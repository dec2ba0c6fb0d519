package eval

import (
	"context"
	"strconv"
	"time"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// Node is a compiled expression: its type, which is known before it runs, and
// how it is evaluated.
type Node struct {
	Typ  wharf.Type
	Coll collating
	// Scale is the digits after the point that a decimal, a time or a date with
	// its time is shown with, or asItComes. Until it is shown, a decimal may
	// have more.
	Scale int
	// shown is the digits after the point that a double is shown with, as
	// [sql.DoubleScale] has them.
	shown int
	// single is set for a FLOAT, which is shown with the digits that it keeps.
	single bool
	// width is the most digits of a number, or characters of a text; 0 where it is
	// not known.
	width int
	// charset is that which CONVERT(… USING …) made of a text; "" is utf8mb4.
	charset string
	// Wide is set for a decimal that may have more digits than a BIGINT.
	Wide bool
	// Logical is set for TRUE, FALSE, and the operators and functions whose value is
	// a truth value, which JSON has as true and false.
	Logical bool
	// column is set for a column as it is.
	column bool
	// fixed is the value of a constant, nil of others.
	fixed *Datum
	Eval  func(*Evaluation) (Datum, error)
}

// AsItComes is the scale of what is shown with the digits that it has.
const AsItComes = -1

// Settle gives a value of the node as it is shown, or taken for text.
func (n Node) Settle(d Datum) Datum {
	if isTemporalType(n.Typ) && n.Scale != AsItComes && d.IsTemporal() {
		return d.withPlaces(n.Scale)
	}
	if d.Kind == KFloat && (n.shown != 0 || n.single) {
		const singleDigits = 6
		text := strconv.FormatFloat(d.Float64Bits(), 'g', singleDigits, 32)
		if n.shown != 0 {
			text = strconv.FormatFloat(d.Float64Bits(), 'f', max(0, n.shown), 64)
		}
		f := FloatDatum(leadingFloat(text))
		f.places = int8(n.shown)
		return f
	}
	if n.Typ != wharf.TypeDecimal || d.IsNull() {
		return d
	}
	dec := d.ToDecimal()
	if n.Scale != AsItComes {
		dec = dec.Fit(n.Scale)
	}
	return DecDatum(dec)
}

// Take evaluates from, one of the nodes that meet in n, and gives its value
// in n's type.
func (n Node) Take(ev *Evaluation, from Node) (Datum, error) {
	d, err := from.Eval(ev)
	switch {
	case err != nil || d.IsNull():
		return d, err
	case n.Typ == wharf.TypeFloat:
		return FloatDatum(d.ToFloat()), nil
	case n.Typ == wharf.TypeDecimal:
		return DecDatum(d.ToDecimal()), nil
	case isTemporalType(n.Typ):
		return ev.asTemporal(d, n.Typ, placesOf(n.Scale, d)), nil
	case n.Typ == wharf.TypeString:
		text := StringDatum(from.Settle(d).Text())
		return text.Collated(n.Coll.Id), nil
	case n.Typ == wharf.TypeBytes:
		return bytesDatum(from.Settle(d).Text()), nil
	}
	return d, nil
}

// MaxScale is the largest scale of some nodes.
func MaxScale(nodes []Node) int {
	scale := 0
	for _, n := range nodes {
		if n.Scale == AsItComes {
			return AsItComes
		}
		scale = max(scale, n.Scale)
	}
	return scale
}

// Evaluation is what one run of a statement's expressions works on.
type Evaluation struct {
	Ctx  context.Context
	Env  Env
	Held *Account      // by the statement
	now  time.Time     // one time for the whole statement
	Row  []wharf.Value // for Column

	Outer *Evaluation // of the query around this one
	Sums  []Datum     // of the group at hand
	Work  *work       // of the whole statement
	own   work        // what work points to, of the outermost
}

// NewEvaluation returns that of one run of a statement.
func NewEvaluation(ctx context.Context, e Env) *Evaluation {
	ev := &Evaluation{Ctx: ctx, Env: e, Held: e.Account(), now: e.Now()}
	ev.Work = &ev.own
	return ev
}

// Inside is the evaluation of a query within that of the one around it.
func (ev *Evaluation) Inside() *Evaluation {
	return &Evaluation{Ctx: ev.Ctx, Env: ev.Env, Held: ev.Held, now: ev.now, Outer: ev, Work: ev.Work}
}

// Compiler turns expressions into nodes.
type Compiler struct {
	Env   Env
	Args  []wharf.Value // of the placeholders; nil where they are not known yet
	Names names         // nil where there are no columns
	// Clause is the one that is compiled, as MySQL calls it in errors; "" is the
	// field list.
	Clause string

	assigned map[string]Node // what := gives to user variables, by their names
	shared   *sharing        // of the operator whose operands are compiled
}

// Constant is the node of a value that does not change.
func Constant(d Datum, typ wharf.Type) Node {
	n := Node{Typ: typ, fixed: &d, width: d.widthOf(), Eval: func(*Evaluation) (Datum, error) { return d, nil }}
	if d.Kind == KDecimal {
		n.Scale = d.Dec.Scale
	} else if d.IsTemporal() {
		n.Scale = int(d.places)
	}
	return n
}

// Compile finds everything that is wrong with an expression without running
// it: unknown functions, variables and columns, and wrong numbers of
// arguments.
func (c *Compiler) Compile(e sql.Expr) (Node, error) {
	switch e := e.(type) {
	case sql.Literal:
		return c.literal(e)
	case sql.Param:
		return c.param(e)
	case sql.SysVar:
		return c.Env.SysVar(e)
	case sql.UserVar:
		return c.userVar(e), nil
	case sql.Assign:
		return c.assign(e)
	case sql.Column:
		if c.Names == nil {
			return Node{}, UnknownColumn(e, c.Clause)
		}
		return c.Names.Column(e)
	case sql.Unary:
		return inPlace(c.unary(e))
	case sql.Binary:
		return inPlace(c.binary(e))
	case sql.Call:
		return c.call(e)
	case sql.Aggregate:
		if c.Names == nil {
			return Node{}, NoGroups()
		}
		return c.Names.Aggregate(e)
	case sql.Subquery:
		return c.subquery(e)
	}
	return Node{}, wharf.Errorf(wharf.CodeUnsupported, "this kind of expression is not supported by Wharf")
}

func (c *Compiler) subquery(e sql.Subquery) (Node, error) {
	var x Node
	if _, isRow := rowOf(e.X); isRow {
		return x, Unsupported("a row IN a subquery")
	}
	if e.X != nil {
		var err error
		if x, err = c.Compile(e.X); err != nil {
			return Node{}, err
		}
	}
	if c.Names == nil {
		return c.Env.Subquery(e, x, c.Args)
	}
	return c.Names.Subquery(e, x)
}

// CompileAll compiles several expressions.
func (c *Compiler) CompileAll(exprs []sql.Expr) ([]Node, error) {
	nodes := make([]Node, len(exprs))
	for i, e := range exprs {
		var err error
		if nodes[i], err = c.Compile(e); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (c *Compiler) literal(l sql.Literal) (Node, error) {
	switch l.Kind {
	case sql.BoolLiteral:
		n := Constant(BoolDatum(l.Text != "0"), wharf.TypeInt)
		n.Logical = true
		return n, nil
	case sql.IntLiteral, sql.UintLiteral:
		if n, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
			return Constant(IntDatum(n), wharf.TypeInt), nil
		}
		if n, err := strconv.ParseUint(l.Text, 10, 64); err == nil {
			return Constant(UintDatum(n), wharf.TypeUint), nil
		}
		return decimalLiteral(l.Text)
	case sql.DecimalLiteral:
		return decimalLiteral(l.Text)
	case sql.FloatLiteral:
		f, err := strconv.ParseFloat(l.Text, 64)
		if err != nil {
			return Node{}, wharf.Errorf(wharf.CodeInvalid, "the number %s is out of range", l.Text)
		}
		return Constant(FloatDatum(f), wharf.TypeFloat), nil
	case sql.StringLiteral:
		return c.text(l.Text), nil
	case sql.BytesLiteral:
		return Constant(bytesDatum(l.Text), wharf.TypeBytes), nil
	case sql.HexLiteral:
		d := bytesDatum(l.Text)
		d.Literal = true
		return Constant(d, wharf.TypeBytes), nil
	}
	return Constant(NullDatum(), wharf.TypeNull), nil
}

// text is a constant text in the collation of the connection.
func (c *Compiler) text(s string) Node {
	coll := c.literalCollating()
	n := Constant(StringDatum(s).Collated(coll.Id), wharf.TypeString)
	n.Coll = coll
	return n
}

func decimalLiteral(text string) (Node, error) {
	d, ok := parseDecimal(text)
	if !ok || !d.Fits() {
		return Node{}, wharf.Errorf(wharf.CodeInvalid, "the number has more than the %d digits of a DECIMAL", maxDecimalDigits)
	}
	return Constant(DecDatum(d), wharf.TypeDecimal), nil
}

func (c *Compiler) param(p sql.Param) (Node, error) {
	if p.Index >= len(c.Args) {
		return Constant(NullDatum(), wharf.TypeString), nil
	}
	v := c.Args[p.Index]
	if v.Kind() == wharf.TextValue {
		if !utf8.ValidString(v.Str()) {
			return Constant(bytesDatum(v.Str()), wharf.TypeBytes), nil
		}
		return c.text(v.Str()), nil
	}
	typ := typeOfValue(v)
	return Constant(DatumOf(v, typ), typ), nil
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

func typeOfDatum(d Datum) wharf.Type {
	return [...]wharf.Type{
		kNull: wharf.TypeNull, KInt: wharf.TypeInt, KUint: wharf.TypeUint, KDecimal: wharf.TypeDecimal,
		KFloat: wharf.TypeFloat, KString: wharf.TypeString, kBytes: wharf.TypeBytes,
		kDate: wharf.TypeDate, kDateTime: wharf.TypeDateTime, kTime: wharf.TypeTime,
	}[d.Kind]
}

// Assigner is an [Env] that can give a value to a user variable within a
// statement.
type Assigner interface {
	// Assign gives the user variable of that folded name a value.
	Assign(name string, d Datum) error
}

// assign compiles @v := x, whose value is that of x.
func (c *Compiler) assign(a sql.Assign) (Node, error) {
	env, ok := c.Env.(Assigner)
	if !ok {
		return Node{}, Unsupported("an assignment in an expression here")
	}
	x, err := c.Compile(a.X)
	if err != nil {
		return Node{}, err
	}
	name := Fold(a.Name)
	if c.assigned == nil {
		c.assigned = map[string]Node{}
	}
	c.assigned[name] = x
	return Node{Typ: x.Typ, Scale: x.Scale, Coll: x.Coll, Eval: func(ev *Evaluation) (Datum, error) {
		d, err := x.Eval(ev)
		if err != nil {
			return d, err
		}
		return d, env.Assign(name, d)
	}}, nil
}

func (c *Compiler) userVar(v sql.UserVar) Node {
	name := Fold(v.Name)
	now := c.Env.UserVar(name)
	if n, ok := c.assigned[name]; ok {
		if n.Typ == wharf.TypeJSON {
			n.Typ = wharf.TypeString // no variable holds a document
		}
		return Node{Typ: n.Typ, Scale: n.Scale, Coll: n.Coll, Eval: func(ev *Evaluation) (Datum, error) { return ev.Env.UserVar(name).plain(), nil }}
	}
	coll := collating{now.coll, ofColumn}
	if !now.IsText() {
		coll = collating{}
	}
	return Node{Typ: typeOfDatum(now), Scale: AsItComes, Coll: coll, Eval: func(ev *Evaluation) (Datum, error) {
		return ev.Env.UserVar(name).plain(), nil
	}}
}
