package sql

import (
	"fmt"
	"strconv"
	"strings"
)

// describe shows what String does not: the parts of a plain statement.
func describe(stmt Statement) string {
	switch s := stmt.(type) {
	case *Select:
		return describeSelect(s)
	case *Query:
		return describeQuery(s)
	case *Set:
		var parts []string
		for _, a := range s.Assign {
			parts = append(parts, describeAssignment(a))
		}
		return "Set " + strings.Join(parts, "; ")
	case *Show:
		return describeShow(s)
	case *Use:
		return "Use " + strconv.Quote(s.Database)
	case *Transaction:
		return strings.TrimSpace(fmt.Sprintf("Transaction %s chain=%d release=%d %s", s.Verb, s.Chain, s.Release, s.Access))
	case *Savepoint:
		return fmt.Sprintf("Savepoint %s %q", s.Verb, s.Name)
	case *Noop:
		return "Noop " + s.Name
	case *TableMaintenance:
		return fmt.Sprintf("TableMaintenance %s %q", s.Verb, s.Tables)
	case *CreateDatabase:
		return fmt.Sprintf("CreateDatabase %q if not exists=%t", s.Name, s.IfNotExists)
	case *Explain:
		return "Explain " + s.Format + " of " + describe(s.Of)
	case *Kill:
		return fmt.Sprintf("Kill id=%d expr=%s query=%t", s.ID, describeExpr(s.Expr), s.Query)
	case *Do:
		return "Do " + describeExprs(s.Exprs)
	case *Prepared:
		return fmt.Sprintf("Prepared params=%d %s", NumParams(s), s.Redacted())
	case *CreateUser:
		d := fmt.Sprintf("CreateUser role=%t if not exists=%t locked=%t", s.IsRole, s.IfNotExists, s.Locked)
		if s.MaxConnections != nil {
			d += fmt.Sprintf(" connections=%d", *s.MaxConnections)
		}
		return d + describeUsers(s.Users)
	case *AlterUser:
		d := fmt.Sprintf("AlterUser if exists=%t", s.IfExists)
		if s.Locked != nil {
			d += fmt.Sprintf(" locked=%t", *s.Locked)
		}
		if s.MaxConnections != nil {
			d += fmt.Sprintf(" connections=%d", *s.MaxConnections)
		}
		return d + describeUsers(s.Users)
	case *DropUser:
		return fmt.Sprintf("DropUser role=%t if exists=%t %v", s.IsRole, s.IfExists, s.Accounts)
	case *RenameUser:
		return fmt.Sprintf("RenameUser %v to %v", s.From, s.To)
	case *Grant:
		return fmt.Sprintf("Grant revoke=%t %q on %q %q to %v", s.Revoke, s.Privileges, s.On, s.Name, s.To)
	case *GrantRole:
		return fmt.Sprintf("GrantRole revoke=%t %v to %v", s.Revoke, s.Roles, s.To)
	case *SetRole:
		return fmt.Sprintf("SetRole %q %v", s.Which, s.Roles)
	case *SetDefaultRole:
		return fmt.Sprintf("SetDefaultRole %q %v to %v", s.Which, s.Roles, s.Users)
	case *Unsupported:
		return "Unsupported " + s.Name
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", stmt), "*sql.")
}

func describeUsers(specs []UserSpec) string {
	d := ""
	for _, u := range specs {
		d += fmt.Sprintf(" %v", u.Account)
		if u.Auth != nil {
			d += fmt.Sprintf(" auth={Plugin:%s Plain:%s Hash:%s IsHash:%t}", u.Auth.Plugin, u.Auth.Plain.Reveal(), u.Auth.Hash.Reveal(), u.Auth.IsHash)
		}
	}
	return d
}

func describeSelect(s *Select) string {
	var b strings.Builder
	b.WriteString("Select")
	for _, item := range s.Items {
		fmt.Fprintf(&b, " %q=%s", item.Name, describeExpr(item.Expr))
	}
	if s.Where != nil {
		fmt.Fprintf(&b, " where=%s", describeExpr(s.Where))
	}
	b.WriteString(describeLimit(s.Limit))
	if n := NumParams(s); n > 0 {
		fmt.Fprintf(&b, " params=%d", n)
	}
	return b.String()
}

func describeLimit(l *Limit) string {
	switch {
	case l == nil:
		return ""
	case l.OffsetParam > 0 || l.CountParam > 0:
		return fmt.Sprintf(" limit=%d,%d params %d,%d", l.Offset, l.Count, l.OffsetParam, l.CountParam)
	}
	return fmt.Sprintf(" limit=%d,%d", l.Offset, l.Count)
}

func describeAssignment(a Assignment) string {
	name := a.Name
	if a.IsUser {
		name = "@" + name
	}
	if a.Scope == ScopeGlobal {
		name = "global " + name
	}
	s := name + " = " + describeExpr(a.Value)
	if a.Collation != "" {
		s += " collate " + a.Collation
	}
	if a.Next {
		s += " (next)"
	}
	return s
}

func describeShow(s *Show) string {
	d := "Show " + strconv.Quote(s.What)
	if s.Full {
		d += " full"
	}
	if s.Global {
		d += " global"
	}
	if s.On != "" || s.Database != "" {
		d += fmt.Sprintf(" on=%q", s.On)
	}
	if s.Database != "" {
		d += fmt.Sprintf(" database=%q", s.Database)
	}
	if s.Of != nil {
		d += fmt.Sprintf(" of=%v", *s.Of)
	}
	if s.Using != nil {
		d += fmt.Sprintf(" using=%v", s.Using)
	}
	if s.Like != nil {
		d += fmt.Sprintf(" like=%q", *s.Like)
	}
	if s.Where != nil {
		d += " where=" + describeExpr(s.Where)
	}
	return d + describeLimit(s.Limit)
}

func describeExpr(x Expr) string {
	if a, ok := x.(Assign); ok {
		return fmt.Sprintf("@%s := %s", a.Name, describeExpr(a.X))
	}
	switch x := x.(type) {
	case nil:
		return "-"
	case Literal:
		kind := [...]string{"null", "int", "bool", "uint", "decimal", "float", "string", "bytes", "hex"}[x.Kind]
		return kind + ":" + strconv.Quote(x.Text)
	case SysVar:
		return fmt.Sprintf("@@%s(global=%t explicit=%t)", x.Name, x.Scope == ScopeGlobal, x.Explicit)
	case UserVar:
		return "@" + x.Name
	case Column:
		return "column:" + strings.TrimLeft(x.Schema+"."+x.Table+"."+x.Name, ".")
	case Aggregate:
		return describeAggregate(x)
	case Subquery:
		return x.Kind + describeExpr(x.X) + "{" + describeQuery(x.Query) + "}"
	case Param:
		return "?" + strconv.Itoa(x.Index)
	case Call:
		return strings.ReplaceAll(x.Name, " ", "_") + describeExprs(x.Args)
	case Unary:
		return "(" + x.Op + " " + describeExpr(x.X) + ")"
	case Binary:
		return "(" + describeExpr(x.X) + " " + x.Op + " " + describeExpr(x.Y) + ")"
	}
	return fmt.Sprintf("unknown %T", x)
}

func describeExprs(list []Expr) string {
	var parts []string
	for _, x := range list {
		parts = append(parts, describeExpr(x))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
