package wharf_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wharf"
	"wharf/storage/storagetest"
)

func TestUploadLimits(t *testing.T) {
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.MaxFileSize = 10 })
	f.create("s")
	if f.MaxFileSize() != 10 {
		t.Fatal(f.MaxFileSize())
	}
	u, err := f.BeginUpload(t.Context(), wharf.Root, "s", 10)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	for _, c := range []struct {
		body string
		size int64
		want wharf.Code
	}{
		{"0123456789", 10, ""},
		{"0123456789", wharf.UnknownSize, ""},
		{"0123456789x", 11, wharf.CodeTooLarge},
		{"0123456789x", wharf.UnknownSize, wharf.CodeTooLarge},
		{"short", 6, wharf.CodeInvalid},
		{"longer", 5, wharf.CodeInvalid},
	} {
		_, err := u.Put(t.Context(), "k", strings.NewReader(c.body), wharf.PutOptions{Size: c.size})
		if got := wharf.CodeOf(err); got != c.want {
			t.Errorf("%q of size %d: got %q (%v), want %q", c.body, c.size, got, err, c.want)
		}
	}
	if got := f.list("s"); got != "k" {
		t.Errorf("the stage holds %q", got)
	}
}

func TestUploadFailsWithItsReader(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	u, err := f.BeginUpload(t.Context(), wharf.Root, "s", wharf.UnknownSize)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	broken := io.MultiReader(strings.NewReader("half"), &failing{wharf.Errorf(wharf.CodeCanceled, "the client left")})
	_, err = u.Put(t.Context(), "k", broken, wharf.PutOptions{Size: wharf.UnknownSize})
	wantCode(t, err, wharf.CodeCanceled)
	if got := f.list("s"); got != "" {
		t.Fatalf("half a file shows: %q", got)
	}
}

// TestPutAllElsewhere removes the files before one that fails, where the store
// cannot store several at once.
func TestPutAllElsewhere(t *testing.T) {
	f := newFixture(t, func(o *wharf.ServiceOptions) { o.MaxFileSize = 10 })
	f.create("s")
	u, err := f.BeginUpload(t.Context(), wharf.Root, "s", 10)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	file := func(key wharf.Key, body string) wharf.NewFile {
		return wharf.NewFile{Key: key, Options: wharf.PutOptions{Size: int64(len(body)), IfAbsent: true},
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }}
	}
	if err := u.PutAll(t.Context(), []wharf.NewFile{file("a", "1"), file("b", "2")}); err != nil || f.list("s") != "a b" {
		t.Errorf("%v, and the stage holds %q", err, f.list("s"))
	}
	wantCode(t, u.PutAll(t.Context(), []wharf.NewFile{file("c", "1"), file("b", "2")}), wharf.CodePrecondition)
	wantCode(t, u.PutAll(t.Context(), []wharf.NewFile{file("c", "1"), file("d", "0123456789x")}), wharf.CodeTooLarge)
	if got := f.list("s"); got != "a b" {
		t.Errorf("afterwards the stage holds %q", got)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// TestDropDuringUpload drops a stage, or makes it again, while a file is
// between the store and the answer.
func TestDropDuringUpload(t *testing.T) {
	for _, again := range []bool{false, true} {
		f := newFixture(t)
		f.create("s")
		old, _ := f.Stage(t.Context(), wharf.Root, "s")
		f.faulty(func(s *storagetest.Faulty) {
			s.AfterPut = func(ctx context.Context, _ wharf.Object) {
				if again {
					_, err := f.CreateStage(ctx, wharf.Root, wharf.Stage{Name: "s"}, wharf.CreateOrReplace)
					if err != nil {
						t.Error(err)
					}
				} else if _, err := f.DropStage(ctx, wharf.Root, "s", false); err != nil {
					t.Error(err)
				}
			}
		})
		wantCode(t, f.upload("s", "late"), wharf.CodeNotFound)
		f.opener.wrap = nil
		if again && f.list("s") != "" {
			t.Errorf("the new stage shows %q", f.list("s"))
		}
		store, err := f.opener.Open(t.Context(), &old)
		if err != nil {
			t.Fatal(err)
		}
		for obj, err := range store.List(t.Context(), wharf.ListOptions{}) {
			t.Errorf("again %t: %q is left in the dropped stage (%v)", again, obj.Key, err)
		}
	}
}

// TestDropDuringUploadOutside keeps what landed in somebody's bucket.
func TestDropDuringUploadOutside(t *testing.T) {
	f := newFixture(t)
	if _, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: "x", URL: "s3://b/"}, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	old, _ := f.Stage(t.Context(), wharf.Root, "x")
	f.faulty(func(s *storagetest.Faulty) {
		s.AfterPut = func(ctx context.Context, _ wharf.Object) { f.DropStage(ctx, wharf.Root, "x", true) }
	})
	wantCode(t, f.upload("x", "late"), wharf.CodeNotFound)
	f.opener.wrap = nil
	store, _ := f.opener.Open(t.Context(), &old)
	if _, err := store.Stat(t.Context(), "late"); err != nil {
		t.Fatalf("the file in the bucket is gone: %v", err)
	}
}

