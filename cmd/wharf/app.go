package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"wharf"
	"wharf/httpapi"
	"wharf/meta"
	"wharf/meta/auth"
	"wharf/server"
	"wharf/sql"
	"wharf/storage"
	"wharf/storage/cache"
	"wharf/storage/local"
	"wharf/storage/s3"
)

// app is the parts of the server, wired together.
type app struct {
	log      *slog.Logger
	service  *wharf.Service
	users    wharf.UserCatalog
	decoyKey wharf.Secret
	signer   *httpapi.Signer
	engine   sql.Engine // nil in a build without one
	metrics  *metrics
	audit    *auditLog // nil if there is none
	mysql    *server.Server
	http     *httpapi.Server
	ports    []*port // all that is served

	filesFailed <-chan struct{} // the disk no longer takes what must be on it

	closers []func() error // in the order of opening

	heapFloor []byte
}

// open opens what lies on disk and wires the rest over it. What was opened is
// closed by close, also after an error.
func (a *app) open(ctx context.Context, cfg *config) error {
	a.heapFloor = newHeapFloor()
	limitMemory(cfg)
	budget, err := openFiles()
	if err != nil {
		return err
	}
	unlock, err := openDataDir(cfg.dataDir)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, unlock)
	if err := a.listen(cfg); err != nil {
		return err
	}
	if a.audit, err = openAudit(cfg.audit, a.log); err != nil {
		return err
	}
	a.closers = append(a.closers, a.audit.Close)
	folders, err := openFolders(cfg)
	if err != nil {
		return err
	}
	catalog, started, err := a.openCatalog(ctx, cfg)
	if err != nil {
		return err
	}
	files, err := local.Open(filepath.Join(cfg.dataDir, filesFolder), local.Options{
		Logger: a.log, OpenFiles: budget.index, OnCommit: a.metrics.committed, Reserve: cfg.diskReserve,
	})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, files.Close)
	a.filesFailed = files.Failed()
	if err := started(); err != nil {
		return err
	}
	buckets, err := a.openS3(cfg)
	if err != nil {
		return err
	}
	bytes, err := a.openCache(cfg)
	if err != nil {
		return err
	}
	opener := storage.New(storage.Options{
		Local: func(id wharf.StageID) wharf.Store { return files.Store(id) },
		S3:    buckets,
		Dir:   folders,
		Cache: bytes,
	})
	a.signer = httpapi.NewSigner(httpapi.SignerOptions{Keys: catalog, PublicURL: a.publicURL(cfg)})
	a.users, a.decoyKey = catalog, catalog.DecoyKey()
	a.service = wharf.NewService(wharf.ServiceOptions{
		Catalog: catalog, Users: catalog, Hasher: auth.Hasher{}, Opener: opener, Signer: a.signer, Logger: a.log,
		ServerCredentials: cfg.s3ServerCredentials,

		MaxFileSize:  cfg.maxFileSize,
		StageQuota:   cfg.stageQuota,
		UploadMemory: cfg.uploadMemory,
		UploadWait:   cfg.uploadWait,
		MaxUploads:   atMost(budget.uploads, cfg.maxUploads),
		MaxDownloads: budget.downloads,
	})
	engine, closeEngine, err := openEngine(context.Background(), cfg, a.log)
	if err != nil {
		return err
	}
	a.engine = engine
	a.closers = append(a.closers, closeEngine)
	a.metrics.watchFiles(files, catalog)
	a.metrics.watchService(a.service, bytes, a.engine)
	return a.openListeners(cfg, wharf.NewConnectionPool(budget.connections, cfg.connections.limits))
}

// atMost returns n, or the bound if that is less; 0 is no bound.
func atMost(n, bound int) int {
	if bound > 0 && (n == 0 || bound < n) {
		return bound
	}
	return n
}

// openRoot gives root the password of the settings, if it is a new one. Without one in
// the catalog and in the settings, the server is for its own machine alone.
func (a *app) openRoot(cfg *config) error {
	if !cfg.rootPassword.IsZero() {
		applied, err := a.service.ApplyRootPassword(context.Background(), cfg.rootPassword)
		if applied {
			a.log.Info("root has the password of the settings now")
		}
		return err
	}
	users, err := a.users.Users(context.Background())
	if err != nil {
		return err
	}
	if !users.RootHasPassword() {
		return cfg.validateWithoutPassword()
	}
	return nil
}

// openCatalog opens the catalog with the sealing key. The caller calls started
// when the files are open too.
func (a *app) openCatalog(ctx context.Context, cfg *config) (c *meta.Catalog, started func() error, err error) {
	key, err := cfg.sealingKey(ctx, func(line string) { a.log.Info("the key command wrote to standard error", "line", line) })
	if err != nil {
		return nil, nil, err
	}
	if err := cfg.checkKeyPlace(key); err != nil {
		return nil, nil, err
	}
	if started, err = beginStart(cfg.dataDir, cfg.newCatalog); err != nil {
		return nil, nil, err
	}
	if there, err := meta.Exists(cfg.dataDir); err != nil {
		return nil, nil, err
	} else if !there {
		if err := makeKeyFolder(key.File); err != nil {
			return nil, nil, err
		}
	}
	if c, err = meta.Open(cfg.dataDir, meta.Options{Key: key, Logger: a.log}); err != nil {
		return nil, nil, err
	}
	a.closers = append(a.closers, c.Close)
	return c, started, nil
}

// cacheFolder is where in the data folder bytes of files on S3 are kept.
const cacheFolder = "cache"

// openCache opens the cache of files on S3; nil where there is to be none. What
// an earlier server kept is removed then.
func (a *app) openCache(cfg *config) (*cache.Cache, error) {
	folder := filepath.Join(cfg.dataDir, cacheFolder)
	if cfg.cacheSize == 0 {
		return nil, os.RemoveAll(folder)
	}
	c, err := cache.Open(cache.Options{Folder: folder, Size: max(cfg.cacheSize, 0), Logger: a.log})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, c.Close)
	return c, nil
}

func (a *app) openS3(cfg *config) (*s3.Backend, error) {
	reach := cfg.s3Allow
	reach.Loopback = !slices.ContainsFunc(a.clientPorts(), func(at netip.AddrPort) bool { return !at.Addr().IsLoopback() })
	o := s3.Options{
		Endpoint:          cfg.s3Endpoint,
		Reach:             reach,
		Region:            cfg.s3Region,
		ServerCredentials: cfg.s3ServerCredentials,
		Self:              a.clientPorts(),
		SelfURL:           cfg.publicURL,
		Logger:            a.log,
		OnRequest:         a.metrics.s3Request,
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	b := s3.New(o)
	a.closers = append(a.closers, b.Close)
	return b, nil
}

// addrPort is the address that a listener of TCP is on.
func addrPort(ln net.Listener) netip.AddrPort { return ln.Addr().(*net.TCPAddr).AddrPort() }

// close closes what open opened, last first, so that the catalog outlives
// the files.
func (a *app) close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}
