package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"

	"wharf"
	"wharf/httpapi"
	"wharf/meta"
	"wharf/sql/exec"
	"wharf/storage"
	"wharf/storage/local"
	"wharf/storage/s3"
)

// house is the rooms, wired together.
type house struct {
	log     *slog.Logger
	service *wharf.Service
	signer  *httpapi.Signer
	engine  exec.FileEngine // nil in a build without one
	mysql   listener
	http    listener

	mysqlLn, httpLn net.Listener
	filesFailed     <-chan struct{} // the disk no longer takes what must be on it

	closers []func() error // in the order of opening

	heapFloor []byte
}

// open opens what lies on disk and wires the rest over it. What was opened is
// closed by close, also after an error.
func (h *house) open(cfg *config) error {
	h.heapFloor = newHeapFloor()
	limitMemory(cfg)
	budget, err := openFiles()
	if err != nil {
		return err
	}
	unlock, err := openDataDir(cfg.dataDir)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, unlock)
	if err := h.listen(cfg); err != nil {
		return err
	}
	folders, err := openFolders(cfg)
	if err != nil {
		return err
	}
	started, err := beginStart(cfg.dataDir, cfg.newCatalog)
	if err != nil {
		return err
	}
	catalog, err := meta.Open(cfg.dataDir, meta.Options{Logger: h.log})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, catalog.Close)
	files, err := local.Open(filepath.Join(cfg.dataDir, filesFolder), local.Options{Logger: h.log, OpenFiles: budget.index})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, files.Close)
	h.filesFailed = files.Failed()
	if err := started(); err != nil {
		return err
	}
	buckets, err := h.openS3(cfg)
	if err != nil {
		return err
	}
	opener := storage.New(storage.Options{
		Local: func(id wharf.StageID) wharf.Store { return files.Store(id) },
		S3:    buckets,
		Dir:   folders,
	})
	h.signer = httpapi.NewSigner(httpapi.SignerOptions{Keys: catalog, PublicURL: publicURL(cfg, h.httpLn.Addr())})
	h.service = wharf.NewService(wharf.ServiceOptions{
		Catalog: catalog, Opener: opener, Signer: h.signer, Logger: h.log,
		MaxFileSize:  cfg.maxFileSize,
		UploadMemory: cfg.uploadMemory,
		UploadWait:   cfg.uploadWait,
		MaxUploads:   budget.uploads,
		MaxDownloads: budget.downloads,
	})
	engine, closeEngine, err := openEngine(context.Background(), cfg, h.log)
	if err != nil {
		return err
	}
	h.engine = engine
	h.closers = append(h.closers, closeEngine)
	return h.openListeners(cfg, wharf.NewConnectionPool(budget.connections))
}

func (h *house) openS3(cfg *config) (*s3.Backend, error) {
	o := s3.Options{
		Endpoint:          cfg.s3Endpoint,
		Region:            cfg.s3Region,
		ServerCredentials: cfg.s3ServerCredentials,
		Self:              []netip.AddrPort{addrPort(h.httpLn), addrPort(h.mysqlLn)},
		SelfURL:           cfg.publicURL,
		Logger:            h.log,
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	b := s3.New(o)
	h.closers = append(h.closers, b.Close)
	return b, nil
}

// addrPort is the address that a listener of TCP is on.
func addrPort(ln net.Listener) netip.AddrPort { return ln.Addr().(*net.TCPAddr).AddrPort() }

// close closes what open opened, last first, so that the catalog outlives
// the files.
func (h *house) close() error {
	var errs []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		errs = append(errs, h.closers[i]())
	}
	h.closers = nil
	return errors.Join(errs...)
}
