package wharf

import "context"

// What is the server's own is for its administrators: folders of its disk, and its
// own credentials for S3. A stage uses it only where a user with SUPER set the URL
// and the connection that it has, and while its owner has SUPER. The first keeps an
// owner from handing a stage of its own making to root, the second leaves nothing of
// a privilege that was revoked.

// serversOwn returns what of the server's own a stage uses, "" for nothing. Stages on
// S3 without keys use the server's credentials where that is switched on.
func (s *Service) serversOwn(st *Stage) string {
	switch {
	case st.Internal():
		return ""
	case st.Scheme() == "fs":
		return "a folder of the server"
	case s.serverCredentials && st.Connection.AccessKeyID.IsZero():
		return "the server's own credentials"
	}
	return ""
}

// maySetServersOwn checks that a may create a stage as st is, or give one the URL
// and the connection of st.
func (s *Service) maySetServersOwn(a Access, st Stage) error {
	if what := s.serversOwn(&st); what != "" && !a.IsSuper() {
		return Errorf(CodeDenied, "a stage that uses %s is for users with SUPER", what)
	}
	return nil
}

// mayGiveServersOwn checks that a may change the owner of a stage.
func (s *Service) mayGiveServersOwn(a Access, st Stage) error {
	if what := s.serversOwn(&st); what != "" && !a.IsSuper() {
		return Errorf(CodeDenied, "the stage %q uses %s; only a user with SUPER changes its owner", st.Name, what)
	}
	return nil
}

// checkServersOwn checks that a stage may be opened as it is.
func (s *Service) checkServersOwn(ctx context.Context, st *Stage) error {
	what := s.serversOwn(st)
	switch {
	case what == "":
		return nil
	case st.Unapproved:
		return Errorf(CodeDenied, "the stage %q uses %s, and a user without SUPER set its URL or connection; a user with SUPER can set them again by ALTER STAGE",
			st.Name, what)
	case st.Owner.IsZero():
		return nil
	}
	if s.users != nil {
		users, err := s.users.Users(ctx)
		if err != nil {
			return err
		}
		if users.isSuper(st.Owner) {
			return nil
		}
	}
	return Errorf(CodeDenied, "a stage that uses %s is for users with SUPER; the owner of the stage %q has not got it", what, st.Name)
}
