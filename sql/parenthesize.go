package sql

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// Parenthesize puts the operands of MOD(a - b, c) in parentheses: TiDB's parser makes it the
// operator %, and writes a - b % c anew, which is another number.
func Parenthesize(n ast.Node) { n.Accept(modOperands{}) }

type modOperands struct{}

func (modOperands) Enter(n ast.Node) (ast.Node, bool) { return n, false }

func (modOperands) Leave(n ast.Node) (ast.Node, bool) {
	if b, ok := n.(*ast.BinaryOperationExpr); ok && b.Op == opcode.Mod {
		b.L, b.R = parenthesized(b.L), parenthesized(b.R)
	}
	return n, true
}

func parenthesized(n ast.ExprNode) ast.ExprNode {
	switch n.(type) {
	case *ast.ColumnNameExpr, *ast.ParenthesesExpr, *ast.FuncCallExpr, ast.ValueExpr:
		return n
	}
	p := &ast.ParenthesesExpr{Expr: n}
	p.SetText(nil, n.Text())
	return p
}
