package wharf_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wharf"
)

// hasher keeps passwords as they are, so that tests can read them.
type hasher struct{}

func (hasher) Hash(_, plain string) (wharf.Secret, error) { return wharf.NewSecret(plain), nil }

func (hasher) CheckHash(string, string) error { return nil }

func (hasher) Matches(_ string, hash wharf.Secret, plain string) bool { return hash.Reveal() == plain }

func account(name string) wharf.Account {
	user, host, found := strings.Cut(name, "@")
	if !found {
		host = "%"
	}
	return wharf.Account{User: user, Host: host}
}

func accounts(names ...string) []wharf.Account {
	var list []wharf.Account
	for _, name := range names {
		list = append(list, account(name))
	}
	return list
}

// user makes a user, unless it is there, and returns it as it logs in.
func (f *fixture) user(name string) wharf.Principal {
	f.t.Helper()
	_, err := f.CreateUsers(f.t.Context(), wharf.Root, []wharf.NewUser{{Account: account(name), Credentials: wharf.Credentials{Plain: wharf.NewSecret("p")}}}, false, false, true)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.login(name)
}

func (f *fixture) login(name string) wharf.Principal {
	f.t.Helper()
	users, err := f.catalog.Users(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	u, ok := users.ByAccount(account(name))
	if !ok {
		f.t.Fatalf("there is no user %s", name)
	}
	return u.Principal()
}

func (f *fixture) role(name string) {
	f.t.Helper()
	if _, err := f.CreateUsers(f.t.Context(), wharf.Root, []wharf.NewUser{{Account: account(name)}}, true, false, false); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) grant(stage string, p wharf.Privileges, to ...string) {
	f.t.Helper()
	if err := f.GrantStage(f.t.Context(), wharf.Root, wharf.StageName(stage), p, accounts(to...), false); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// stageUses is every use case of a stage, with the privilege that it takes.
func stageUses(f *fixture, p wharf.Principal, stage string) []struct {
	name string
	need wharf.Privileges
	run  func() error
} {
	ctx := f.t.Context()
	name := wharf.StageName(stage)
	loc := location(f.t, stage+"/a")
	folder := location(f.t, stage+"/copies/")
	comment := "x"
	return []struct {
		name string
		need wharf.Privileges
		run  func() error
	}{
		{"Stage", 0, func() error { _, err := f.Stage(ctx, p, name); return err }},
		{"ListFiles", wharf.PrivilegeRead, func() error { _, err := f.ListFiles(ctx, p, loc, wharf.Pattern{}); return err }},
		{"ListKeys", wharf.PrivilegeRead, func() error { _, err := f.ListKeys(ctx, p, loc, wharf.Pattern{}); return err }},
		{"StatFile", wharf.PrivilegeRead, func() error { _, err := f.StatFile(ctx, p, loc); return err }},
		{"OpenFile", wharf.PrivilegeRead, func() error {
			file, err := f.OpenFile(ctx, p, loc)
			if err == nil {
				file.Close()
			}
			return err
		}},
		{"LocalFile", wharf.PrivilegeRead, func() error { _, err := f.LocalFile(ctx, p, loc); return err }},
		{"BeginUpload", wharf.PrivilegeWrite, func() error {
			up, err := f.BeginUpload(ctx, p, name, 1)
			if err == nil {
				up.Close()
			}
			return err
		}},
		{"CopyFiles from", wharf.PrivilegeRead, func() error {
			_, err := f.CopyFiles(ctx, p, loc, wharf.Pattern{}, location(f.t, "~/copies/"))
			return err
		}},
		{"CopyFiles to", wharf.PrivilegeWrite, func() error {
			_, err := f.CopyFiles(ctx, p, location(f.t, "~/x"), wharf.Pattern{}, folder)
			return err
		}},
		{"Presign download", wharf.PrivilegeRead, func() error { _, err := f.Presign(ctx, p, loc, wharf.PresignRequest{}); return err }},
		{"Presign upload", wharf.PrivilegeWrite, func() error { _, err := f.Presign(ctx, p, loc, wharf.PresignRequest{Upload: true}); return err }},
		{"RemoveFile", wharf.PrivilegeWrite, func() error { return f.RemoveFile(ctx, p, location(f.t, stage+"/b")) }},
		{"RemoveFiles", wharf.PrivilegeRead | wharf.PrivilegeWrite, func() error {
			_, err := f.RemoveFiles(ctx, p, location(f.t, stage+"/none/"), wharf.Pattern{}, true)
			return err
		}},
		{"GrantStage", wharf.PrivilegeOwnership, func() error {
			return f.GrantStage(ctx, p, name, wharf.PrivilegeRead, accounts("third"), false)
		}},
		{"AlterStage", wharf.PrivilegeOwnership, func() error {
			_, err := f.AlterStage(ctx, p, name, wharf.StageChange{Comment: &comment}, false)
			return err
		}},
		{"RenameStage", wharf.PrivilegeOwnership, func() error { _, err := f.RenameStage(ctx, p, name, "renamed", false); return err }},
		{"DropStage", wharf.PrivilegeOwnership, func() error { _, err := f.DropStage(ctx, p, "renamed", false); return err }},
	}
}

// TestStagePrivileges walks every use case of a stage with users who have each set of
// privileges: what is not seen does not exist, what is seen and not allowed is
// denied.
func TestStagePrivileges(t *testing.T) {
	const all = wharf.PrivilegeRead | wharf.PrivilegeWrite | wharf.PrivilegeOwnership
	for has := wharf.Privileges(0); has <= all; has++ {
		t.Run(has.String(), func(t *testing.T) {
			f, _ := presignFixture(t)
			f.user("third")
			p := f.user("u")
			f.put("s", "a")
			f.put("s", "b")
			if has != 0 {
				f.grant("s", has, "u")
			}
			got := has
			if has&wharf.PrivilegeOwnership != 0 {
				got = all
			}
			for _, use := range stageUses(f, p, "s") {
				want := wharf.Code("")
				switch {
				case use.name == "DropStage" && !got.Has(wharf.PrivilegeOwnership), got == 0:
					want = wharf.CodeNotFound // nothing is named "renamed" then
				case !got.Has(use.need):
					want = wharf.CodeDenied
				}
				if err := use.run(); wharf.CodeOf(err) != want {
					t.Errorf("%s: want the code %q: %v", use.name, want, err)
				}
			}
		})
	}
}

// TestUnseenStageIsAbsent compares what is answered of a stage that may not be seen with
// what is answered of none.
func TestUnseenStageIsAbsent(t *testing.T) {
	f, _ := presignFixture(t)
	p := f.user("u")
	f.create("s1")
	hidden, absent := stageUses(f, p, "s1"), stageUses(f, p, "s2")
	for i := range hidden {
		a, b := hidden[i].run(), absent[i].run()
		if wharf.CodeOf(a) != wharf.CodeOf(b) || strings.ReplaceAll(wharf.MessageOf(a), "s1", "s2") != wharf.MessageOf(b) {
			t.Errorf("%s of a stage that is there says %v, of none %v", hidden[i].name, a, b)
		}
	}
	all, err := f.Stages(t.Context(), p)
	f.must(err)
	for st := range all {
		t.Errorf("the list shows %q", st.Name)
	}
}

// TestNamesOfUnseenStages: only CREATE and RENAME onto a name tell that it is taken.
func TestNamesOfUnseenStages(t *testing.T) {
	f := newFixture(t)
	p := f.user("u")
	f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeCreateStage, accounts("u"), false))
	f.create("roots")
	for _, mode := range []wharf.CreateMode{wharf.CreateNew, wharf.CreateOrReplace} {
		_, err := f.CreateStage(t.Context(), p, wharf.Stage{Name: "roots"}, mode)
		wantCode(t, err, wharf.CodeExists)
	}
	created, err := f.CreateStage(t.Context(), p, wharf.Stage{Name: "roots"}, wharf.CreateIfNotExists)
	if created || err != nil {
		t.Errorf("CREATE IF NOT EXISTS: %t, %v", created, err)
	}
	_, err = f.CreateStage(t.Context(), p, wharf.Stage{Name: "mine"}, wharf.CreateNew)
	f.must(err)
	_, err = f.RenameStage(t.Context(), p, "mine", "roots", false)
	wantCode(t, err, wharf.CodeExists)
	_, err = f.CreateStage(t.Context(), p, wharf.Stage{Name: "mine"}, wharf.CreateOrReplace)
	f.must(err)
	for _, use := range stageUses(f, p, "mine")[:2] {
		f.must(use.run())
	}
}

