package rowexec

import (
	"strconv"

	"wharf/sql"
	"wharf/sql/eval"
)

// item is one of a SELECT's items, with * written out.
type item struct {
	name   string // of its column
	field  int    // the field that it shows as it is, or -1
	node   eval.Node
	summed bool // it has an aggregate
}

// itemsSeen says how names find a SELECT's items.
type itemsSeen uint8

const (
	itemsUnseen  itemsSeen = iota // by WHERE and aggregates
	itemsInner                    // by queries within the items alone
	itemsLast                     // where FROM has no column of the name
	itemsFirst                    // before the columns of FROM
	itemsOfNames                  // as itemsFirst, also by the names that columns have behind their aliases
)

// item gives the item that a column without a table means, or nil: the first expression of
// that name, else the one field that is shown by it. Names of fields are those that they
// have in FROM too, where behind is set, if no item is shown by that name. Two different
// fields are an error.
func (c *scope) item(col sql.Column, clause string, behind bool) (*item, error) {
	name := eval.Fold(col.Name)
	var found, hidden *item
	twice := false
	for i := range c.items {
		it := &c.items[i]
		isShown := eval.Fold(it.name) == name
		switch {
		case isShown && it.field < 0:
			return it, nil
		case isShown && found != nil && found.field != it.field:
			return nil, eval.Ambiguous(col, clause)
		case isShown:
			found = it
		case it.field >= 0 && eval.Fold(c.fields[it.field].Name) == name:
			twice = twice || hidden != nil && hidden.field != it.field
			hidden = it
		}
	}
	switch {
	case found != nil || !behind:
		return found, nil
	case twice:
		return nil, eval.Ambiguous(col, clause)
	}
	return hidden, nil
}

// groupedItem gives the item that an item of GROUP BY means, by its place or its name, or nil.
// The one field of FROM that has the name comes first.
func (c *scope) groupedItem(o sql.Order, clause string) (*item, error) {
	if o.Expr == nil {
		if o.Position < 1 || o.Position > len(c.items) {
			return nil, eval.UnknownColumn(sql.Column{Name: strconv.Itoa(o.Position)}, clause)
		}
		return &c.items[o.Position-1], nil
	}
	col, ok := o.Expr.(sql.Column)
	if !ok || col.Table != "" {
		return nil, nil
	}
	it, err := c.item(col, clause, false)
	if it == nil || err != nil {
		return nil, err
	}
	if i, err := eval.FindField(c.fields, col, ""); i >= 0 && err == nil {
		return nil, nil
	}
	return it, nil
}
