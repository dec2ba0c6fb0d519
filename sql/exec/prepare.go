package exec

import (
	"context"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// maxPrepared is how many statements of PREPARE a session can have.
const maxPrepared = 1000

// prepare runs PREPARE. A statement of the same name is gone then, whatever comes.
func (s *Session) prepare(st *sql.Prepare) error {
	text := st.Text
	if st.Variable != "" {
		if text = s.UserVar(eval.Fold(st.Variable)).Text(); s.UserVar(eval.Fold(st.Variable)).IsNull() {
			text = "NULL"
		}
	}
	name := eval.Fold(st.Name)
	if _, known := s.stmts[name]; known {
		_ = s.deallocate(name) // it is there
	}
	text = strings.Clone(text)
	parsed, rest, err := sql.ParseIn(s.mode, text)
	if err != nil {
		return err
	}
	s.warnOf(parsed)
	switch parsed := parsed.(type) {
	case nil:
		return eval.Because(errEmptyQuery, wharf.CodeSyntax, "Query was empty")
	case *sql.Prepare, *sql.Execute, *sql.Deallocate:
		return eval.Because(errNotPreparable, wharf.CodeUnsupported, "This command is not supported in the prepared statement protocol yet")
	case *sql.Unsupported:
		_, err := s.plan(parsed, nil)
		return err
	}
	if another, _, err := sql.ParseIn(s.mode, rest); err != nil || another != nil {
		return wharf.Errorf(wharf.CodeSyntax, "You have an error in your SQL syntax: PREPARE takes one statement")
	}
	if len(s.stmts) >= maxPrepared {
		return wharf.Errorf(wharf.CodeTooLarge, "a session can have %d prepared statements", maxPrepared)
	}
	stmt := &Stmt{parsed: parsed, params: sql.NumParams(parsed), text: int64(len(text)), tree: tokenBytes * int64(sql.Tokens(s.mode, text))}
	if err := s.memory.Keep(stmt.Bytes()); err != nil {
		return err
	}
	if s.stmts == nil {
		s.stmts = map[string]*Stmt{}
	}
	s.stmts[strings.Clone(name)] = stmt
	return nil
}

// deallocate runs DEALLOCATE PREPARE.
func (s *Session) deallocate(name string) error {
	stmt, ok := s.stmts[eval.Fold(name)]
	if !ok {
		return noPrepared(name, "DEALLOCATE PREPARE")
	}
	s.memory.Unkeep(stmt.Bytes())
	delete(s.stmts, eval.Fold(name))
	return nil
}

func noPrepared(name, verb string) error {
	return eval.Because(errNoPrepared, wharf.CodeInvalid, "Unknown prepared statement handler (%s) given to %s", eval.CutRunes(name, 64), verb)
}

// planExecute plans EXECUTE: the statement, with the values of the variables.
func (s *Session) planExecute(st *sql.Execute) (plan, error) {
	stmt, ok := s.stmts[eval.Fold(st.Name)]
	if !ok {
		return plan{}, noPrepared(st.Name, "EXECUTE")
	}
	if len(st.Using) != stmt.params {
		return plan{}, wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to EXECUTE: %d values for %d placeholders", len(st.Using), stmt.params)
	}
	var args []wharf.Value
	for _, name := range st.Using {
		args = append(args, s.UserVar(eval.Fold(name)).Own())
	}
	return s.plan(stmt.parsed, args)
}

// planInto plans SELECT … INTO @a, @b.
func (s *Session) planInto(st *sql.SelectInto, args []wharf.Value) (plan, error) {
	of, err := s.plan(st.Of, args)
	if err != nil {
		return plan{}, err
	}
	return plan{timed: true, run: func(ctx context.Context) (Result, error) {
		res, err := of.run(ctx)
		if err != nil {
			return res, err
		}
		row, err := s.onlyRow(res.Rows, len(st.Variables))
		if err != nil {
			return Result{}, err
		}
		if row == nil {
			s.warn("Warning", warnNoRow, "No data - zero rows fetched, selected, or processed")
			return Result{}, nil
		}
		for i, d := range row {
			if err := s.Assign(eval.Fold(st.Variables[i]), d); err != nil {
				return Result{}, err
			}
		}
		return Result{Affected: 1}, nil
	}}, nil
}

// onlyRow returns the only row of a result, which has so many columns, or nil.
func (s *Session) onlyRow(rows *wharf.Rows, columns int) (row []eval.Datum, err error) {
	for values, failed := range rows.All {
		switch {
		case failed != nil:
			return nil, failed
		case len(rows.Columns) != columns:
			return nil, eval.Invalid(errColumnCounts, "The used SELECT statements have a different number of columns")
		case row != nil:
			return nil, eval.Invalid(errManyRows, "Result consisted of more than one row")
		}
		row = []eval.Datum{}
		for i, v := range values {
			row = append(row, eval.DatumOf(columnValue(v, rows.Columns[i].Type), rows.Columns[i].Type))
		}
	}
	if row == nil && len(rows.Columns) != columns {
		return nil, eval.Invalid(errColumnCounts, "The used SELECT statements have a different number of columns")
	}
	return row, nil
}

// valueOf returns the value of a query of one row and one column.
func (s *Session) valueOf(ctx context.Context, q *sql.Query) (eval.Datum, error) {
	p, err := s.planQuery(q, nil)
	if err != nil {
		return eval.NullDatum(), err
	}
	res, err := p.run(ctx)
	if err != nil {
		return eval.NullDatum(), err
	}
	row, err := s.onlyRow(res.Rows, 1)
	if err != nil || row == nil {
		return eval.NullDatum(), err
	}
	return row[0], nil
}

// columnValue is a value of a column, which engines for files give as text, as
// what it is.
func columnValue(v wharf.Value, typ wharf.Type) wharf.Value {
	if v.Kind() != wharf.TextValue {
		return v
	}
	switch typ {
	case wharf.TypeInt, wharf.TypeBool:
		if n, err := strconv.ParseInt(v.Str(), 10, 64); err == nil {
			return wharf.Int(n)
		}
	case wharf.TypeUint:
		if n, err := strconv.ParseUint(v.Str(), 10, 64); err == nil {
			return wharf.Uint(n)
		}
	case wharf.TypeFloat:
		if f, err := strconv.ParseFloat(v.Str(), 64); err == nil {
			return wharf.Float(f)
		}
	}
	return v
}
