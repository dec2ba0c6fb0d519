package storage_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"wharf"
	"wharf/storage"
	"wharf/storage/dir"
	"wharf/storage/memory"
	"wharf/storage/s3"
)

func newOpener(t *testing.T, cached int) *storage.Opener {
	b := s3.New(s3.Options{Endpoint: "http://127.0.0.1:1", SweepAge: -1})
	t.Cleanup(func() { b.Close() })
	stores := map[wharf.StageID]wharf.Store{}
	local := func(id wharf.StageID) wharf.Store {
		if stores[id] == nil {
			stores[id] = memory.New()
		}
		return stores[id]
	}
	return storage.New(storage.Options{Local: local, S3: b, Cached: cached})
}

func external(revision uint64) wharf.Stage {
	return wharf.Stage{ID: wharf.NewStageID(), Name: "s", URL: "s3://bucket/path/", Revision: revision}
}

func open(t *testing.T, p *storage.Opener, s wharf.Stage) wharf.Store {
	t.Helper()
	store, err := p.Open(context.Background(), &s)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestCheck(t *testing.T) {
	full := newOpener(t, 0)
	bare := storage.New(storage.Options{})
	folders := storage.New(storage.Options{Dir: dir.New(dir.Options{Allow: []string{"/srv/in"}})})
	for _, c := range []struct {
		name string
		p    *storage.Opener
		s    wharf.Stage
		code wharf.Code
		says string
	}{
		{"internal", full, wharf.Stage{}, "", ""},
		{"internal with a connection", full, wharf.Stage{Connection: wharf.Connection{Region: "x"}}, wharf.CodeInvalid, "takes no CONNECTION"},
		{"s3", full, wharf.Stage{URL: "s3://bucket/path/"}, "", ""},
		{"S3 in capitals", full, wharf.Stage{URL: "S3://bucket/path/"}, "", ""},
		{"s3 by its own rules", full, wharf.Stage{URL: "s3://bucket/path"}, wharf.CodeInvalid, "s3://bucket/path/"},
		{"unknown scheme", full, wharf.Stage{URL: "gcs://bucket/path/"}, wharf.CodeUnsupported, "gcs://; a stage's URL starts with s3://"},
		{"no folders", full, wharf.Stage{URL: "fs:///srv/in/"}, wharf.CodeUnsupported, "fs://"},
		{"a folder", folders, wharf.Stage{URL: "fs:///srv/in/"}, "", ""},
		{"a folder that is not allowed", folders, wharf.Stage{URL: "FS:///srv/"}, wharf.CodeDenied, "fs-allow"},
		{"a folder by its own rules", folders, wharf.Stage{URL: "fs:///srv/in"}, wharf.CodeInvalid, "fs:///folder/path/"},
		{"unknown scheme beside folders", folders, wharf.Stage{URL: "gcs://b/"}, wharf.CodeUnsupported, "starts with fs:///"},
		{"no scheme", full, wharf.Stage{URL: "bucket/path/"}, wharf.CodeInvalid, "s3://bucket/path/"},
		{"no scheme but keys", full, wharf.Stage{URL: "AKIA:hunter2@bucket://path/"}, wharf.CodeInvalid, "no scheme"},
		{"empty scheme", full, wharf.Stage{URL: "://bucket/"}, wharf.CodeInvalid, "no scheme"},
		{"no internal stages", bare, wharf.Stage{}, wharf.CodeUnsupported, "no internal stages"},
		{"no s3", bare, wharf.Stage{URL: "s3://bucket/"}, wharf.CodeUnsupported, "only internal stages"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.ID = wharf.NewStageID()
			for _, err := range []error{c.p.Check(c.s), openErr(c.p, c.s)} {
				if wharf.CodeOf(err) != c.code {
					t.Errorf("got the code %q, want %q: %v", wharf.CodeOf(err), c.code, err)
				}
				if err != nil && !strings.Contains(wharf.MessageOf(err), c.says) {
					t.Errorf("the message %q does not say %q", wharf.MessageOf(err), c.says)
				}
				if err != nil && strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the error shows the password: %v", err)
				}
			}
		})
	}
}

func openErr(p *storage.Opener, s wharf.Stage) error {
	store, err := p.Open(context.Background(), &s)
	if err != nil && store != nil {
		panic("a store beside an error")
	}
	return err
}

func TestInternalStageIsFoundByID(t *testing.T) {
	p := newOpener(t, 0)
	a, b := wharf.Stage{ID: wharf.NewStageID(), Name: "s"}, wharf.Stage{ID: wharf.NewStageID(), Name: "s"}
	if open(t, p, a) != open(t, p, a) {
		t.Error("a stage has two stores")
	}
	if open(t, p, a) == open(t, p, b) {
		t.Error("two stages of one name have one store")
	}
}

func TestStoreFollowsRevision(t *testing.T) {
	p := newOpener(t, 0)
	old := external(1)
	first := open(t, p, old)
	if open(t, p, old) != first {
		t.Error("the same revision gets another store")
	}
	altered := old
	altered.Revision = 2
	second := open(t, p, altered)
	if second == first {
		t.Error("another revision gets the old store")
	}
	if open(t, p, old); open(t, p, altered) != second {
		t.Error("a late call for the old revision takes the new one's place")
	}
}

func TestCacheIsBounded(t *testing.T) {
	p := newOpener(t, 2)
	a, b, c := external(1), external(1), external(1)
	storeA, storeB := open(t, p, a), open(t, p, b)
	open(t, p, a) // now b is the one not used for longest
	storeC := open(t, p, c)
	if open(t, p, a) != storeA || open(t, p, c) != storeC {
		t.Error("a store that was used lately is gone")
	}
	if open(t, p, b) == storeB {
		t.Error("three stores are kept where two were asked for")
	}
}

func TestOneStoreForManyAtOnce(t *testing.T) {
	p := newOpener(t, 0)
	s := external(1)
	stores := make([]wharf.Store, 16)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() { stores[i], _ = p.Open(context.Background(), &s) })
	}
	wg.Wait()
	for _, store := range stores {
		if store == nil || store != stores[0] {
			t.Fatalf("16 calls at once get different stores: %v", stores)
		}
	}
}
