package eval

import (
	"strings"

	"wharf/sql"
)

// rowOf is the values of (a, b, …).
func rowOf(e sql.Expr) ([]sql.Expr, bool) {
	call, ok := e.(sql.Call)
	return call.Args, ok && call.Name == "ROW"
}

// operandColumns is the error of a row where n values are expected.
func operandColumns(n int) error {
	return Invalid(ErrOperandColumns, "Operand should contain %d column(s)", n)
}

// rowComparison is a comparison of two rows as one of their values, from the left.
// ok is false where e is none.
func rowComparison(e sql.Binary) (compared sql.Expr, ok bool, err error) {
	a, isRow := rowOf(e.X)
	b, both := rowOf(e.Y)
	switch {
	case !isRow && !both:
		return nil, false, nil
	case isSubquery(e.X) || isSubquery(e.Y):
		return nil, true, Unsupported("a comparison of a row with a subquery")
	case !isRow:
		return nil, true, operandColumns(1)
	case len(a) != len(b):
		return nil, true, operandColumns(len(a))
	}
	compared, ok = compareRows(e.Op, a, b)
	if !ok {
		return nil, true, operandColumns(1)
	}
	return compared, true, nil
}

func isSubquery(e sql.Expr) bool {
	_, is := e.(sql.Subquery)
	return is
}

// compareRows writes the comparison; ok is false of an operator that compares
// nothing.
func compareRows(op string, a, b []sql.Expr) (sql.Expr, bool) {
	last := len(a) - 1
	switch op {
	case "=", "<=>", "<>", "!=":
		word := "AND"
		if op == "<>" || op == "!=" {
			word = "OR"
		}
		var all sql.Expr = sql.Binary{Op: op, X: a[last], Y: b[last]}
		for i := last - 1; i >= 0; i-- {
			all = sql.Binary{Op: word, X: sql.Binary{Op: op, X: a[i], Y: b[i]}, Y: all}
		}
		return all, true
	case "<", "<=", ">", ">=":
		var all sql.Expr = sql.Binary{Op: op, X: a[last], Y: b[last]}
		for i := last - 1; i >= 0; i-- {
			x, y := sql.OnceOf(a[i], 2*i), sql.OnceOf(b[i], 2*i+1)
			all = sql.Binary{Op: "OR", X: sql.Binary{Op: strings.TrimSuffix(op, "="), X: x, Y: y}, Y: sql.Binary{Op: "AND", X: sql.Binary{Op: "=", X: x, Y: y}, Y: all}}
		}
		return all, true
	}
	return nil, false
}

// rowIn is (a, b) IN ((c, d), …) as comparisons of the row with each.
func rowIn(e sql.Call) (sql.Expr, bool) {
	values, ok := rowOf(e.Args[0])
	if !ok {
		return nil, false
	}
	sought := sql.Call{Name: "ROW", Args: make([]sql.Expr, len(values))}
	for i, v := range values {
		sought.Args[i] = sql.OnceOf(v, i)
	}
	var any sql.Expr
	for _, row := range e.Args[1:] {
		var same sql.Expr = sql.Binary{Op: "=", X: sought, Y: row}
		if any != nil {
			same = sql.Binary{Op: "OR", X: any, Y: same}
		}
		any = same
	}
	return any, true
}
