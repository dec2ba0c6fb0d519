package dir

import (
	"context"
	"strings"
	"testing"

	"wharf"
)

func TestCheck(t *testing.T) {
	b := New(Options{Allow: []string{"/srv/in", "/srv/in/deep/", "/data"}})
	for _, c := range []struct {
		url  string
		conn wharf.Connection
		code wharf.Code
		says string
	}{
		{url: "fs:///srv/in/"},
		{url: "FS:///srv/in/a/b c/日本/"},
		{url: "fs:///data/x/"},
		{url: "fs:///srv/in/a%2F..%2F/"}, // nothing is decoded
		{url: "fs:///srv/", code: wharf.CodeDenied, says: "fs-allow"},
		{url: "fs:///", code: wharf.CodeDenied, says: "fs-allow"},
		{url: "fs:///srv/inside/", code: wharf.CodeDenied, says: "fs-allow"},
		{url: "fs:///etc/", code: wharf.CodeDenied, says: "fs-allow"},
		{url: "fs:///srv/in/../../etc/", code: wharf.CodeInvalid, says: `".."`},
		{url: "fs:///srv/in/./", code: wharf.CodeInvalid, says: `"."`},
		{url: "fs:///srv//in/", code: wharf.CodeInvalid, says: "two '/' in a row"},
		{url: "fs:///srv/in/" + uploads + "/", code: wharf.CodeInvalid, says: uploads},
		{url: "fs:///srv/in/" + uploads + "/deep/", code: wharf.CodeInvalid, says: uploads},
		{url: "fs:///srv/in/" + uploads + "2/"},
		{url: "fs:////srv/in/", code: wharf.CodeInvalid, says: "absolute"},
		{url: "fs:///srv/in", code: wharf.CodeInvalid, says: "does not end in '/'"},
		{url: "fs://srv/in/", code: wharf.CodeInvalid, says: "does not start with '/'"},
		{url: "fs://", code: wharf.CodeInvalid, says: "fs:///folder/path/"},
		{url: "fs:///srv/in/\x00/", code: wharf.CodeInvalid, says: "control character"},
		{url: "fs:///srv/in/\xff/", code: wharf.CodeInvalid, says: "UTF-8"},
		{url: "file:///srv/in/", code: wharf.CodeInvalid, says: "fs://"},
		{url: "/srv/in/", code: wharf.CodeInvalid, says: "fs://"},
		{url: "fs:///srv/in/", conn: wharf.Connection{Region: "x"}, code: wharf.CodeInvalid, says: "takes no CONNECTION"},
	} {
		s := wharf.Stage{URL: c.url, Connection: c.conn}
		_, openErr := b.Open(t.Context(), s)
		for _, err := range []error{b.Check(s), openErr} {
			if wharf.CodeOf(err) != c.code {
				t.Errorf("%q: got the code %q, want %q: %v", c.url, wharf.CodeOf(err), c.code, err)
			}
			if err != nil && !strings.Contains(wharf.MessageOf(err), c.says) {
				t.Errorf("%q: the message %q does not say %q", c.url, wharf.MessageOf(err), c.says)
			}
			if err != nil && strings.Contains(err.Error(), "/data") {
				t.Errorf("%q: the message tells which folders are allowed: %v", c.url, err)
			}
		}
	}
	if err := New(Options{}).Check(wharf.Stage{URL: "fs:///srv/in/"}); wharf.CodeOf(err) != wharf.CodeDenied {
		t.Errorf("without an allowed folder: %v", err)
	}
	if err := New(Options{Allow: []string{"/"}}).Check(wharf.Stage{URL: "fs:///anywhere/"}); err != nil {
		t.Errorf("with the root allowed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Open(ctx, wharf.Stage{URL: "fs:///srv/in/"}); wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("Open after its context: %v", err)
	}
}

func TestNearestAllowedFolder(t *testing.T) {
	b := New(Options{Allow: []string{"/srv", "/srv/in/deep", "/srv/in"}})
	s, err := b.Open(t.Context(), wharf.Stage{URL: "fs:///srv/in/deep/x/"})
	if err != nil || s.allow != "/srv/in/deep" || s.below != "x" {
		t.Errorf("%+v, %v", s, err)
	}
}
