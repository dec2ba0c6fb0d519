//go:build linux && !noduck

package duck

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wharf"
)

// TestTurnsOfUsers: a user has a part of the turns, and users with SUPER have one to
// themselves, whatever the others hold.
func TestTurnsOfUsers(t *testing.T) {
	turns := newTurns(4, 2)
	ann, bob, root := owner{user: "ann"}, owner{user: "bob"}, owner{user: "root", super: true}
	take := func(of owner, want bool) error {
		t.Helper()
		ctx := t.Context()
		if !want {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
		}
		err := turns.acquire(ctx, of)
		if (err == nil) != want {
			t.Errorf("%+v: %v", of, err)
		}
		return err
	}
	take(ann, true)
	take(ann, true)
	if err := take(ann, false); !errors.Is(err, errUserTurns) {
		t.Errorf("ann's third: %v", err)
	}
	take(bob, true)
	if err := take(bob, false); errors.Is(err, errUserTurns) {
		t.Error("bob has one turn, and is told to have too many")
	}
	take(root, true)
	take(root, false)
	turns.release(ann)
	take(bob, true)
	for _, of := range []owner{ann, bob, bob, root} {
		turns.release(of)
	}
	for range 4 {
		take(root, true)
	}
	if len(turns.users) != 0 || turns.waiting() != 0 {
		t.Errorf("%d users and %d statements are left", len(turns.users), turns.waiting())
	}
}

// TestOneUserLeavesWorkers: with all turns that one user may have, others have theirs,
// and the pool counts what becomes of its workers.
func TestOneUserLeavesWorkers(t *testing.T) {
	p := open(t, func(o *Options) { o.Workers, o.Wait = 4, 20*time.Millisecond })
	var held []*lease
	for range 3 {
		l, err := p.lease(t.Context(), owner{user: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
	}
	if _, err := p.lease(t.Context(), owner{user: "ann"}); wharf.CodeOf(err) != wharf.CodeUnavailable {
		t.Errorf("ann's fourth of four workers: %v", err)
	}
	l, err := p.lease(t.Context(), owner{user: "root", super: true})
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); s.Most != 4 || s.Running != 4 || s.Refused != 1 || s.Alive < 4 || s.Started < 4 {
		t.Errorf("%+v", s)
	}
	l.end(nil)
	unix.Kill(held[0].worker.cmd.Process.Pid, unix.SIGABRT)
	<-held[0].worker.ended
	held[0].busy, held[1].busy = true, true
	for _, l := range held {
		l.end(nil)
	}
	if s := p.Stats(); s.Running != 0 || s.Killed != 1 || s.Crashed != 1 {
		t.Errorf("%+v", s)
	}
}
