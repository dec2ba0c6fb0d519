package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// UsageError is a command line that cannot be used.
type UsageError struct{ msg string }

// Error implements error.
func (e *UsageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// PasswordVariable is the variable with the password, as for MySQL's own clients. There is
// no flag, because others can read a command line.
const PasswordVariable = "MYSQL_PWD"

// target is which server, and as whom.
type target struct {
	addr, user, passwordFile, ca string
	insecure                     bool
}

func (t *target) flags(command string) *flag.FlagSet {
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&t.addr, "addr", "127.0.0.1:3307", "")
	f.StringVar(&t.user, "user", "root", "")
	f.StringVar(&t.passwordFile, "password-file", "", "")
	f.StringVar(&t.ca, "tls-ca", "", "")
	f.BoolVar(&t.insecure, "tls-insecure", false, "")
	return f
}

// connect returns one connection. Passwords and their hashes go over it, so it is
// encrypted, and the server's certificate verified, unless the server is on this machine.
func (t *target) connect(ctx context.Context, password string) (*sql.Conn, error) {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd = "tcp", t.addr, t.user, password
	c.Logger = &mysql.NopLogger{}
	var err error
	if t.passwordFile != "" {
		if c.Passwd, err = firstLine(t.passwordFile); err != nil {
			return nil, usagef("--password-file %s: %s", t.passwordFile, err)
		}
	}
	if c.TLS, err = t.tls(); err != nil {
		return nil, err
	}
	c.AllowFallbackToPlaintext = t.isHere() && t.ca == ""
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, usagef("--addr %s: %s", t.addr, err)
	}
	conn, err := sql.OpenDB(connector).Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s as %s: %w", t.addr, t.user, err)
	}
	return conn, nil
}

func firstLine(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// isHere reports whether the server is on this machine, so that no network is between.
func (t *target) isHere() bool {
	host, _, _ := net.SplitHostPort(t.addr)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (t *target) tls() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(t.addr)
	if err != nil {
		return nil, usagef("--addr %q is not HOST:PORT", t.addr)
	}
	c := &tls.Config{ServerName: host, InsecureSkipVerify: t.insecure || t.isHere() && t.ca == ""}
	if t.ca == "" {
		return c, nil
	}
	pem, err := os.ReadFile(t.ca)
	if err != nil {
		return nil, usagef("--tls-ca %s: %s", t.ca, errors.Unwrap(err))
	}
	if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, usagef("--tls-ca %s holds no certificate in PEM", t.ca)
	}
	return c, nil
}
