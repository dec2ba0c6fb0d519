package httpapi

import (
	"context"
	"net"
	"net/http"
	"strings"

	"wharf"
	"wharf/meta/auth"
)

// Authenticator knows who has which password.
type Authenticator interface {
	// RootPasswordSet reports whether root has a password. While not, the server
	// answers to this machine only.
	RootPasswordSet() bool
	// Login returns who a client at that address is that sends this name and
	// password. ok is false for all that do not match; it takes as long for a
	// user who does not exist.
	Login(ctx context.Context, user, password, address string) (p wharf.Principal, ok bool, err error)
	// LoginToken is Login for a token, which says itself whose it is.
	LoginToken(ctx context.Context, token, address string) (p wharf.Principal, ok bool, err error)
}

// guard decides who may come in.
type guard struct {
	auth  Authenticator
	hosts map[string]bool // in lower case
}

// noPassword knows root, who has no password.
var noPassword = auth.NewGate(auth.GateOptions{})

func newGuard(a Authenticator, hosts []string) guard {
	if a == nil {
		a = noPassword
	}
	g := guard{auth: a, hosts: map[string]bool{"localhost": true}}
	for _, h := range hosts {
		g.hosts[strings.ToLower(h)] = true
	}
	return g
}

// admit tells as whom a request comes in. Where a password is set, it must be
// given, from this machine too. Where none is, the request must come from this
// machine and must be addressed to it: a page elsewhere can make a browser here
// send requests to a name of its own that it points to 127.0.0.1 (DNS
// rebinding), and the name is what tells them. Credentials that are given then,
// of whatever kind, must be right all the same, as over MySQL: else a client with
// the wrong ones would find out only when the server has a password.
func (g guard) admit(r *http.Request) (wharf.Principal, error) {
	if err := g.checkHost(r); err != nil {
		return wharf.Principal{}, err
	}
	given := r.Header["Authorization"]
	if len(given) > 1 {
		return wharf.Principal{}, invalid("the header Authorization is there twice")
	}
	set := g.auth.RootPasswordSet()
	if !set && len(given) == 0 {
		return wharf.Root, nil
	}
	if len(given) == 1 {
		if token, ok := bearerToken(given[0]); ok {
			return g.admitToken(r, token)
		}
	}
	user, password, ok := r.BasicAuth()
	switch {
	case !ok && set:
		return wharf.Principal{}, wharf.Errorf(wharf.CodeUnauthenticated, "a user and a password, or a token, are needed (curl -u user:password)")
	case !ok:
		return wharf.Principal{}, wharf.Errorf(wharf.CodeUnauthenticated, "the header Authorization cannot be read; root has no password, so none is needed")
	}
	p, ok, err := g.auth.Login(r.Context(), user, password, hostname(r.RemoteAddr))
	switch {
	case err != nil:
		return wharf.Principal{}, err
	case !ok && !set:
		return wharf.Principal{}, wharf.Errorf(wharf.CodeUnauthenticated, "the user or the password is wrong; root has no password on this server")
	case !ok:
		return wharf.Principal{}, wharf.Errorf(wharf.CodeUnauthenticated, "the user or the password is wrong")
	}
	return p, nil
}

// bearerToken returns the token of a header Authorization of the scheme Bearer.
func bearerToken(authorization string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(trimBlanks(authorization), " ")
	return trimBlanks(token), strings.EqualFold(scheme, "Bearer")
}

func (g guard) admitToken(r *http.Request, token string) (wharf.Principal, error) {
	p, ok, err := g.auth.LoginToken(r.Context(), token, hostname(r.RemoteAddr))
	if err == nil && !ok {
		err = wharf.Errorf(wharf.CodeUnauthenticated, "the token is not valid; it may have expired or been dropped")
	}
	if err != nil {
		return wharf.Principal{}, err
	}
	return p, nil
}

// checkHost checks the client's address and the Host header; it needs no
// credentials.
func (g guard) checkHost(r *http.Request) error {
	if g.auth.RootPasswordSet() {
		return nil
	}
	if !auth.IsLoopback(hostname(r.RemoteAddr)) {
		return wharf.Errorf(wharf.CodeDenied, "root has no password, so only this server's own machine may come in")
	}
	if host := hostname(r.Host); !g.hosts[strings.ToLower(host)] && !auth.IsLoopback(host) {
		return wharf.Errorf(wharf.CodeDenied, "the server is not known as %q; "+
			"while root has no password it answers to localhost, to loopback addresses and to its configured public name", host)
	}
	return nil
}

// hostname takes the port, and the brackets of IPv6, off an address.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
}
