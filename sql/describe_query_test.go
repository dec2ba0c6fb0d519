package sql

import (
	"fmt"
	"strings"
)

func describeQuery(q *Query) string {
	var b strings.Builder
	if len(q.Files) > 0 {
		return describeFiles(q)
	}
	if q.Beyond != "" {
		return "Unsupported " + q.Beyond
	}
	for i, part := range q.Parts {
		switch {
		case i > 0 && part.All:
			b.WriteString(" union all ")
		case i > 0:
			b.WriteString(" union ")
		}
		if part.Nested != nil {
			b.WriteString("{" + describeQuery(part.Nested) + "}")
			continue
		}
		b.WriteString(describeQuerySelect(part.Select))
	}
	if len(q.OrderBy) > 0 {
		b.WriteString(" order=" + describeOrders(q.OrderBy))
	}
	b.WriteString(describeLimit(q.Limit))
	return b.String()
}

func describeQuerySelect(s *QuerySelect) string {
	var b strings.Builder
	b.WriteString("Query")
	if s.Distinct {
		b.WriteString(" distinct")
	}
	for _, item := range s.Items {
		if item.Star {
			b.WriteString(" " + strings.TrimLeft(item.Schema+"."+item.Table+".*", "."))
			continue
		}
		fmt.Fprintf(&b, " %q=%s", item.Name, describeExpr(item.Expr))
	}
	if s.From != nil {
		b.WriteString(" from " + describeTable(s.From))
	}
	if s.Where != nil {
		b.WriteString(" where=" + describeExpr(s.Where))
	}
	if len(s.GroupBy) > 0 {
		b.WriteString(" group=" + describeOrders(s.GroupBy))
	}
	if s.Having != nil {
		b.WriteString(" having=" + describeExpr(s.Having))
	}
	return b.String()
}

func describeTable(t Table) string {
	switch t := t.(type) {
	case TableName:
		return strings.Join(strings.Fields(strings.TrimLeft(t.Schema+"."+t.Name, ".")+" "+t.Alias), " as ")
	case Derived:
		return "{" + describeQuery(t.Query) + "} as " + t.Alias
	case Join:
		s := "(" + describeTable(t.Left) + " " + strings.ToLower(t.Kind) + " " + describeTable(t.Right)
		if t.On != nil {
			s += " on " + describeExpr(t.On)
		}
		if t.Using != nil {
			s += " using " + strings.Join(t.Using, ",")
		}
		return s + ")"
	}
	return fmt.Sprintf("unknown %T", t)
}

func describeOrders(list []Order) string {
	var parts []string
	for _, o := range list {
		s := fmt.Sprint(o.Position)
		if o.Expr != nil {
			s = describeExpr(o.Expr)
		}
		if o.Desc {
			s += " desc"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ",")
}

func describeAggregate(a Aggregate) string {
	s := a.Name
	if a.Distinct {
		s += " distinct"
	}
	s += describeExprs(a.Args)
	if len(a.OrderBy) > 0 {
		s += " order=" + describeOrders(a.OrderBy)
	}
	if a.Separator != "" {
		s += fmt.Sprintf(" separator=%q", a.Separator)
	}
	return s
}

// describeFiles shows a query of locations: its text, and what stands in the
// place of each.
func describeFiles(q *Query) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Files %s", q.Text)
	for _, f := range q.Files {
		fmt.Fprintf(&b, "\n  %s", f.Location)
		if f.FileFormat != nil {
			fmt.Fprintf(&b, " format=%s", OptionsText(f.FileFormat))
		}
		if f.Options != nil {
			fmt.Fprintf(&b, " options=%s", OptionsText(f.Options))
		}
	}
	if len(q.Tables) > len(q.Files) {
		fmt.Fprintf(&b, "\n  tables=%v", q.Tables)
	}
	if n := NumParams(q); n > 0 {
		fmt.Fprintf(&b, "\n  params=%d", n)
	}
	return b.String()
}
