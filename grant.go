package wharf

import (
	"context"
	"slices"
)

// named returns the users or roles of those names. One that is not there is
// CodeNotFound.
func (u *Users) named(accounts []Account) ([]User, error) {
	list := make([]User, len(accounts))
	for i, a := range accounts {
		var ok bool
		if list[i], ok = u.ByAccount(a); !ok {
			return nil, Errorf(CodeNotFound, "there is no user or role %s; CREATE USER makes a user", a)
		}
	}
	return list, nil
}

func errNoGrant(a Account, what string) error {
	return because(ErrNoGrant, CodeNotFound, "There is no such grant defined for user %s: it has not got %s", a, what)
}

// grantees returns the users and roles that a GRANT or REVOKE is about.
func (s *Service) grantees(ctx context.Context, op string, accounts []Account) ([]User, *Users, error) {
	if err := s.checkAccounts(op, accounts); err != nil {
		return nil, nil, err
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, err := users.named(accounts)
	return list, users, err
}

func grantOp(revoke bool) string {
	if revoke {
		return "REVOKE"
	}
	return "GRANT"
}

// GrantGlobal grants privileges ON *.*, or revokes them, of all or of none. It takes
// SUPER. REVOKE takes away what there is of them; if nothing is, it is CodeNotFound.
func (s *Service) GrantGlobal(ctx context.Context, p Principal, privileges Privileges, accounts []Account, revoke bool) error {
	if err := s.administer(ctx, p, grantOp(revoke)+" ON *.*", accounts...); err != nil {
		return err
	}
	if _, _, err := s.grantees(ctx, grantOp(revoke), accounts); err != nil {
		return err
	}
	some := false
	_, err := s.changeUsers(ctx, grantOp(revoke), accounts, false, func(User) bool { return true }, func(i int, u *User) error {
		some = some && i > 0 // the change may be made more than once
		if !revoke {
			u.Global |= privileges
			return nil
		}
		some = some || u.Global&privileges != 0
		u.Global &^= privileges
		return nil
	})
	if err == nil && revoke && !some && privileges != 0 {
		err = errNoGrant(accounts[0], privileges.String()+" ON *.*")
	}
	return err
}

// GrantStage grants privileges on a stage, or revokes them, of all or of none. It
// takes OWNERSHIP of the stage. OWNERSHIP is granted to one user or role, and taken
// from the one that had it; revoked, it is root's. OWNERSHIP of a stage that uses
// what is the server's own takes SUPER. REVOKE takes away what there is of the
// privileges; if nothing is, it is CodeNotFound.
func (s *Service) GrantStage(ctx context.Context, p Principal, name StageName, privileges Privileges, accounts []Account, revoke bool) error {
	if name == UserStage {
		return Errorf(CodeInvalid, "@~ is every user's own stage; no privilege on it is granted")
	}
	a, err := s.authorize(ctx, p)
	if err != nil {
		return err
	}
	// Before the accounts, so that it does not tell who exists to those who may
	// not grant.
	before, err := s.resolve(ctx, p, name, PrivilegeOwnership)
	if err != nil {
		return err
	}
	change, err := s.grantChange(ctx, before.Granted, privileges, accounts, revoke)
	if err != nil {
		return err
	}
	_, err = s.catalog.UpdateStage(ctx, name, func(st Stage) (Stage, error) {
		if err := ownStage(a)(st); err != nil {
			return st, err
		}
		owner := st.Owner
		var err error
		st.Owner, st.Granted, err = change(st.Owner, st.Granted)
		if err == nil && st.Owner != owner {
			err = s.mayGiveServersOwn(a, st)
		}
		return st, err
	})
	return err
}

// GrantConnection is GrantStage for a connection.
func (s *Service) GrantConnection(ctx context.Context, p Principal, name ConnectionName, privileges Privileges, accounts []Account, revoke bool) error {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return err
	}
	c, err := s.catalog.Connection(ctx, name)
	if err == nil {
		err = ownConnection(a)(c)
	}
	if err != nil {
		return err
	}
	change, err := s.grantChange(ctx, c.Granted, privileges, accounts, revoke)
	if err != nil {
		return err
	}
	_, err = s.catalog.UpdateConnection(ctx, name, func(c NamedConnection) (NamedConnection, error) {
		if err := ownConnection(a)(c); err != nil {
			return c, err
		}
		var err error
		c.Owner, c.Granted, err = change(c.Owner, c.Granted)
		return c, err
	})
	return err
}

// grantChange returns what a GRANT or REVOKE makes of owner and grants of a stage or
// connection, which has had the grants before. It leaves out those of them that are
// to users who were dropped. It keeps others to users it does not know: such a user
// was created since.
func (s *Service) grantChange(ctx context.Context, before []Granted, privileges Privileges, accounts []Account, revoke bool,
) (func(UserID, []Granted) (UserID, []Granted, error), error) {
	list, users, err := s.grantees(ctx, grantOp(revoke), accounts)
	if err != nil {
		return nil, err
	}
	gone := map[UserID]bool{}
	for _, g := range before {
		if _, known := users.byID[g.To]; !known {
			gone[g.To] = true
		}
	}
	return func(owner UserID, granted []Granted) (UserID, []Granted, error) {
		granted = slices.DeleteFunc(slices.Clone(granted), func(g Granted) bool { return gone[g.To] })
		if revoke {
			return revokeGrants(owner, granted, privileges, list)
		}
		return addGrants(owner, granted, privileges, list)
	}, nil
}

