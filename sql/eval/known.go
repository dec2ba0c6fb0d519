package eval

import (
	"slices"
	"strings"

	"wharf/sql"
)

// Knowledge is what conditions that all hold say of the columns of one table:
// which texts they may be. It is used to read less of the table; the conditions
// are still to be checked.
type Knowledge struct{ terms []knownTerm }

type knownTerm struct {
	column string // in upper case
	values []Node
	like   bool // the value is a pattern
}

// KnowledgeOf finds what conditions say. column tells the name of a column that
// is one of the table.
func KnowledgeOf(conditions []sql.Expr, column func(sql.Column) (string, bool), c Compiler) Knowledge {
	c.Names = nil
	var k Knowledge
	var parts []sql.Expr
	for _, e := range conditions {
		parts = append(parts, conjuncts(e)...)
	}
	for _, part := range append(parts, implied(parts)...) {
		if t, ok := c.knownTerm(part, column); ok {
			k.terms = append(k.terms, t)
		}
	}
	return k
}

// implied returns what conditions say of a column because it equals another:
// a = b AND b = 'x' says that a = 'x'.
func implied(parts []sql.Expr) (more []sql.Expr) {
	equal := map[sql.Column][]sql.Column{}
	for _, part := range parts {
		if b, ok := part.(sql.Binary); ok && b.Op == "=" && isColumn(b.X) && isColumn(b.Y) {
			x, y := folded(b.X), folded(b.Y)
			equal[x], equal[y] = append(equal[x], y), append(equal[y], x)
		}
	}
	if len(equal) == 0 {
		return nil
	}
	for _, part := range parts {
		for _, col := range equalTo(subject(part), equal) {
			more = append(more, about(part, col))
		}
	}
	return more
}

// equalTo returns all columns that equal a column, also by way of others.
func equalTo(col sql.Column, equal map[sql.Column][]sql.Column) []sql.Column {
	all := []sql.Column{col}
	for i := 0; i < len(all); i++ {
		for _, other := range equal[all[i]] {
			if !slices.Contains(all, other) {
				all = append(all, other)
			}
		}
	}
	return all[1:]
}

// folded returns the column that an expression is, by which a map knows it.
func folded(e sql.Expr) sql.Column {
	col := undressed(e).(sql.Column)
	return sql.Column{Schema: strings.ToLower(col.Schema), Table: strings.ToLower(col.Table), Name: strings.ToLower(col.Name)}
}

// subject returns the column that a condition is about; none is the zero Column.
func subject(e sql.Expr) sql.Column {
	switch e := e.(type) {
	case sql.Binary:
		switch x, y := isColumn(e.X), isColumn(e.Y); {
		case x && !y:
			return folded(e.X)
		case y && !x:
			return folded(e.Y)
		}
	case sql.Call:
		if (e.Name == "IN" || e.Name == "LIKE") && isColumn(e.Args[0]) {
			return folded(e.Args[0])
		}
	}
	return sql.Column{}
}

// about returns a condition as it is of another column than its subject.
func about(e sql.Expr, col sql.Column) sql.Expr {
	switch e := e.(type) {
	case sql.Binary:
		if isColumn(e.X) {
			e.X = col
		} else {
			e.Y = col
		}
		return e
	case sql.Call:
		e.Args = append([]sql.Expr{col}, e.Args[1:]...)
		return e
	}
	return e
}

// conjuncts are the conditions that an expression joins by AND.
func conjuncts(e sql.Expr) []sql.Expr {
	if b, ok := e.(sql.Binary); ok && b.Op == "AND" {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []sql.Expr{e}
}

// knownTerm reads x = v, v = x, x IN (v, …) and x LIKE v.
func (c *Compiler) knownTerm(e sql.Expr, column func(sql.Column) (string, bool)) (knownTerm, bool) {
	var x sql.Expr
	var values []sql.Expr
	t := knownTerm{}
	switch e := e.(type) {
	case sql.Binary:
		if e.Op != "=" {
			return t, false
		}
		if x, values = e.X, []sql.Expr{e.Y}; !isColumn(x) {
			x, values = e.Y, []sql.Expr{e.X}
		}
	case sql.Call:
		switch {
		case e.Name == "IN":
			x, values = e.Args[0], e.Args[1:]
		case e.Name == "LIKE" && len(e.Args) == 2:
			x, values, t.like = e.Args[0], e.Args[1:], true
		default:
			return t, false
		}
	default:
		return t, false
	}
	col, ok := undressed(x).(sql.Column)
	if !ok {
		return t, false
	}
	if t.column, ok = column(col); !ok {
		return t, false
	}
	t.column = strings.ToUpper(t.column)
	for _, v := range values {
		if !isSteady(v) {
			return t, false
		}
		n, err := c.Compile(v)
		if err != nil {
			return t, false // the compiler of the whole condition tells of it
		}
		t.values = append(t.values, n)
	}
	return t, true
}

func isColumn(e sql.Expr) bool {
	_, ok := undressed(e).(sql.Column)
	return ok
}

// undressed takes off what changes how a text is compared, and not the text.
func undressed(e sql.Expr) sql.Expr {
	for {
		call, ok := e.(sql.Call)
		if !ok || len(call.Args) != 2 || call.Name != "COLLATE" && call.Name != "CAST" {
			return e
		}
		if to, _ := call.Args[1].(sql.Literal); call.Name == "CAST" && to.Text != "BINARY" && to.Text != "CHAR" {
			return e
		}
		e = call.Args[0]
	}
}

// isSteady reports whether an expression has the same value for all rows, and
// may be computed once more.
func isSteady(e sql.Expr) bool {
	switch e := undressed(e).(type) {
	case sql.Literal, sql.Param, sql.SysVar, sql.UserVar:
		return true
	case sql.Call:
		return (e.Name == "DATABASE" || e.Name == "SCHEMA") && len(e.Args) == 0
	}
	return false
}

// Known computes the texts. What is compared as something else than text is
// left out.
func (k Knowledge) Known(ev *Evaluation) (sql.Known, error) {
	known := sql.Known{}
	for _, t := range k.terms {
		texts, ok, err := t.texts(ev)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if before, ok := known[t.column]; ok {
			texts = slices.DeleteFunc(texts, func(s string) bool { return !containsFold(before, s) })
		}
		known[t.column] = texts
	}
	return known, nil
}

// containsFold reports whether a text is among others, by case or not: the
// collation of a condition may not tell them apart.
func containsFold(all []string, s string) bool {
	return slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, s) })
}

func (t knownTerm) texts(ev *Evaluation) (texts []string, ok bool, err error) {
	texts = []string{}
	for _, n := range t.values {
		d, err := n.Eval(ev)
		if err != nil {
			return nil, false, err
		}
		if d.IsNull() {
			continue // equals nothing
		}
		if d.Kind != KString && d.Kind != kBytes {
			return nil, false, nil
		}
		text := d.Text()
		if t.like {
			if text, ok = PlainLike(text); !ok {
				return nil, false, nil
			}
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts, true, nil
}

// PlainLike returns the one text that a pattern of LIKE matches, if it has no
// wildcards.
func PlainLike(pattern string) (string, bool) {
	text, wild := likePrefix(pattern)
	return text, !wild
}

// LikePrefix returns the text that all begin with which a pattern of LIKE
// matches.
func LikePrefix(pattern string) string {
	text, _ := likePrefix(pattern)
	return text
}

func likePrefix(pattern string) (text string, wild bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '%' || c == '_':
			return b.String(), true
		case c == '\\' && i+1 < len(pattern):
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String(), false
}
