package exec

import (
	"slices"

	"wharf/sql"
)

// sortKey is one expression to sort by.
type sortKey struct {
	node
	desc bool
}

// sortKeys compiles ORDER BY; items are what positions stand for.
func (c *scope) sortKeys(orders []sql.Order, items []node) ([]sortKey, error) {
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

func (c *scope) orderNode(o sql.Order, items []node) (node, error) {
	if o.Expr != nil {
		return c.compile(o.Expr)
	}
	if o.Position < 1 || o.Position > len(items) {
		return node{}, invalid(errUnknownColumn, "Unknown column '%d' in the order or group clause", o.Position)
	}
	return items[o.Position-1], nil
}

// evaluateKeys gives what the row that ev stands at is sorted by, made sortable: a
// key is compared many times. They count as held.
func evaluateKeys(ev *evaluation, order []sortKey) ([]datum, error) {
	if len(order) == 0 {
		return nil, nil
	}
	keys := make([]datum, len(order))
	for i, k := range order {
		mark := ev.held.Taken()
		d, err := k.eval(ev)
		if err != nil {
			return nil, err
		}
		ev.held.ReturnTo(mark)
		keys[i] = d.sortable()
		if err := ev.hold(keys[i].size()); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// sortRows puts rows in the order of their keys; NULL comes first. It ends
// with the statement: many long keys that begin alike take long to compare.
func sortRows[T any](ev *evaluation, rows []T, keys func(T) []datum, order []sortKey) error {
	if len(order) == 0 {
		return nil
	}
	const often = 1000
	compared := 0
	var err error
	slices.SortStableFunc(rows, func(a, b T) int {
		if compared++; compared%often == 0 && err == nil {
			err = ev.canceled()
		}
		if err != nil {
			return 0
		}
		return compareKeys(keys(a), keys(b), order)
	})
	return err
}

func compareKeys(a, b []datum, order []sortKey) int {
	for i, k := range order {
		n, known := compare(a[i], b[i])
		switch {
		case known:
		case a[i].isNull() && !b[i].isNull():
			n = -1
		case b[i].isNull() && !a[i].isNull():
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
