package exec_test

import (
	"strings"
	"testing"

	"wharf"
	metamemory "wharf/meta/memory"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
	"wharf/storage/memory"
)

// TestShowCreateUserCanBeRun: what SHOW CREATE USER prints makes the same user, whatever
// bytes the hash has, by whatever sql_mode it is read.
func TestShowCreateUserCanBeRun(t *testing.T) {
	catalog := metamemory.New()
	service := wharf.NewService(wharf.ServiceOptions{Catalog: catalog, Users: catalog, Hasher: hasher{}, Opener: opener{memory.NewOpener()}, Now: now})
	s := exec.New(exec.Options{Relations: rowexec.Engine{}, Service: service, Version: "8", Now: now}).NewSession(exec.Client{Principal: wharf.Root})
	defer s.Close()
	made := func() wharf.User {
		t.Helper()
		users, err := catalog.Users(t.Context())
		if err != nil || users.Len() != 1 {
			t.Fatalf("%d users, %v", users.Len(), err)
		}
		u := users.All()[0]
		u.ID = wharf.UserID{}
		return u
	}
	const name = "`o'neil ``\\ \"x\"`@`10.%`"
	digest := strings.Repeat("d", 43)
	for _, want := range []wharf.User{
		{Plugin: wharf.PluginSHA2, Hash: wharf.NewSecret("$A$005$'\"\\`\n\r\t;\x01\x1a\x7f\x80\xff-- /*#%" + digest)},
		{Plugin: wharf.PluginSHA2, Hash: wharf.NewSecret("$A$005$" + strings.Repeat(" ", 20) + digest), Locked: true},
		{Plugin: wharf.PluginNative, Hash: wharf.NewSecret("*" + strings.Repeat("0A", 20))}, {Plugin: wharf.PluginNative}, {Plugin: wharf.PluginSHA2}, {IsRole: true},
	} {
		kind := "USER "
		if want.IsRole {
			kind = "ROLE "
		}
		must(t, s, "CREATE "+kind+name)
		_, err := catalog.UpdateUsers(t.Context(), func(all []wharf.User) ([]wharf.User, error) {
			all[0].Plugin, all[0].Hash, all[0].Locked = want.Plugin, want.Hash, want.Locked
			return all, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		before := made()
		text := must(t, s, "SHOW CREATE USER "+name)[0][0]
		for _, mode := range []string{"DEFAULT", "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"} {
			must(t, s, "DROP "+kind+name)
			must(t, s, "SET sql_mode = "+mode)
			must(t, s, text)
			must(t, s, "SET sql_mode = DEFAULT")
			after := made()
			if after.Account != before.Account || after.Plugin != want.Plugin || after.Hash != want.Hash || after.Locked != want.Locked || after.IsRole != want.IsRole {
				t.Errorf("%s makes %+v in mode %s, want %+v; the same hash: %t", text, after, mode, before, after.Hash == want.Hash)
			}
		}
		must(t, s, "DROP "+kind+name)
	}
}
