package eval

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// Function is one function of the language. Arguments are evaluated before it
// runs.
type Function struct {
	Min, Max int // arguments; max < 0 is any number
	// Typ tells the type of the result from those of the arguments.
	Typ func(args []Node) wharf.Type
	// strict gives NULL as soon as one argument is NULL, without calling run.
	strict bool
	// text is set where decimals among the arguments count as they are shown.
	text bool
	// bytewise is set for a function of text that counts bytes, and gives them,
	// where there are bytes among its arguments.
	bytewise bool
	// documents is set where truth values among the arguments are JSON's true and
	// false, not 1 and 0.
	documents bool
	// numbers is set where texts among the arguments count as numbers.
	numbers bool
	// decides is set where the value of a constant second argument decides the type
	// or the scale.
	decides bool
	// shown is as in [Node].
	shown int
	// System is set for a function whose text has the collation of the server's
	// own names.
	System bool
	// ofDocument is set for a function whose text is of JSON: it has the collation of
	// documents.
	ofDocument bool
	// scale tells the scale of a decimal result; nil takes the largest of the
	// arguments.
	scale func(exprs []sql.Expr, args []Node) int
	Run   func(ev *Evaluation, args []Datum) (Datum, error)
}

// Always is the typ of a function whose type does not depend on its
// arguments.
func Always(t wharf.Type) func([]Node) wharf.Type { return func([]Node) wharf.Type { return t } }

// common is the typ of a function that gives one of its arguments.
func common(args []Node) wharf.Type {
	t := wharf.TypeNull
	for _, a := range args {
		t = CommonType(t, a.Typ)
	}
	return t
}

// CommonType is the type that holds values of both types.
func CommonType(a, b wharf.Type) wharf.Type {
	switch {
	case a == b || b == wharf.TypeNull:
		return a
	case a == wharf.TypeNull:
		return b
	case isNumber(a) && isNumber(b):
		switch {
		case a == wharf.TypeFloat || b == wharf.TypeFloat:
			return wharf.TypeFloat
		case a == wharf.TypeDecimal || b == wharf.TypeDecimal:
			return wharf.TypeDecimal
		case a == wharf.TypeUint || b == wharf.TypeUint:
			return wharf.TypeDecimal
		}
		return wharf.TypeInt
	case isTemporalType(a) && isTemporalType(b):
		return wharf.TypeDateTime
	case a == wharf.TypeBytes || b == wharf.TypeBytes:
		return wharf.TypeBytes
	}
	return wharf.TypeString
}

func isNumber(t wharf.Type) bool {
	switch t {
	case wharf.TypeInt, wharf.TypeUint, wharf.TypeDecimal, wharf.TypeFloat, wharf.TypeBool:
		return true
	}
	return false
}

// FunctionTable is all functions and named operators by name, but for those
// that ask a session.
func FunctionTable() map[string]Function {
	all := map[string]Function{}
	for _, part := range []map[string]Function{
		operatorFunctions(), controlFunctions(), numberFunctions(), timeFunctions(), dateFunctions(),
		calendarFunctions(), clockFunctions(), mathFunctions(), jsonFunctions(), jsonSearchFunctions(), jsonSchemaFunctions(),
	} {
		for name, f := range part {
			all[name] = f
		}
	}
	for _, part := range []map[string]Function{textFunctions(), encodeFunctions(), cryptFunctions(), convertFunctions(), regexpFunctions(), identityFunctions()} {
		for name, f := range part {
			f.text = name != "FORMAT" // which rounds by itself
			all[name] = f
		}
	}
	return all
}

func (c *Compiler) call(e sql.Call) (Node, error) {
	switch e.Name {
	case "CASE":
		return c.sharing(func() (Node, error) { return c.control(e) })
	case "IF", "IFNULL", "COALESCE":
		return c.control(e)
	case sql.Once:
		return c.once(e)
	case "COLLATE":
		return c.collate(e)
	case "CHARSET", "COLLATION":
		return c.charsetOf(e)
	case "COERCIBILITY":
		return c.coercibility(e)
	case "CONVERT":
		return c.convertUsing(e)
	case sql.Introduced:
		return c.introduced(e)
	case "BENCHMARK":
		return c.benchmark(e)
	case "NAME_CONST":
		return c.nameConst(e)
	case "RAND":
		if len(e.Args) == 1 {
			return c.seededRand(e)
		}
	case "CAST", "JSON_VALUE", sql.GroupDistinct, sql.GroupCut, sql.GroupObject, sql.JSONTableFunction:
		return c.typedCall(e)
	case "DATE_ADD", "DATE_SUB", "ADDDATE", "SUBDATE", "TIMESTAMPADD":
		return c.interval(e)
	case "DATE LITERAL", "TIME LITERAL", "TIMESTAMP LITERAL":
		return c.temporalLiteral(e)
	case "ROW":
		return Node{}, operandColumns(1)
	case "IN":
		if any, ok := rowIn(e); ok {
			return c.sharing(func() (Node, error) { return c.Compile(any) })
		}
	}
	return c.function(e)
}

