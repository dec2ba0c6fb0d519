package exec

import (
	"context"
	"errors"
	"math"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// planUsers plans the statements about users, roles and privileges.
func (s *Session) planUsers(stmt sql.Statement) (plan, bool) {
	var run func(context.Context) error
	switch st := stmt.(type) {
	case *sql.CreateUser:
		run = func(ctx context.Context) error { return s.createUsers(ctx, st) }
	case *sql.AlterUser:
		run = func(ctx context.Context) error { return s.alterUsers(ctx, st) }
	case *sql.DropUser:
		run = func(ctx context.Context) error { return s.dropUsers(ctx, st) }
	case *sql.RenameUser:
		run = func(ctx context.Context) error { return s.renameUsers(ctx, st) }
	case *sql.Grant:
		run = func(ctx context.Context) error { return s.grant(ctx, st) }
	case *sql.GrantRole:
		run = func(ctx context.Context) error { return s.grantRoles(ctx, st) }
	case *sql.SetDefaultRole:
		run = func(ctx context.Context) error { return s.setDefaultRoles(ctx, st) }
	case *sql.CreateToken:
		return s.createToken(st), true
	case *sql.DropToken:
		run = func(ctx context.Context) error { return s.dropToken(ctx, st) }
	case *sql.SetRole:
		return do(func(ctx context.Context) (Result, error) { return Result{}, numbered(s.setRole(ctx, st)) }), true
	default:
		return plan{}, false
	}
	return s.definition(func(ctx context.Context) error { return numbered(run(ctx)) }), true
}

// numbered gives MySQL's number to an error about users.
func numbered(err error) error {
	for cause, number := range map[error]error{
		wharf.ErrUserOperation: errUserOperation, wharf.ErrNoGrant: errNoGrant, wharf.ErrNeedsSuper: errNeedsSuper,
		wharf.ErrNoRole: errNoRole,
	} {
		if errors.Is(err, cause) {
			return eval.Because(number, wharf.CodeOf(err), "%s", wharf.MessageOf(err))
		}
	}
	return err
}

// account is the account that a name means.
func (s *Session) account(ctx context.Context, a sql.AccountName) (wharf.Account, error) {
	if a.Current {
		return s.executor.service.AccountOf(ctx, s.client.Principal)
	}
	return wharf.ParseAccount(a.User, a.Host)
}

func (s *Session) accounts(ctx context.Context, names []sql.AccountName) ([]wharf.Account, error) {
	list := make([]wharf.Account, len(names))
	for i, name := range names {
		var err error
		if list[i], err = s.account(ctx, name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func credentials(a *sql.UserAuth) wharf.Credentials {
	if a == nil {
		return wharf.Credentials{}
	}
	return wharf.Credentials{Plugin: strings.ToLower(a.Plugin), Plain: a.Plain, Hash: a.Hash, IsHash: a.IsHash}
}

func (s *Session) createUsers(ctx context.Context, st *sql.CreateUser) error {
	most, err := maxConnections(st.MaxConnections)
	if err != nil {
		return err
	}
	list := make([]wharf.NewUser, len(st.Users))
	for i, spec := range st.Users {
		a, err := s.account(ctx, spec.Account)
		if err != nil {
			return err
		}
		list[i] = wharf.NewUser{Account: a, Credentials: credentials(spec.Auth)}
		if most != nil {
			list[i].MaxConnections = *most
		}
	}
	present, err := s.executor.service.CreateUsers(ctx, s.client.Principal, list, st.IsRole, st.Locked, st.IfNotExists)
	for _, a := range present {
		s.warn("Note", warnUserExists, "Authorization ID %s already exists.", a)
	}
	return err
}

// maxConnections checks what follows MAX_USER_CONNECTIONS; nil is not given.
func maxConnections(n *int64) (*int, error) {
	if n == nil {
		return nil, nil
	}
	if *n < 0 || *n > math.MaxUint16 {
		return nil, wharf.Errorf(wharf.CodeInvalid, "MAX_USER_CONNECTIONS is from 0, as the server's settings say, to %d", math.MaxUint16)
	}
	most := int(*n)
	return &most, nil
}

func (s *Session) alterUsers(ctx context.Context, st *sql.AlterUser) error {
	most, err := maxConnections(st.MaxConnections)
	if err != nil {
		return err
	}
	list := make([]wharf.UserChange, len(st.Users))
	for i, spec := range st.Users {
		a, err := s.account(ctx, spec.Account)
		if err != nil {
			return err
		}
		list[i] = wharf.UserChange{Account: a, Locked: st.Locked, MaxConnections: most}
		if spec.Auth != nil {
			c := credentials(spec.Auth)
			list[i].Credentials = &c
		}
	}
	missing, err := s.executor.service.AlterUsers(ctx, s.client.Principal, list, st.IfExists)
	s.warnMissing(missing)
	return err
}

func (s *Session) warnMissing(missing []wharf.Account) {
	for _, a := range missing {
		s.warn("Note", warnNoUser, "Authorization ID %s does not exist.", a)
	}
}

func (s *Session) dropUsers(ctx context.Context, st *sql.DropUser) error {
	list, err := s.accounts(ctx, st.Accounts)
	if err != nil {
		return err
	}
	missing, err := s.executor.service.DropUsers(ctx, s.client.Principal, list, st.IsRole, st.IfExists)
	s.warnMissing(missing)
	return err
}

func (s *Session) renameUsers(ctx context.Context, st *sql.RenameUser) error {
	from, err := s.accounts(ctx, st.From)
	if err != nil {
		return err
	}
	to, err := s.accounts(ctx, st.To)
	if err != nil {
		return err
	}
	return s.executor.service.RenameUsers(ctx, s.client.Principal, from, to)
}

func (s *Session) grant(ctx context.Context, st *sql.Grant) error {
	to, err := s.accounts(ctx, st.To)
	if err != nil {
		return err
	}
	var all wharf.Privileges
	for _, name := range st.Privileges {
		one, _ := wharf.ParsePrivilege(name) // the parser knows them
		all |= one
	}
	service, p := s.executor.service, s.client.Principal
	isAll := st.Privileges[0] == "ALL"
	var owns wharf.Privileges // REVOKE ALL leaves nothing; GRANT ALL leaves the owner
	if st.Revoke {
		owns = wharf.PrivilegeOwnership
	}
	switch st.On {
	case "STAGE":
		if isAll {
			all = wharf.StagePrivileges | owns
		}
		name, err := wharf.ParseStageName(st.Name)
		if err != nil {
			return err
		}
		return service.GrantStage(ctx, p, name, all, to, st.Revoke)
	case "CONNECTION":
		if isAll {
			all = wharf.PrivilegeUsage | owns
		}
		name, err := wharf.ParseConnectionName(st.Name)
		if err != nil {
			return err
		}
		return service.GrantConnection(ctx, p, name, all, to, st.Revoke)
	}
	if isAll {
		all = wharf.GlobalPrivileges
	}
	// USAGE is no privilege there: it only names the user.
	return service.GrantGlobal(ctx, p, all&wharf.GlobalPrivileges, to, st.Revoke)
}

func (s *Session) grantRoles(ctx context.Context, st *sql.GrantRole) error {
	roles, err := s.accounts(ctx, st.Roles)
	if err != nil {
		return err
	}
	to, err := s.accounts(ctx, st.To)
	if err != nil {
		return err
	}
	return s.executor.service.GrantRoles(ctx, s.client.Principal, roles, to, st.Revoke)
}

func (s *Session) roleChoice(ctx context.Context, c sql.RoleChoice) (wharf.RoleChoice, []wharf.Account, error) {
	listed, err := s.accounts(ctx, c.Roles)
	choice := map[string]wharf.RoleChoice{
		"DEFAULT": wharf.RolesDefault, "NONE": wharf.RolesNone, "ALL": wharf.RolesAll, "EXCEPT": wharf.RolesExcept, "": wharf.RolesListed,
	}[c.Which]
	return choice, listed, err
}

func (s *Session) setRole(ctx context.Context, st *sql.SetRole) error {
	choice, listed, err := s.roleChoice(ctx, st.RoleChoice)
	if err != nil {
		return err
	}
	p, err := s.executor.service.SetRoles(ctx, s.client.Principal, choice, listed)
	if err == nil {
		s.client.Principal = p
	}
	return err
}

func (s *Session) setDefaultRoles(ctx context.Context, st *sql.SetDefaultRole) error {
	choice, listed, err := s.roleChoice(ctx, st.RoleChoice)
	if err != nil {
		return err
	}
	users, err := s.accounts(ctx, st.Users)
	if err != nil {
		return err
	}
	return s.executor.service.SetDefaultRoles(ctx, s.client.Principal, choice, listed, users)
}

// needsSuper checks that the session's user has SUPER.
func (s *Session) needsSuper(ctx context.Context, what string) error {
	a, err := s.executor.service.Access(ctx, s.client.Principal)
	if err == nil && !a.IsSuper() {
		err = eval.Because(errNeedsSuper, wharf.CodeDenied, "Access denied; you need the SUPER privilege for %s", what)
	}
	return err
}

// currentUser is CURRENT_USER(). A user who was dropped has the name of its login.
func currentUser(ev *eval.Evaluation, _ []eval.Datum) (eval.Datum, error) {
	s := ev.Session().(*Session)
	a, err := s.executor.service.AccountOf(ev.Ctx, s.client.Principal)
	if wharf.CodeOf(err) == wharf.CodeUnauthenticated {
		a, err = s.client.Principal.Account(), nil
	}
	return eval.StringDatum(a.User + "@" + a.Host), err
}

// currentRole is CURRENT_ROLE().
func currentRole(ev *eval.Evaluation, _ []eval.Datum) (eval.Datum, error) {
	s := ev.Session().(*Session)
	roles, err := s.executor.service.ActiveRoles(ev.Ctx, s.client.Principal)
	if err != nil {
		return eval.NullDatum(), err
	}
	if len(roles) == 0 {
		return eval.StringDatum("NONE"), nil
	}
	return eval.StringDatum(quotedAccounts(roles, ",")), nil
}

func quotedAccount(a wharf.Account) string { return quoteName(a.User) + "@" + quoteName(a.Host) }

func quotedAccounts(list []wharf.Account, between string) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = quotedAccount(a)
	}
	return strings.Join(names, between)
}