func TestCreatePrivilege(t *testing.T) {
	f := newFixture(t)
	p := f.user("u")
	def, err := wharf.ParseNamedConnection(settings("storage_type", "s3", "region", "r"))
	f.must(err)
	def.Name = "c"
	uses := map[string]func() error{
		"CreateStage": func() error {
			_, err := f.CreateStage(t.Context(), p, wharf.Stage{Name: "x"}, wharf.CreateNew)
			return err
		},
		"CreateConnection": func() error { _, err := f.CreateConnection(t.Context(), p, def, wharf.CreateNew); return err },
		"CreateFileFormat": func() error {
			_, err := f.CreateFileFormat(t.Context(), p, wharf.NamedFormat{Name: "f", Format: wharf.FileFormat{Type: wharf.CSV}}, wharf.CreateNew)
			return err
		},
	}
	for name, run := range uses {
		if err := run(); wharf.CodeOf(err) != wharf.CodeDenied {
			t.Errorf("%s without the privilege: %v", name, err)
		}
	}
	f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeCreateStage, accounts("u"), false))
	for name, run := range uses {
		if err := run(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := f.user("other")
	_, err = f.DropConnection(t.Context(), other, "c", false)
	wantCode(t, err, wharf.CodeNotFound)
	_, err = f.DropFileFormat(t.Context(), other, "f", false)
	wantCode(t, err, wharf.CodeDenied)
	_, err = f.ReadConnection(t.Context(), other, settings("connection_name", "c"))
	wantCode(t, err, wharf.CodeNotFound)
	f.must(f.GrantConnection(t.Context(), p, "c", wharf.PrivilegeUsage, accounts("other"), false))
	_, err = f.ReadConnection(t.Context(), other, settings("connection_name", "c"))
	f.must(err)
	_, err = f.DropConnection(t.Context(), other, "c", false)
	wantCode(t, err, wharf.CodeDenied)
	f.must(f.GrantConnection(t.Context(), p, "c", wharf.PrivilegeUsage, accounts("other"), true))
	_, err = f.Connection(t.Context(), other, "c")
	wantCode(t, err, wharf.CodeNotFound)
}

// TestAdministration: users are changed by users with SUPER; but for one's own
// password.
func TestAdministration(t *testing.T) {
	f := newFixture(t)
	p := f.user("u")
	f.user("v")
	f.role("r")
	secret := &wharf.Credentials{Plain: wharf.NewSecret("new")}
	locked := true
	ctx := t.Context()
	uses := map[string]func() error{
		"CREATE USER": func() error {
			_, err := f.CreateUsers(ctx, p, []wharf.NewUser{{Account: account("w")}}, false, false, false)
			return err
		},
		"CREATE ROLE": func() error {
			_, err := f.CreateUsers(ctx, p, []wharf.NewUser{{Account: account("q")}}, true, false, false)
			return err
		},
		"ALTER USER": func() error {
			_, err := f.AlterUsers(ctx, p, []wharf.UserChange{{Account: account("v"), Credentials: secret}}, false)
			return err
		},
		"ALTER USER lock": func() error {
			_, err := f.AlterUsers(ctx, p, []wharf.UserChange{{Account: account("u"), Locked: &locked}}, false)
			return err
		},
		"RENAME USER":      func() error { return f.RenameUsers(ctx, p, accounts("v"), accounts("v2")) },
		"GRANT":            func() error { return f.GrantGlobal(ctx, p, wharf.PrivilegeSuper, accounts("u"), false) },
		"GRANT role":       func() error { return f.GrantRoles(ctx, p, accounts("r"), accounts("u"), false) },
		"SET DEFAULT ROLE": func() error { return f.SetDefaultRoles(ctx, p, wharf.RolesNone, nil, accounts("v")) },
		"SHOW GRANTS":      func() error { _, err := f.Grants(ctx, p, account("v"), nil); return err },
		"DROP USER":        func() error { _, err := f.DropUsers(ctx, p, accounts("v"), false, true); return err },
	}
	for name, run := range uses {
		if err := run(); wharf.CodeOf(err) != wharf.CodeDenied {
			t.Errorf("%s without SUPER: %v", name, err)
		}
	}
	_, err := f.AlterUsers(ctx, p, []wharf.UserChange{{Account: account("u"), Credentials: secret}}, false)
	f.must(err)
	users, _ := f.catalog.Users(ctx)
	if u, _ := users.ByAccount(account("u")); u.Hash.Reveal() != "new" || u.Plugin != wharf.PluginSHA2 {
		t.Errorf("the own password was not changed: %v %q", u.Plugin, u.Hash.Reveal())
	}
	f.must(f.GrantGlobal(ctx, wharf.Root, wharf.PrivilegeSuper, accounts("u"), false))
	delete(uses, "RENAME USER")
	for name, run := range uses {
		if name != "ALTER USER lock" && name != "DROP USER" {
			if err := run(); err != nil {
				t.Errorf("%s with SUPER: %v", name, err)
			}
		}
	}
}

func TestRootIsNoUser(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.role("r")
	for name, run := range map[string]func() error{
		"CREATE": func() error {
			_, err := f.CreateUsers(ctx, wharf.Root, []wharf.NewUser{{Account: account("root@10.0.0.1")}}, false, false, true)
			return err
		},
		"ALTER": func() error {
			_, err := f.AlterUsers(ctx, wharf.Root, []wharf.UserChange{{Account: account("root")}}, true)
			return err
		},
		"DROP":   func() error { _, err := f.DropUsers(ctx, wharf.Root, accounts("root"), false, true); return err },
		"RENAME": func() error { return f.RenameUsers(ctx, wharf.Root, accounts("r"), accounts("root")) },
		"GRANT":  func() error { return f.GrantGlobal(ctx, wharf.Root, wharf.PrivilegeSuper, accounts("root"), false) },
		"ROLE":   func() error { return f.GrantRoles(ctx, wharf.Root, accounts("r"), accounts("root"), false) },
	} {
		if err := run(); wharf.CodeOf(err) != wharf.CodeDenied {
			t.Errorf("%s of root: %v", name, err)
		}
	}
}

// TestUserStages: @~ is each user's own, and a user of an old name has a new one.
func TestUserStages(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	a, b, elsewhere := f.user("a"), f.user("b"), f.user("a@10.0.0.1")
	f.must(f.GrantGlobal(ctx, wharf.Root, wharf.PrivilegeSuper, accounts("b"), false))
	put := func(p wharf.Principal, key string) {
		up, err := f.BeginUpload(ctx, p, wharf.UserStage, 1)
		f.must(err)
		defer up.Close()
		_, err = up.Put(ctx, wharf.Key(key), strings.NewReader("x"), wharf.PutOptions{Size: 1})
		f.must(err)
	}
	keys := func(p wharf.Principal) (all string) {
		list, err := f.ListFiles(ctx, p, location(t, "~"), wharf.Pattern{})
		f.must(err)
		for obj, err := range list.All {
			f.must(err)
			all += string(obj.Key) + " "
		}
		return all
	}
	put(a, "of-a")
	put(wharf.Root, "of-root")
	for p, want := range map[string]string{"a": "of-a ", "b": "", "a@10.0.0.1": "", "root": "of-root "} {
		who := map[string]wharf.Principal{"a": a, "b": b, "a@10.0.0.1": elsewhere, "root": wharf.Root}[p]
		if got := keys(who); got != want {
			t.Errorf("@~ of %s has %q, want %q", p, got, want)
		}
	}
	f.must(f.RenameUsers(ctx, wharf.Root, accounts("a"), accounts("c")))
	if got := keys(f.login("c")); got != "of-a " {
		t.Errorf("after RENAME USER @~ has %q", got)
	}
	_, err := f.DropUsers(ctx, wharf.Root, accounts("c"), false, false)
	f.must(err)
	if f.catalog.waiting() != 1 {
		t.Errorf("%d stages are to be swept after DROP USER", f.catalog.waiting())
	}
	_, err = f.ListFiles(ctx, a, location(t, "~"), wharf.Pattern{})
	wantCode(t, err, wharf.CodeUnauthenticated)
	if got := keys(f.user("c")); got != "" {
		t.Errorf("a new user of an old name has %q in @~", got)
	}
}

// TestRevokeHoldsAtOnce: a presigned URL of a user dies with its privilege, its lock
// and its user, and a session sees the same.
func TestRevokeHoldsAtOnce(t *testing.T) {
	f, _ := presignFixture(t)
	ctx := t.Context()
	p := f.user("u")
	f.put("s", "a")
	f.role("r")
	f.grant("s", wharf.PrivilegeRead, "r")
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("r"), accounts("u"), false))
	stage, err := f.Stage(ctx, wharf.Root, "s")
	f.must(err)
	use := func() error {
		bearer, err := f.Bearer(ctx, wharf.Grant{User: p.Subject(), Stage: stage.ID})
		if err != nil {
			return err
		}
		_, err = f.StatFile(ctx, bearer, location(t, "s/a"))
		return err
	}
	lock := func(locked bool) {
		_, err := f.AlterUsers(ctx, wharf.Root, []wharf.UserChange{{Account: account("u"), Locked: &locked}}, false)
		f.must(err)
	}
	f.must(use())
	lock(true)
	wantCode(t, use(), wharf.CodeDenied)
	lock(false)
	f.must(use())
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("r"), accounts("u"), true))
	wantCode(t, use(), wharf.CodeDenied)
	f.grant("s", wharf.PrivilegeRead, "u")
	f.must(use())
	f.must(f.GrantStage(ctx, wharf.Root, "s", wharf.PrivilegeRead, accounts("u"), true))
	wantCode(t, use(), wharf.CodeDenied)
	_, err = f.DropUsers(ctx, wharf.Root, accounts("u"), false, false)
	f.must(err)
	wantCode(t, use(), wharf.CodeDenied)
}