// fixedDigits is [Node.shown] of a double that is rounded to a constant number of
// places: as many as it has for more than a decimal has.
func (f Function) fixedDigits(exprs []sql.Expr, args []Node) int {
	if len(args) == 2 && (args[1].fixed.IsNull() || args[1].fixed.ToInt() > MaxDecimalScale) {
		return 0
	}
	return sql.DoubleScale(f.scale(exprs, args))
}

// function compiles a call of a function of the table.
func (c *Compiler) function(e sql.Call) (Node, error) {
	f, ok := c.Env.Function(e.Name)
	if !ok {
		return Node{}, c.noFunction(e)
	}
	if n := len(e.Args); n < f.Min || f.Max >= 0 && n > f.Max {
		return Node{}, wrongCount(e.Name)
	}
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return Node{}, err
	}
	besideMoments(e, args)
	coll, err := argumentCollating(e, args)
	if err != nil {
		return Node{}, err
	}
	encoded(e.Name, args)
	f = f.forArguments(e.Name, args)
	c.fix(f, e.Args, args)
	n := Node{Typ: f.Typ(args), Scale: MaxScale(args), Logical: slices.Contains(logicalFunctions, e.Name)}
	n.shown = f.shownOf(e.Name, n.Typ, args)
	n.Coll = c.resultCollating(e.Name, f, n.Typ, coll)
	switch {
	case n.Typ == wharf.TypeFloat && f.scale != nil && (len(args) == 1 || args[1].fixed != nil):
		n.shown, n.Scale = f.fixedDigits(e.Args, args), 0
	case n.Typ != wharf.TypeDecimal && !isTemporalType(n.Typ):
		n.Scale = 0
	case f.scale != nil:
		n.Scale = f.scale(e.Args, args)
	}
	n.width = functionWidth(e.Name, n, args)
	part := c.isPart()
	n.Eval = func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		values := make([]Datum, len(args))
		for i, a := range args {
			d, err := a.Eval(ev)
			if err != nil || f.strict && d.IsNull() {
				return NullDatum(), err
			}
			if f.text {
				d = a.Settle(d)
			}
			if f.numbers {
				d = ev.Number(d, wharf.TypeDecimal)
			}
			values[i] = d.Collated(coll.Id)
			values[i].boolean = f.documents && a.Logical
		}
		if !f.documents && slices.ContainsFunc(values, Datum.isJSON) {
			for i, a := range args { // they may be compared with a document
				values[i].boolean = a.Logical
			}
		}
		if err := ev.Canceled(); err != nil {
			return NullDatum(), err
		}
		d, err := f.call(ev, n.Typ, values)
		if err != nil {
			if !part {
				err = nameRange(e, err)
			}
			return d, err
		}
		switch {
		case n.Typ == wharf.TypeInt && d.Kind == KDecimal:
			if d, err = integerFrom(d.Dec.round(0).unscaled, n.Typ); err != nil {
				return d, err
			}
		case isTemporalType(n.Typ) && d.IsTemporal() && typeOfDatum(d) != n.Typ:
			d = ev.asTemporal(d, n.Typ, placesOf(n.Scale, d))
		}
		if n.Typ != wharf.TypeJSON {
			d = d.plain()
		}
		return ev.made(e.Name, d.Collated(n.Coll.Id), mark)
	}
	return n, nil
}

// resultCollating is the collation of what a function gives, whose arguments meet
// in one.
func (c *Compiler) resultCollating(name string, f Function, typ wharf.Type, arguments collating) collating {
	switch {
	case f.System:
		return collating{systemCollation, ofSystem}
	case typ == wharf.TypeJSON:
		return jsonCollating
	case f.ofDocument && typ == wharf.TypeString:
		return collating{jsonCollating.Id, ofLiteral}
	case typ == wharf.TypeString && (arguments.firm == noText || slices.Contains(ownTexts, name)):
		return c.literalCollating()
	case typ == wharf.TypeString && slices.Contains(formatted, name):
		return collating{c.literalCollating().Id, arguments.firm}
	case isNumber(typ) || isTemporalType(typ):
		return collating{}
	}
	return arguments
}

