package sql

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/auth"

	"wharf"
)

// users carries over a statement about users or roles; nil for any other.
func (t *translator) users(node ast.StmtNode) Statement {
	switch n := node.(type) {
	case *ast.CreateUserStmt:
		return t.createUser(n)
	case *ast.AlterUserStmt:
		return t.alterUser(n)
	case *ast.DropUserStmt:
		return &DropUser{IsRole: n.IsDropRole, IfExists: n.IfExists, Accounts: accountNames(n.UserList), plain: t.plain}
	case *ast.RenameUserStmt:
		s := &RenameUser{plain: t.plain}
		for _, pair := range n.UserToUsers {
			s.From, s.To = append(s.From, accountName(pair.OldUser)), append(s.To, accountName(pair.NewUser))
		}
		return s
	case *ast.SetPwdStmt:
		user := AccountName{Current: true}
		if n.User != nil {
			user = accountName(n.User)
		}
		return &AlterUser{Users: []UserSpec{{user, &UserAuth{Plain: secret(n.Password)}}}, SetPassword: true, plain: t.plain}
	case *ast.SetRoleStmt:
		return &SetRole{RoleChoice: roleChoice(n.SetRoleOpt, n.RoleList), plain: t.plain}
	case *ast.SetDefaultRoleStmt:
		return &SetDefaultRole{RoleChoice: roleChoice(n.SetRoleOpt, n.RoleList), Users: accountNames(n.UserList), plain: t.plain}
	}
	return nil
}

func (t *translator) createUser(n *ast.CreateUserStmt) Statement {
	s := &CreateUser{IsRole: n.IsCreateRole, IfNotExists: n.IfNotExists, Users: t.userSpecs(n.Specs), plain: t.plain}
	locked := t.accountOptions("CREATE USER", n.PasswordOrLockOptions, n.AuthTokenOrTLSOptions, n.CommentOrAttributeOption, n.ResourceGroupNameOption)
	s.MaxConnections = t.maxConnections("CREATE USER", n.ResourceOptions)
	s.Locked = locked != nil && *locked
	return s
}

func (t *translator) alterUser(n *ast.AlterUserStmt) Statement {
	s := &AlterUser{IfExists: n.IfExists, Users: t.userSpecs(n.Specs), plain: t.plain}
	if n.CurrentAuth != nil {
		s.Users = []UserSpec{{AccountName{Current: true}, t.userAuth(n.CurrentAuth)}}
	}
	s.Locked = t.accountOptions("ALTER USER", n.PasswordOrLockOptions, n.AuthTokenOrTLSOptions, n.CommentOrAttributeOption, n.ResourceGroupNameOption)
	s.MaxConnections = t.maxConnections("ALTER USER", n.ResourceOptions)
	return s
}

func (t *translator) userSpecs(specs []*ast.UserSpec) []UserSpec {
	var list []UserSpec
	for _, spec := range specs {
		list = append(list, UserSpec{accountName(spec.User), t.userAuth(spec.AuthOpt)})
	}
	return list
}

// secret copies a password, so that it keeps nothing of the statement.
func secret(s string) wharf.Secret { return wharf.NewSecret(strings.Clone(s)) }

func (t *translator) userAuth(o *ast.AuthOption) *UserAuth {
	if o == nil {
		return nil
	}
	a := &UserAuth{Plugin: strings.Clone(o.AuthPlugin), Hash: secret(o.HashString), IsHash: o.ByHashString}
	if o.ByAuthString {
		a.Plain = secret(o.AuthString)
	}
	return a
}

// accountOptions returns whether the account is to be locked, nil if it is not said.
// Every other option is refused by its name: a server that only read it would let a
// user believe that it holds.
func (t *translator) accountOptions(of string, options []*ast.PasswordOrLockOption, tls []*ast.AuthTokenOrTLSOption,
	comment *ast.CommentOrAttributeOption, group *ast.ResourceGroupNameOption) (locked *bool) {
	for _, o := range options {
		lock := o.Type == ast.Lock
		switch o.Type {
		case ast.Lock, ast.Unlock:
			locked = &lock
		case ast.PasswordExpireDefault, ast.PasswordExpireNever, ast.PasswordHistoryDefault, ast.PasswordReuseDefault, ast.PasswordRequireCurrentDefault:
			// What is so already: no password expires, and none is remembered.
		case ast.PasswordExpire, ast.PasswordExpireInterval:
			t.cannot(of + " … PASSWORD EXPIRE")
		case ast.PasswordHistory:
			t.cannot(of + " … PASSWORD HISTORY")
		case ast.PasswordReuseInterval:
			t.cannot(of + " … PASSWORD REUSE INTERVAL")
		default:
			t.cannot(of + " … FAILED_LOGIN_ATTEMPTS")
		}
	}
	for _, o := range tls {
		if o.Type != ast.TlsNone {
			t.cannot(of + " … REQUIRE")
		}
	}
	switch {
	case comment != nil:
		t.cannot(of + " … COMMENT and ATTRIBUTE")
	case group != nil:
		t.cannot(of + " … RESOURCE GROUP")
	}
	return locked
}

// maxConnections returns how many connections a user may have, 0 for as many as the
// server's settings say, and nil if it is not said.
func (t *translator) maxConnections(of string, limits []*ast.ResourceOption) (most *int64) {
	for _, l := range limits {
		if l.Type != ast.MaxUserConnections {
			t.cannot(of + " … WITH MAX_QUERIES_PER_HOUR, MAX_UPDATES_PER_HOUR and MAX_CONNECTIONS_PER_HOUR")
			continue
		}
		most = &l.Count
	}
	return most
}

func accountName(u *auth.UserIdentity) AccountName {
	if u.CurrentUser {
		return AccountName{Current: true}
	}
	return AccountName{User: strings.Clone(u.Username), Host: strings.Clone(u.Hostname)}
}

func accountNames(list []*auth.UserIdentity) []AccountName {
	var names []AccountName
	for _, u := range list {
		names = append(names, accountName(u))
	}
	return names
}

func roleNames(list []*auth.RoleIdentity) []AccountName {
	var names []AccountName
	for _, r := range list {
		names = append(names, AccountName{User: strings.Clone(r.Username), Host: strings.Clone(r.Hostname)})
	}
	return names
}

func roleChoice(which ast.SetRoleStmtType, list []*auth.RoleIdentity) RoleChoice {
	c := RoleChoice{Roles: roleNames(list)}
	switch which {
	case ast.SetRoleDefault:
		c.Which = "DEFAULT"
	case ast.SetRoleNone:
		c.Which = "NONE"
	case ast.SetRoleAll:
		c.Which = "ALL"
	case ast.SetRoleAllExcept:
		c.Which = "EXCEPT"
	}
	return c
}
