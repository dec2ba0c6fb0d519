package wharf_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wharf"
	"wharf/storage/storagetest"
)

func (f *fixture) putSize(p wharf.Principal, stage wharf.StageName, key string, n int, declared bool) error {
	f.t.Helper()
	u, err := f.BeginUpload(f.t.Context(), p, stage, int64(n))
	if err != nil {
		return err
	}
	defer u.Close()
	size := int64(wharf.UnknownSize)
	if declared {
		size = int64(n)
	}
	_, err = u.Put(f.t.Context(), wharf.Key(key), strings.NewReader(strings.Repeat("x", n)), wharf.PutOptions{Size: size})
	return err
}

// TestQuotaOfAStage: the stage's own quota counts, then the server's.
func TestQuotaOfAStage(t *testing.T) {
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.StageQuota = wharf.Quota{Files: 3, Bytes: 100} })
	f.create("s")
	for _, put := range []struct {
		key      string
		n        int
		declared bool
		want     wharf.Code
	}{
		{"a", 60, true, ""},
		{"b", 41, true, wharf.CodeNoSpace},
		{"b", 41, false, wharf.CodeNoSpace},
		{"b", 40, false, ""},
		{"a", 61, true, wharf.CodeNoSpace},
		{"a", 61, false, wharf.CodeNoSpace},
		{"a", 60, false, ""},
		{"a", 1, true, ""},
		{"c", 1, true, ""},
		{"d", 0, true, wharf.CodeNoSpace},
		{"c", 2, true, ""},
	} {
		err := f.putSize(wharf.Root, "s", put.key, put.n, put.declared)
		if got := wharf.CodeOf(err); got != put.want {
			t.Errorf("%+v: got %q (%v)", put, got, err)
		}
	}
	if got := f.list("s"); got != "a b c" {
		t.Errorf("the stage holds %q", got)
	}
	raise := func(files, bytes int64) {
		t.Helper()
		if _, err := f.AlterStage(t.Context(), wharf.Root, "s", wharf.StageChange{MaxFiles: &files, MaxBytes: &bytes}, false); err != nil {
			t.Fatal(err)
		}
	}
	raise(4, 1000)
	if err := f.putSize(wharf.Root, "s", "d", 500, true); err != nil {
		t.Errorf("over the server's quota, in a stage whose own is larger: %v", err)
	}
	err := f.putSize(wharf.Root, "s", "e", 1, true)
	if msg := wharf.MessageOf(err); !strings.Contains(msg, "4 files") || !strings.Contains(msg, "MAX_FILES") {
		t.Errorf("the message is %q", msg)
	}
	raise(0, 0)
	wantCode(t, f.putSize(wharf.Root, "s", "e", 1, true), wharf.CodeNoSpace)
}

// TestQuotaIsRefusedBeforeTheBody: what is declared to be too long is not read.
func TestQuotaIsRefusedBeforeTheBody(t *testing.T) {
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.StageQuota = wharf.Quota{Bytes: 100} })
	f.create("s")
	u, err := f.BeginUpload(t.Context(), wharf.Root, "s", 101)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	unread := &failing{errors.New("the body was read")}
	_, err = u.Put(t.Context(), "k", unread, wharf.PutOptions{Size: 101})
	wantCode(t, err, wharf.CodeNoSpace)
	endless := &counting{}
	_, err = u.Put(t.Context(), "k", endless, wharf.PutOptions{Size: wharf.UnknownSize})
	wantCode(t, err, wharf.CodeNoSpace)
	if endless.n > 64<<10 {
		t.Errorf("%d bytes were read of a body that may have 100", endless.n)
	}
}

type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) { c.n += len(p); return len(p), nil }

// TestQuotaUnderConcurrency: many uploads at once, also of several files, land what
// the quota allows.
func TestQuotaUnderConcurrency(t *testing.T) {
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.StageQuota = wharf.Quota{Files: 10} })
	f.create("s")
	gate := storagetest.NewGate()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			u, err := f.BeginUpload(t.Context(), wharf.Root, "s", 1)
			if err != nil {
				t.Error(err)
				return
			}
			defer u.Close()
			_, err = u.Put(t.Context(), wharf.Key(fmt.Sprint(i)), gate.Reader(t.Context(), strings.NewReader("x"), 0), wharf.PutOptions{Size: 1})
			if err != nil && wharf.CodeOf(err) != wharf.CodeNoSpace {
				t.Error(err)
			}
		})
	}
	for range 16 {
		<-gate.Arrived() // each has passed the early check
	}
	gate.Open()
	all.Wait()
	if got := len(strings.Fields(f.list("s"))); got != 10 {
		t.Errorf("%d files landed, the quota is 10", got)
	}
}

// TestWhoSetsQuotas: an owner may limit a stage as far as the server does; what a
// user with SUPER set, an owner cannot lift.
func TestWhoSetsQuotas(t *testing.T) {
	ctx := t.Context()
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.StageQuota = wharf.Quota{Files: 5} })
	ann := f.user("ann")
	if err := f.GrantGlobal(ctx, wharf.Root, wharf.PrivilegeCreateStage, accounts("ann"), false); err != nil {
		t.Fatal(err)
	}
	alter := func(p wharf.Principal, files int64) error {
		_, err := f.AlterStage(ctx, p, "s", wharf.StageChange{MaxFiles: &files}, false)
		return err
	}
	create := func(quota wharf.Quota) error {
		_, err := f.CreateStage(ctx, ann, wharf.Stage{Name: "s", Quota: quota, QuotaFixed: true}, wharf.CreateNew)
		return err
	}
	wantCode(t, create(wharf.Quota{Files: 6}), wharf.CodeDenied)
	wantCode(t, create(wharf.Quota{Files: -1}), wharf.CodeInvalid)
	wantCode(t, create(wharf.Quota{Files: 4}), "")
	wantCode(t, alter(ann, 5), "")
	wantCode(t, alter(ann, 6), wharf.CodeDenied)
	wantCode(t, alter(ann, 0), "")
	wantCode(t, alter(wharf.Root, 2), "")
	wantCode(t, alter(ann, 1), wharf.CodeDenied)
	wantCode(t, alter(ann, 0), wharf.CodeDenied)
	wantCode(t, alter(wharf.Root, 0), "")
	wantCode(t, alter(ann, 1), "")
	_, err := f.CreateStage(ctx, wharf.Root, wharf.Stage{Name: "x", URL: "s3://b/", Quota: wharf.Quota{Files: 1}}, wharf.CreateNew)
	wantCode(t, err, wharf.CodeInvalid)
}

// TestUsage shows how much a stage holds to those who may list it.
func TestUsage(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	f.put("s", "ab", "abc")
	f.user("ann")
	f.grant("s", wharf.PrivilegeWrite, "ann")
	st, err := f.Stage(t.Context(), wharf.Root, "s")
	if err != nil {
		t.Fatal(err)
	}
	got, known, err := f.Usage(t.Context(), wharf.Root, st)
	if err != nil || !known || got != (wharf.Usage{Files: 2, Bytes: 5}) {
		t.Errorf("%+v, %t, %v", got, known, err)
	}
	if _, known, err := f.Usage(t.Context(), f.login("ann"), st); known || err != nil {
		t.Errorf("a user with WRITE sees the usage: %t, %v", known, err)
	}
}
