//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"wharf"
)

// window is a named window: its text, and what no other may add to it.
type window struct {
	text            string
	ordered, framed bool
}

// namedWindows translates WINDOW. A window may build on one behind it.
func (t *translator) namedWindows(specs []ast.WindowSpec, s *scope) {
	named := map[string]*ast.WindowSpec{}
	for i := range specs {
		if named[specs[i].Name.L] != nil {
			t.fail(windowTwice(specs[i].Name.O))
		}
		named[specs[i].Name.L] = &specs[i]
	}
	for i := range specs {
		t.namedWindow(&specs[i], named, nil, s)
	}
}

// namedWindow translates a named window behind the one that it builds on. Above are those that
// build on it.
func (t *translator) namedWindow(w *ast.WindowSpec, named map[string]*ast.WindowSpec, above []string, s *scope) {
	if _, done := s.windows[w.Name.L]; done || t.err != nil {
		return
	}
	above = append(above, w.Name.L)
	if base := named[w.Ref.L]; base != nil {
		if slices.Contains(above, w.Ref.L) {
			t.fail(windowCircle())
			return
		}
		t.namedWindow(base, named, above, s)
	}
	s.windows[w.Name.L] = t.windowSpec(w, s)
}

// windowSpec translates a window, which may build on a named one.
func (t *translator) windowSpec(w *ast.WindowSpec, s *scope) window {
	if w.OnlyAlias {
		base, ok := s.windows[w.Name.L]
		if !ok {
			t.fail(unknownWindow(w.Name.O))
		}
		return base
	}
	made := window{ordered: w.OrderBy != nil, framed: w.Frame != nil}
	var parts []string
	if w.Ref.O != "" {
		base, ok := s.windows[w.Ref.L]
		switch {
		case !ok:
			t.fail(unknownWindow(w.Ref.O))
		case w.PartitionBy != nil:
			t.fail(windowPartitioned())
		case base.framed:
			t.fail(windowFramed(w.Ref.O))
		case base.ordered && w.OrderBy != nil:
			t.fail(windowOrdered(nameOf(w), w.Ref.O))
		}
		made.ordered = made.ordered || base.ordered
		parts = append(parts, strings.TrimSuffix(strings.TrimPrefix(base.text, "("), ")"))
	}
	clause := t.clause
	defer func() { t.clause = clause }()
	if w.OrderBy != nil {
		for _, item := range w.OrderBy.Items {
			if name := windowIn(item.Expr); name != "" {
				t.fail(windowMisplaced(name))
			}
		}
	}
	if w.PartitionBy != nil {
		var by []string
		t.clause = "window partition by"
		for _, item := range w.PartitionBy.Items {
			by = append(by, t.group(t.expr(item.Expr, s)))
		}
		parts = append(parts, "PARTITION BY "+strings.Join(by, ", "))
	}
	if w.OrderBy != nil && w.Frame != nil && w.Frame.Type == ast.Ranges && len(w.OrderBy.Items) == 1 {
		parts = append(parts, t.rangeOrder(w.OrderBy.Items[0], s))
	} else if w.OrderBy != nil {
		parts = append(parts, strings.TrimSpace(t.order(w.OrderBy.Items, s, nil)))
	}
	if w.Frame != nil {
		t.checkFrame(nameOf(w), w.Frame.Extent, w.Frame.Type == ast.Rows)
		t.checkRange(w, s)
		parts = append(parts, t.frame(w.Frame, s))
	}
	made.text = "(" + strings.Join(parts, " ") + ")"
	return made
}

// rangeOrder is the order of a frame of RANGE. A whole number has 64 bits, so that its
// distances leave no range that MySQL's do not.
func (t *translator) rangeOrder(item *ast.ByItem, s *scope) string {
	by := t.byItem(item, s, nil)
	if by.kind != kindInt || t.err != nil {
		return strings.TrimSpace(t.order([]*ast.ByItem{item}, s, nil))
	}
	if item.Desc {
		return "ORDER BY " + by.wide() + " DESC NULLS LAST"
	}
	return "ORDER BY " + by.wide() + " ASC NULLS FIRST"
}

// nameOf is what errors call a window.
func nameOf(w *ast.WindowSpec) string {
	if w.Name.O == "" {
		return "<unnamed window>"
	}
	return w.Name.O
}

