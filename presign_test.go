package wharf_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"wharf"
)

// signer is a wharf.URLSigner that notes what it is to sign.
type signer struct{ grants []wharf.Grant }

func (s *signer) SignURL(_ context.Context, g wharf.Grant) (wharf.Presigned, error) {
	s.grants = append(s.grants, g)
	return wharf.Presigned{Method: g.Method(), URL: "here"}, nil
}

// presigner is a Store that signs URLs of its own.
type presigner struct {
	wharf.Store
	asked []wharf.PresignRequest
}

func (p *presigner) Presign(_ context.Context, key wharf.Key, o wharf.PresignRequest) (wharf.Presigned, error) {
	p.asked = append(p.asked, o)
	return wharf.Presigned{Method: "GET", URL: "there/" + string(key)}, nil
}

func presignFixture(t *testing.T) (*fixture, *signer) {
	s := &signer{}
	f := newFixture(t, func(o *wharf.ServiceOptions) {
		o.Signer = s
		o.Now = func() time.Time { return time.Unix(1e9, 1) }
	})
	f.create("s")
	return f, s
}

func TestPresignHere(t *testing.T) {
	f, s := presignFixture(t)
	stage, err := f.Stage(t.Context(), wharf.Root, "s")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []wharf.PresignRequest{
		{}, {Upload: true, Expire: time.Second, ContentType: "text/csv; charset=utf-8"}, {Expire: wharf.MaxPresign},
	} {
		got, err := f.Presign(t.Context(), wharf.Root, location(t, "s/a/b.csv"), o)
		if err != nil || got.URL != "here" {
			t.Fatalf("%+v: %+v, %v", o, got, err)
		}
	}
	grant := wharf.Grant{User: "root", Stage: stage.ID, Name: "s", Key: "a/b.csv"}
	read, upload, long := grant, grant, grant
	read.Expires = time.Unix(1e9+3601, 0).UTC() // a second begun counts as a whole one
	upload.Upload, upload.ContentType, upload.Expires = true, "text/csv; charset=utf-8", time.Unix(1e9+2, 0).UTC()
	long.Expires = time.Unix(1e9+604801, 0).UTC()
	if want := []wharf.Grant{read, upload, long}; !reflect.DeepEqual(s.grants, want) {
		t.Errorf("signed is %+v, want %+v", s.grants, want)
	}
}

// TestPresignOfTheUserStage signs the ID of the principal's own stage.
func TestPresignOfTheUserStage(t *testing.T) {
	f, s := presignFixture(t)
	if _, err := f.Presign(t.Context(), wharf.Root, location(t, "~/a"), wharf.PresignRequest{}); err != nil {
		t.Fatal(err)
	}
	own, err := f.Stage(t.Context(), wharf.Root, wharf.UserStage)
	if err != nil {
		t.Fatal(err)
	}
	if g := s.grants[0]; g.Name != wharf.UserStage || g.Stage != own.ID {
		t.Errorf("signed is %+v, want the stage %s", g, own.ID)
	}
}

