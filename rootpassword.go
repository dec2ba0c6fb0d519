package wharf

import (
	"context"
	"slices"
)

// Root is in no list of users, and has a record among them: its password, its tokens,
// and the password of the server's settings that was applied last. The settings are
// applied when they have changed: so a lost password is set anew by a new file and a
// restart, and the same file does not undo a SET PASSWORD.

// ApplyRootPassword makes a password of the server's settings root's, unless it was
// applied last. It reports whether it did.
func (s *Service) ApplyRootPassword(ctx context.Context, plain Secret) (bool, error) {
	users, err := s.users.Users(ctx)
	if err != nil {
		return false, err
	}
	if root := users.Root(); !root.Applied.IsZero() && s.hasher.Matches(PluginSHA2, root.Applied, plain.Reveal()) {
		return false, nil
	}
	applied, err := s.hasher.Hash(PluginSHA2, plain.Reveal())
	if err != nil {
		return false, err
	}
	err = s.setRootPassword(ctx, Credentials{Plain: plain}, func(root *User) { root.Applied = applied })
	return err == nil, err
}

// alterRoot is ALTER USER of root. It takes SUPER.
func (s *Service) alterRoot(ctx context.Context, p Principal, op string, c Credentials) error {
	if err := s.administer(ctx, p, op); err != nil {
		return err
	}
	return s.setRootPassword(ctx, c, func(*User) {})
}

// setRootPassword changes the record of root. The empty password is CodeInvalid: by a
// statement, a server must not come to let in every program of its machine.
func (s *Service) setRootPassword(ctx context.Context, c Credentials, also func(root *User)) error {
	users, err := s.users.Users(ctx)
	if err != nil {
		return err
	}
	plugin, hash, err := s.credentials(c, users.Root().Plugin)
	switch {
	case err != nil:
		return err
	case hash.IsZero():
		return Errorf(CodeInvalid, "the password of root cannot be empty")
	}
	_, err = s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		at := slices.IndexFunc(all, User.isRoot)
		if at < 0 {
			all, at = append(all, User{Account: Root.Account(), CreatedOn: s.now().UTC()}), len(all)
		}
		all[at].Plugin, all[at].Hash = plugin, hash
		also(&all[at])
		return all, nil
	})
	return err
}