func addGrants(owner UserID, granted []Granted, privileges Privileges, list []User) (UserID, []Granted, error) {
	if privileges.Has(PrivilegeOwnership) {
		if len(list) != 1 {
			return owner, nil, Errorf(CodeInvalid, "OWNERSHIP is granted to one user or role, and not to %d", len(list))
		}
		owner = list[0].ID
	}
	privileges &^= PrivilegeOwnership
	for _, u := range list {
		at := slices.IndexFunc(granted, func(g Granted) bool { return g.To == u.ID })
		if at < 0 {
			granted = append(granted, Granted{To: u.ID})
			at = len(granted) - 1
		}
		granted[at].Privileges |= privileges
	}
	return owner, withoutEmpty(granted), nil
}

// revokeGrants takes away what the users have of the privileges. Where none of them
// has any, it is CodeNotFound.
func revokeGrants(owner UserID, granted []Granted, privileges Privileges, list []User) (UserID, []Granted, error) {
	some := false
	for _, u := range list {
		if privileges.Has(PrivilegeOwnership) && u.ID == owner {
			owner, some = UserID{}, true
		}
		for i := range granted {
			if granted[i].To == u.ID && granted[i].Privileges&privileges != 0 {
				granted[i].Privileges &^= privileges
				some = true
			}
		}
	}
	if !some {
		return owner, nil, errNoGrant(list[0].Account, privileges.String())
	}
	return owner, withoutEmpty(granted), nil
}

func withoutEmpty(granted []Granted) []Granted {
	return slices.DeleteFunc(granted, func(g Granted) bool { return g.Privileges == 0 })
}

// UserGrants is what was granted to a user or role, itself and by the roles that
// were asked for.
type UserGrants struct {
	Account     Account
	Global      Privileges
	Stages      []NamedGrant
	Connections []NamedGrant
	Roles       []Account
	Default     []Account
	DefaultAll  bool // the roles that are active after login are all, also those granted later
}

// NamedGrant is what is granted on one stage or connection.
type NamedGrant struct {
	Name       string
	Privileges Privileges
}

// Grants returns what was granted to a user or role, and to the roles that are used
// beside. It takes SUPER, but for a user's own and for the roles it has.
func (s *Service) Grants(ctx context.Context, p Principal, of Account, using []Account) (UserGrants, error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return UserGrants{}, err
	}
	if of.User == Root.User && (p.isRoot() || a.IsSuper()) {
		return UserGrants{Account: of, Global: GlobalPrivileges}, nil
	}
	if s.users == nil {
		return UserGrants{}, errNoGrant(of, "any")
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return UserGrants{}, err
	}
	u, ok := users.ByAccount(of)
	self, _ := users.ByID(p.ID)
	switch {
	case !a.IsSuper() && (!ok || u.ID != p.ID && !users.reach(self.Roles)[u.ID]):
		return UserGrants{}, because(ErrNeedsSuper, CodeDenied, "Access denied; you need the SUPER privilege for SHOW GRANTS of another user")
	case !ok:
		return UserGrants{}, errNoGrant(of, "any")
	}
	ids, err := users.chosen(u, RolesListed, using)
	if err != nil {
		return UserGrants{}, err
	}
	subjects := users.reach(ids)
	subjects[u.ID] = true
	g := UserGrants{Account: u.Account, Roles: users.names(u.Roles), Default: users.names(u.Default), DefaultAll: u.DefaultAll}
	for id := range subjects {
		g.Global |= users.all[users.byID[id]].Global
	}
	return g, s.grantedTo(ctx, Access{subjects: subjects}, &g)
}

// grantedTo adds what the subjects of a have on stages and connections.
func (s *Service) grantedTo(ctx context.Context, a Access, g *UserGrants) error {
	of := func(owner UserID, list []Granted) Privileges {
		all := a.granted(list)
		if a.owns(owner) {
			all |= PrivilegeOwnership
		}
		return all
	}
	for st, err := range paged(ctx, s.catalog.Stages, func(st Stage) StageName { return st.Name }) {
		if err != nil {
			return err
		}
		if has := of(st.Owner, st.Granted); has != 0 && !st.Name.IsOwn() {
			g.Stages = append(g.Stages, NamedGrant{string(st.Name), has})
		}
	}
	for c, err := range paged(ctx, s.catalog.Connections, func(c NamedConnection) ConnectionName { return c.Name }) {
		if err != nil {
			return err
		}
		if has := of(c.Owner, c.Granted); has != 0 {
			g.Connections = append(g.Connections, NamedGrant{string(c.Name), has})
		}
	}
	return nil
}

// names returns the accounts of those IDs, in order.
func (u *Users) names(ids []UserID) []Account {
	var names []Account
	for _, one := range u.all {
		if slices.Contains(ids, one.ID) {
			names = append(names, one.Account)
		}
	}
	return names
}

// OwnerName returns the account of the owner of something, for those who may see
// it; "" where the owner was dropped.
func (s *Service) OwnerName(ctx context.Context, owner UserID) (string, error) {
	if owner.IsZero() || s.users == nil {
		return Root.User, nil
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return "", err
	}
	u, ok := users.ByID(owner)
	switch {
	case !ok:
		return "", nil
	case u.Host == "%":
		return u.User, nil
	}
	return u.User + "@" + u.Host, nil
}