func TestPresignElsewhere(t *testing.T) {
	f, s := presignFixture(t)
	there := &presigner{}
	f.opener.wrap = func(st wharf.Stage, store wharf.Store) wharf.Store {
		if strings.HasPrefix(st.URL, "s3:") {
			there.Store = store
			return there
		}
		return store
	}
	for name, url := range map[wharf.StageName]string{"bucket": "s3://b/", "folder": "fs:///srv/"} {
		if _, err := f.CreateStage(t.Context(), wharf.Root, wharf.Stage{Name: name, URL: url}, wharf.CreateNew); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Presign(t.Context(), wharf.Root, location(t, "bucket/a/b"), wharf.PresignRequest{Upload: true})
	if err != nil || got.URL != "there/a/b" {
		t.Errorf("%+v, %v", got, err)
	}
	if want := []wharf.PresignRequest{{Upload: true, Expire: time.Hour}}; !reflect.DeepEqual(there.asked, want) {
		t.Errorf("the store is asked %+v, want %+v", there.asked, want)
	}
	_, err = f.Presign(t.Context(), wharf.Root, location(t, "folder/a"), wharf.PresignRequest{})
	wantCode(t, err, wharf.CodeUnsupported)
	if msg := wharf.MessageOf(err); !strings.Contains(msg, "fs://") || !strings.Contains(msg, "@folder") {
		t.Errorf("the message is %q", msg)
	}
	if len(s.grants) != 0 {
		t.Errorf("signed is %+v", s.grants)
	}
}

func TestPresignRefuses(t *testing.T) {
	f, s := presignFixture(t)
	for name, c := range map[string]struct {
		loc  string
		o    wharf.PresignRequest
		code wharf.Code
		says string
	}{
		"too short":        {"s/a", wharf.PresignRequest{Expire: time.Second - 1}, wharf.CodeInvalid, "1 to 604800"},
		"negative":         {"s/a", wharf.PresignRequest{Expire: -time.Hour}, wharf.CodeInvalid, "1 to 604800"},
		"too long":         {"s/a", wharf.PresignRequest{Expire: wharf.MaxPresign + 1}, wharf.CodeInvalid, "1 to 604800"},
		"a bare stage":     {"s", wharf.PresignRequest{}, wharf.CodeInvalid, "@s is a stage or a folder"},
		"the root":         {"s/", wharf.PresignRequest{}, wharf.CodeInvalid, "@s/ is a stage or a folder"},
		"a folder":         {"s/a/", wharf.PresignRequest{}, wharf.CodeInvalid, "@s/a/ is a stage or a folder"},
		"no stage":         {"nope/a", wharf.PresignRequest{}, wharf.CodeNotFound, `"nope"`},
		"no media type":    {"s/a", wharf.PresignRequest{ContentType: "csv"}, wharf.CodeInvalid, "text/csv"},
		"a header more":    {"s/a", wharf.PresignRequest{ContentType: "text/csv\r\nX: y"}, wharf.CodeInvalid, "text/csv"},
		"blanks":           {"s/a", wharf.PresignRequest{ContentType: " text/csv"}, wharf.CodeInvalid, "text/csv"},
		"a very long type": {"s/a", wharf.PresignRequest{ContentType: "text/csv; a=" + strings.Repeat("x", 512)}, wharf.CodeInvalid, "text/csv"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Presign(t.Context(), wharf.Root, location(t, c.loc), c.o)
			wantCode(t, err, c.code)
			if msg := wharf.MessageOf(err); !strings.Contains(msg, c.says) {
				t.Errorf("the message %q does not say %q", msg, c.says)
			}
		})
	}
	if len(s.grants) != 0 {
		t.Errorf("signed is %+v", s.grants)
	}
	_, err := newFixture(t).Presign(t.Context(), wharf.Root, location(t, "~/a"), wharf.PresignRequest{})
	wantCode(t, err, wharf.CodeUnsupported) // there is no signer
	_, err = f.Presign(t.Context(), wharf.Principal{}, location(t, "s/a"), wharf.PresignRequest{})
	wantCode(t, err, wharf.CodeUnauthenticated)
}

// TestGrantReachesOneStage comes as a grant's principal: files of its stage,
// under any name, and nothing else.
func TestGrantReachesOneStage(t *testing.T) {
	f, _ := presignFixture(t)
	f.put("s", "a")
	stage, err := f.Stage(t.Context(), wharf.Root, "s")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Bearer(t.Context(), wharf.Grant{User: "root", Stage: stage.ID})
	if err != nil {
		t.Fatal(err)
	}
	wantOpen := func(want wharf.Code) {
		t.Helper()
		file, err := f.OpenFile(t.Context(), p, location(t, "s/a"))
		wantCode(t, err, want)
		if err == nil {
			file.Close()
		}
		up, err := f.BeginUpload(t.Context(), p, "s", 1)
		wantCode(t, err, want)
		if err == nil {
			up.Close()
		}
	}
	wantOpen("")
	if _, err := f.RenameStage(t.Context(), wharf.Root, "s", "t", false); err != nil {
		t.Fatal(err)
	}
	f.create("s")
	wantOpen("")
	if _, err := f.DropStage(t.Context(), wharf.Root, "t", false); err != nil {
		t.Fatal(err)
	}
	wantOpen(wharf.CodeNotFound)
	loc := location(t, "s/a")
	for name, call := range map[string]func() error{
		"CreateStage": func() error {
			_, err := f.CreateStage(t.Context(), p, wharf.Stage{Name: "x"}, wharf.CreateNew)
			return err
		},
		"DropStage": func() error { _, err := f.DropStage(t.Context(), p, "s", true); return err },
		"Stage":     func() error { _, err := f.Stage(t.Context(), p, "s"); return err },
		"Stages":    func() error { _, err := f.Stages(t.Context(), p); return err },
		"ListFiles": func() error { _, err := f.ListFiles(t.Context(), p, loc, wharf.Pattern{}); return err },
		"RemoveFiles": func() error {
			_, err := f.RemoveFiles(t.Context(), p, loc, wharf.Pattern{}, true)
			return err
		},
		"CopyFiles": func() error {
			_, err := f.CopyFiles(t.Context(), p, loc, wharf.Pattern{}, location(t, "s/b/"))
			return err
		},
		"Presign": func() error { _, err := f.Presign(t.Context(), p, loc, wharf.PresignRequest{}); return err },
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, call(), wharf.CodeDenied) })
	}
}
