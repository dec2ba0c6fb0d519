package metatest

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	"wharf"
)

// RunUsers runs the cases of [wharf.UserCatalog] as subtests of t. The function
// returns a fresh, empty one.
func RunUsers(t *testing.T, fresh func(t *testing.T) wharf.UserCatalog) {
	for name, run := range map[string]func(t *testing.T, c wharf.UserCatalog){
		"users":          testUsers,
		"users-refused":  testUsersRefused,
		"users-contexts": testUsersContexts,
		"users-race":     testUsersRace,
		"users-stages":   testUsersStages,
		"users-root":     testUsersRoot,
		"users-tokens":   testUsersTokens,
	} {
		t.Run(name, func(t *testing.T) { run(t, fresh(t)) })
	}
}

// User returns a user of that name with every field set.
func User(name string) wharf.User {
	id := func(n byte) wharf.UserID { return wharf.UserID{0: 'u', 1: name[0], 15: n} }
	return wharf.User{
		ID: id(0), Account: wharf.Account{User: name, Host: "10.0.0.%"}, IsRole: true, Locked: true,
		Plugin: wharf.PluginSHA2, Hash: wharf.NewSecret("$A$005$the hash of " + name + "\x01\x7f"),
		CreatedOn: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC), Global: wharf.GlobalPrivileges,
		Roles: []wharf.UserID{id(1), id(2)}, Default: []wharf.UserID{id(2)}, DefaultAll: true, MaxConnections: 7,
		Applied: wharf.NewSecret("$A$005$applied to " + name + "\x02"),
		Tokens: []wharf.Token{
			{Name: "ci", Hash: wharf.HashToken("ci of " + name), CreatedOn: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)},
			{Name: "laptop", Hash: wharf.HashToken("laptop of " + name), CreatedOn: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Expires: time.Date(2027, 2, 3, 4, 5, 6, 0, time.UTC)},
		},
	}
}

func wantUsers(t *testing.T, c wharf.UserCatalog, want ...wharf.User) {
	t.Helper()
	got, err := c.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all := got.All(); len(all) != len(want) || len(all) > 0 && !reflect.DeepEqual(all, want) {
		t.Errorf("the users are %+v, want %+v", all, want)
	}
}

// setUsers makes the users those.
func setUsers(t *testing.T, c wharf.UserCatalog, users ...wharf.User) {
	t.Helper()
	after, err := c.UpdateUsers(t.Context(), func([]wharf.User) ([]wharf.User, error) { return users, nil })
	if err != nil {
		t.Fatal(err)
	}
	if after.Len() != len(users) {
		t.Errorf("UpdateUsers returns %d users, want %d", after.Len(), len(users))
	}
}

func testUsers(t *testing.T, c wharf.UserCatalog) {
	wantUsers(t, c)
	a, b := User("a"), User("b")
	elsewhere := a
	elsewhere.CreatedOn = a.CreatedOn.In(time.FixedZone("east", 3600))
	setUsers(t, c, b, elsewhere)
	wantUsers(t, c, a, b)
	b.Locked, b.Hash, b.Roles = false, wharf.NewSecret("other"), nil
	setUsers(t, c, a, b)
	wantUsers(t, c, a, b)
	bare := wharf.User{ID: wharf.UserID{1}, Account: wharf.Account{User: "c", Host: "%"}, CreatedOn: a.CreatedOn}
	setUsers(t, c, bare, b)
	wantUsers(t, c, b, bare)
	b.Account, bare.Account = bare.Account, b.Account // two that change their names
	setUsers(t, c, b, bare)
	wantUsers(t, c, bare, b)
	setUsers(t, c)
	wantUsers(t, c)
}

