package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wharf"
)

// granted makes a handler for clients that authenticate, and for those with a
// presigned URL. A request with parts of a presigned URL is judged by them alone,
// whatever password it has besides. So a URL that is broken does not seem to work
// for a user who has the password.
func (s *Server) granted(u use) echo.HandlerFunc {
	guarded := s.guarded(u)
	return func(c echo.Context) error {
		x := exchangeOf(c)
		if s.signer == nil || !carriesGrant(x.r.URL.RawQuery) {
			return guarded(c)
		}
		g, err := s.admitGrant(x)
		if err != nil {
			return err
		}
		if x.principal, err = s.service.Bearer(x.r.Context(), g); err != nil {
			return err
		}
		if err := x.authenticated(s.service); err != nil {
			return err
		}
		if !g.Upload {
			x.contentType = g.ContentType
		}
		return u(s, x)
	}
}

// admitGrant reports whether a request is what its presigned URL is for.
func (s *Server) admitGrant(x *exchange) (wharf.Grant, error) {
	if err := s.guard.checkHost(x.r); err != nil {
		return wharf.Grant{}, err
	}
	name, path, err := stagePath(x)
	if err != nil {
		return wharf.Grant{}, err
	}
	g, err := s.signer.check(x.r.Context(), x.r.URL.RawQuery, name, path)
	if err != nil {
		return wharf.Grant{}, err
	}
	if method := x.r.Method; method != g.Method() && (g.Upload || method != http.MethodHead) {
		return wharf.Grant{}, wharf.Errorf(wharf.CodeDenied, "the presigned URL is for %s, not for %s", g.Method(), method)
	}
	if !g.Upload || g.ContentType == "" {
		return g, nil
	}
	if sent := x.r.Header["Content-Type"]; len(sent) != 1 || sent[0] != g.ContentType {
		return wharf.Grant{}, wharf.Errorf(wharf.CodeDenied, "the presigned URL is for the Content-Type %q, and the request has another or none (curl -H 'Content-Type: %s')",
			g.ContentType, g.ContentType)
	}
	return g, nil
}
