package wharf_test

import (
	"slices"
	"testing"

	"wharf"
)

// TestRevokeTakesWhatIsThere: REVOKE of more than a user has leaves none of it, and
// fails only if nothing was there.
func TestRevokeTakesWhatIsThere(t *testing.T) {
	const all = wharf.StagePrivileges | wharf.PrivilegeOwnership
	f, _, mal := ownFixture(t)
	ctx := t.Context()
	bob := f.user("bob")
	f.create("s")
	f.put("s", "a")
	stage := func(p wharf.Privileges, of ...string) error {
		return f.GrantStage(ctx, wharf.Root, "s", p, accounts(of...), true)
	}
	wantCode(t, stage(all, "mal", "bob"), wharf.CodeNotFound)
	f.grant("s", wharf.PrivilegeRead, "mal")
	f.must(f.reads(mal))
	f.must(stage(wharf.StagePrivileges, "mal"))
	wantCode(t, f.reads(mal), wharf.CodeNotFound)
	wantCode(t, stage(wharf.StagePrivileges, "mal"), wharf.CodeNotFound)

	f.grant("s", wharf.PrivilegeRead, "mal")
	f.must(stage(wharf.PrivilegeRead, "bob", "mal")) // bob has none
	wantCode(t, f.reads(mal), wharf.CodeNotFound)

	f.grant("s", wharf.PrivilegeOwnership, "mal")
	f.grant("s", wharf.PrivilegeWrite, "bob")
	f.must(stage(all, "bob", "mal"))
	wantCode(t, f.reads(mal), wharf.CodeNotFound)
	wantCode(t, f.reads(bob), wharf.CodeNotFound)

	f.must(f.GrantGlobal(ctx, wharf.Root, wharf.PrivilegeSuper, accounts("bob"), false))
	f.must(f.reads(bob))
	f.must(f.GrantGlobal(ctx, wharf.Root, wharf.GlobalPrivileges, accounts("bob"), true))
	wantCode(t, f.reads(bob), wharf.CodeNotFound)
	wantCode(t, f.GrantGlobal(ctx, wharf.Root, wharf.GlobalPrivileges, accounts("bob"), true), wharf.CodeNotFound)
	f.must(f.GrantGlobal(ctx, wharf.Root, 0, accounts("bob"), true)) // USAGE

	for _, r := range []string{"r1", "r2"} {
		f.role(r)
	}
	wantCode(t, f.GrantRoles(ctx, wharf.Root, accounts("r1", "r2"), accounts("bob", "mal"), true), wharf.CodeNotFound)
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("r2"), accounts("mal"), false))
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("r1", "r2"), accounts("bob", "mal"), true))
	if u, _ := f.UserList(ctx, mal); len(u) != 1 {
		t.Errorf("mal still has a role: %v", u)
	}

	f.connect(mal, keys(), wharf.CreateNew)
	f.must(f.GrantConnection(ctx, mal, "lab", wharf.PrivilegeUsage|wharf.PrivilegeOwnership, accounts("mal"), true))
	_, err := f.Connection(ctx, mal, "lab")
	wantCode(t, err, wharf.CodeNotFound)
}

// TestRenamedUser: a session of a renamed user is that user's, and a new user of the
// old name has nothing to do with it.
func TestRenamedUser(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	old := f.user("alice")
	f.must(f.RenameUsers(ctx, wharf.Root, accounts("alice"), accounts("old_alice")))
	f.user("alice")
	f.role("admins")
	f.must(f.GrantRoles(ctx, wharf.Root, accounts("admins"), accounts("alice"), false))
	if a, err := f.AccountOf(ctx, old); err != nil || a != account("old_alice") {
		t.Errorf("the session is of %s, %v", a, err)
	}
	for _, choice := range []wharf.RoleChoice{wharf.RolesNone, wharf.RolesAll, wharf.RolesListed} {
		wantCode(t, f.SetDefaultRoles(ctx, old, choice, accounts("admins"), accounts("alice")), wharf.CodeDenied)
	}
	f.must(f.SetDefaultRoles(ctx, old, wharf.RolesAll, nil, accounts("old_alice")))
	set := func(name string) error {
		c := wharf.Credentials{Plain: wharf.NewSecret("new")}
		_, err := f.AlterUsers(ctx, old, []wharf.UserChange{{Account: account(name), Credentials: &c}}, false)
		return err
	}
	wantCode(t, set("alice"), wharf.CodeDenied)
	f.must(set("old_alice"))
	users, err := f.catalog.Users(ctx)
	f.must(err)
	hash := func(name string) string { u, _ := users.ByAccount(account(name)); return u.Hash.Reveal() }
	if got := []string{hash("alice"), hash("old_alice")}; !slices.Equal(got, []string{"p", "new"}) {
		t.Errorf("the passwords are %q", got)
	}
	_, err = f.DropUsers(ctx, wharf.Root, accounts("old_alice"), false, false)
	f.must(err)
	_, err = f.AccountOf(ctx, old)
	wantCode(t, err, wharf.CodeUnauthenticated)
}

// TestGrantsTogether: a GRANT leaves what another session grants while it runs, also
// to a user whom it does not know yet, and forgets users who were dropped.
func TestGrantsTogether(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.create("s")
	def, err := wharf.ParseNamedConnection(settings("storage_type", "s3", "region", "r"))
	f.must(err)
	def.Name = "c"
	_, err = f.CreateConnection(ctx, wharf.Root, def, wharf.CreateNew)
	f.must(err)
	on := func(u string) {
		f.grant("s", wharf.PrivilegeRead, u)
		f.must(f.GrantConnection(ctx, wharf.Root, "c", wharf.PrivilegeUsage, accounts(u), false))
	}
	for _, u := range []string{"ann", "gone"} {
		f.user(u)
		on(u)
	}
	_, err = f.DropUsers(ctx, wharf.Root, accounts("gone"), false, false)
	f.must(err)
	meanwhile := func(u string) func() {
		return func() {
			f.catalog.asked = nil
			f.user(u)
			on(u)
		}
	}
	f.catalog.asked = meanwhile("bob")
	f.grant("s", wharf.PrivilegeWrite, "ann")
	f.catalog.asked = meanwhile("eve")
	f.must(f.GrantConnection(ctx, wharf.Root, "c", wharf.PrivilegeOwnership, accounts("ann"), false))
	st, err := f.Stage(ctx, wharf.Root, "s")
	f.must(err)
	c, err := f.Connection(ctx, wharf.Root, "c")
	f.must(err)
	for what, granted := range map[string][]wharf.Granted{"stage": st.Granted, "connection": c.Granted} {
		if len(granted) != 3 {
			t.Errorf("the %s is granted to %d users, not to ann, bob and eve: %+v", what, len(granted), granted)
		}
	}
}
