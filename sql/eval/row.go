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
	one := func(op string, i int) sql.Expr { return sql.Binary{Op: op, X: a[i], Y: b[i]} }
	last := len(a) - 1
	all := one(op, last)
	switch op {
	case "=", "<=>", "<>", "!=":
		word := "AND"
		if op == "<>" || op == "!=" {
			word = "OR"
		}
		for i := last - 1; i >= 0; i-- {
			all = sql.Binary{Op: word, X: one(op, i), Y: all}
		}
		return all, true
	case "<", "<=", ">", ">=":
		for i := last - 1; i >= 0; i-- {
			all = sql.Binary{Op: "OR", X: one(strings.TrimSuffix(op, "="), i), Y: sql.Binary{Op: "AND", X: one("=", i), Y: all}}
		}
		return all, true
	}
	return nil, false
}

// rowIn is (a, b) IN ((c, d), …) as comparisons of the row with each.
func rowIn(e sql.Call) (sql.Expr, bool) {
	if _, ok := rowOf(e.Args[0]); !ok {
		return nil, false
	}
	var any sql.Expr
	for _, row := range e.Args[1:] {
		var same sql.Expr = sql.Binary{Op: "=", X: e.Args[0], Y: row}
		if any != nil {
			same = sql.Binary{Op: "OR", X: any, Y: same}
		}
		any = same
	}
	return any, true
}
