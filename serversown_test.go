package wharf_test

import (
	"testing"

	"wharf"
)

const folderURL = "fs:///srv/"

// ownFixture has the SUPER user adm, and mal, who may create stages.
func ownFixture(t *testing.T, change ...func(*wharf.ServiceOptions)) (f *fixture, adm, mal wharf.Principal) {
	f = newFixture(t, change...)
	adm, mal = f.user("adm"), f.user("mal")
	f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeSuper, accounts("adm"), false))
	f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeCreateStage, accounts("mal"), false))
	return f, adm, mal
}

func serverCredentials(o *wharf.ServiceOptions) { o.ServerCredentials = true }

func (f *fixture) createAs(p wharf.Principal, def wharf.Stage) error {
	_, err := f.CreateStage(f.t.Context(), p, def, wharf.CreateNew)
	return err
}

func (f *fixture) alterAs(p wharf.Principal, c wharf.StageChange) error {
	_, err := f.AlterStage(f.t.Context(), p, "s", c, false)
	return err
}

// reads lists the files of the stage s, as p.
func (f *fixture) reads(p wharf.Principal) error {
	_, err := f.ListFiles(f.t.Context(), p, location(f.t, "s/"), wharf.Pattern{})
	return err
}

func keys() wharf.Connection {
	return wharf.Connection{AccessKeyID: wharf.NewSecret("id"), SecretAccessKey: wharf.NewSecret("key")}
}

// TestAlterToServersOwn: an owner without SUPER cannot turn a stage into one that
// uses a folder or the credentials of the server, and does not learn which folders
// may hold stages.
func TestAlterToServersOwn(t *testing.T) {
	folder, bucket, role := folderURL, "s3://other/", wharf.Connection{RoleARN: "arn:aws:iam::123456789012:role/r"}
	for name, c := range map[string]wharf.StageChange{
		"a folder":         {URL: &folder},
		"no connection":    {Connection: new(wharf.Connection)},
		"a role":           {Connection: &role},
		"both":             {URL: &bucket, Connection: new(wharf.Connection)},
		"a folder, and no": {URL: &folder, Connection: new(wharf.Connection)},
	} {
		t.Run(name, func(t *testing.T) {
			f, adm, mal := ownFixture(t, serverCredentials)
			f.must(f.createAs(mal, wharf.Stage{Name: "s", URL: "s3://b/", Connection: keys()}))
			asked := false
			f.opener.check = func(wharf.Stage) error { asked = true; return nil }
			wantCode(t, f.alterAs(mal, c), wharf.CodeDenied)
			if asked {
				t.Error("the opener was asked before the privilege")
			}
			wantCode(t, f.createAs(mal, c.Apply(wharf.Stage{Name: "t", URL: "s3://b/"})), wharf.CodeDenied)
			f.must(f.alterAs(mal, wharf.StageChange{URL: &bucket}))
			f.must(f.alterAs(adm, c))
			wantCode(t, f.reads(mal), wharf.CodeDenied) // mal is its owner
		})
	}
}

// TestServersOwnIsNotHandedOn: who is not SUPER cannot have a stage that uses what
// is the server's own work again by giving it to root or to a user with SUPER.
func TestServersOwnIsNotHandedOn(t *testing.T) {
	hand := func(t *testing.T, f *fixture, p wharf.Principal) {
		t.Helper()
		ctx := t.Context()
		f.must(f.GrantStage(ctx, p, "s", wharf.StagePrivileges, accounts("mal"), false))
		wantCode(t, f.GrantStage(ctx, p, "s", wharf.PrivilegeOwnership, accounts(p.User), true), wharf.CodeDenied)
		wantCode(t, f.GrantStage(ctx, p, "s", wharf.PrivilegeOwnership, accounts("adm"), false), wharf.CodeDenied)
		wantCode(t, f.GrantStage(ctx, p, "s", wharf.PrivilegeOwnership|wharf.PrivilegeRead, accounts("adm"), false), wharf.CodeDenied)
		wantCode(t, f.reads(f.login("mal")), wharf.CodeDenied)
	}
	t.Run("of a user who lost SUPER", func(t *testing.T) {
		f, adm, _ := ownFixture(t)
		f.user("late")
		f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeSuper, accounts("late"), false))
		f.must(f.createAs(f.login("late"), wharf.Stage{Name: "s", URL: folderURL}))
		f.must(f.reads(adm))
		f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeSuper, accounts("late"), true))
		hand(t, f, f.login("late"))
		f.must(f.GrantStage(t.Context(), adm, "s", wharf.PrivilegeOwnership, accounts("adm"), false))
		f.must(f.reads(f.login("mal"))) // adm took it, with what was granted on it
	})
	t.Run("that root gave", func(t *testing.T) {
		f, _, mal := ownFixture(t, serverCredentials)
		f.must(f.createAs(wharf.Root, wharf.Stage{Name: "s", URL: "s3://b/"}))
		f.grant("s", wharf.PrivilegeOwnership, "mal")
		hand(t, f, mal)
	})
}

// TestStageOfBeforeServerCredentials: a stage that its owner gave to root while it
// was anonymous does not get the server's credentials when they are switched on,
// until a user with SUPER sets its URL or connection.
func TestStageOfBeforeServerCredentials(t *testing.T) {
	f, adm, mal := ownFixture(t)
	f.must(f.createAs(mal, wharf.Stage{Name: "s", URL: "s3://b/"}))
	f.must(f.createAs(wharf.Root, wharf.Stage{Name: "of_root", URL: "s3://b/"}))
	f.must(f.GrantStage(t.Context(), mal, "s", wharf.StagePrivileges, accounts("mal"), false))
	f.must(f.GrantStage(t.Context(), mal, "s", wharf.PrivilegeOwnership, accounts("mal"), true))
	f.must(f.reads(mal))
	f.Service = wharf.NewService(wharf.ServiceOptions{Catalog: f.catalog, Users: f.catalog, Hasher: hasher{}, Opener: f.opener, ServerCredentials: true})
	wantCode(t, f.reads(mal), wharf.CodeDenied)
	wantCode(t, f.reads(wharf.Root), wharf.CodeDenied)
	_, err := f.ListFiles(t.Context(), wharf.Root, location(t, "of_root/"), wharf.Pattern{})
	f.must(err)
	same := "s3://b/"
	f.must(f.alterAs(adm, wharf.StageChange{URL: &same}))
	f.must(f.reads(mal))
}