// testUsersRoot: the record of root is kept, and is in no list of users.
func testUsersRoot(t *testing.T, c wharf.UserCatalog) {
	a := User("a")
	root := User("r")
	root.ID, root.Account, root.IsRole, root.Roles, root.Default = wharf.UserID{}, wharf.Root.Account(), false, nil, nil
	setUsers(t, c, a)
	for _, keep := range []bool{true, false} {
		after, err := c.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) {
			if keep {
				return append(all, root), nil
			}
			if len(all) != 2 || all[0].Account != root.Account {
				t.Errorf("UpdateUsers is given %+v", all)
			}
			return all[1:], nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantUsers(t, c, a)
		now, err := c.Users(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := wharf.User{Account: root.Account}
		if keep {
			want = root
		}
		for _, users := range []*wharf.Users{after, now} {
			if got := users.Root(); !reflect.DeepEqual(got, want) {
				t.Errorf("root is %+v, want %+v", got, want)
			}
		}
	}
}

// testUsersTokens: a token is found by its hash, and is a copy.
func testUsersTokens(t *testing.T, c wharf.UserCatalog) {
	a, b := User("a"), User("b")
	a.IsRole, a.Locked, b.IsRole, b.Locked = false, false, false, false
	setUsers(t, c, a, b)
	now := a.Tokens[1].Expires.Add(-time.Second)
	from := netip.MustParseAddr("10.0.0.7")
	find := func(text string) (wharf.User, bool) {
		t.Helper()
		users, err := c.Users(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return users.ByToken(wharf.HashToken(text), from, now)
	}
	for _, text := range []string{"ci of b", "laptop of b"} {
		if u, ok := find(text); !ok || u.ID != b.ID {
			t.Errorf("the user of %q is %s, %t", text, u.Account, ok)
		}
	}
	if u, ok := find("ci of b"); ok {
		u.Tokens[0].Name = "changed"
	}
	wantUsers(t, c, a, b)
	b.User, b.Tokens = "renamed", b.Tokens[:1]
	setUsers(t, c, a, b)
	if u, ok := find("ci of b"); !ok || u.User != "renamed" {
		t.Errorf("after a rename the user is %s, %t", u.Account, ok)
	}
	setUsers(t, c, a)
	for _, text := range []string{"laptop of b", "ci of b", ""} {
		if u, ok := find(text); ok {
			t.Errorf("%q is a token of %s", text, u.Account)
		}
	}
}

func testUsersRefused(t *testing.T, c wharf.UserCatalog) {
	a := User("a")
	setUsers(t, c, a)
	noID, noName, twice, sameName, text := User("b"), User("b"), User("b"), User("b"), User("b")
	noID.ID = wharf.UserID{}
	noName.User = ""
	twice.ID = a.ID
	sameName.Account = a.Account
	text.User = "b\xff"
	for what, c2 := range map[string]struct {
		user wharf.User
		code wharf.Code
	}{
		"no ID": {noID, wharf.CodeInternal}, "no name": {noName, wharf.CodeInternal}, "an ID twice": {twice, wharf.CodeInternal},
		"an account twice": {sameName, wharf.CodeInternal}, "no UTF-8": {text, wharf.CodeInvalid},
	} {
		_, err := c.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) { return append(all, c2.user), nil })
		if wharf.CodeOf(err) != c2.code {
			t.Errorf("%s: want the code %q: %v", what, c2.code, err)
		}
	}
	_, err := c.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) {
		all[0].Roles[0] = wharf.UserID{}
		return nil, wharf.Errorf(wharf.CodeExists, "no")
	})
	if wharf.CodeOf(err) != wharf.CodeExists {
		t.Errorf("the error of change: %v", err)
	}
	wantUsers(t, c, a)
}

// testUsersStages: a user who goes takes its own stage with it, and no other's.
func testUsersStages(t *testing.T, users wharf.UserCatalog) {
	c := users.(wharf.Catalog)
	a, b := User("a"), User("b")
	setUsers(t, users, a, b)
	create := func(u wharf.User) (wharf.Stage, error) {
		st, _, err := c.CreateStage(t.Context(), wharf.Stage{ID: wharf.NewStageID(), Name: u.ID.OwnStage(), Owner: u.ID, Creator: u.User, Revision: 1}, wharf.CreateIfNotExists)
		return st, err
	}
	own, err := create(a)
	if err != nil {
		t.Fatal(err)
	}
	others, err := create(b)
	if err != nil {
		t.Fatal(err)
	}
	a.Account.User = "renamed"
	setUsers(t, users, a, b)
	if st, err := c.Stage(t.Context(), a.ID.OwnStage()); err != nil || st.ID != own.ID {
		t.Errorf("after a rename: %+v, %v", st, err)
	}
	setUsers(t, users, b)
	if _, err := c.Stage(t.Context(), a.ID.OwnStage()); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Errorf("the own stage of a user who went: %v", err)
	}
	if st, err := create(a); wharf.CodeOf(err) != wharf.CodeUnauthenticated {
		t.Errorf("a new own stage of a user who went: %+v, %v", st, err)
	}
	if st, err := c.Stage(t.Context(), b.ID.OwnStage()); err != nil || st.ID != others.ID {
		t.Errorf("the own stage of one who stays: %+v, %v", st, err)
	}
	dropped, err := c.DroppedStages(t.Context())
	if err != nil || len(dropped) != 1 || dropped[0].ID != own.ID {
		t.Errorf("to be swept: %+v, %v", dropped, err)
	}
}

func testUsersContexts(t *testing.T, c wharf.UserCatalog) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Users(ctx)
	_, changed := c.UpdateUsers(ctx, func([]wharf.User) ([]wharf.User, error) { return nil, errors.New("called") })
	for _, err := range []error{err, changed} {
		if wharf.CodeOf(err) != wharf.CodeCanceled {
			t.Errorf("a context that ended: %v", err)
		}
	}
}

// testUsersRace: what an UpdateUsers that has returned changed is seen.
func testUsersRace(t *testing.T, c wharf.UserCatalog) {
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			u := User(string(rune('a' + i)))
			for n := range 10 {
				u.Locked = n%2 == 0
				_, err := c.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) {
					for i := range all {
						if all[i].ID == u.ID {
							all[i] = u
							return all, nil
						}
					}
					return append(all, u), nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				users, err := c.Users(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if got, ok := users.ByID(u.ID); !ok || got.Locked != u.Locked {
					t.Errorf("%s is there: %t, locked: %t, want %t", u.User, ok, got.Locked, u.Locked)
				}
			}
		})
	}
	writers.Wait()
}