// ownTexts are the functions whose text has nothing of the texts that they take, and
// so has the collation of the connection. That of formatted is as firm as the format.
var (
	ownTexts = []string{
		"HEX", "MD5", "SHA", "SHA1", "SHA2", "TO_BASE64", "CONV", "BIN", "OCT", "FORMAT", "SPACE", "MONTHNAME", "DAYNAME", "GET_FORMAT",
		"INET_NTOA", "INET6_NTOA", "FORMAT_BYTES", "FORMAT_PICO_TIME", "BIN_TO_UUID", "UUID",
	}
	formatted = []string{"DATE_FORMAT", "TIME_FORMAT", "FROM_UNIXTIME"}
)

// logicalFunctions are those whose value is a truth value.
var logicalFunctions = []string{
	"IS NULL", "IS TRUE", "IS FALSE", "LIKE", "REGEXP", "IN", "BETWEEN", "ISNULL", "REGEXP_LIKE", "JSON_VALID", "JSON_CONTAINS",
	"JSON_CONTAINS_PATH", "JSON_OVERLAPS", "JSON_MEMBEROF", "JSON_SCHEMA_VALID", "IS_UUID", "IS_IPV4", "IS_IPV6", "IS_IPV4_COMPAT", "IS_IPV4_MAPPED",
}

// typedCall compiles a call whose type is told by a literal among its arguments,
// or that only engines make.
func (c *Compiler) typedCall(e sql.Call) (Node, error) {
	switch e.Name {
	case "JSON_VALUE":
		return c.jsonValue(e)
	case sql.GroupDistinct, sql.GroupCut:
		return c.groupConcat(e)
	case sql.GroupObject:
		return c.jsonObjectAgg(e)
	case sql.JSONTableFunction:
		return c.jsonTable(e)
	}
	return c.cast(e)
}

// call runs the function.
func (f *Function) call(ev *Evaluation, typ wharf.Type, values []Datum) (Datum, error) {
	if !f.bytewise || typ == wharf.TypeString || !slices.ContainsFunc(values, func(d Datum) bool { return d.Kind == kBytes }) {
		return f.Run(ev, values)
	}
	for i, d := range values {
		if d.IsText() {
			values[i].Str = widened(d.Str)
			if err := ev.Hold(len(values[i].Str) - len(d.Str)); err != nil {
				return NullDatum(), err
			}
		}
	}
	d, err := f.Run(ev, values)
	if d.Kind == KString {
		d = bytesDatum(narrowed(d.Str))
	}
	return d, err
}

// widened is bytes as a text that has each of them as a character.
func widened(s string) string {
	i := strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
	if i < 0 {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// narrowed is the bytes of a text that is widened.
func narrowed(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// MaxText bounds the text that a function may make of its arguments: what is
// large belongs to an engine that runs apart from the server.
const MaxText = 1 << 20

// made counts the result of a function as held, in place of its arguments,
// before which the statement held mark bytes. One that is too long is NULL.
func (ev *Evaluation) made(name string, d Datum, mark int64) (Datum, error) {
	ev.Held.ReturnTo(mark)
	if len(d.Str) > MaxText {
		return ev.tooLong(name), nil
	}
	return d, ev.Held.Take(int64(len(d.Str)))
}

// inPlace is a node whose value is a number, so that nothing of what it was
// made of is held once it is there.
func inPlace(n Node, err error) (Node, error) {
	eval := n.Eval
	n.Eval = func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := eval(ev)
		ev.Held.ReturnTo(mark)
		return d, err
	}
	return n, err
}

// tooLong is what MySQL gives in place of a text that is too long: NULL, and
// a warning.
func (ev *Evaluation) tooLong(name string) Datum {
	ev.Env.Warn(warnResultTooLong, "Result of %s() was larger than %d bytes - NULL was given instead", strings.ToLower(name), MaxText)
	return NullDatum()
}

// isNoText reports whether the node is a number or a time.
func (n Node) isNoText() bool { return isNumber(n.Typ) || isTemporalType(n.Typ) }

// forArguments is the function as it takes its arguments. FIELD takes all for
// numbers, unless all are texts; GREATEST and LEAST take all for dates where one is.
func (f Function) forArguments(name string, args []Node) Function {
	switch {
	case name == "FIELD" && slices.ContainsFunc(args, Node.isNoText):
		f.text, f.numbers = false, true
	case (name == "GREATEST" || name == "LEAST") && comparesDates(args):
		f.Run = extremeDate(extremes[name], args, f.Run)
	}
	return f
}
