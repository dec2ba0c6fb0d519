//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// share makes one column of each two that USING or NATURAL joins, and gives the conditions
// that they are equal. The columns of the left side begin at start, those of the right one
// at at.
func (t *translator) share(n *ast.Join, s *scope, start, at int) []string {
	left, right := s.columns[start:at], s.columns[at:]
	names := sharedNames(n, left, right)
	if len(names) == 0 {
		return nil
	}
	on := make([]string, 0, len(names))
	for _, name := range names {
		on = append(on, t.merge(name, n.Tp, left, right))
	}
	sharedFirst(n.Tp, names, left, right)
	return on
}

// sharedNames gives the names of USING, or those that NATURAL finds on both sides, each
// once.
func sharedNames(n *ast.Join, left, right []scoped) []string {
	var names []string
	add := func(name string) {
		if !slices.ContainsFunc(names, func(had string) bool { return strings.EqualFold(had, name) }) {
			names = append(names, name)
		}
	}
	for _, c := range n.Using {
		add(c.Name.O)
	}
	if n.NaturalJoin {
		for _, l := range left {
			if !l.hidden && !l.asked && slices.ContainsFunc(right, func(r scoped) bool { return !r.asked && r.isNamed(l.name) }) {
				add(l.name)
			}
		}
	}
	return names
}

// isNamed reports whether a name without a table may mean the column.
func (c *scoped) isNamed(name string) bool { return !c.hidden && strings.EqualFold(c.name, name) }

// merge makes one column of two of the same name, and gives the condition that they are
// equal.
func (t *translator) merge(name string, tp ast.JoinType, left, right []scoped) string {
	l, r := t.only(name, left), t.only(name, right)
	if t.err != nil {
		return ""
	}
	on := t.compare("=", l.expr, r.expr)
	if tp == ast.RightJoin {
		l.hidden = true
	} else {
		r.hidden = true
	}
	return on.sql
}

// only gives the one column of a side that has the name.
func (t *translator) only(name string, side []scoped) *scoped {
	var found *scoped
	for i := range side {
		switch c := &side[i]; {
		case !c.isNamed(name):
		case found != nil:
			t.fail(ambiguousColumn(name, "from clause"))
		default:
			found = c
		}
	}
	if found == nil {
		t.fail(unknownColumn(name, "from clause"))
	}
	return found
}

// sharedFirst moves the columns that two sides share before the others, as * shows them.
// The sides of RIGHT JOIN are the other way round there.
func sharedFirst(tp ast.JoinType, shared []string, left, right []scoped) {
	all := slices.Concat(left, right)
	if tp == ast.RightJoin {
		all = slices.Concat(right, left)
	}
	isShared := func(c scoped) bool { return slices.ContainsFunc(shared, c.isNamed) }
	slices.SortStableFunc(all, func(a, b scoped) int {
		switch first, second := isShared(a), isShared(b); {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	copy(right, all[copy(left, all):])
}
