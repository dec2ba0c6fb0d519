package eval

import "wharf/sql"

// sharing is an operator whose operands are written several times, by their numbers.
type sharing struct{ nodes map[string]*Node }

// sharing compiles an operator that has operands of [sql.OnceOf]: each is computed once
// whenever the operator is.
func (c *Compiler) sharing(compile func() (Node, error)) (Node, error) {
	was, own := c.shared, &sharing{nodes: map[string]*Node{}}
	c.shared = own
	n, err := compile()
	c.shared = was
	if err != nil || len(own.nodes) == 0 {
		return n, err
	}
	eval := n.Eval
	n.Eval = func(ev *Evaluation) (Datum, error) {
		for _, operand := range own.nodes {
			delete(ev.Work.once, operand)
		}
		return eval(ev)
	}
	return n, nil
}

// once compiles an operand of [sql.OnceOf].
func (c *Compiler) once(e sql.Call) (Node, error) {
	number, isLiteral := e.Args[len(e.Args)-1].(sql.Literal)
	if len(e.Args) != 2 || !isLiteral || c.shared == nil {
		return Node{}, wrongCount(e.Name)
	}
	own := c.shared
	x := own.nodes[number.Text]
	if x == nil {
		n, err := c.Compile(e.Args[0])
		if err != nil || n.fixed != nil {
			return n, err
		}
		x = &n
		own.nodes[number.Text] = x
	}
	n := *x
	n.Eval = func(ev *Evaluation) (Datum, error) {
		if d, ok := ev.Work.once[x]; ok {
			return d, nil
		}
		d, err := x.Eval(ev)
		if err == nil {
			if ev.Work.once == nil {
				ev.Work.once = map[*Node]Datum{}
			}
			ev.Work.once[x] = d
		}
		return d, err
	}
	return n, nil
}
