package server

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificateAt starts at a time, with a certificate kept at path, and returns
// what a client is shown, the time that the server reads, and the log.
func certificateAt(t *testing.T, path string, now *time.Time) (config *tls.Config, log *bytes.Buffer) {
	t.Helper()
	log = &bytes.Buffer{}
	config, err := SelfSigned(CertificateOptions{
		Path: path, Now: func() time.Time { return *now }, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return config, log
}

// shown is the certificate that a client is shown. A handshake is done with it.
func shown(t *testing.T, config *tls.Config, now time.Time) string {
	t.Helper()
	c, err := config.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if now.Before(c.Leaf.NotBefore) || !now.Before(c.Leaf.NotAfter.Add(-renewBefore)) || c.Leaf.SerialNumber.Sign() <= 0 {
		t.Errorf("at %s a certificate is shown that is valid from %s to %s", now, c.Leaf.NotBefore, c.Leaf.NotAfter)
	}
	return string(c.Leaf.Raw)
}

// TestCertificateIsKept: over restarts, for as long as it is valid.
func TestCertificateIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tls.pem")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	config, _ := certificateAt(t, path, &now)
	first := shown(t, config, now)
	for _, after := range []time.Duration{0, time.Hour, 365 * 24 * time.Hour, -30 * time.Hour} {
		now = now.Add(after)
		again, log := certificateAt(t, path, &now)
		if shown(t, again, now) != first || log.Len() > 0 {
			t.Errorf("at %s there is another certificate: %s", now, log)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("its file is %v, %v", info.Mode(), err)
		}
		if err := os.Chmod(path, 0o644); err != nil { // as a backup may restore it
			t.Fatal(err)
		}
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

// TestCertificateIsRenewed before it ends, also while the server runs, and when
// the clock is set to before its beginning.
func TestCertificateIsRenewed(t *testing.T) {
	for name, later := range map[string]func(time.Time) time.Time{
		"near its end":     func(t time.Time) time.Time { return t.AddDate(certificateYears, 0, -29) },
		"after its end":    func(t time.Time) time.Time { return t.AddDate(3*certificateYears, 0, 0) },
		"the clock is set": func(t time.Time) time.Time { return t.AddDate(-5, 0, 0) },
	} {
		for _, restart := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "tls.pem")
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			config, _ := certificateAt(t, path, &now)
			first := shown(t, config, now)
			now = later(now)
			if restart {
				config, _ = certificateAt(t, path, &now)
			}
			second := shown(t, config, now)
			if second == first {
				t.Errorf("%s: restart %v: the certificate is the old one", name, restart)
			}
			again, _ := certificateAt(t, path, &now)
			if shown(t, again, now) != second {
				t.Errorf("%s: restart %v: the new certificate is not kept", name, restart)
			}
		}
	}
}

// TestCertificateAtAnyTime has clocks that were never set.
func TestCertificateAtAnyTime(t *testing.T) {
	for _, year := range []int{1900, 1969, 1970, 1980, 2049, 2051, 2500} {
		now := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		config, _ := certificateAt(t, filepath.Join(t.TempDir(), "tls.pem"), &now)
		shown(t, config, now)
	}
}

// TestCertificateFileThatCannotBeUsed: the server starts all the same, and says
// so.
func TestCertificateFileThatCannotBeUsed(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	good := filepath.Join(t.TempDir(), "tls.pem")
	certificateAt(t, good, &now)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(path string) error{
		"empty":       func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"cut short":   func(path string) error { return os.WriteFile(path, whole[:len(whole)/2], 0o600) },
		"another key": func(path string) error { return os.WriteFile(path, bytes.ToUpper(whole), 0o600) },
		"a folder":    func(path string) error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) },
		"no place":    func(path string) error { return os.Remove(filepath.Dir(path)) },
	} {
		path := filepath.Join(t.TempDir(), "data", "tls.pem")
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		config, log := certificateAt(t, path, &now)
		shown(t, config, now)
		if !strings.Contains(log.String(), "level=WARN") {
			t.Errorf("%s: the log is %q", name, log)
		}
	}
}
