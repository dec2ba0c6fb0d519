package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wharf"
)

const (
	certificateYears = 10
	// renewBefore is how long before its end a certificate is replaced.
	renewBefore = 30 * 24 * time.Hour
	// validSince is how long before it was made a certificate is valid:
	// clocks differ.
	validSince = 24 * time.Hour
)

// CertificateOptions say where [SelfSigned] keeps its certificate.
type CertificateOptions struct {
	// Path is a file that keeps the certificate and its key over restarts; it
	// is made if it is missing, for its owner only. "" keeps them in memory.
	Path string
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Logger is told when a certificate is made, and when the file cannot be
	// used; nil is slog.Default.
	Logger *slog.Logger
}

// SelfSigned returns a TLS configuration with a certificate of its own making.
// No client can verify it by an authority: it keeps listeners out, and those
// impostors that a client tells by the certificate of before. It is valid for
// ten years, and replaced 30 days before its end, or when the clock stands
// before its beginning.
func SelfSigned(o CertificateOptions) (*tls.Config, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &selfSigned{o: o}
	s.load()
	if _, err := s.certificate(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate}, nil
}

type selfSigned struct {
	o CertificateOptions

	mu      sync.Mutex // guards current
	current *tls.Certificate
}

// load reads the certificate that is kept, if there is one that can be used.
func (s *selfSigned) load() {
	if s.o.Path == "" {
		return
	}
	data, err := os.ReadFile(s.o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = os.Chmod(s.o.Path, 0o600)
	}
	var c tls.Certificate
	if err == nil {
		c, err = tls.X509KeyPair(data, data)
	}
	if err != nil {
		s.o.Logger.Warn("the TLS certificate that was kept cannot be used; a new one is made", "error", err)
		return
	}
	s.current = &c
}

// certificate returns the certificate for a handshake, a new one if it is time.
func (s *selfSigned) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	if c := s.current; c != nil && !now.Before(c.Leaf.NotBefore) && now.Before(c.Leaf.NotAfter.Add(-renewBefore)) {
		return c, nil
	}
	c, kept, err := makeCertificate(now)
	if err != nil {
		return nil, wharf.WrapError(wharf.CodeInternal, "server.SelfSigned", "cannot make a TLS certificate", err)
	}
	s.current = c
	s.o.Logger.Info("made a TLS certificate", "valid_until", c.Leaf.NotAfter)
	if s.o.Path != "" {
		if err := keepFile(s.o.Path, kept); err != nil {
			s.o.Logger.Warn("the TLS certificate cannot be kept; the next start makes another", "error", err)
		}
	}
	return c, nil
}

// makeCertificate makes a certificate with its key, and both as text. ECDSA,
// because a login with it costs the server a tenth of one with RSA.
func makeCertificate(now time.Time) (*tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	// The clock says nothing of whether a number was used before, and may
	// stand before 1970.
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: "wharf"},
		NotBefore:    now.Add(-validSince),
		NotAfter:     now.AddDate(certificateYears, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	var text bytes.Buffer
	err = errors.Join(pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if err != nil {
		return nil, nil, err
	}
	c, err := tls.X509KeyPair(text.Bytes(), text.Bytes())
	return &c, text.Bytes(), err
}

// keepFile writes a file for its owner only, whole or not at all.
func keepFile(path string, data []byte) error {
	// os.CreateTemp makes it 0600, and finds a name that is free.
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// secured returns the version and the cipher of the connection's TLS by the
// names that OpenSSL has, which are MySQL's, or "" without TLS.
func (c *conn) secured() (version, cipher string) {
	if c.tls == nil {
		return "", ""
	}
	state := c.tls.ConnectionState()
	version = strings.Replace(tls.VersionName(state.Version), "TLS 1", "TLSv1", 1)
	return version, opensslCipher(tls.CipherSuiteName(state.CipherSuite))
}

// opensslCipher gives OpenSSL's name of a cipher, which is the standard one for
// TLS 1.3: ECDHE-RSA-AES128-GCM-SHA256 for TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.
func opensslCipher(name string) string {
	exchange, rest, ok := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	if !ok {
		return name
	}
	rest = strings.NewReplacer("AES_", "AES", "POLY1305_SHA256", "POLY1305", "_CBC", "").Replace(rest)
	if exchange != "RSA" {
		rest = exchange + "_" + rest
	}
	return strings.ReplaceAll(rest, "_", "-")
}
