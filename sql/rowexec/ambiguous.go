package rowexec

import (
	"wharf/sql"
	"wharf/sql/eval"
)

// ambiguous is a name in GROUP BY or HAVING that is a column of FROM and another item of
// the SELECT too: the column comes first, and MySQL warns.
type ambiguous struct{ name, clause string }

// findAmbiguous notes the names with two meanings in GROUP BY, and in HAVING of what rows
// are grouped by. It returns those in GROUP BY, folded.
func (p *picking) findAmbiguous(scope *scope, st *sql.QuerySelect) map[string]bool {
	grouped := map[string]bool{}
	for _, o := range st.GroupBy {
		col, ok := o.Expr.(sql.Column)
		if !ok || col.Table != "" {
			continue
		}
		it, _ := scope.item(col, "", false)
		if field, err := eval.FindField(scope.fields, col, ""); it == nil || err != nil || field < 0 || it.field == field {
			continue
		}
		grouped[eval.Fold(col.Name)] = true
		p.ambiguous = append(p.ambiguous, ambiguous{col.Name, "group statement"})
	}
	if len(grouped) > 0 && st.Having != nil {
		p.ambiguousIn(st.Having, grouped)
	}
	return grouped
}

// ambiguousIn notes the names in HAVING that GROUP BY has with two meanings.
func (p *picking) ambiguousIn(e sql.Expr, grouped map[string]bool) {
	switch e := e.(type) {
	case sql.Column:
		if e.Table == "" && grouped[eval.Fold(e.Name)] {
			p.ambiguous = append(p.ambiguous, ambiguous{e.Name, "having clause"})
		}
	case sql.Unary:
		p.ambiguousIn(e.X, grouped)
	case sql.Binary:
		p.ambiguousIn(e.X, grouped)
		p.ambiguousIn(e.Y, grouped)
	case sql.Call:
		for _, a := range e.Args {
			p.ambiguousIn(a, grouped)
		}
	}
}

// warnAmbiguous warns of what was found, once.
func (p *picking) warnAmbiguous(env eval.Env) {
	for _, a := range p.ambiguous {
		env.Warn(eval.WarnAmbiguous, "Column '%s' in %s is ambiguous", a.name, a.clause)
	}
	p.ambiguous = nil
}
