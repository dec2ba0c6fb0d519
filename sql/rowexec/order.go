package rowexec

import (
	"slices"
	"strconv"

	"wharf/sql"
	"wharf/sql/eval"
)

// sortKey is one expression to sort by.
type sortKey struct {
	eval.Node
	desc bool
}

// sortKeys compiles ORDER BY; items are what positions stand for.
func (c *scope) sortKeys(orders []sql.Order, items []eval.Node) ([]sortKey, error) {
	c.Clause = "order clause"
	keys := make([]sortKey, len(orders))
	for i, o := range orders {
		n, err := c.orderNode(o, items)
		if err != nil {
			return nil, err
		}
		keys[i] = sortKey{n, o.Desc}
	}
	return keys, nil
}

func (c *scope) orderNode(o sql.Order, items []eval.Node) (eval.Node, error) {
	if o.Expr != nil {
		if _, isName := o.Expr.(sql.Column); !isName && c.seen == itemsFirst {
			c.seen = itemsLast // within an expression, a name is first a column
			defer func() { c.seen = itemsFirst }()
		}
		return c.Compile(o.Expr)
	}
	if o.Position < 1 || o.Position > len(items) {
		return eval.Node{}, eval.UnknownColumn(sql.Column{Name: strconv.Itoa(o.Position)}, c.Clause)
	}
	return items[o.Position-1], nil
}

// evaluateKeys gives what the row that ev stands at is sorted by, made sortable: a
// key is compared many times. They count as held.
func evaluateKeys(ev *eval.Evaluation, order []sortKey) ([]eval.Datum, error) {
	if len(order) == 0 {
		return nil, nil
	}
	keys := make([]eval.Datum, len(order))
	for i, k := range order {
		mark := ev.Held.Taken()
		d, err := k.Eval(ev)
		if err != nil {
			return nil, err
		}
		ev.Held.ReturnTo(mark)
		keys[i] = d.Sortable()
		if err := ev.Hold(keys[i].Size()); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// sortRows puts rows in the order of their keys; NULL comes first. It ends
// with the statement: many long keys that begin alike take long to compare.
func sortRows[T any](ev *eval.Evaluation, rows []T, keys func(T) []eval.Datum, order []sortKey) error {
	if len(order) == 0 {
		return nil
	}
	const often = 1000
	compared := 0
	var err error
	slices.SortStableFunc(rows, func(a, b T) int {
		if compared++; compared%often == 0 && err == nil {
			err = ev.Canceled()
		}
		if err != nil {
			return 0
		}
		return compareKeys(keys(a), keys(b), order)
	})
	return err
}

func compareKeys(a, b []eval.Datum, order []sortKey) int {
	for i, k := range order {
		n, known := eval.Compare(a[i], b[i])
		switch {
		case known:
		case a[i].IsNull() && !b[i].IsNull():
			n = -1
		case b[i].IsNull() && !a[i].IsNull():
			n = 1
		}
		if k.desc {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}
