package wharf

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// PasswordHasher makes what is kept of a password. It is safe for concurrent use.
type PasswordHasher interface {
	// Hash returns the hash of a password, in the form of the plugin. The empty
	// password has the zero Secret. A password that the protocol cannot carry is
	// CodeInvalid.
	Hash(plugin, plain string) (Secret, error)
	// CheckHash is CodeInvalid for what is no hash of the plugin's form.
	CheckHash(plugin, hash string) error
	// Matches reports whether a hash of the plugin's form is of that password.
	Matches(plugin string, hash Secret, plain string) bool
}

// Credentials is a password that a user is to have.
type Credentials struct {
	Plugin string // PluginSHA2 or PluginNative; "" is that which the user has, or PluginSHA2
	Plain  Secret // the password; zero is none
	Hash   Secret // what is kept of it, if IsHash
	IsHash bool
}

// NewUser is a user or role to be created.
type NewUser struct {
	Account        Account
	Credentials    Credentials
	MaxConnections int // at once; 0 is as the server's settings say
}

// UserChange is what is to be changed of a user; nil fields stay as they are.
type UserChange struct {
	Account        Account
	Credentials    *Credentials
	Locked         *bool
	MaxConnections *int
}

// administer returns what p may do, who needs SUPER, and refuses root as what is
// changed: root is in no catalog.
func (s *Service) administer(ctx context.Context, p Principal, op string, accounts ...Account) error {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return err
	}
	if !a.IsSuper() {
		return because(ErrNeedsSuper, CodeDenied, "Access denied; you need the SUPER privilege for %s", op)
	}
	return s.checkAccounts(op, accounts)
}

func (s *Service) checkAccounts(op string, accounts []Account) error {
	if s.users == nil || s.hasher == nil {
		return Errorf(CodeUnsupported, "this server has no users but root")
	}
	for i, a := range accounts {
		if a.User == Root.User {
			return Errorf(CodeDenied, "%s: root is the server's own user and has all privileges; only its password can be changed", op)
		}
		if slices.Contains(accounts[:i], a) {
			return Errorf(CodeInvalid, "%s: %s is named twice", op, a)
		}
	}
	return nil
}

// Causes of errors about users, by which a listener gives them MySQL's numbers.
var (
	ErrUserOperation = errors.New("an operation on a user failed")
	ErrNoGrant       = errors.New("no such grant")
	ErrNeedsSuper    = errors.New("SUPER is needed")
	ErrNoRole        = errors.New("the role is not granted")
)

// Operation errors have MySQL's words: "Operation CREATE USER failed for 'u'@'h'".
func failed(code Code, op string, a Account, why string) error {
	return because(ErrUserOperation, code, "Operation %s failed for %s: %s", op, a, why)
}

// credentials returns plugin and hash of a password, of a user that has had that
// plugin.
func (s *Service) credentials(c Credentials, had string) (plugin string, hash Secret, err error) {
	switch plugin = c.Plugin; {
	case plugin == "" && had != "":
		plugin = had
	case plugin == "":
		plugin = PluginSHA2
	}
	if plugin != PluginSHA2 && plugin != PluginNative {
		return "", Secret{}, Errorf(CodeUnsupported, "the plugin is not supported by Wharf; a user is IDENTIFIED WITH %s or %s", PluginSHA2, PluginNative)
	}
	if c.IsHash {
		return plugin, c.Hash, s.hasher.CheckHash(plugin, c.Hash.Reveal())
	}
	hash, err = s.hasher.Hash(plugin, c.Plain.Reveal())
	return plugin, hash, err
}

// CreateUsers makes users or roles, all or none. It takes SUPER. With ifNotExists
// it returns those that were there and leaves them as they are; without, one that
// is there is CodeExists.
func (s *Service) CreateUsers(ctx context.Context, p Principal, list []NewUser, isRole, locked, ifNotExists bool) ([]Account, error) {
	op := "CREATE " + kindOf(isRole)
	accounts := make([]Account, len(list))
	for i, n := range list {
		accounts[i] = n.Account
	}
	if err := s.administer(ctx, p, op, accounts...); err != nil {
		return nil, err
	}
	made := make([]User, len(list))
	for i, n := range list {
		made[i] = User{ID: NewUserID(), Account: n.Account, IsRole: isRole, Locked: locked, CreatedOn: s.now().UTC(), MaxConnections: n.MaxConnections}
		if isRole {
			continue
		}
		var err error
		if made[i].Plugin, made[i].Hash, err = s.credentials(n.Credentials, ""); err != nil {
			return nil, err
		}
	}
	var present []Account
	_, err := s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		before := NewUsers(all)
		present = nil
		for _, u := range made {
			_, taken := before.ByAccount(u.Account)
			switch {
			case taken && !ifNotExists:
				return nil, failed(CodeExists, op, u.Account, "it exists already")
			case taken:
				present = append(present, u.Account)
			default:
				all = append(all, u)
			}
		}
		return all, nil
	})
	return present, err
}

