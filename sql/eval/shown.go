package eval

import (
	"errors"
	"strings"

	"wharf"
	"wharf/sql"
)

// inRange makes the error of a value that is out of range name the expression, as
// MySQL does.
func (c *Compiler) inRange(e sql.Expr, n Node) Node {
	eval, part := n.Eval, c.isPart()
	n.Eval = func(ev *Evaluation) (Datum, error) {
		d, err := eval(ev)
		if err != nil && !part {
			err = nameRange(e, err)
		}
		return d, err
	}
	return n
}

// isPart reports whether an engine computes the operands of the expression, which
// so cannot be named.
func (c *Compiler) isPart() bool {
	in, ok := c.Names.(*inputs)
	return ok && len(in.fields) > 0
}

func nameRange(e sql.Expr, err error) error {
	text := wharf.MessageOf(err)
	if !errors.Is(err, errOutOfRange) || !strings.HasSuffix(text, "out of range") {
		return err
	}
	return Invalid(errOutOfRange, "%s in '%s'", text, CutRunes(shown(e), 200))
}

// shown writes an expression as MySQL's errors have it.
func shown(e sql.Expr) string {
	switch e := e.(type) {
	case sql.Literal:
		return shownLiteral(e)
	case sql.Column:
		return "`" + strings.ReplaceAll(shownColumn(e), ".", "`.`") + "`"
	case sql.UserVar:
		return "(@`" + e.Name + "`)"
	case sql.SysVar:
		return "@@" + e.Name
	case sql.Unary:
		if l, ok := e.X.(sql.Literal); ok && e.Op == "-" {
			return "-" + shownLiteral(l)
		}
		return strings.ToLower(e.Op) + "(" + shown(e.X) + ")"
	case sql.Binary:
		return "(" + shown(e.X) + " " + strings.ToLower(e.Op) + " " + shown(e.Y) + ")"
	case sql.Call:
		return shownCall(e)
	}
	return "…"
}

// shownLiteral leaves out texts, which errors and logs do not have.
func shownLiteral(l sql.Literal) string {
	switch l.Kind {
	case sql.StringLiteral, sql.BytesLiteral, sql.HexLiteral:
		return "'…'"
	}
	if l.Text == "" {
		return "NULL"
	}
	return l.Text
}

func shownCall(e sql.Call) string {
	if e.Name == sql.Once {
		return shown(e.Args[0])
	}
	name := strings.ToLower(e.Name)
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		args[i] = shown(a)
	}
	if name == "cast" && len(args) == 2 {
		to, _ := e.Args[1].(sql.Literal)
		return "cast(" + args[0] + " as " + strings.ToLower(to.Text) + ")"
	}
	return name + "(" + strings.Join(args, ",") + ")"
}
