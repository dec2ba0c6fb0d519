package wharf

import "context"

// What the use cases ask before they do anything: who may do what is decided by
// [Access], of the users and of the definition as they are at that moment.

// Access returns what p may do now.
func (s *Service) Access(ctx context.Context, p Principal) (Access, error) {
	users, err := s.userList(ctx, p)
	if err != nil {
		return Access{}, err
	}
	return users.Access(p)
}

// noUsers is never changed.
var noUsers = &Users{}

// userList returns the users as they are now; for root, who is not among them, it
// does not ask the catalog.
func (s *Service) userList(ctx context.Context, p Principal) (*Users, error) {
	if s.users == nil || p.isRoot() {
		return noUsers, nil
	}
	return s.users.Users(ctx)
}

// authorize returns what p may do, who is a user without a presigned URL.
func (s *Service) authorize(ctx context.Context, p Principal) (Access, error) {
	if !p.Only.IsZero() {
		return Access{}, Errorf(CodeDenied, "a presigned URL is for one file and for nothing else")
	}
	return s.Access(ctx, p)
}

// mayCreate checks that p may create stages, connections and file formats.
func (s *Service) mayCreate(ctx context.Context, p Principal, what string) (Access, error) {
	a, err := s.authorize(ctx, p)
	if err == nil && !a.MayCreate() {
		err = Errorf(CodeDenied, "to create a %s takes the privilege CREATE STAGE (GRANT CREATE STAGE ON *.* TO %s)", what, p.Account())
	}
	return a, err
}

// resolve finds the stage that p means by name, and checks that p may do with it
// what need says. The stage is shared. A user's own stage is created when it is first looked up. A
// presigned URL's stage is found by its ID: it may have been renamed, and another
// stage may have its old name.
func (s *Service) resolve(ctx context.Context, p Principal, name StageName, need Privileges) (*Stage, error) {
	a, err := s.Access(ctx, p)
	if err != nil {
		return nil, err
	}
	st, err := s.find(ctx, p, a, name)
	if err != nil {
		return nil, err
	}
	if err := requireStage(a, st, name, need); err != nil {
		return nil, err
	}
	return st, nil
}

func (s *Service) find(ctx context.Context, p Principal, a Access, name StageName) (*Stage, error) {
	if !p.Only.IsZero() {
		return s.stages.SharedStageByID(ctx, p.Only)
	}
	if name != UserStage {
		return s.stages.SharedStage(ctx, name)
	}
	st, err := s.stages.SharedStage(ctx, a.OwnStage())
	if CodeOf(err) != CodeNotFound {
		return st, err
	}
	def := Stage{ID: NewStageID(), Name: a.OwnStage(), Creator: p.User, Owner: p.ID, CreatedOn: s.now().UTC(), Revision: 1}
	made, _, err := s.catalog.CreateStage(ctx, def, CreateIfNotExists)
	return &made, err
}

// requireStage checks that a stage may be used as need says. A stage that may not
// be seen is CodeNotFound, in the words in which one is that is not there.
func requireStage(a Access, st *Stage, name StageName, need Privileges) error {
	has := a.stage(st)
	if has == 0 {
		if !a.only.IsZero() {
			return Errorf(CodeDenied, "the user who made the presigned URL may not use the stage any more")
		}
		return Errorf(CodeNotFound, "there is no stage %q", name)
	}
	if missing := need &^ has; missing != 0 {
		return Errorf(CodeDenied, "%s on the stage %q is needed for this; its owner can GRANT it", missing, name)
	}
	return nil
}

// open opens the store of a stage. A Stage has a thousand bytes and more, so that
// here and below it is not copied.
func (s *Service) open(ctx context.Context, st *Stage) (Store, error) {
	if err := s.checkServersOwn(ctx, st); err != nil {
		return nil, err
	}
	if err := s.checkUsage(ctx, st); err != nil {
		return nil, err
	}
	return s.opener.Open(ctx, st)
}

// store opens the store of the stage that p means by name, for what need says.
func (s *Service) store(ctx context.Context, p Principal, name StageName, need Privileges) (Store, error) {
	st, err := s.resolve(ctx, p, name, need)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, st)
}

// ownStage is what DROP, RENAME, ALTER and CREATE OR REPLACE ask of the stage that
// they find, in the transaction that changes it.
func ownStage(a Access) func(Stage) error {
	return func(st Stage) error { return requireStage(a, &st, st.Name, PrivilegeOwnership) }
}

// replaceStage is the same of CREATE OR REPLACE, which tells that the name is taken
// where the stage may not be seen: no other stage can have it.
func replaceStage(a Access) func(Stage) error {
	return func(st Stage) error {
		if a.Stage(st) == 0 {
			return Errorf(CodeExists, "the stage %q exists already", st.Name)
		}
		return ownStage(a)(st)
	}
}

func requireConnection(a Access, c NamedConnection, need Privileges) error {
	has := a.Connection(c)
	if has == 0 {
		return Errorf(CodeNotFound, "there is no connection %q", c.Name)
	}
	if missing := need &^ has; missing != 0 {
		return Errorf(CodeDenied, "%s on the connection %q is needed for this", missing, c.Name)
	}
	return nil
}

func ownConnection(a Access) func(NamedConnection) error {
	return func(c NamedConnection) error { return requireConnection(a, c, PrivilegeOwnership) }
}

func replaceConnection(a Access) func(NamedConnection) error {
	return func(c NamedConnection) error {
		if a.Connection(c) == 0 {
			return Errorf(CodeExists, "the connection %q exists already", c.Name)
		}
		return ownConnection(a)(c)
	}
}

func ownFormat(a Access) func(NamedFormat) error {
	return func(f NamedFormat) error {
		if !a.Format(f) {
			return Errorf(CodeDenied, "the file format %q is not yours; its creator and users with SUPER can change it", f.Name)
		}
		return nil
	}
}
