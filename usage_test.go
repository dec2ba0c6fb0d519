package wharf_test

import (
	"testing"

	"wharf"
)

// usageFixture has the connection lab of ann's, with USAGE for mal, and the stage s,
// which mal made with it.
func usageFixture(t *testing.T) (f *fixture, ann, mal wharf.Principal) {
	f, _, mal = ownFixture(t)
	ann = f.user("ann")
	f.must(f.GrantGlobal(t.Context(), wharf.Root, wharf.PrivilegeCreateStage, accounts("ann"), false))
	f.connect(ann, keys(), wharf.CreateNew)
	f.must(f.GrantConnection(t.Context(), ann, "lab", wharf.PrivilegeUsage, accounts("mal"), false))
	f.must(f.createAs(mal, wharf.Stage{Name: "s", URL: "s3://a/", Connection: *f.lab(mal)}))
	f.must(f.reads(mal))
	return f, ann, mal
}

func (f *fixture) connect(p wharf.Principal, c wharf.Connection, mode wharf.CreateMode) {
	f.t.Helper()
	_, err := f.CreateConnection(f.t.Context(), p, wharf.NamedConnection{Name: "lab", StorageType: "s3", Connection: c}, mode)
	f.must(err)
}

// lab is CONNECTION = (CONNECTION_NAME = 'lab').
func (f *fixture) lab(p wharf.Principal) *wharf.Connection {
	f.t.Helper()
	c, err := f.ReadConnection(f.t.Context(), p, []wharf.Option{{Name: "CONNECTION_NAME", Kind: wharf.OptionString, Value: "lab"}})
	f.must(err)
	return &c
}

func (f *fixture) revokeUsage() {
	f.t.Helper()
	f.must(f.GrantConnection(f.t.Context(), wharf.Root, "lab", wharf.PrivilegeUsage, accounts("mal"), true))
}

// TestRevokeUsage: a stage stops when the user who gave it the connection may not
// use that any more, whoever owns the stage by then, and works again with USAGE.
func TestRevokeUsage(t *testing.T) {
	payroll := "s3://payroll/"
	for name, give := range map[string]func(f *fixture, mal wharf.Principal){
		"mal's":  func(*fixture, wharf.Principal) {},
		"eve's":  func(f *fixture, mal wharf.Principal) { f.owns(mal, "eve", false) },
		"root's": func(f *fixture, mal wharf.Principal) { f.owns(mal, "mal", true) },
	} {
		t.Run(name, func(t *testing.T) {
			f, _, mal := usageFixture(t)
			eve := f.user("eve")
			f.must(f.GrantStage(t.Context(), mal, "s", wharf.StagePrivileges, accounts("mal", "eve"), false))
			give(f, mal)
			f.must(f.reads(eve))
			f.revokeUsage()
			for _, p := range []wharf.Principal{mal, eve, wharf.Root} {
				wantCode(t, f.reads(p), wharf.CodeDenied)
			}
			if name != "root's" {
				wantCode(t, f.alterAs(map[string]wharf.Principal{"mal's": mal, "eve's": eve}[name], wharf.StageChange{URL: &payroll}), wharf.CodeDenied)
			}
			f.role("r")
			f.must(f.GrantRoles(t.Context(), wharf.Root, accounts("r"), accounts("mal"), false))
			f.must(f.GrantConnection(t.Context(), wharf.Root, "lab", wharf.PrivilegeUsage, accounts("r"), false))
			f.must(f.reads(eve)) // by a role
			f.revokeRole("r")
			wantCode(t, f.reads(eve), wharf.CodeDenied)
			f.must(f.alterAs(wharf.Root, wharf.StageChange{Connection: f.lab(wharf.Root)}))
			f.must(f.reads(eve))
		})
	}
}

func (f *fixture) owns(p wharf.Principal, name string, revoke bool) {
	f.t.Helper()
	f.must(f.GrantStage(f.t.Context(), p, "s", wharf.PrivilegeOwnership, accounts(name), revoke))
}

