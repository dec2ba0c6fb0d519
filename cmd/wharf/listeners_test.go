package main

import (
	"testing"

	"wharf/meta/auth"
)

func TestCheckPlain(t *testing.T) {
	p, err := auth.NewPassword("hunter2")
	if err != nil {
		t.Fatal(err)
	}
	r := rootPassword{p}
	for _, c := range []struct {
		user, password string
		want           bool
	}{
		{"root", "hunter2", true}, {"root", "hunter3", false}, {"root", "", false},
		{"Root", "hunter2", false}, {"nobody", "hunter2", false}, {"", "hunter2", false}, {"nobody", "", false},
	} {
		if r.CheckPlain(c.user, c.password) != c.want {
			t.Errorf("%q with %q is %t", c.user, c.password, !c.want)
		}
	}
	work := func(user string) float64 {
		return testing.AllocsPerRun(10, func() { r.CheckPlain(user, "hunter3") })
	}
	if root, stranger := work("root"), work("nobody"); root != stranger {
		t.Errorf("a wrong password costs root %v allocations and a stranger %v", root, stranger)
	}
}
