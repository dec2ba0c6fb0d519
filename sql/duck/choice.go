//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

func (t *translator) caseOf(n *ast.CaseExpr, s *scope) expr {
	if n.Value == nil {
		return t.branches(n, expr{}, s)
	}
	whens := make([]ast.ExprNode, len(n.WhenClauses))
	for i, w := range n.WhenClauses {
		whens[i] = w.Expr
	}
	return t.once([]expr{t.beside(t.expr(n.Value, s), whens...)}, func(value []expr) expr { return t.branches(n, value[0], s) })
}

// branches is CASE, whose value is that of CASE x where it has one.
func (t *translator) branches(n *ast.CaseExpr, value expr, s *scope) expr {
	var results []expr
	var conditions []string
	for _, w := range n.WhenClauses {
		when := t.expr(w.Expr, s)
		if n.Value != nil {
			conditions = append(conditions, t.compare("=", value, when).sql)
		} else {
			conditions = append(conditions, when.truth())
		}
		results = append(results, t.expr(w.Result, s))
	}
	otherwise := expr{sql: "NULL", constant: true}
	if n.ElseClause != nil {
		otherwise = t.expr(n.ElseClause, s)
	}
	return choose(conditions, results, otherwise)
}

// choose is CASE over conditions.
func choose(conditions []string, results []expr, otherwise expr) expr {
	u := choice(append(append([]expr(nil), results...), otherwise)...)
	var b strings.Builder
	b.WriteString("CASE")
	for i, c := range conditions {
		b.WriteString(" WHEN " + c + " THEN " + results[i].as(u))
	}
	b.WriteString(" ELSE " + otherwise.as(u) + " END")
	u.sql = b.String()
	return u
}

// control are the functions that choose between values.
func control() map[string]function {
	return map[string]function{
		"if":     {least: 3, most: 3, write: func(t *translator, a []expr) expr { return choose([]string{a[0].truth()}, a[1:2], a[2]) }},
		"ifnull": {least: 2, most: 2, write: coalesce}, "coalesce": {least: 1, most: -1, write: coalesce},
		"nullif": {least: 2, most: 2, write: func(t *translator, a []expr) expr {
			e := a[0] // which MySQL computes twice, too
			e.literal = nil
			e.sql = "CASE WHEN " + t.compare("=", a[0], a[1]).sql + " THEN NULL ELSE " + a[0].sql + " END"
			return e
		}},
		"isnull":   {least: 1, most: 1, write: func(t *translator, a []expr) expr { return condition("("+a[0].sql+" IS NULL)", a...) }},
		"elt":      {least: 2, most: -1, write: elt},
		"greatest": {least: 2, most: -1, write: extreme("greatest"), takes: alike}, "least": {least: 2, most: -1, write: extreme("least"), takes: alike},
	}
}

func coalesce(t *translator, a []expr) expr {
	u := choice(a...)
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = e.as(u)
	}
	u.sql = "coalesce(" + strings.Join(parts, ", ") + ")"
	return u
}

// elt is ELT, which computes the text that it gives alone.
func elt(t *translator, a []expr) expr {
	all := append([]expr{{sql: a[0].integer(), kind: kindInt, constant: a[0].constant}}, a[1:]...)
	eager := all[:1]
	if slices.ContainsFunc(a[1:], func(e expr) bool { return strings.Contains(e.sql, "(SELECT ") }) {
		eager = all
	}
	return t.once(eager, func(eager []expr) expr {
		var b strings.Builder
		b.WriteString("CASE")
		for i, e := range append(slices.Clone(eager), all[len(eager):]...)[1:] {
			fmt.Fprintf(&b, " WHEN %s = %d THEN %s", eager[0].sql, i+1, e.text())
		}
		return text(b.String() + " END")
	})
}

// extreme is GREATEST and LEAST, which are NULL where any argument is.
func extreme(name string) func(*translator, []expr) expr {
	return eachOnce(func(t *translator, a []expr) expr {
		u := choice(a...)
		parts, missing := make([]string, len(a)), make([]string, len(a))
		for i, e := range a {
			parts[i], missing[i] = e.as(u), e.sql+" IS NULL"
		}
		u.sql = "CASE WHEN " + strings.Join(missing, " OR ") + " THEN NULL ELSE " + name + "(" + strings.Join(parts, ", ") + ") END"
		return u
	})
}
