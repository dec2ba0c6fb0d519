package sql

// NumParams gives the number of parameters, '?', of a statement. The stage
// statements take none.
func NumParams(stmt Statement) int {
	n := 0
	count := func(x Expr) { n = max(n, maxParam(x)) }
	switch s := stmt.(type) {
	case *Select:
		for _, item := range s.Items {
			count(item.Expr)
		}
		count(s.Where)
	case *Set:
		for _, a := range s.Assign {
			count(a.Value)
		}
	case *Show:
		count(s.Where)
	case *Kill:
		count(s.Expr)
	case *Do:
		for _, x := range s.Exprs {
			count(x)
		}
	}
	return n
}

// maxParam gives one more than the highest index of a Param in x.
func maxParam(x Expr) int {
	n := 0
	switch x := x.(type) {
	case Param:
		n = x.Index + 1
	case Unary:
		n = maxParam(x.X)
	case Binary:
		n = max(maxParam(x.X), maxParam(x.Y))
	case Call:
		for _, arg := range x.Args {
			n = max(n, maxParam(arg))
		}
	}
	return n
}
