package storage

import (
	"context"
	"strings"

	"wharf"
	"wharf/storage/cache"
	"wharf/storage/dir"
	"wharf/storage/s3"
)

// Options are the backends that a server has.
type Options struct {
	// Local returns the store of an internal stage, without I/O. Without it the
	// server has no internal stages.
	Local func(wharf.StageID) wharf.Store
	// S3 opens s3:// stages; nil if the server has none.
	S3 *s3.Backend
	// Dir opens fs:// stages; nil if the server has none.
	Dir *dir.Backend
	// Cache keeps bytes of s3:// stages on this machine, which makes their stores
	// a [wharf.Localizer]; nil: they are none.
	Cache *cache.Cache
	// Cached is how many stores of external stages are kept; 0 is 1,024.
	Cached int
}

// Opener is the server's [wharf.Opener].
type Opener struct {
	o      Options
	stores *stores
}

var _ wharf.Opener = (*Opener)(nil)

// New returns an Opener. It does no I/O.
func New(o Options) *Opener {
	if o.Cached <= 0 {
		o.Cached = 1024
	}
	return &Opener{o: o, stores: newStores(o.Cached)}
}

// Check implements [wharf.Opener].
func (p *Opener) Check(s wharf.Stage) error {
	b, err := p.backend(&s)
	if err != nil {
		return err
	}
	return b.check(s)
}

// Open implements [wharf.Opener]. For an external stage it returns the same store
// again while the revision is the same and the store is among the last used.
func (p *Opener) Open(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	b, err := p.backend(s)
	if err != nil {
		return nil, err
	}
	if !b.cached {
		return b.open(ctx, s)
	}
	if store, ok := p.stores.find(s); ok {
		return store, nil
	}
	store, err := b.open(ctx, s)
	if err != nil {
		return nil, err
	}
	return p.stores.keep(s, store), nil
}

// backend is how the stages of one scheme are checked and opened.
type backend struct {
	check  func(wharf.Stage) error
	open   func(context.Context, *wharf.Stage) (wharf.Store, error)
	cached bool // opening is not cheap
}

// backend is the switch from a stage's URL to the backend of its files. A new
// backend is a line here and one in schemes.
func (p *Opener) backend(s *wharf.Stage) (backend, error) {
	if s.Internal() {
		return p.local(s)
	}
	scheme, err := schemeOf(s.URL)
	if err != nil {
		return backend{}, err
	}
	switch {
	case scheme == "s3" && p.o.S3 != nil:
		return backend{check: p.o.S3.Check, open: p.openS3, cached: true}, nil
	case scheme == "fs" && p.o.Dir != nil:
		return backend{check: p.o.Dir.Check, open: p.openDir, cached: true}, nil
	}
	return backend{}, wharf.Errorf(wharf.CodeUnsupported, "this server has no stages on %s://; a stage's URL starts with %s",
		scheme, strings.Join(p.schemes(), " or "))
}

// schemes returns the schemes that the server has backends for.
func (p *Opener) schemes() []string {
	var known []string
	if p.o.S3 != nil {
		known = append(known, "s3://")
	}
	if p.o.Dir != nil {
		known = append(known, "fs:///")
	}
	if known == nil {
		known = []string{"nothing: only internal stages are enabled"}
	}
	return known
}

func (p *Opener) local(s *wharf.Stage) (backend, error) {
	if p.o.Local == nil {
		return backend{}, wharf.Errorf(wharf.CodeUnsupported, "this server has no internal stages")
	}
	if s.Connection != (wharf.Connection{}) {
		return backend{}, wharf.Errorf(wharf.CodeInvalid, "a stage without a URL is internal and takes no CONNECTION")
	}
	return backend{check: func(wharf.Stage) error { return nil }, open: p.openLocal}, nil
}

func (p *Opener) openLocal(_ context.Context, s *wharf.Stage) (wharf.Store, error) {
	return p.o.Local(s.ID), nil
}

func (p *Opener) openS3(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	store, err := p.o.S3.Open(ctx, *s)
	if err != nil {
		return nil, err // a wharf.Store with a nil *s3.Store in it is not nil
	}
	if p.o.Cache != nil {
		return localS3{store, p.o.Cache}, nil
	}
	return store, nil
}

// localS3 is a store on S3 with a cache on this machine.
type localS3 struct {
	*s3.Store
	cache *cache.Cache
}

var _ wharf.Localizer = localS3{}

// Local implements [wharf.Localizer].
func (s localS3) Local(ctx context.Context, key wharf.Key) (wharf.LocalFile, error) {
	return s.cache.Local(ctx, s.ObjectName(key), func(ctx context.Context) (wharf.File, error) { return s.Open(ctx, key) })
}

func (p *Opener) openDir(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	store, err := p.o.Dir.Open(ctx, *s)
	if err != nil {
		return nil, err // as above
	}
	return store, nil
}

// schemeOf returns the scheme of a URL in lower case.
func schemeOf(url string) (string, error) {
	scheme, _, ok := strings.Cut(url, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme == "" || len(scheme) > 20 || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+.-") != "" {
		return "", wharf.Errorf(wharf.CodeInvalid, "the stage's URL has no scheme; it is written like s3://bucket/path/")
	}
	return scheme, nil
}
