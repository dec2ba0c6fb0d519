package eval

import (
	"time"

	"wharf"
	"wharf/sql"
)

// control compiles what evaluates only the arguments that it needs: CASE, IF,
// IFNULL and COALESCE. A CASE has its conditions and results in turn, and its
// ELSE last where their number is odd.
func (c *Compiler) control(e sql.Call) (Node, error) {
	low, high := 1, -1
	switch e.Name {
	case "IF":
		low, high = 3, 3
	case "IFNULL":
		low, high = 2, 2
	}
	if n := len(e.Args); n < low || high >= 0 && n > high {
		return Node{}, wrongCount(e.Name)
	}
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return Node{}, err
	}
	if e.Name == "CASE" || e.Name == "IF" {
		return branches(e.Name, args)
	}
	n, err := meeting(e.Name, args)
	if err != nil {
		return Node{}, err
	}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		for _, a := range args {
			if d, err := n.Take(ev, a); err != nil || !d.IsNull() {
				return d, err
			}
		}
		return NullDatum(), nil
	}
	return n, nil
}

// meeting is the node, still without eval, in which several meet.
func meeting(name string, nodes []Node) (Node, error) {
	coll, err := CollatingOf(nodes, name)
	n := Node{Typ: common(nodes), Coll: coll}
	n.width = meetingWidth(n.Typ, nodes)
	switch {
	case n.Typ == wharf.TypeFloat:
		n.shown = meetingShown(nodes)
	case n.Typ == wharf.TypeDecimal || isTemporalType(n.Typ):
		n.Scale = MaxScale(nodes)
	}
	return n, err
}

func branches(name string, args []Node) (Node, error) {
	var results []Node
	for i, a := range args {
		if i%2 == 1 || i == len(args)-1 {
			results = append(results, a)
		}
	}
	n, err := meeting(name, results)
	if err != nil {
		return Node{}, err
	}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		for i := 0; i+1 < len(args); i += 2 {
			d, err := args[i].Eval(ev)
			if err != nil {
				return NullDatum(), err
			}
			if isTrue, _ := ev.Truth(d); isTrue {
				return n.Take(ev, args[i+1])
			}
		}
		if len(args)%2 == 1 {
			return n.Take(ev, args[len(args)-1])
		}
		return NullDatum(), nil
	}
	return n, nil
}

// controlFunctions choose between arguments that are all evaluated.
func controlFunctions() map[string]Function {
	return map[string]Function{
		"NULLIF": {Min: 2, Max: 2, Typ: func(a []Node) wharf.Type { return a[0].Typ }, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			if ev.equal(a[0], a[1]) {
				return NullDatum(), nil
			}
			return a[0], nil
		}},
		"ISNULL":   {Min: 1, Max: 1, Typ: Always(wharf.TypeInt), Run: func(_ *Evaluation, a []Datum) (Datum, error) { return BoolDatum(a[0].IsNull()), nil }},
		"GREATEST": {Min: 2, Max: -1, Typ: common, strict: true, Run: extreme(extremes["GREATEST"])},
		"LEAST":    {Min: 2, Max: -1, Typ: common, strict: true, Run: extreme(extremes["LEAST"])},
		"INTERVAL": {Min: 2, Max: -1, Typ: Always(wharf.TypeInt), Run: runInterval},
	}
}

// runInterval is INTERVAL(n, a, b, …): how many of the numbers after n stand
// before the first that is greater than n, and -1 where n is NULL.
func runInterval(ev *Evaluation, args []Datum) (Datum, error) {
	if args[0].IsNull() {
		return IntDatum(-1), nil
	}
	n := ev.Number(args[0], wharf.TypeDecimal)
	for i, a := range args[1:] {
		if err := ev.step(1); err != nil {
			return NullDatum(), err
		}
		if a.IsNull() {
			continue
		}
		if order, _ := Compare(ev.Number(a, wharf.TypeDecimal), n); order > 0 {
			return IntDatum(int64(i)), nil
		}
	}
	return IntDatum(int64(len(args) - 1)), nil
}

// The bounds of one BENCHMARK, beside the statement's own.
const (
	benchmarkTime = time.Minute
	// benchmarkSteps is what one round counts as, beside what it compares.
	benchmarkSteps = 64
)

// benchmark is BENCHMARK(n, x), which computes x n times, and is 0.
func (c *Compiler) benchmark(e sql.Call) (Node, error) {
	if len(e.Args) != 2 {
		return Node{}, wrongCount(e.Name)
	}
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return Node{}, err
	}
	return inPlace(Node{Typ: wharf.TypeInt, Eval: func(ev *Evaluation) (Datum, error) {
		count, err := args[0].Eval(ev)
		if err != nil || count.IsNull() {
			return NullDatum(), err
		}
		n := ev.integer(count)
		if n < 0 {
			ev.Env.Warn(errWrongForType.Number, "Incorrect count value: '%s' for function benchmark", CutRunes(count.Text(), 64))
			return NullDatum(), nil
		}
		return IntDatum(0), ev.repeat(n, args[1])
	}}, nil)
}

// repeat computes a node n times.
func (ev *Evaluation) repeat(n int64, x Node) error {
	until, mark := time.Now().Add(benchmarkTime), ev.Held.Taken()
	for range n {
		if _, err := x.Eval(ev); err != nil {
			return err
		}
		ev.Held.ReturnTo(mark)
		if err := ev.step(benchmarkSteps); err != nil {
			return err
		}
		if time.Now().After(until) {
			return wharf.Errorf(wharf.CodeTooLarge, "BENCHMARK takes more than %v", benchmarkTime)
		}
	}
	return nil
}

// nameConst is NAME_CONST(name, value), whose value is a literal, with its sign or its
// collation.
func (c *Compiler) nameConst(e sql.Call) (Node, error) {
	if len(e.Args) != 2 {
		return Node{}, wrongCount(e.Name)
	}
	value := e.Args[1]
	if sign, ok := value.(sql.Unary); ok && sign.Op == "-" {
		value = sign.X
	} else if with, ok := value.(sql.Call); ok && with.Name == "COLLATE" {
		value = with.Args[0]
	}
	_, isName := e.Args[0].(sql.Literal)
	if _, isValue := value.(sql.Literal); !isName || !isValue {
		return Node{}, Invalid(errWrongArguments, "Incorrect arguments to NAME_CONST")
	}
	return c.Compile(e.Args[1])
}
