package auth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"wharf"
	"wharf/meta/auth"
)

// userList is a UserCatalog of some users.
type userList struct {
	users *wharf.Users
	err   error
}

func (l *userList) Users(context.Context) (*wharf.Users, error) { return l.users, l.err }

func (l *userList) UpdateUsers(context.Context, func([]wharf.User) ([]wharf.User, error)) (*wharf.Users, error) {
	return nil, errors.New("not called")
}

func gateUser(t *testing.T, name, host, plugin, password string) wharf.User {
	t.Helper()
	hash, err := auth.Hasher{}.Hash(plugin, password)
	if err != nil {
		t.Fatal(err)
	}
	return wharf.User{ID: wharf.NewUserID(), Account: wharf.Account{User: name, Host: host}, Plugin: plugin, Hash: hash}
}

func TestGateLogin(t *testing.T) {
	root := gateUser(t, "root", "%", wharf.PluginSHA2, "r")
	root.ID = wharf.UserID{}
	locked := gateUser(t, "locked", "%", wharf.PluginSHA2, "p")
	locked.Locked = true
	list := &userList{users: wharf.NewUsers([]wharf.User{
		root, gateUser(t, "sha", "%", wharf.PluginSHA2, "p"), gateUser(t, "nat", "%", wharf.PluginNative, "p"), gateUser(t, "bare", "%", wharf.PluginSHA2, ""),
		gateUser(t, "net", "10.0.0.0/8", wharf.PluginSHA2, "p"), locked,
		{ID: wharf.NewUserID(), Account: wharf.Account{User: "role", Host: "%"}, IsRole: true},
	})}
	g := auth.NewGate(auth.GateOptions{Users: list})
	const here, there = "127.0.0.1", "192.0.2.1"
	for _, c := range []struct {
		user, password, from string
		ok                   bool
	}{
		{"root", "r", there, true}, {"root", "p", here, false}, {"root", "", here, false},
		{"sha", "p", there, true}, {"sha", "p", there, true}, {"sha", "q", there, false}, {"sha", "", there, false},
		{"nat", "p", there, true}, {"nat", "q", there, false}, {"nat", "", here, false},
		{"bare", "", here, true}, {"bare", "", "::1", true}, {"bare", "", there, false}, {"bare", "", "", false}, {"bare", "p", here, false},
		{"net", "p", "10.9.9.9", true}, {"net", "p", here, false}, {"net", "p", "", false},
		{"locked", "p", here, false}, {"role", "", here, false}, {"nobody", "p", here, false}, {"nobody", "", here, false}, {"", "", here, false},
	} {
		p, ok, err := g.Login(t.Context(), c.user, c.password, c.from)
		if err != nil || ok != c.ok || ok && p.User != c.user || !ok && (p.User != "" || !p.ID.IsZero()) {
			t.Errorf("%s with %q from %s: %+v, %t, %v", c.user, c.password, c.from, p, ok, err)
		}
	}
	list.err = wharf.Errorf(wharf.CodeInternal, "broken")
	if _, ok, err := g.Login(t.Context(), "sha", "p", here); ok || wharf.CodeOf(err) != wharf.CodeInternal {
		t.Errorf("with a broken catalog: %t, %v", ok, err)
	}
	if _, ok, err := g.Login(t.Context(), "root", "r", here); !ok || err != nil {
		t.Errorf("root with a broken catalog: %t, %v", ok, err)
	}
}

// TestGateWithoutUsers is a server as it was before there were users.
func TestGateWithoutUsers(t *testing.T) {
	g := auth.NewGate(auth.GateOptions{})
	for user, want := range map[string]bool{"root": true, "nobody": false, "": false} {
		if _, ok, err := g.Login(t.Context(), user, "", "127.0.0.1"); ok != want || err != nil {
			t.Errorf("%q: %t, %v", user, ok, err)
		}
	}
	if _, ok, _ := g.Login(t.Context(), "root", "", "192.0.2.1"); ok || g.RootPasswordSet() {
		t.Error("root without a password comes in from elsewhere")
	}
}