func because(cause error, code Code, format string, args ...any) error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...), Err: cause}
}

func kindOf(isRole bool) string {
	if isRole {
		return "ROLE"
	}
	return "USER"
}

// changeUsers changes users of a list, all or none, and returns those that are not
// there: CodeNotFound without ifExists.
func (s *Service) changeUsers(ctx context.Context, op string, accounts []Account, ifExists bool, isWanted func(User) bool,
	change func(i int, u *User) error) (missing []Account, err error) {
	_, err = s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		missing = nil
		for i, a := range accounts {
			at := slices.IndexFunc(all, func(u User) bool { return u.Account == a && isWanted(u) })
			switch {
			case at < 0 && !ifExists:
				return nil, failed(CodeNotFound, op, a, "it does not exist")
			case at < 0:
				missing = append(missing, a)
			default:
				if err := change(i, &all[at]); err != nil {
					return nil, err
				}
			}
		}
		return all, nil
	})
	return missing, err
}

// AccountOf returns the account of p as it is now: it may have been renamed after p
// logged in, and another user may have its old name.
func (s *Service) AccountOf(ctx context.Context, p Principal) (Account, error) {
	if p.isRoot() {
		return p.Account(), nil
	}
	users, err := s.userList(ctx, p)
	if err != nil {
		return Account{}, err
	}
	u, ok := users.ByID(p.ID)
	if !ok {
		return Account{}, Errorf(CodeUnauthenticated, "the user %s does not exist; it may have been dropped", p.Account())
	}
	return u.Account, nil
}

// isSelf reports whether the accounts are p's own alone, and p is not root.
func (s *Service) isSelf(ctx context.Context, p Principal, accounts []Account) (bool, error) {
	if p.isRoot() || len(accounts) != 1 {
		return false, nil
	}
	self, err := s.AccountOf(ctx, p)
	return accounts[0] == self, err
}

func isLogin(u User) bool { return !u.IsRole }

// AlterUsers changes passwords and locks, of all users or of none. It takes SUPER; a
// user may change its own password. With ifExists it returns those that are not
// there; without, they are CodeNotFound.
func (s *Service) AlterUsers(ctx context.Context, p Principal, list []UserChange, ifExists bool) ([]Account, error) {
	const op = "ALTER USER"
	accounts := make([]Account, len(list))
	for i, c := range list {
		accounts[i] = c.Account
	}
	if _, err := s.authorize(ctx, p); err != nil {
		return nil, err
	}
	if len(list) == 1 && list[0].Account == Root.Account() && list[0].Locked == nil && list[0].Credentials != nil {
		return nil, s.alterRoot(ctx, p, op, *list[0].Credentials)
	}
	own, err := s.isSelf(ctx, p, accounts)
	if err != nil {
		return nil, err
	}
	own = own && list[0].Locked == nil && list[0].MaxConnections == nil
	if own {
		if err := s.checkAccounts(op, accounts); err != nil {
			return nil, err
		}
	} else if err := s.administer(ctx, p, op, accounts...); err != nil {
		return nil, err
	}
	before, err := s.users.Users(ctx)
	if err != nil {
		return nil, err
	}
	plugins, hashes := make([]string, len(list)), make([]Secret, len(list))
	for i, c := range list {
		had, _ := before.ByAccount(c.Account)
		if c.Credentials == nil {
			continue
		}
		if plugins[i], hashes[i], err = s.credentials(*c.Credentials, had.Plugin); err != nil {
			return nil, err
		}
	}
	return s.changeUsers(ctx, op, accounts, ifExists, isLogin, func(i int, u *User) error {
		if own && u.ID != p.ID {
			return failed(CodeDenied, op, u.Account, "it is another user by now")
		}
		if list[i].Credentials != nil {
			u.Plugin, u.Hash = plugins[i], hashes[i]
		}
		if list[i].Locked != nil {
			u.Locked = *list[i].Locked
		}
		set(&u.MaxConnections, list[i].MaxConnections)
		return nil
	})
}