// TestConfirmOutlivesItsClient: the look-up after a Put does not depend on
// whether the client is still there.
func TestConfirmOutlivesItsClient(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	ctx, cancel := context.WithCancel(t.Context())
	f.faulty(func(s *storagetest.Faulty) { s.AfterPut = func(context.Context, wharf.Object) { cancel() } })
	u, err := f.BeginUpload(ctx, wharf.Root, "s", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if _, err := u.Put(ctx, "k", strings.NewReader("x"), wharf.PutOptions{Size: 1}); err != nil {
		t.Fatalf("the file is stored, and yet: %v", err)
	}
}

// TestUploadWaitsForMemory lets one upload of two wait for the memory of the other.
func TestUploadWaitsForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(o *wharf.ServiceOptions) { o.UploadMemory = 1; o.UploadWait = time.Minute })
		f.create("s")
		first, err := f.BeginUpload(t.Context(), wharf.Root, "s", 1)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = f.BeginUpload(t.Context(), wharf.Root, "s", 1)
		wantCode(t, err, wharf.CodeUnavailable)
		if waited := time.Since(start); waited != time.Minute {
			t.Fatalf("waited %s", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = f.BeginUpload(ctx, wharf.Root, "s", 1)
		wantCode(t, err, wharf.CodeTimeout)

		time.AfterFunc(30*time.Second, first.Close)
		second, err := f.BeginUpload(t.Context(), wharf.Root, "s", 1)
		if err != nil {
			t.Fatalf("it did not get its turn: %v", err)
		}
		second.Close()
	})
}

// TestUploadAsksForWhatPutMayTell: a store may hold as much memory as the
// Limit of a Put makes it, so transferLimit has to count with that length; but not
// for an internal stage, where what is held grows with the bytes that come.
func TestUploadAsksForWhatPutMayTell(t *testing.T) {
	for _, c := range []struct {
		url             string
		size, max, want int64
	}{
		{"fs:///s/", 5, 0, 5}, {"fs:///s/", wharf.UnknownSize, 0, wharf.UnknownSize}, {"fs:///s/", 5, 10, 5},
		{"fs:///s/", wharf.UnknownSize, 10, 10}, {"fs:///s/", 11, 10, 10},
		{"", 5, 10, 5}, {"", wharf.UnknownSize, 10, wharf.UnknownSize}, {"", 11, 10, 10},
	} {
		f := newFixture(t, func(o *wharf.ServiceOptions) { o.MaxFileSize = c.max })
		if _, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: "s", URL: c.url}, wharf.CreateNew); err != nil {
			t.Fatal(err)
		}
		asked := int64(-2)
		f.opener.wrap = func(_ wharf.Stage, s wharf.Store) wharf.Store {
			return budgeter{s, func(size int64) int64 { asked = size; return 1 }}
		}
		u, err := f.BeginUpload(t.Context(), wharf.Root, "s", c.size)
		if err != nil {
			t.Fatal(err)
		}
		u.Close()
		if asked != c.want {
			t.Errorf("%q: an upload of %d bytes under a limit of %d asks for the memory of %d, want %d", c.url, c.size, c.max, asked, c.want)
		}
	}
}

type budgeter struct {
	wharf.Store
	putMemory func(int64) int64
}

func (b budgeter) PutMemory(size int64) int64 { return b.putMemory(size) }

// TestRefusedUploadsGiveBack: an upload that was refused counts for nothing,
// so that no sweep waits for it.
func TestRefusedUploadsGiveBack(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	opens := &failingOpener{opener: f.opener, err: wharf.WrapError(wharf.CodeUpstream, "open", "down", errors.New("refused"))}
	s := wharf.NewService(wharf.ServiceOptions{Catalog: f.catalog, Opener: opens})
	_, err := s.BeginUpload(t.Context(), wharf.Root, "s", 1)
	wantCode(t, err, wharf.CodeUpstream)
	opens.err = nil
	if _, err := s.DropStage(t.Context(), wharf.Root, "s", false); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil || f.catalog.waiting() != 0 {
		t.Fatalf("%d left, %v", f.catalog.waiting(), err)
	}
}

// failingOpener opens nothing while err is set.
type failingOpener struct {
	*opener
	err error
}

func (o *failingOpener) Open(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	if o.err != nil {
		return nil, o.err
	}
	return o.opener.Open(ctx, s)
}

func TestPutReplaces(t *testing.T) {
	f := newFixture(t)
	f.create("s")
	u, err := f.BeginUpload(t.Context(), wharf.Root, "s", wharf.UnknownSize)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	for _, body := range []string{"first", "second, longer"} {
		obj, err := u.Put(t.Context(), "k", bytes.NewReader([]byte(body)), wharf.PutOptions{Size: int64(len(body))})
		if err != nil || obj.Size != int64(len(body)) || obj.Key != "k" {
			t.Fatalf("%+v, %v", obj, err)
		}
	}
	_, err = u.Put(t.Context(), "k", strings.NewReader("x"), wharf.PutOptions{Size: 1, IfAbsent: true})
	wantCode(t, err, wharf.CodePrecondition)
}