// TestUnknownUserCostsTheSame counts allocations, which the rounds of the salted hash
// dominate, where time would be noise.
func TestUnknownUserCostsTheSame(t *testing.T) {
	g := auth.NewGate(auth.GateOptions{Users: &userList{users: wharf.NewUsers([]wharf.User{gateUser(t, "sha", "%", wharf.PluginSHA2, "p")})}})
	work := func(user string) float64 {
		return testing.AllocsPerRun(3, func() { g.Login(t.Context(), user, "wrong", "127.0.0.1") })
	}
	known, unknown := work("sha"), work("nobody")
	if known < 1000 || unknown < known-20 || unknown > known+20 {
		t.Errorf("a wrong password costs a user %v allocations and a stranger %v", known, unknown)
	}
}

// TestUserWithoutPasswordIsUnknown: from elsewhere, where it cannot log in, a user without
// a password is answered as one who does not exist, also one who is locked.
func TestUserWithoutPasswordIsUnknown(t *testing.T) {
	locked := gateUser(t, "locked", "%", wharf.PluginSHA2, "")
	locked.Locked = true
	list := []wharf.User{gateUser(t, "bare", "%", wharf.PluginSHA2, ""), gateUser(t, "bare native", "%", wharf.PluginNative, ""), locked, gateUser(t, "sha", "%", wharf.PluginSHA2, "p")}
	g := auth.NewGate(auth.GateOptions{Users: &userList{users: wharf.NewUsers(list)}})
	const there = "192.0.2.1"
	nobody, err := g.Find(t.Context(), "nobody", there)
	if err != nil {
		t.Fatal(err)
	}
	cost := func(name string) float64 {
		return testing.AllocsPerRun(3, func() { g.Login(t.Context(), name, "wrong", there) })
	}
	unknown := cost("nobody")
	for _, name := range []string{"bare", "bare native", "locked"} {
		c, err := g.Find(t.Context(), name, there)
		if err != nil || !c.Password.IsSet() || c.Locked() || c.Admits() || c.Principal.User != "" {
			t.Errorf("%s is %+v, %v", name, c, err)
		}
		for _, plugin := range []string{wharf.PluginSHA2, wharf.PluginNative} {
			if c.Password.Takes(plugin) != nobody.Password.Takes(plugin) {
				t.Errorf("%s takes %s: %t, as nobody does not", name, plugin, c.Password.Takes(plugin))
			}
		}
		if n := cost(name); n < unknown-20 || n > unknown+20 {
			t.Errorf("a wrong password costs %s %v allocations and a stranger %v", name, n, unknown)
		}
		if c, _ = g.Find(t.Context(), name, "127.0.0.1"); c.Principal.User != name {
			t.Errorf("%s is not known on this machine", name)
		}
	}
}

// TestUnknownUserAfterRestart: with the same key, names that do not exist are asked for the
// same plugins.
func TestUnknownUserAfterRestart(t *testing.T) {
	list := &userList{users: wharf.NewUsers([]wharf.User{gateUser(t, "a", "%", wharf.PluginSHA2, "p"), gateUser(t, "b", "%", wharf.PluginNative, "p")})}
	natives := func(key string) (names string) {
		g := auth.NewGate(auth.GateOptions{Users: list, DecoyKey: wharf.NewSecret(key)})
		for i := range 64 {
			c, err := g.Find(t.Context(), fmt.Sprint("nobody", i), "192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			if c.Password.Takes(wharf.PluginNative) {
				names += fmt.Sprint(i, " ")
			}
		}
		return names
	}
	if first, again := natives("k"), natives("k"); first != again || first == "" {
		t.Errorf("asked for mysql_native_password: %s, then %s", first, again)
	}
	if natives("k") == natives("another") {
		t.Error("the key does not matter")
	}
}

// TestUnknownUserAmongMany: an unknown name costs no copy of all users.
func TestUnknownUserAmongMany(t *testing.T) {
	list := make([]wharf.User, 1000)
	for i := range list {
		list[i] = wharf.User{ID: wharf.NewUserID(), Account: wharf.Account{User: fmt.Sprint("u", i), Host: "%"}, Plugin: wharf.PluginSHA2,
			Hash: wharf.NewSecret("*"), Roles: []wharf.UserID{{1}}}
	}
	g := auth.NewGate(auth.GateOptions{Users: &userList{users: wharf.NewUsers(list)}})
	if n := testing.AllocsPerRun(3, func() { g.Find(t.Context(), "nobody", "192.0.2.1") }); n > 50 {
		t.Errorf("an unknown name costs %v allocations among 1000 users", n)
	}
}

