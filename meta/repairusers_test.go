package meta

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

func user(name string) wharf.User {
	return wharf.User{
		ID: wharf.NewUserID(), Account: wharf.Account{User: name, Host: "%"}, Plugin: wharf.PluginSHA2,
		Hash: wharf.NewSecret("the first hash of " + name), CreatedOn: stage(name).CreatedOn,
	}
}

// changeUsers makes the list of users what change makes of it.
func changeUsers(t *testing.T, c *Catalog, change func([]wharf.User) []wharf.User) *wharf.Users {
	t.Helper()
	after, err := c.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) { return change(all), nil })
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func byName(t *testing.T, users *wharf.Users, name string) wharf.User {
	t.Helper()
	u, ok := users.ByAccount(wharf.Account{User: name, Host: "%"})
	if !ok {
		t.Fatalf("there is no user %s", name)
	}
	return u
}

// dropAndMake drops the user of that name and makes another one.
func dropAndMake(t *testing.T, c *Catalog, name string) wharf.User {
	t.Helper()
	next := user(name)
	changeUsers(t, c, func(all []wharf.User) []wharf.User {
		all = slices.DeleteFunc(all, func(u wharf.User) bool { return u.User == name })
		for i := range all { // as DROP ROLE does
			all[i].Roles = slices.DeleteFunc(all[i].Roles, func(id wharf.UserID) bool { return id != next.ID })
		}
		return append(all, next)
	})
	return next
}

// TestRepairOfUsers has a catalog in whose pages that are no longer in use are
// old records of users, and whose tree is lost: the last change of each counts,
// one user has each name, and users can be changed afterwards.
func TestRepairOfUsers(t *testing.T) {
	t.Parallel()
	for n := range 4 { // so that the last change is on one page or another, before or behind older ones
		t.Run(fmt.Sprint(20+n, " changes"), func(t *testing.T) { repairUsers(t, 20+n) })
	}
}

func repairUsers(t *testing.T, changes int) {
	dir := t.TempDir()
	c := open(t, dir)
	own := makeUsers(t, c)
	changeOften(t, c, changes)
	ann, bob := byName(t, must(c.Users(t.Context())), "ann"), byName(t, must(c.Users(t.Context())), "bob")
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	p, _ := readPages(db)
	clear(db[:2*p.size])
	if changes%2 == 1 { // which bbolt, that takes the first free page, seldom comes to
		pages := slices.Collect(slices.Chunk(db[2*p.size:], int(p.size)))
		slices.Reverse(pages)
		db = append(slices.Clone(db[:2*p.size]), bytes.Join(pages, nil)...)
	}
	writeRaw(t, dir, dbFile, db)

	r := repair(t, dir, []wharf.StageID{own.ID})
	users := must(r.Users(t.Context()))
	if got := byName(t, users, "ann"); got.Hash != ann.Hash || got.Global != ann.Global || !got.Locked {
		t.Errorf("ann came back as %+v, with the last hash: %t", got, got.Hash == ann.Hash)
	}
	if got := byName(t, users, "bob"); got.ID != bob.ID {
		t.Error("a bob who was dropped came back")
	}
	if got := must(r.Connection(t.Context(), "one")).Connection.Region; got != fmt.Sprintf("region-%d", changes-1) {
		t.Errorf("the connection came back with %s", got)
	}
	changed := changeUsers(t, r.Catalog, func(all []wharf.User) []wharf.User {
		for i := range all {
			all[i].Locked = false
		}
		return all
	})
	if byName(t, changed, "ann").Locked {
		t.Error("no user can be changed")
	}
	for _, s := range must(r.Stages(t.Context(), "", 1000)) {
		if s.Name.IsOwn() {
			t.Errorf("%s is the own stage of a user who is not there", s.Name)
		}
	}
	closeNow(t, r.Catalog)
	wantWhole(t, dir)
}

