package wharf

import (
	"context"
	"slices"
)

// GrantRoles grants roles to users and roles, or revokes them, all or none. It takes
// SUPER. A role that would come to have itself is CodeInvalid. REVOKE takes away what
// there is of the roles; if nothing is, it is CodeNotFound.
func (s *Service) GrantRoles(ctx context.Context, p Principal, roles, accounts []Account, revoke bool) error {
	if err := s.administer(ctx, p, grantOp(revoke)+" of a role", accounts...); err != nil {
		return err
	}
	if err := s.checkAccounts(grantOp(revoke), roles); err != nil {
		return err
	}
	_, err := s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		users := NewUsers(all)
		granted, err := users.roles(roles)
		if err != nil {
			return nil, err
		}
		if _, err := users.named(accounts); err != nil {
			return nil, err
		}
		some := false
		for i := range all {
			if !slices.Contains(accounts, all[i].Account) {
				continue
			}
			for _, r := range granted {
				some = some || slices.Contains(all[i].Roles, r.ID)
				if err := changeRole(users, &all[i], r, revoke); err != nil {
					return nil, err
				}
			}
		}
		if revoke && !some {
			return nil, errNoGrant(accounts[0], "the role "+granted[0].Account.String())
		}
		return all, nil
	})
	return err
}

// roles returns the roles of those names.
func (u *Users) roles(accounts []Account) ([]User, error) {
	list, err := u.named(accounts)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if !r.IsRole {
			return nil, Errorf(CodeInvalid, "%s is a user and not a role; CREATE ROLE makes a role", r.Account)
		}
	}
	return list, nil
}

func changeRole(users *Users, u *User, role User, revoke bool) error {
	has := slices.Contains(u.Roles, role.ID)
	is := func(id UserID) bool { return id == role.ID }
	switch {
	case revoke:
		u.Roles = slices.DeleteFunc(u.Roles, is)
		u.Default = slices.DeleteFunc(u.Default, is)
	case users.reach([]UserID{role.ID})[u.ID]:
		return Errorf(CodeInvalid, "the role %s has %s already; a role cannot have itself", role.Account, u.Account)
	case !has:
		u.Roles = append(u.Roles, role.ID)
	}
	return nil
}

// RoleChoice is which of the granted roles SET ROLE and SET DEFAULT ROLE mean.
type RoleChoice uint8

// The choices.
const (
	RolesNone RoleChoice = iota
	RolesAll
	RolesListed
	RolesExcept // all but those that are listed
	RolesDefault
)

// chosen returns the IDs that a choice means of the roles of a user. A listed role
// that is not granted is CodeDenied, unless it is excepted.
func (u *Users) chosen(user User, choice RoleChoice, listed []Account) ([]UserID, error) {
	switch choice {
	case RolesNone:
		return nil, nil
	case RolesAll:
		return user.Roles, nil
	case RolesDefault:
		if user.DefaultAll {
			return user.Roles, nil
		}
		return user.Default, nil
	}
	var ids []UserID
	for _, a := range listed {
		role, ok := u.ByAccount(a)
		if choice == RolesListed && (!ok || !slices.Contains(user.Roles, role.ID)) {
			return nil, because(ErrNoRole, CodeDenied, "%s is not granted to %s", a, user.Account)
		}
		ids = append(ids, role.ID)
	}
	if choice == RolesListed {
		return ids, nil
	}
	return slices.DeleteFunc(slices.Clone(user.Roles), func(id UserID) bool { return slices.Contains(ids, id) }), nil
}

// SetRoles returns the principal with other roles active: those of the choice that
// are granted to it. RolesAll are those that are granted later, too.
func (s *Service) SetRoles(ctx context.Context, p Principal, choice RoleChoice, listed []Account) (Principal, error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return p, err
	}
	users, err := s.userList(ctx, p)
	if err != nil {
		return p, err
	}
	user, ok := users.ByID(p.ID)
	if !ok {
		user = User{Account: p.Account()}
	}
	ids, err := users.chosen(user, choice, listed)
	if err != nil {
		return p, err
	}
	p.Roles, p.AllRoles = slices.Clone(ids), choice == RolesAll
	return p, nil
}

// SetDefaultRoles sets the roles that are active after login, of all users or of
// none. It takes SUPER, but for a user's own. The roles must be granted.
func (s *Service) SetDefaultRoles(ctx context.Context, p Principal, choice RoleChoice, listed, accounts []Account) error {
	const op = "SET DEFAULT ROLE"
	if _, err := s.authorize(ctx, p); err != nil {
		return err
	}
	own, err := s.isSelf(ctx, p, accounts)
	if err != nil {
		return err
	}
	if own {
		if err := s.checkAccounts(op, accounts); err != nil {
			return err
		}
	} else if err := s.administer(ctx, p, op, accounts...); err != nil {
		return err
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return err
	}
	_, err = s.changeUsers(ctx, op, accounts, false, isLogin, func(_ int, u *User) error {
		if own && u.ID != p.ID {
			return failed(CodeDenied, op, u.Account, "it is another user by now")
		}
		ids, err := users.chosen(*u, choice, listed)
		u.Default, u.DefaultAll = slices.Clone(ids), choice == RolesAll
		return err
	})
	return err
}

// ActiveRoles returns the names of the roles that are active for p, in order.
func (s *Service) ActiveRoles(ctx context.Context, p Principal) ([]Account, error) {
	users, err := s.userList(ctx, p)
	if err != nil {
		return nil, err
	}
	var names []Account
	for _, u := range users.All() {
		if slices.Contains(users.ActiveRoles(p), u.ID) {
			names = append(names, u.Account)
		}
	}
	return names, nil
}

// RoleNames returns the names of roles, in order.
func (s *Service) RoleNames(ctx context.Context, ids []UserID) ([]Account, error) {
	if s.users == nil || len(ids) == 0 {
		return nil, nil
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return nil, err
	}
	return users.names(ids), nil
}