// TestUnknownUserHasAPlugin: always the same one, and one that some user has.
func TestUnknownUserHasAPlugin(t *testing.T) {
	sha, nat := gateUser(t, "a", "%", wharf.PluginSHA2, "p"), gateUser(t, "b", "%", wharf.PluginNative, "p")
	for _, c := range []struct {
		users []wharf.User
		takes map[string]bool
	}{
		{[]wharf.User{sha}, map[string]bool{wharf.PluginSHA2: true}},
		{[]wharf.User{nat}, map[string]bool{wharf.PluginNative: true}},
		{[]wharf.User{sha, nat}, map[string]bool{wharf.PluginSHA2: true, wharf.PluginNative: true}},
	} {
		g := auth.NewGate(auth.GateOptions{Users: &userList{users: wharf.NewUsers(c.users)}})
		seen := map[string]bool{}
		for i := range 64 {
			name := fmt.Sprint("nobody", i)
			first, err := g.Find(t.Context(), name, "127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			again, _ := g.Find(t.Context(), name, "10.0.0.1")
			for _, plugin := range []string{wharf.PluginSHA2, wharf.PluginNative} {
				if first.Password.Takes(plugin) != again.Password.Takes(plugin) {
					t.Errorf("%s is asked by another plugin the second time", name)
				}
				if first.Password.Takes(plugin) {
					seen[plugin] = true
				}
			}
			if first.Password.Takes(wharf.PluginSHA2) && first.Password.Takes(wharf.PluginNative) {
				t.Fatal("a name that does not exist takes both plugins, as no user does")
			}
		}
		if fmt.Sprint(seen) != fmt.Sprint(c.takes) {
			t.Errorf("names that do not exist take %v, users %v", seen, c.takes)
		}
	}
}

// TestProofIsForgotten: a password is remembered for minutes, and not past a change.
func TestProofIsForgotten(t *testing.T) {
	now := time.Unix(1e9, 0)
	u := gateUser(t, "u", "%", wharf.PluginSHA2, "p")
	list := &userList{users: wharf.NewUsers([]wharf.User{u})}
	g := auth.NewGate(auth.GateOptions{Users: list, Now: func() time.Time { return now }})
	proven := func() bool {
		c, err := g.Find(t.Context(), "u", "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		_, ok := c.Digest()
		return ok
	}
	login := func(password string) bool {
		_, ok, err := g.Login(t.Context(), "u", password, "127.0.0.1")
		return ok && err == nil
	}
	if proven() || login("wrong") || proven() || !login("p") || !proven() {
		t.Fatal("only the right password is remembered")
	}
	if login("wrong") || !login("p") {
		t.Error("a remembered password lets in another, or not itself")
	}
	now = now.Add(time.Hour)
	if proven() {
		t.Error("the password is remembered for an hour")
	}
	login("p")
	u.Hash = gateUser(t, "u", "%", wharf.PluginSHA2, "new").Hash
	list.users = wharf.NewUsers([]wharf.User{u})
	if login("p") || !login("new") {
		t.Error("after a change the old password still is the password")
	}
}

func TestStoredPassword(t *testing.T) {
	for _, plugin := range []string{wharf.PluginSHA2, wharf.PluginNative} {
		hash, err := auth.Hasher{}.Hash(plugin, "p")
		if err != nil {
			t.Fatal(err)
		}
		p, err := auth.StoredPassword(plugin, hash)
		if err != nil || !p.Check("p") || p.Check("q") || p.Check("") || !p.Takes(plugin) {
			t.Errorf("%s: %v", plugin, err)
		}
	}
	for hash, plugin := range map[string]string{
		"x": wharf.PluginSHA2, "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4": wharf.PluginSHA2, "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEFG": wharf.PluginNative,
		"6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4": wharf.PluginNative, "$A$FFF$01234567890123456789" + "0123456789012345678901234567890123456789012": wharf.PluginSHA2,
		"$A$005$0123456789012345678$" + "0123456789012345678901234567890123456789012": wharf.PluginSHA2, "$A$005$": wharf.PluginSHA2, "*": "none",
	} {
		if err := (auth.Hasher{}).CheckHash(plugin, hash); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%q as a hash of %s: %v", hash, plugin, err)
		}
	}
}

// TestProvenTooLate: a client that proves what was right when it began, and is not any
// more, is not admitted.
func TestProvenTooLate(t *testing.T) {
	before := gateUser(t, "u", "%", wharf.PluginSHA2, "p")
	for what, change := range map[string]func(u *wharf.User){
		"":                 func(*wharf.User) {},
		"another password": func(u *wharf.User) { u.Hash = gateUser(t, "u", "%", wharf.PluginSHA2, "q").Hash },
		"a lock":           func(u *wharf.User) { u.Locked = true },
		"another user":     func(u *wharf.User) { u.ID = wharf.NewUserID() },
		"another name":     func(u *wharf.User) { u.User = "v" },
		"another host":     func(u *wharf.User) { u.Host = "10.0.0.1" },
	} {
		list := &userList{users: wharf.NewUsers([]wharf.User{before})}
		c, err := auth.NewGate(auth.GateOptions{Users: list}).Find(t.Context(), "u", "192.0.2.1")
		if err != nil || !c.Check("p") || !c.Admits() {
			t.Fatalf("%v", err)
		}
		after := before
		change(&after)
		list.users = wharf.NewUsers([]wharf.User{after})
		if c, err = c.Again(t.Context()); err != nil || c.Admits() != (what == "") || c.Locked() != (what == "a lock") {
			t.Errorf("%q: admitted %t, locked %t, %v", what, c.Admits(), c.Locked(), err)
		}
	}
}

// TestGateLoginToken: a token is its user's, from where the user may log in, until it
// expires; all else is refused alike.
func TestGateLoginToken(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	with := func(u wharf.User, text string, expires time.Time) wharf.User {
		u.Tokens = append(u.Tokens, wharf.Token{Name: text, Hash: wharf.HashToken(text), Expires: expires})
		return u
	}
	locked := gateUser(t, "locked", "%", wharf.PluginSHA2, "p")
	locked.Locked = true
	list := &userList{users: wharf.NewUsers([]wharf.User{
		with(wharf.User{Account: wharf.Root.Account()}, "root's", time.Time{}),
		with(with(gateUser(t, "ann", "%", wharf.PluginSHA2, "p"), "ann's", now.Add(time.Second)), "late", now),
		with(gateUser(t, "bare", "%", wharf.PluginSHA2, ""), "bare's", time.Time{}),
		with(gateUser(t, "net", "10.0.0.0/8", wharf.PluginNative, "p"), "net's", time.Time{}), with(locked, "locked's", time.Time{}),
	})}
	g := auth.NewGate(auth.GateOptions{Users: list, Now: func() time.Time { return now }})
	const here, there = "127.0.0.1", "192.0.2.1"
	for _, c := range []struct{ token, from, want string }{
		{"root's", here, "root"}, {"root's", there, "root"}, {"ann's", there, "ann"}, {"bare's", there, "bare"}, {"net's", "10.9.9.9", "net"},
		{"late", there, ""}, {"net's", there, ""}, {"net's", "", ""}, {"locked's", here, ""}, {"nobody's", here, ""}, {"", here, ""}, {"p", here, ""},
		{list.users.All()[0].Tokens[0].Hash.String(), here, ""},
	} {
		p, ok, err := g.LoginToken(t.Context(), c.token, c.from)
		if err != nil || p.User != c.want || ok != (c.want != "") {
			t.Errorf("%q from %s: %+v, %t, %v", c.token, c.from, p, ok, err)
		}
	}
	list.err = wharf.Errorf(wharf.CodeInternal, "broken")
	if _, ok, err := g.LoginToken(t.Context(), "ann's", here); ok || wharf.CodeOf(err) != wharf.CodeInternal {
		t.Errorf("with a broken catalog: %t, %v", ok, err)
	}
	if _, ok, err := auth.NewGate(auth.GateOptions{}).LoginToken(t.Context(), "ann's", here); ok || err != nil {
		t.Errorf("without users: %t, %v", ok, err)
	}
}