// makeUsers makes ann, bob and a role, a connection, and bob's own stage.
func makeUsers(t *testing.T, c *Catalog) wharf.Stage {
	t.Helper()
	role := user("role")
	role.IsRole, role.Plugin, role.Hash = true, "", wharf.Secret{}
	changeUsers(t, c, func(all []wharf.User) []wharf.User {
		ann, bob := user("ann"), user("bob")
		ann.Roles = []wharf.UserID{role.ID}
		return append(all, ann, bob, role)
	})
	own := stage(string(byName(t, must(c.Users(t.Context())), "bob").ID.OwnStage()))
	create(t, c, own)
	if _, _, err := c.CreateConnection(t.Context(), connectionNamed("one"), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	return own
}

// changeOften changes ann and the connection again and again, and drops and makes
// bob. Pages that are needed no more keep what was on them.
func changeOften(t *testing.T, c *Catalog, changes int) {
	t.Helper()
	filler := func(i int) wharf.FormatName {
		return wharf.FormatName(fmt.Sprintf("%02d %s", i, strings.Repeat("f", 200)))
	}
	for i := range changes {
		if _, _, err := c.CreateFileFormat(t.Context(), formatNamed(string(filler(i))), wharf.CreateNew); err != nil {
			t.Fatal(err)
		}
	}
	for i := range changes {
		changeUsers(t, c, func(all []wharf.User) []wharf.User {
			for j := range all {
				if all[j].User == "ann" {
					all[j].Hash, all[j].Global = wharf.NewSecret(fmt.Sprintf("hash %d", i)), wharf.Privileges(i%2)
				}
			}
			return all
		})
		if _, err := c.UpdateConnection(t.Context(), "one", func(v wharf.NamedConnection) (wharf.NamedConnection, error) {
			v.Connection.Region = fmt.Sprintf("region-%d", i)
			return v, nil
		}); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			dropAndMake(t, c, "bob")
		}
		if err := c.DropFileFormat(t.Context(), filler(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestTwoUsersOfOneName has a catalog as an older repair left it: a check finds
// it, and a repair leaves the later one.
func TestTwoUsersOfOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := must(Open(dir, Options{})) // which no test helper closes: they check it
	older, later, role := user("ann"), user("ann"), user("gone")
	later.Roles = []wharf.UserID{role.ID}
	changeUsers(t, c, func(all []wharf.User) []wharf.User { return append(all, older) })
	for range 2 { // whichever has the lower ID
		if err := c.db.Update(func(tx *bolt.Tx) error { return c.putUser(tx, later) }); err != nil {
			t.Fatal(err)
		}
	}
	create(t, c, stage(string(older.ID.OwnStage())))
	if _, err := c.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) { return all, nil }); err == nil {
		t.Fatal("two users of one name are written")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	r := repair(t, dir, nil)
	if found := strings.Join(r.found, "\n"); !strings.Contains(found, "two users are named 'ann'@'%'") {
		t.Errorf("found %q", found)
	}
	all := changeUsers(t, r.Catalog, func(all []wharf.User) []wharf.User { return all }).All()
	// The role is not there.
	if len(all) != 1 || all[0].ID != later.ID || len(all[0].Roles) != 0 || all[0].Locked {
		t.Errorf("there are %+v", all)
	}
	if stages := must(r.Stages(t.Context(), "", 10)); len(stages) != 1 || !strings.HasPrefix(string(stages[0].Name), "recovered_") {
		t.Errorf("the stages are %+v", stages)
	}
	closeNow(t, r.Catalog)
	wantWhole(t, dir)
}

// TestRecordsOfTheVersionBefore: of two without a number, the definitions say
// which is later; one with a number is later than one without.
func TestRecordsOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	revision := func(n int) []byte { return fmt.Appendf(nil, `{"revision":%d}`, n) }
	for _, tc := range []struct {
		a, b salvaged
		want bool
	}{
		{salvaged{revision(2), 0}, salvaged{revision(1), 0}, true},
		{salvaged{revision(1), 0}, salvaged{revision(2), 0}, false},
		{salvaged{revision(1), 5}, salvaged{revision(2), 0}, true},
		{salvaged{revision(2), 0}, salvaged{revision(1), 5}, false},
		{salvaged{revision(1), 6}, salvaged{revision(2), 5}, true},
		{salvaged{nil, 6}, salvaged{nil, 5}, true},
	} {
		if got := tc.a.isLater(tc.b); got != tc.want {
			t.Errorf("%+v is later than %+v: %t", tc.a, tc.b, got)
		}
	}
}
