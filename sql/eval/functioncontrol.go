package eval

import (
	"slices"

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
	if n.Typ == wharf.TypeDecimal || isTemporalType(n.Typ) {
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
		"GREATEST": {Min: 2, Max: -1, Typ: common, strict: true, Run: extreme(1)},
		"LEAST":    {Min: 2, Max: -1, Typ: common, strict: true, Run: extreme(-1)},
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

// extreme is GREATEST or LEAST. One text among the arguments makes texts of
// numbers.
func extreme(sign int) func(*Evaluation, []Datum) (Datum, error) {
	return func(ev *Evaluation, args []Datum) (Datum, error) {
		if slices.ContainsFunc(args, Datum.IsText) && !slices.ContainsFunc(args, Datum.IsTemporal) {
			for i, a := range args {
				if !a.IsText() {
					args[i] = StringDatum(a.Text())
				}
			}
		}
		best := args[0]
		for _, a := range args[1:] {
			if err := ev.step(best.length() + a.length()); err != nil {
				return NullDatum(), err
			}
			if order, _ := ev.compare(a, best); order*sign > 0 {
				best = a
			}
		}
		return best, nil
	}
}
