package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"wharf/server"
)

// certificateLook is how often the files of a certificate are looked at, at
// most.
const certificateLook = time.Second

// certificateFiles is a certificate and its key in two files, read again when
// they change. While they cannot be read, the last ones stay.
type certificateFiles struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex // guards what follows
	current *tls.Certificate
	version string // of the files that current, or the last failure, is from
	looked  time.Time
}

// openTLS returns the configuration of TLS: the certificate of the settings, or
// one that the server makes itself.
func (a *app) openTLS(cfg *config) (*tls.Config, error) {
	if cfg.tlsCert == "" {
		return server.SelfSigned(server.CertificateOptions{Path: filepath.Join(cfg.dataDir, certificateFile), Logger: a.log})
	}
	f := &certificateFiles{cert: cfg.tlsCert, key: cfg.tlsKey, log: a.log, now: time.Now}
	if err := f.load(); err != nil {
		return nil, usagef("--tls-cert %s and --tls-key %s: %s", cfg.tlsCert, cfg.tlsKey, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.certificate}, nil
}

// load reads the files if they changed.
func (f *certificateFiles) load() error {
	version := ""
	for _, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		version += fmt.Sprintf("%d %d;", info.Size(), info.ModTime().UnixNano())
	}
	if version == f.version {
		return nil
	}
	f.version = version
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return err
	}
	if f.current != nil {
		f.log.Info("the TLS certificate was read again", "valid_until", c.Leaf.NotAfter)
	}
	f.current = &c
	return nil
}

// certificate is the one for a handshake.
func (f *certificateFiles) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= certificateLook {
		f.looked = now
		if err := f.load(); err != nil {
			f.log.Warn("the TLS certificate changed and cannot be read; the last one stays", "error", err)
		}
	}
	return f.current, nil
}