func TestRoles(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	p := f.user("u")
	f.create("s")
	f.put("s", "a")
	for _, r := range []string{"reader", "all"} {
		f.role(r)
	}
	f.grant("s", wharf.PrivilegeRead, "reader")
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("reader"), accounts("all"), false))
	wantCode(t, f.GrantRoles(ctx, wharf.Root, accounts("all"), accounts("reader"), false), wharf.CodeInvalid)
	wantCode(t, f.GrantRoles(ctx, wharf.Root, accounts("all"), accounts("all"), false), wharf.CodeInvalid)
	wantCode(t, f.GrantRoles(ctx, wharf.Root, accounts("u"), accounts("all"), false), wharf.CodeInvalid)
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("all"), accounts("u"), false))
	stat := func(p wharf.Principal) error { _, err := f.StatFile(ctx, p, location(t, "s/a")); return err }
	wantCode(t, stat(p), wharf.CodeNotFound) // no role is active
	_, err := f.SetRoles(ctx, p, wharf.RolesListed, accounts("reader"))
	wantCode(t, err, wharf.CodeDenied) // it is not granted to u itself
	active, err := f.SetRoles(ctx, p, wharf.RolesListed, accounts("all"))
	f.must(err)
	f.must(stat(active))
	names, err := f.ActiveRoles(ctx, active)
	if err != nil || !slices.Equal(names, accounts("all")) {
		t.Errorf("the active roles are %v, %v", names, err)
	}
	none, err := f.SetRoles(ctx, active, wharf.RolesExcept, accounts("all"))
	f.must(err)
	wantCode(t, stat(none), wharf.CodeNotFound)
	f.must(f.SetDefaultRoles(ctx, p, wharf.RolesAll, nil, accounts("u")))
	f.must(stat(f.login("u")))
	_, err = f.DropUsers(ctx, wharf.Root, accounts("all"), true, false)
	f.must(err)
	wantCode(t, stat(active), wharf.CodeNotFound)
}

// TestUsersAllOrNone: a statement about several users changes all or none.
func TestUsersAllOrNone(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("a")
	_, err := f.CreateUsers(ctx, wharf.Root, []wharf.NewUser{{Account: account("b")}, {Account: account("a")}}, false, false, false)
	wantCode(t, err, wharf.CodeExists)
	_, err = f.DropUsers(ctx, wharf.Root, accounts("a", "b"), false, false)
	wantCode(t, err, wharf.CodeNotFound)
	wantCode(t, f.RenameUsers(ctx, wharf.Root, accounts("a", "b"), accounts("c", "d")), wharf.CodeNotFound)
	users, err := f.catalog.Users(ctx)
	f.must(err)
	if all := users.All(); len(all) != 1 || all[0].User != "a" || !all[0].CreatedOn.Equal(time.Unix(1e9, 0)) {
		t.Errorf("the users are %+v", all)
	}
}
