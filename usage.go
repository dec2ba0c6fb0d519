package wharf

import "context"

// A stage that was given CONNECTION_NAME has a copy of the connection's credentials.
// So that REVOKE USAGE takes them back, the stage keeps the name, and who gave it.
// While there is a connection of that name with these credentials, the stage works
// for as long as that user may use it. Another connection of that name says nothing
// about the copy, and a dropped one leaves the stage as it is: one that works goes on,
// and one that did not, because USAGE was revoked, does not begin again.

// copiedFrom reports whether the credentials of c are those of a named connection.
func (c Connection) copiedFrom(named NamedConnection) bool {
	n := named.Connection
	return c.Name == named.Name && c.AccessKeyID == n.AccessKeyID && c.SecretAccessKey == n.SecretAccessKey &&
		c.SessionToken == n.SessionToken && c.RoleARN == n.RoleARN && c.ExternalID == n.ExternalID
}

func (c Connection) isCopy() bool { return c.Name != "" && c.HasCredentials() }

// mayUse reports whether a user or role has USAGE of a connection, by itself or by
// a role that was granted to it, active or not.
func (u *Users) mayUse(id UserID, c NamedConnection) bool {
	a := Access{known: true, isRoot: id.IsZero(), id: id, subjects: u.reach([]UserID{id})}
	if u.isSuper(id) {
		a.global = PrivilegeSuper
	}
	return a.Connection(c).Has(PrivilegeUsage)
}

// checkUsage checks that the user who gave a stage its connection may still use it;
// where that user was dropped, that the stage's owner may.
func (s *Service) checkUsage(ctx context.Context, st *Stage) error {
	if !st.Connection.isCopy() || st.ConnectionBy.IsZero() || s.users == nil {
		return nil
	}
	if st.Withdrawn {
		return errWithdrawn(st)
	}
	named, err := s.catalog.Connection(ctx, st.Connection.Name)
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	if err != nil || !st.Connection.copiedFrom(named) {
		return err
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return err
	}
	by := st.ConnectionBy
	if _, known := users.ByID(by); !known {
		by = st.Owner
	}
	if by.IsZero() || users.mayUse(by, named) {
		return nil
	}
	return errWithdrawn(st)
}

func errWithdrawn(st *Stage) error {
	return Errorf(CodeDenied, "the user who gave the stage %q its CONNECTION_NAME may not use that connection any more; its owner can SET CONNECTION again", st.Name)
}

// withdraw marks the stages that copied a connection and may not use it, before the
// connection is dropped or replaced by a, who must own it.
func (s *Service) withdraw(ctx context.Context, a Access, name ConnectionName) error {
	named, err := s.catalog.Connection(ctx, name)
	if err != nil || ownConnection(a)(named) != nil {
		return nil // the caller finds the same, and says so
	}
	for st, err := range paged(ctx, s.catalog.Stages, func(st Stage) StageName { return st.Name }) {
		if err != nil {
			return err
		}
		if st.Withdrawn || !st.Connection.copiedFrom(named) || CodeOf(s.checkUsage(ctx, &st)) != CodeDenied {
			continue
		}
		_, err := s.catalog.UpdateStage(ctx, st.Name, func(now Stage) (Stage, error) {
			now.Withdrawn = now.Withdrawn || now.ID == st.ID && now.Connection == st.Connection && now.ConnectionBy == st.ConnectionBy
			return now, nil
		})
		if err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
	}
	return nil
}

// mayMove returns the check that a may give a stage another URL and keep its
// credentials: to copied ones that takes USAGE of the connection.
func (s *Service) mayMove(ctx context.Context, a Access, name StageName) (func(Stage) error, error) {
	var named NamedConnection
	st, err := s.catalog.Stage(ctx, name)
	if err == nil && st.Connection.isCopy() {
		named, err = s.catalog.Connection(ctx, st.Connection.Name)
	}
	if err != nil && CodeOf(err) != CodeNotFound {
		return nil, err
	}
	return func(st Stage) error {
		if !st.Connection.isCopy() || a.IsSuper() || st.Connection.copiedFrom(named) && a.Connection(named).Has(PrivilegeUsage) {
			return nil
		}
		return Errorf(CodeDenied, "the stage %q has the credentials of a connection on which USAGE is needed to change the URL; SET CONNECTION beside URL", st.Name)
	}, nil
}