// DropUsers removes users or roles, all or none. It takes SUPER. The catalog drops a
// user's own stage @~ with it, with its files; what else it owns stays, for users with SUPER.
func (s *Service) DropUsers(ctx context.Context, p Principal, accounts []Account, isRole, ifExists bool) ([]Account, error) {
	op := "DROP " + kindOf(isRole)
	if err := s.administer(ctx, p, op, accounts...); err != nil {
		return nil, err
	}
	var missing []Account
	var gone []UserID
	_, err := s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		missing, gone = nil, nil
		for _, a := range accounts {
			at := slices.IndexFunc(all, func(u User) bool { return u.Account == a && u.IsRole == isRole })
			switch {
			case at < 0 && !ifExists:
				return nil, failed(CodeNotFound, op, a, "it does not exist")
			case at < 0:
				missing = append(missing, a)
			default:
				gone = append(gone, all[at].ID)
				all = slices.Delete(all, at, at+1)
			}
		}
		isGone := func(id UserID) bool { return slices.Contains(gone, id) }
		for i := range all {
			all[i].Roles = slices.DeleteFunc(all[i].Roles, isGone)
			all[i].Default = slices.DeleteFunc(all[i].Default, isGone)
		}
		return all, nil
	})
	if err != nil {
		return nil, err
	}
	s.kickSweep()
	return missing, nil
}

// RenameUsers renames users or roles, all or none. It takes SUPER. What a user owns
// and was granted stays with it.
func (s *Service) RenameUsers(ctx context.Context, p Principal, from, to []Account) error {
	const op = "RENAME USER"
	if err := s.administer(ctx, p, op, from...); err != nil {
		return err
	}
	if err := s.checkAccounts(op, to); err != nil {
		return err
	}
	_, err := s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		for i := range from {
			at := slices.IndexFunc(all, func(u User) bool { return u.Account == from[i] })
			if at < 0 {
				return nil, failed(CodeNotFound, op, from[i], "it does not exist")
			}
			if slices.ContainsFunc(all, func(u User) bool { return u.Account == to[i] }) {
				return nil, failed(CodeExists, op, from[i], "the new name "+to[i].String()+" is taken")
			}
			all[at].Account = to[i]
		}
		return all, nil
	})
	return err
}

// UserList returns all users and roles, to users with SUPER; every other user sees
// itself and the roles that are granted to it.
func (s *Service) UserList(ctx context.Context, p Principal) ([]User, error) {
	a, err := s.authorize(ctx, p)
	if err != nil || s.users == nil {
		return nil, err
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return nil, err
	}
	all := users.All()
	if a.IsSuper() {
		return all, nil
	}
	self, _ := users.ByID(p.ID)
	mine := users.reach(self.Roles)
	return slices.DeleteFunc(all, func(u User) bool { return u.ID != p.ID && !mine[u.ID] }), nil
}

// User returns a user or role with the hash of its password. It takes SUPER.
func (s *Service) User(ctx context.Context, p Principal, a Account) (User, error) {
	const op = "SHOW CREATE USER"
	if err := s.administer(ctx, p, op, a); err != nil {
		return User{}, err
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return User{}, err
	}
	u, ok := users.ByAccount(a)
	if !ok {
		return User{}, failed(CodeNotFound, op, a, "it does not exist")
	}
	return u, nil
}

// ConnectionUser returns who a connection of p belongs to. Of a user who is not there
// any more it knows the ID: what that user does is refused by other means. Who has a
// presigned URL of a user with SUPER has not got SUPER.
func (s *Service) ConnectionUser(ctx context.Context, p Principal) (ConnectionUser, error) {
	c := ConnectionUser{ID: p.ID, ByURL: !p.Only.IsZero()}
	users, err := s.userList(ctx, p)
	if err != nil {
		return c, err
	}
	if u, ok := users.ByID(p.ID); ok {
		c.Most = u.MaxConnections
	}
	a, err := users.Access(p)
	c.Super = err == nil && a.IsSuper() && !c.ByURL
	return c, nil
}
