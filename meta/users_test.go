package meta

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wharf"
	"wharf/meta/metatest"
)

func putUsers(t *testing.T, c *Catalog, users ...wharf.User) {
	t.Helper()
	if _, err := c.UpdateUsers(t.Context(), func([]wharf.User) ([]wharf.User, error) { return users, nil }); err != nil {
		t.Fatal(err)
	}
}

func usersOf(t *testing.T, c *Catalog) []wharf.User {
	t.Helper()
	users, err := c.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return users.All()
}

func TestUsersSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	putUsers(t, c, metatest.User("ann"))
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	if !bytes.Contains(db, []byte("ann")) {
		t.Error("the name of the user is not in the file; does this test look at the right one?")
	}
	if bytes.Contains(db, []byte("the hash of")) {
		t.Error("the hash of a password is in the file in the clear")
	}
	c = open(t, dir)
	if all := usersOf(t, c); len(all) != 1 || all[0].Hash != metatest.User("ann").Hash {
		t.Errorf("after a restart the users are %+v", all)
	}
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCatalogWithoutUsers opens a catalog of before there were users.
func TestCatalogWithoutUsers(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	if err := c.db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(bucketUsers)) }); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	c = open(t, dir)
	if all := usersOf(t, c); len(all) != 0 {
		t.Errorf("there are users: %+v", all)
	}
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
	putUsers(t, c, metatest.User("ann"))
	closeNow(t, c)
	if all := usersOf(t, open(t, dir)); len(all) != 1 {
		t.Errorf("the users are %+v", all)
	}
}

// TestDamagedUser: a record under another ID, or whose hash is another user's, is
// refused.
func TestDamagedUser(t *testing.T) {
	c := open(t, t.TempDir())
	a, b := metatest.User("a"), metatest.User("b")
	putUsers(t, c, a, b)
	swap := func(tx *bolt.Tx) error {
		payload, err := record(tx, bucketUsers, b.ID[:])
		if err != nil {
			return err
		}
		return putRecord(tx, bucketUsers, a.ID[:], payload)
	}
	if err := c.db.Update(swap); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(t.Context()); err == nil {
		t.Error("Check finds nothing wrong with the hash of another user")
	}
}

// TestRepairKeepsUsers damages the catalog. Where the pages that are in use can be told,
// users stay as they were; where not, they are locked.
func TestRepairKeepsUsers(t *testing.T) {
	for _, lost := range []bool{false, true} {
		dir := t.TempDir()
		c := open(t, dir)
		ann := metatest.User("ann")
		ann.IsRole, ann.Locked = false, false
		putUsers(t, c, ann)
		closeNow(t, c)
		path := filepath.Join(dir, dbFile)
		data := readFile(t, dir, dbFile)
		pages := 1
		if lost {
			pages = 2 // both meta pages
		}
		for n := range pages {
			clear(data[n*os.Getpagesize() : n*os.Getpagesize()+100])
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var said []string
		_ = CheckFolder(t.Context(), dir, CheckOptions{Repair: true, Done: func(line string) { said = append(said, line) }}, func(string) {})
		all := usersOf(t, open(t, dir))
		if len(all) != 1 || all[0].Hash != ann.Hash || all[0].Locked != lost {
			t.Errorf("both meta pages lost %t: the users are %+v\n%s", lost, all, strings.Join(said, "\n"))
		}
	}
}

// TestUsersStayDecoded: a write to anything but the users leaves them as they were read.
func TestUsersStayDecoded(t *testing.T) {
	c := open(t, t.TempDir())
	putUsers(t, c, metatest.User("ann"))
	users := func() *wharf.Users {
		t.Helper()
		users, err := c.Users(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return users
	}
	before := users()
	create(t, c, stage("s"))
	if _, err := c.UpdateUsers(t.Context(), func([]wharf.User) ([]wharf.User, error) { return nil, wharf.Errorf(wharf.CodeDenied, "no") }); err == nil {
		t.Error("an UpdateUsers whose change fails succeeds")
	}
	if users() != before {
		t.Error("a write of a stage, or an UpdateUsers that failed, has the users decoded again")
	}
	putUsers(t, c, metatest.User("bob"))
	if all := users().All(); len(all) != 1 || all[0].User != "bob" {
		t.Errorf("the users are %+v", all)
	}
	closeNow(t, c)
	if _, err := c.Users(t.Context()); wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("after Close: %v", err)
	}
}
