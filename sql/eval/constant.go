package eval

import (
	"context"
	"slices"

	"wharf/sql"
)

// effects are the functions that do something, or give another value each time.
var effects = []string{"SLEEP", "BENCHMARK", "GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS", "LAST_INSERT_ID", "RAND", "RANDOM_BYTES", "SYSDATE", "UUID", "UUID_SHORT"}

// isConstant reports whether an expression is made of literals alone, and has the same
// value whenever it is computed.
func isConstant(e sql.Expr) bool {
	return isMadeOf(e, func(e sql.Expr) bool { _, ok := e.(sql.Literal); return ok })
}

// readsNoRow reports whether an expression has the same value for all rows of a
// statement.
func readsNoRow(e sql.Expr) bool {
	return isMadeOf(e, func(e sql.Expr) bool {
		switch e.(type) {
		case sql.Literal, sql.Param, sql.SysVar, sql.UserVar:
			return true
		}
		return false
	})
}

// isMadeOf reports whether an expression has no effects, and its operands are such
// leaves.
func isMadeOf(e sql.Expr, leaf func(sql.Expr) bool) bool {
	other := func(e sql.Expr) bool { return !isMadeOf(e, leaf) }
	switch e := e.(type) {
	case sql.Unary:
		return !other(e.X)
	case sql.Binary:
		return !other(e.X) && !other(e.Y)
	case sql.Call:
		return !slices.Contains(effects, e.Name) && !slices.ContainsFunc(e.Args, other)
	}
	return leaf(e)
}

// fix computes a constant whose value decides the type of what takes it: the format
// of STR_TO_DATE. Its warnings and errors come when it is evaluated.
func (c *Compiler) fix(f Function, exprs []sql.Expr, args []Node) {
	if !f.decides || len(args) != 2 || args[1].fixed != nil || !isConstant(exprs[1]) {
		return
	}
	if d, err := args[1].Eval(NewEvaluation(context.Background(), silent{c.Env})); err == nil {
		args[1].fixed = &d
	}
}

// silent is an [Env] that drops warnings.
type silent struct{ Env }

func (silent) Warn(uint16, string, ...any) {}
