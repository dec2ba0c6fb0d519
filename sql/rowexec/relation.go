package rowexec

import (
	"errors"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// A SELECT from tables is evaluated in memory, row by row. The tables are
// small; what a query may do with them is bounded by work.

// relation is a table, or several joined.
type relation struct {
	fields []eval.Field
	// star is the places of the fields that * shows, in its order; nil shows
	// all.
	star []int
	// each gives the rows, each valid until the next. ev is that of the query
	// around the one that the relation is read by.
	each    func(ev *eval.Evaluation, row func([]wharf.Value) error) error
	isTable bool // one by name
}

// errEnough ends the reading of a relation early. It never leaves a query.
var errEnough = errors.New("enough rows")

// relation compiles what stands behind FROM. c is the compiler of the query
// around. hold are conditions without which none of its rows is used.
func (c *scope) relation(t sql.Table, hold []sql.Expr) (relation, error) {
	switch t := t.(type) {
	case sql.TableName:
		return c.tableNamed(t, hold)
	case sql.Derived:
		if t.Alias == "" {
			return relation{}, eval.Invalid(eval.ErrNoAlias, "Every derived table must have its own alias")
		}
		q, err := c.query(t.Query)
		if err == nil {
			err = distinctColumns(q.columns)
		}
		if err != nil {
			return relation{}, err
		}
		return relation{fields: q.fields(t.Alias), each: func(ev *eval.Evaluation, row func([]wharf.Value) error) error {
			rows, err := q.rows(ev)
			if err != nil {
				return err
			}
			return eachOf(rows, row)
		}}, nil
	case sql.Join:
		return c.join(t, hold)
	}
	return relation{}, eval.Unsupported("this kind of table")
}

// tableNamed compiles a table by name.
func (c *scope) tableNamed(t sql.TableName, hold []sql.Expr) (relation, error) {
	table, err := c.tables(t.Schema, t.Name)
	if err != nil {
		return relation{}, err
	}
	alias := t.Alias
	if alias == "" {
		alias = table.Name
	}
	fields := eval.FieldsOf(table.Columns, table.Schema, alias)
	for i := range fields {
		fields[i].AnyCase = t.Alias == ""
	}
	knowledge := eval.KnowledgeOf(hold, func(col sql.Column) (string, bool) {
		i, err := eval.FindField(fields, col, "on clause")
		if err != nil || i < 0 {
			return "", false
		}
		return fields[i].Name, true
	}, c.Compiler)
	return relation{fields: fields, isTable: true, each: func(ev *eval.Evaluation, row func([]wharf.Value) error) error {
		known, err := knowledge.Known(ev)
		if err != nil {
			return err
		}
		return table.Each(ev.Ctx, known, row)
	}}, nil
}

// distinctColumns checks that no two columns of a derived table have one name.
func distinctColumns(columns []wharf.Column) error {
	seen := map[string]bool{}
	for _, col := range columns {
		if name := strings.ToLower(col.Name); seen[name] {
			return eval.Invalid(eval.ErrDuplicateColumn, "Duplicate column name '%s'", eval.CutRunes(col.Name, 64))
		} else {
			seen[name] = true
		}
	}
	return nil
}

// distinctTables checks that no table of a join has the name of another.
func distinctTables(left, right []eval.Field) error {
	type name struct{ schema, table string }
	seen := map[name]bool{}
	for _, f := range left {
		seen[name{f.Schema, f.Table}] = true
	}
	for _, f := range right {
		if seen[name{f.Schema, f.Table}] {
			return eval.Invalid(eval.ErrNotUnique, "Not unique table/alias: '%s'", eval.CutRunes(f.Table, 64))
		}
	}
	return nil
}

func eachOf(rows [][]wharf.Value, row func([]wharf.Value) error) error {
	for _, r := range rows {
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

// joinedOn returns the conditions that all rows of a table's inner joins hold.
func joinedOn(t sql.Table) (on []sql.Expr) {
	j, ok := t.(sql.Join)
	if !ok || j.Kind != "INNER" {
		return nil
	}
	if j.On != nil {
		on = append(on, j.On)
	}
	return append(on, joinedOn(j.Left)...)
}

// join compiles a join: for each row of one side it goes through the rows of
// the other, which are held.
func (c *scope) join(j sql.Join, hold []sql.Expr) (relation, error) {
	holdLeft, holdRight := hold, hold
	if j.On != nil && j.Kind != "LEFT" {
		holdLeft = append(slices.Clone(hold), j.On)
	}
	if j.On != nil && j.Kind != "RIGHT" {
		holdRight = append(slices.Clone(hold), j.On)
	}
	if j.Kind != "RIGHT" {
		holdRight = append(slices.Clone(holdRight), joinedOn(j.Left)...)
	}
	left, err := c.relation(j.Left, holdLeft)
	if err != nil {
		return relation{}, err
	}
	right, err := c.relation(j.Right, holdRight)
	if err != nil {
		return relation{}, err
	}
	if err := distinctTables(left.fields, right.fields); err != nil {
		return relation{}, err
	}
	n := len(left.fields)
	fields := make([]eval.Field, 0, n+len(right.fields))
	fields = append(append(fields, left.fields...), right.fields...)
	on, err := c.joinCondition(j, fields, n)
	if err != nil {
		return relation{}, err
	}
	loop := joinLoop{outer: left, inner: right, innerAt: n, width: len(fields), on: on, keepsOuter: j.Kind != "INNER"}
	switch j.Kind {
	case "LEFT":
		nullable(fields[n:])
	case "RIGHT":
		nullable(fields[:n])
		loop.outer, loop.inner, loop.outerAt, loop.innerAt = right, left, n, 0
	}
	return relation{fields: fields, star: starOf(j, fields, left, right), each: loop.each}, nil
}

// shown is the places of the fields that * shows.
func (r relation) shown() []int {
	if r.star != nil {
		return r.star
	}
	all := make([]int, len(r.fields))
	for i := range all {
		all[i] = i
	}
	return all
}

// starOf is what * shows of a join: the columns of USING first, then those of
// the left side and of the right one, which are the other way round for a
// RIGHT join.
func starOf(j sql.Join, fields []eval.Field, left, right relation) []int {
	first, second := left.shown(), slices.Clone(right.shown())
	for i := range second {
		second[i] += len(left.fields)
	}
	if j.Kind == "RIGHT" && len(j.Using) > 0 {
		first, second = second, first
	}
	var common, rest []int
	for _, i := range slices.Concat(first, second) {
		isUsed := slices.ContainsFunc(j.Using, func(name string) bool { return eval.Fold(name) == eval.Fold(fields[i].Name) })
		switch {
		case fields[i].Hidden:
		case isUsed:
			common = append(common, i)
		default:
			rest = append(rest, i)
		}
	}
	return slices.Concat(common, rest)
}

func nullable(fields []eval.Field) {
	for i := range fields {
		fields[i].Nullable = true
	}
}

// joinCondition compiles ON or USING, whose columns are shown once: those of
// the left side, or of the right one where only that has them always.
func (c *scope) joinCondition(j sql.Join, fields []eval.Field, n int) (eval.Node, error) {
	on := j.On
	left, right := fields[:n], fields[n:]
	var both []eval.Node
	for _, name := range j.Using {
		l, err := eval.FindField(left, sql.Column{Name: name}, "from clause")
		if err == nil && l < 0 {
			err = eval.UnknownColumn(sql.Column{Name: name}, "from clause")
		}
		if err != nil {
			return eval.Node{}, err
		}
		r, err := eval.FindField(right, sql.Column{Name: name}, "from clause")
		if err == nil && r < 0 {
			err = eval.UnknownColumn(sql.Column{Name: name}, "from clause")
		}
		if err != nil {
			return eval.Node{}, err
		}
		equal, err := eval.Comparison("=", eval.FieldNode(fields[l], l), eval.FieldNode(fields[n+r], n+r))
		if err != nil {
			return eval.Node{}, err
		}
		both = append(both, equal)
		if j.Kind == "RIGHT" {
			fields[l].Hidden = true
		} else {
			fields[n+r].Hidden = true
		}
	}
	if on == nil {
		return allOf(both), nil
	}
	scope := c.inside(c, fields)
	scope.Clause = "on clause"
	return scope.Compile(on)
}

// allOf is the conjunction of conditions; of none, it holds.
func allOf(conditions []eval.Node) eval.Node {
	var all eval.Node
	for i, n := range conditions {
		if i == 0 {
			all = n
			continue
		}
		all = eval.Logical("AND", all, n)
	}
	return all
}

// joinLoop is a join as it runs. outer and inner are the sides as the loops
// are nested; outerAt and innerAt are where their values are in a row.
type joinLoop struct {
	outer, inner     relation
	outerAt, innerAt int
	width            int
	on               eval.Node
	keepsOuter       bool // also a row that has no match
}

func (j *joinLoop) each(ev *eval.Evaluation, row func([]wharf.Value) error) error {
	var held [][]wharf.Value
	err := j.inner.each(ev, func(r []wharf.Value) error {
		held = append(held, append([]wharf.Value(nil), r...))
		return ev.Keep(r)
	})
	if err != nil {
		return err
	}
	local := ev.Inside()
	local.Row = make([]wharf.Value, j.width)
	return j.outer.each(ev, func(r []wharf.Value) error {
		copy(local.Row[j.outerAt:], r)
		matched := false
		for _, other := range held {
			copy(local.Row[j.innerAt:], other)
			if err := ev.See(); err != nil {
				return err
			}
			keep, err := eval.HoldsTrue(local, j.on)
			if err != nil {
				return err
			}
			if keep {
				matched = true
				if err := row(local.Row); err != nil {
					return err
				}
			}
		}
		if matched || !j.keepsOuter {
			return nil
		}
		clear(local.Row[j.innerAt : j.innerAt+len(j.inner.fields)])
		return row(local.Row)
	})
}
