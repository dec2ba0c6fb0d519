package exec

import (
	"slices"

	"wharf"
	"wharf/sql"
)

// control compiles what evaluates only the arguments that it needs: CASE, IF,
// IFNULL and COALESCE. A CASE has its conditions and results in turn, and its
// ELSE last where their number is odd.
func (c *compiler) control(e sql.Call) (node, error) {
	low, high := 1, -1
	switch e.Name {
	case "IF":
		low, high = 3, 3
	case "IFNULL":
		low, high = 2, 2
	}
	if n := len(e.Args); n < low || high >= 0 && n > high {
		return node{}, wrongCount(e.Name)
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return node{}, err
	}
	if e.Name == "CASE" || e.Name == "IF" {
		return branches(e.Name, args)
	}
	n, err := meeting(e.Name, args)
	if err != nil {
		return node{}, err
	}
	n.eval = func(ev *evaluation) (datum, error) {
		for _, a := range args {
			if d, err := n.take(ev, a); err != nil || !d.isNull() {
				return d, err
			}
		}
		return nullDatum(), nil
	}
	return n, nil
}

// meeting is the node, still without eval, in which several meet.
func meeting(name string, nodes []node) (node, error) {
	coll, err := collatingOf(nodes, name)
	n := node{typ: common(nodes), coll: coll}
	if n.typ == wharf.TypeDecimal || isTemporalType(n.typ) {
		n.scale = maxScale(nodes)
	}
	return n, err
}

func branches(name string, args []node) (node, error) {
	var results []node
	for i, a := range args {
		if i%2 == 1 || i == len(args)-1 {
			results = append(results, a)
		}
	}
	n, err := meeting(name, results)
	if err != nil {
		return node{}, err
	}
	n.eval = func(ev *evaluation) (datum, error) {
		for i := 0; i+1 < len(args); i += 2 {
			d, err := args[i].eval(ev)
			if err != nil {
				return nullDatum(), err
			}
			if isTrue, _ := ev.truth(d); isTrue {
				return n.take(ev, args[i+1])
			}
		}
		if len(args)%2 == 1 {
			return n.take(ev, args[len(args)-1])
		}
		return nullDatum(), nil
	}
	return n, nil
}

// controlFunctions choose between arguments that are all evaluated.
func controlFunctions() map[string]function {
	return map[string]function{
		"NULLIF": {min: 2, max: 2, typ: func(a []node) wharf.Type { return a[0].typ }, run: func(ev *evaluation, a []datum) (datum, error) {
			if ev.equal(a[0], a[1]) {
				return nullDatum(), nil
			}
			return a[0], nil
		}},
		"ISNULL":   {min: 1, max: 1, typ: always(wharf.TypeInt), run: func(_ *evaluation, a []datum) (datum, error) { return boolDatum(a[0].isNull()), nil }},
		"GREATEST": {min: 2, max: -1, typ: common, strict: true, run: extreme(1)},
		"LEAST":    {min: 2, max: -1, typ: common, strict: true, run: extreme(-1)},
	}
}

// extreme is GREATEST or LEAST. One text among the arguments makes texts of
// numbers.
func extreme(sign int) func(*evaluation, []datum) (datum, error) {
	return func(ev *evaluation, args []datum) (datum, error) {
		if slices.ContainsFunc(args, datum.isText) && !slices.ContainsFunc(args, datum.isTemporal) {
			for i, a := range args {
				if !a.isText() {
					args[i] = stringDatum(a.text())
				}
			}
		}
		best := args[0]
		for _, a := range args[1:] {
			if err := ev.step(best.length() + a.length()); err != nil {
				return nullDatum(), err
			}
			if order, _ := ev.compare(a, best); order*sign > 0 {
				best = a
			}
		}
		return best, nil
	}
}
