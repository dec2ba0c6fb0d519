package wharf_test

import (
	"testing"

	"wharf"
)

// accessOf returns what a user may do that has the role r, active or not.
func accessOf(t *testing.T, global, ofRole wharf.Privileges, active bool) wharf.Access {
	t.Helper()
	user := wharf.User{ID: wharf.UserID{1}, Account: account("u"), Global: global, Roles: []wharf.UserID{{2}}, DefaultAll: active}
	role := wharf.User{ID: wharf.UserID{2}, Account: account("r"), IsRole: true, Roles: []wharf.UserID{{3}}}
	inner := wharf.User{ID: wharf.UserID{3}, Account: account("inner"), IsRole: true, Global: ofRole}
	a, err := wharf.NewUsers([]wharf.User{user, role, inner}).Access(user.Principal())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAccessToStage(t *testing.T) {
	const all = wharf.PrivilegeRead | wharf.PrivilegeWrite | wharf.PrivilegeOwnership
	granted := func(id byte, p wharf.Privileges) wharf.Stage {
		return wharf.Stage{ID: wharf.StageID{9}, Name: "s", Owner: wharf.UserID{7}, Granted: []wharf.Granted{{To: wharf.UserID{8}, Privileges: all}, {To: wharf.UserID{id}, Privileges: p}}}
	}
	owned := func(id byte) wharf.Stage {
		return wharf.Stage{ID: wharf.StageID{9}, Name: "s", Owner: wharf.UserID{id}}
	}
	for name, c := range map[string]struct {
		stage          wharf.Stage
		global, ofRole wharf.Privileges
		active         bool
		want           wharf.Privileges
	}{
		"nothing":                 {stage: granted(5, all), active: true},
		"root's":                  {stage: owned(0), active: true},
		"read":                    {stage: granted(1, wharf.PrivilegeRead), want: wharf.PrivilegeRead},
		"write":                   {stage: granted(1, wharf.PrivilegeWrite), want: wharf.PrivilegeWrite},
		"owner":                   {stage: owned(1), want: all},
		"role":                    {stage: granted(2, wharf.PrivilegeRead), active: true, want: wharf.PrivilegeRead},
		"role that is not active": {stage: granted(2, wharf.PrivilegeRead)},
		"role of a role":          {stage: granted(3, wharf.PrivilegeWrite), active: true, want: wharf.PrivilegeWrite},
		"owner by role":           {stage: owned(3), active: true, want: all},
		"owner by idle role":      {stage: owned(3)},
		"super":                   {stage: owned(0), global: wharf.PrivilegeSuper, want: all},
		"super by role":           {stage: owned(0), ofRole: wharf.PrivilegeSuper, active: true, want: all},
		"super by idle role":      {stage: owned(0), ofRole: wharf.PrivilegeSuper},
		"create stage":            {stage: owned(0), global: wharf.PrivilegeCreateStage},
		"own stage":               {stage: wharf.Stage{ID: wharf.StageID{9}, Name: wharf.UserStage + wharf.StageName(wharf.UserID{1}.String())}, want: all},
		"another's own stage":     {stage: wharf.Stage{ID: wharf.StageID{9}, Name: wharf.UserStage + wharf.StageName(wharf.UserID{4}.String()), Owner: wharf.UserID{1}}, global: wharf.PrivilegeSuper},
		"root's own stage":        {stage: wharf.Stage{ID: wharf.StageID{9}, Name: "~root"}, global: wharf.PrivilegeSuper},
	} {
		if got := accessOf(t, c.global, c.ofRole, c.active).Stage(c.stage); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestAccessOfWhom: principals who are not users may do nothing.
func TestAccessOfWhom(t *testing.T) {
	users := wharf.NewUsers([]wharf.User{
		{ID: wharf.UserID{1}, Account: account("u")}, {ID: wharf.UserID{2}, Account: account("r"), IsRole: true},
		{ID: wharf.UserID{3}, Account: account("l"), Locked: true},
	})
	for name, c := range map[string]struct {
		p    wharf.Principal
		code wharf.Code
	}{
		"nobody": {wharf.Principal{}, wharf.CodeUnauthenticated}, "a name alone": {wharf.Principal{User: "u"}, wharf.CodeUnauthenticated},
		"dropped": {wharf.Principal{User: "u", ID: wharf.UserID{9}}, wharf.CodeUnauthenticated}, "a role": {wharf.Principal{User: "r", ID: wharf.UserID{2}}, wharf.CodeUnauthenticated},
		"root's name and an ID": {wharf.Principal{User: "root", ID: wharf.UserID{9}}, wharf.CodeUnauthenticated},
		"locked":                {wharf.Principal{User: "l", ID: wharf.UserID{3}}, ""}, "locked by URL": {wharf.Principal{User: "l", ID: wharf.UserID{3}, Only: wharf.StageID{1}}, wharf.CodeDenied},
		"root": {wharf.Root, ""}, "user": {wharf.Principal{User: "u", ID: wharf.UserID{1}}, ""},
	} {
		a, err := users.Access(c.p)
		if wharf.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want the code %q", name, err, c.code)
		}
		if err != nil && (a.IsSuper() || a.MayCreate() || a.Stage(wharf.Stage{Name: "s"}) != 0 || a.SameUser(c.p.ID) ||
			a.Connection(wharf.NamedConnection{}) != 0 || a.Format(wharf.NamedFormat{})) {
			t.Errorf("%s may do something", name)
		}
	}
	only, _ := users.Access(wharf.Principal{User: "root", Only: wharf.StageID{1}})
	if only.Stage(wharf.Stage{ID: wharf.StageID{2}, Name: "s"}) != 0 || only.Connection(wharf.NamedConnection{}) != 0 || only.Format(wharf.NamedFormat{}) {
		t.Error("a presigned URL of root reaches more than its stage")
	}
	forged, err := users.Access(wharf.Principal{User: "u", ID: wharf.UserID{1}, Roles: []wharf.UserID{{2}}, AllRoles: true})
	if err != nil || forged.Stage(wharf.Stage{Name: "s", Owner: wharf.UserID{2}}) != 0 {
		t.Errorf("a role that is not granted counts: %v", err)
	}
}