func (f *fixture) revokeRole(name string) {
	f.t.Helper()
	f.must(f.GrantRoles(f.t.Context(), wharf.Root, accounts(name), accounts("mal"), true))
}

// TestStageAfterItsConnection: a stage outlives its connection, and a connection of
// that name with other credentials; but its credentials reach no other URL.
func TestStageAfterItsConnection(t *testing.T) {
	payroll, other := "s3://payroll/", wharf.Connection{AccessKeyID: wharf.NewSecret("id"), SecretAccessKey: wharf.NewSecret("another")}
	for name, end := range map[string]func(f *fixture, ann, mal wharf.Principal){
		"dropped":  func(f *fixture, ann, _ wharf.Principal) { f.drop(ann) },
		"replaced": func(f *fixture, ann, _ wharf.Principal) { f.connect(ann, other, wharf.CreateOrReplace) },
		"mal's own by now": func(f *fixture, ann, mal wharf.Principal) {
			f.drop(ann)
			f.connect(mal, other, wharf.CreateNew)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, ann, mal := usageFixture(t)
			f.must(f.alterAs(mal, wharf.StageChange{URL: &payroll})) // with USAGE
			end(f, ann, mal)
			f.must(f.reads(mal))
			wantCode(t, f.alterAs(mal, wharf.StageChange{URL: &payroll}), wharf.CodeDenied)
			f.must(f.alterAs(mal, wharf.StageChange{URL: &payroll, Connection: &other}))
		})
	}
}

func (f *fixture) drop(p wharf.Principal) {
	f.t.Helper()
	_, err := f.DropConnection(f.t.Context(), p, "lab", false)
	f.must(err)
}

// TestConnectionOfADroppedUser: a stage whose maker was dropped works for as long
// as its owner may use the connection.
func TestConnectionOfADroppedUser(t *testing.T) {
	f, _, mal := usageFixture(t)
	eve := f.user("eve")
	f.must(f.GrantStage(t.Context(), mal, "s", wharf.PrivilegeRead, accounts("eve"), false))
	_, err := f.DropUsers(t.Context(), wharf.Root, accounts("mal"), false, false)
	f.must(err)
	wantCode(t, f.reads(eve), wharf.CodeDenied)
	f.owns(wharf.Root, "ann", false)
	f.must(f.reads(eve))
}

// TestWithdrawnForGood: a stage that stopped because USAGE was revoked does not work
// again by the end of the connection, nor by another of that name.
func TestWithdrawnForGood(t *testing.T) {
	other := wharf.Connection{AccessKeyID: wharf.NewSecret("id"), SecretAccessKey: wharf.NewSecret("another")}
	for name, end := range map[string]func(f *fixture, ann wharf.Principal){
		"dropped":  func(f *fixture, ann wharf.Principal) { f.drop(ann) },
		"replaced": func(f *fixture, ann wharf.Principal) { f.connect(ann, other, wharf.CreateOrReplace) },
		"made again": func(f *fixture, ann wharf.Principal) {
			f.drop(ann)
			f.connect(ann, keys(), wharf.CreateNew)
			f.must(f.GrantConnection(f.t.Context(), ann, "lab", wharf.PrivilegeUsage, accounts("mal"), false))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, ann, mal := usageFixture(t)
			f.must(f.createAs(ann, wharf.Stage{Name: "anns", URL: "s3://a/", Connection: *f.lab(ann)}))
			f.revokeUsage()
			_, err := f.DropConnection(t.Context(), mal, "lab", false) // who may not
			wantCode(t, err, wharf.CodeNotFound)
			end(f, ann)
			wantCode(t, f.reads(mal), wharf.CodeDenied)
			wantCode(t, f.reads(wharf.Root), wharf.CodeDenied)
			if st, err := f.Stage(t.Context(), ann, "anns"); err != nil || st.Withdrawn {
				t.Errorf("the owner's stage is withdrawn: %v", err)
			}
			f.must(f.alterAs(mal, wharf.StageChange{Connection: &other}))
			f.must(f.reads(mal))
		})
	}
}
