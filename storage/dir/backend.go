package dir

import (
	"context"
	"path/filepath"
	"strings"

	"wharf"
)

// Options are the settings of a Backend.
type Options struct {
	// Allow are the folders in or below which stages may be, as absolute paths.
	// Without any, every stage is refused.
	Allow []string
}

// Backend opens fs:// stages.
type Backend struct{ allow []string }

// New returns a Backend. It does no I/O.
func New(o Options) *Backend {
	b := &Backend{}
	for _, folder := range o.Allow {
		b.allow = append(b.allow, filepath.Clean(folder))
	}
	return b
}

// Check reports whether Open accepts the stage's definition: [wharf.CodeInvalid]
// for a malformed URL or a connection, [wharf.CodeDenied] for a folder that the
// settings do not allow.
func (b *Backend) Check(s wharf.Stage) error {
	_, _, err := b.place(s)
	return err
}

// Open returns the store of the stage. The folder need not exist: the first Put
// creates it.
func (b *Backend) Open(ctx context.Context, s wharf.Stage) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "dir.Open", "", err)
	}
	allow, below, err := b.place(s)
	if err != nil {
		return nil, err
	}
	return &Store{allow: allow, below: below, pageNames: pageNames}, nil
}

// place returns the nearest allowed folder that holds the stage's, and the path
// of the stage's folder below it, "." if they are the same.
func (b *Backend) place(s wharf.Stage) (allow, below string, err error) {
	folder, err := parseURL(s.URL)
	if err != nil {
		return "", "", err
	}
	if s.Connection != (wharf.Connection{}) {
		return "", "", wharf.Errorf(wharf.CodeInvalid, "a stage on fs:// takes no CONNECTION")
	}
	for _, a := range b.allow {
		rest, err := filepath.Rel(a, folder)
		if err == nil && filepath.IsLocal(rest) && len(a) > len(allow) {
			allow, below = a, rest
		}
	}
	if allow == "" {
		return "", "", wharf.Errorf(wharf.CodeDenied, "the server's settings do not allow a stage in that folder; --fs-allow names the folders that may hold stages")
	}
	return allow, below, nil
}

const wantURL = "a stage on a folder of the server has a URL like fs:///folder/path/"

// parseURL returns the absolute path of the folder that the URL names. Nothing
// in the path is decoded. No message repeats the URL.
func parseURL(url string) (string, error) {
	scheme, path, ok := strings.Cut(url, "://")
	bad := func(why string) (string, error) { return "", wharf.Errorf(wharf.CodeInvalid, "%s; %s", why, wantURL) }
	switch {
	case !ok || !strings.EqualFold(scheme, "fs"):
		return bad("the stage's URL does not start with fs://")
	case !strings.HasPrefix(path, "/"):
		return bad("the path of the stage's URL does not start with '/'")
	case !strings.HasSuffix(path, "/"):
		return bad("the path of the stage's URL does not end in '/'")
	}
	if _, err := wharf.ParseFolder(path[1:]); err != nil {
		return bad("the stage's URL is wrong: " + wharf.MessageOf(err))
	}
	if inUploads(path) {
		return bad("the stage's URL leads into " + uploads + ", the folder of uploads that are under way")
	}
	if strings.Contains(path, "//") {
		return bad("the path of the stage's URL holds two '/' in a row")
	}
	return filepath.Clean(path), nil
}