// checkRange wants one number or time in the order of a frame of RANGE that begins or
// ends at a distance.
func (t *translator) checkRange(w *ast.WindowSpec, s *scope) {
	distance, interval := false, false
	for _, b := range []ast.FrameBound{w.Frame.Extent.Start, w.Frame.Extent.End} {
		distance = distance || b.Expr != nil
		interval = interval || b.Expr != nil && b.Unit != ast.TimeUnitInvalid
	}
	if w.Frame.Type != ast.Ranges || !distance || w.OrderBy == nil && w.Ref.O != "" {
		return
	}
	name := nameOf(w)
	if w.OrderBy == nil || len(w.OrderBy.Items) != 1 {
		t.fail(rangeOrder(name))
		return
	}
	switch by := t.expr(w.OrderBy.Items[0].Expr, s); {
	case t.err != nil || by.kind == kindNull:
	case by.numeric() && interval:
		t.fail(rangeOfNumbers(name))
	case by.numeric():
	case !by.temporal():
		t.fail(rangeOrder(name))
	case !interval:
		t.fail(rangeOfTimes(name))
	}
}

// checkFrame wants a frame that does not begin behind its end, and one of rows whole
// numbers of them.
func (t *translator) checkFrame(window string, f ast.FrameExtent, rows bool) {
	rank := func(b ast.FrameBound) int {
		switch b.Type {
		case ast.Preceding:
			return -1
		case ast.Following:
			return 1
		}
		return 0
	}
	isWhole := func(b ast.FrameBound) bool {
		return b.Expr == nil || b.Unit != ast.TimeUnitInvalid || isWholeCount(b.Expr)
	}
	switch from, to := f.Start, f.End; {
	case rows && !(isWhole(from) && isWhole(to)):
		t.fail(frameOrder(window))
	case from.UnBounded && from.Type == ast.Following:
		t.fail(frameStart(window))
	case to.UnBounded && to.Type == ast.Preceding:
		t.fail(frameEnd(window))
	case rank(from) > rank(to):
		t.fail(frameOrder(window))
	}
}

func (t *translator) frame(f *ast.FrameClause, s *scope) string {
	unit := "ROWS"
	if f.Type == ast.Ranges {
		unit = "RANGE"
	} else if f.Type == ast.Groups {
		t.refuse("GROUPS in a window")
	}
	return fmt.Sprintf("%s BETWEEN %s AND %s", unit, t.bound(f.Extent.Start, s), t.bound(f.Extent.End, s))
}

func (t *translator) bound(b ast.FrameBound, s *scope) string {
	side := "PRECEDING"
	if b.Type == ast.Following {
		side = "FOLLOWING"
	}
	switch {
	case b.Type == ast.CurrentRow:
		return "CURRENT ROW"
	case b.UnBounded:
		return "UNBOUNDED " + side
	}
	by := t.expr(b.Expr, s).sql
	if b.Unit != ast.TimeUnitInvalid {
		interval, ok := intervals[b.Unit]
		if !ok {
			t.refuse("INTERVAL … " + b.Unit.String() + " in a window")
		}
		by = fmt.Sprintf(interval, by)
	}
	return by + " " + side
}

// countsRows wants a whole number where a function counts rows, if it is written there:
// MySQL's grammar has nothing else in NTILE, LAG and LEAD.
func (t *translator) countsRows(name string, args []ast.ExprNode) bool {
	at, counts := map[string]int{"ntile": 0, "lag": 1, "lead": 1, "nth_value": 1}[name]
	switch {
	case !counts || len(args) <= at || isWholeCount(args[at]) && name != "nth_value":
		return true
	case name != "nth_value":
		t.fail(wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax: %s counts rows by a whole number, a parameter or a variable", strings.ToUpper(name)))
		return false
	}
	v, written := args[at].(*driver.ValueExpr)
	if !isWholeCount(args[at]) || written && v.Kind() == driver.KindInt64 && v.GetInt64() == 0 {
		t.fail(because(1210, "HY000", wharf.CodeInvalid, "Incorrect arguments to nth_value"))
		return false
	}
	return true
}

// isWholeCount reports whether what is written is a whole number without a sign, if it is
// known where it is written.
func isWholeCount(n ast.ExprNode) bool {
	switch n := n.(type) {
	case *driver.ValueExpr:
		return n.Kind() == driver.KindInt64 || n.Kind() == driver.KindUint64
	case *driver.ParamMarkerExpr, *ast.VariableExpr:
		return true
	}
	return false
}
