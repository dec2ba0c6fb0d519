package exec

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// function is one function of the language. Arguments are evaluated before it
// runs.
type function struct {
	min, max int // arguments; max < 0 is any number
	// typ tells the type of the result from those of the arguments.
	typ func(args []node) wharf.Type
	// strict gives NULL as soon as one argument is NULL, without calling run.
	strict bool
	// text is set where decimals among the arguments count as they are shown.
	text bool
	// bytewise is set for a function of text that counts bytes, and gives them,
	// where there are bytes among its arguments.
	bytewise bool
	// numbers is set where texts among the arguments count as numbers.
	numbers bool
	// shown is the digits after the point that a double is shown with; 0 is
	// all.
	shown int
	// system is set for a function whose text has the collation of the server's
	// own names.
	system bool
	// scale tells the scale of a decimal result; nil takes the largest of the
	// arguments.
	scale func(exprs []sql.Expr, args []node) int
	run   func(ev *evaluation, args []datum) (datum, error)
}

// always is the typ of a function whose type does not depend on its
// arguments.
func always(t wharf.Type) func([]node) wharf.Type { return func([]node) wharf.Type { return t } }

// common is the typ of a function that gives one of its arguments.
func common(args []node) wharf.Type {
	t := wharf.TypeNull
	for _, a := range args {
		t = commonType(t, a.typ)
	}
	return t
}

// commonType is the type that holds values of both types.
func commonType(a, b wharf.Type) wharf.Type {
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

// functionTable is all functions and named operators by name, but for those
// that ask a session.
func functionTable() map[string]function {
	all := map[string]function{}
	for _, part := range []map[string]function{
		operatorFunctions(), controlFunctions(), numberFunctions(), timeFunctions(), dateFunctions(),
	} {
		for name, f := range part {
			all[name] = f
		}
	}
	for _, part := range []map[string]function{textFunctions(), moreTextFunctions()} {
		for name, f := range part {
			f.text = true
			all[name] = f
		}
	}
	return all
}

func (c *compiler) call(e sql.Call) (node, error) {
	switch e.Name {
	case "CASE", "IF", "IFNULL", "COALESCE":
		return c.control(e)
	case "COLLATE":
		return c.collate(e)
	case "CHARSET", "COLLATION":
		return c.charsetOf(e)
	case "CAST", "CONVERT":
		return c.cast(e)
	case "DATE_ADD", "DATE_SUB":
		return c.interval(e)
	case "DATE LITERAL", "TIME LITERAL", "TIMESTAMP LITERAL":
		return temporalLiteral(e)
	}
	f, ok := c.env.Function(e.Name)
	if !ok {
		return node{}, wharf.Errorf(wharf.CodeUnsupported, "the function %s is not supported by Wharf", cutRunes(e.Name, 64))
	}
	if n := len(e.Args); n < f.min || f.max >= 0 && n > f.max {
		return node{}, wrongCount(e.Name)
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return node{}, err
	}
	coll, err := collatingOf(args, e.Name)
	if err != nil {
		return node{}, err
	}
	n := node{typ: f.typ(args), scale: maxScale(args), coll: coll, shown: f.shown}
	if n.coll.firm == noText && n.typ == wharf.TypeString {
		n.coll = c.literalCollating()
	}
	if f.system {
		n.coll = collating{systemCollation, ofSystem}
	}
	switch {
	case n.typ != wharf.TypeDecimal && !isTemporalType(n.typ):
		n.scale = 0
	case f.scale != nil:
		n.scale = f.scale(e.Args, args)
	}
	n.eval = func(ev *evaluation) (datum, error) {
		mark := ev.held.Taken()
		values := make([]datum, len(args))
		for i, a := range args {
			d, err := a.eval(ev)
			if err != nil || f.strict && d.isNull() {
				return nullDatum(), err
			}
			if f.text {
				d = a.settle(d)
			}
			if f.numbers {
				d = ev.number(d, wharf.TypeDecimal)
			}
			values[i] = d.collated(coll.id)
		}
		if err := ev.canceled(); err != nil {
			return nullDatum(), err
		}
		d, err := f.call(ev, values)
		if err != nil {
			return d, err
		}
		switch {
		case n.typ == wharf.TypeInt && d.kind == kDecimal:
			if d, err = integerFrom(d.dec.round(0).unscaled, n.typ); err != nil {
				return d, err
			}
		case isTemporalType(n.typ) && d.isTemporal() && typeOfDatum(d) != n.typ:
			d = ev.asTemporal(d, n.typ, placesOf(n.scale, d))
		}
		return ev.made(e.Name, d.collated(n.coll.id), mark)
	}
	return n, nil
}

// call runs the function.
func (f *function) call(ev *evaluation, values []datum) (datum, error) {
	if !f.bytewise || !slices.ContainsFunc(values, func(d datum) bool { return d.kind == kBytes }) {
		return f.run(ev, values)
	}
	for i, d := range values {
		if d.isText() {
			values[i].str = widened(d.str)
			if err := ev.hold(len(values[i].str) - len(d.str)); err != nil {
				return nullDatum(), err
			}
		}
	}
	d, err := f.run(ev, values)
	if d.kind == kString {
		d = bytesDatum(narrowed(d.str))
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

// maxText bounds the text that a function may make of its arguments: what is
// large belongs to an engine that runs apart from the server.
const maxText = 1 << 20

// made counts the result of a function as held, in place of its arguments,
// before which the statement held mark bytes. One that is too long is NULL.
func (ev *evaluation) made(name string, d datum, mark int64) (datum, error) {
	ev.held.ReturnTo(mark)
	if len(d.str) > maxText {
		return ev.tooLong(name), nil
	}
	return d, ev.held.Take(int64(len(d.str)))
}

// inPlace is a node whose value is a number, so that nothing of what it was
// made of is held once it is there.
func inPlace(n node, err error) (node, error) {
	eval := n.eval
	n.eval = func(ev *evaluation) (datum, error) {
		mark := ev.held.Taken()
		d, err := eval(ev)
		ev.held.ReturnTo(mark)
		return d, err
	}
	return n, err
}

// tooLong is what MySQL gives in place of a text that is too long: NULL, and
// a warning.
func (ev *evaluation) tooLong(name string) datum {
	ev.env.Warn(warnResultTooLong, "Result of %s() was larger than %d bytes - NULL was given instead", strings.ToLower(name), maxText)
	return nullDatum()
}
