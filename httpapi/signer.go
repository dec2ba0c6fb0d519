package httpapi

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/meta/auth"
)

// The parameters of a presigned URL. What else its grant binds is in the path.
const (
	paramPrefix      = "X-Wharf-"
	paramContentType = paramPrefix + "Content-Type" // only where a type is bound
	paramExpires     = paramPrefix + "Expires"      // seconds since 1970
	paramKey         = paramPrefix + "Key"          // the ID of the key that signed
	paramMethod      = paramPrefix + "Method"
	paramSignature   = paramPrefix + "Signature"
	paramStage       = paramPrefix + "Stage" // the ID: the name may be another's by now
	paramUser        = paramPrefix + "User"
)

// SignerOptions are what a Signer is made of. Keys and PublicURL are needed.
type SignerOptions struct {
	Keys wharf.SigningKeys
	// PublicURL is the address under which clients reach this server, without
	// a '/' at its end.
	PublicURL string
	Now       func() time.Time // nil is time.Now
}

// Signer makes presigned URLs, which let a request in without a password, and
// checks them. It keeps nothing between calls: the keys may be shared with
// other servers, which rotate them too. Make it with [NewSigner].
type Signer struct {
	keys      wharf.SigningKeys
	publicURL string
	now       func() time.Time
}

var _ wharf.URLSigner = (*Signer)(nil)

// NewSigner puts a Signer together. It does no I/O.
func NewSigner(o SignerOptions) *Signer {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Signer{keys: o.Keys, publicURL: o.PublicURL, now: o.Now}
}

// SignURL implements [wharf.URLSigner].
func (s *Signer) SignURL(ctx context.Context, g wharf.Grant) (wharf.Presigned, error) {
	ring, err := s.ring(ctx)
	if err != nil {
		return wharf.Presigned{}, err
	}
	keyID, signature := ring.Sign(g)
	q := url.Values{
		paramExpires:   {strconv.FormatInt(g.Expires.Unix(), 10)},
		paramKey:       {keyID},
		paramMethod:    {g.Method()},
		paramSignature: {signature},
		paramStage:     {g.Stage.String()},
		paramUser:      {g.User},
	}
	var headers map[string]string
	if g.ContentType != "" {
		q.Set(paramContentType, g.ContentType)
		if g.Upload {
			headers = map[string]string{"Content-Type": g.ContentType}
		}
	}
	path := url.URL{Path: stagePrefix + string(g.Name) + "/" + string(g.Key)}
	return wharf.Presigned{
		Method: g.Method(), Headers: headers,
		URL: s.publicURL + path.EscapedPath() + "?" + q.Encode(),
	}, nil
}

// ring returns the keys, with one that may sign in front.
func (s *Signer) ring(ctx context.Context) (auth.Ring, error) {
	keys, err := s.keys.SigningKeys(ctx)
	if err != nil || !auth.Ring(keys).Stale(s.now()) {
		return keys, err
	}
	return s.keys.UpdateSigningKeys(ctx, func(keys []wharf.SigningKey) []wharf.SigningKey {
		return auth.Ring(keys).Rotate(s.now())
	})
}

// check returns the grant that a URL carries for the file, if it is good.
func (s *Signer) check(ctx context.Context, query string, name wharf.StageName, key string) (wharf.Grant, error) {
	g, keyID, signature, err := parseGrant(query)
	if err != nil {
		return wharf.Grant{}, err
	}
	g.Name, g.Key = name, wharf.Key(key)
	ring, err := s.keys.SigningKeys(ctx)
	if err != nil {
		return wharf.Grant{}, err
	}
	return g, auth.Ring(ring).Check(g, keyID, signature, s.now())
}

// carriesGrant reports whether a query is that of a presigned URL, be it a
// broken one: such a request is not let in by a password instead.
func carriesGrant(query string) bool {
	for query != "" {
		var param string
		param, query, _ = strings.Cut(query, "&")
		name, _, _ := strings.Cut(param, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if len(name) >= len(paramPrefix) && strings.EqualFold(name[:len(paramPrefix)], paramPrefix) {
			return true
		}
	}
	return false
}

// parseGrant reads the parameters of a presigned URL. Each is there once, and
// there are no others: nothing in the query goes unsigned.
func parseGrant(query string) (g wharf.Grant, keyID, signature string, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return g, "", "", changed("its query cannot be read")
	}
	for _, name := range []string{paramExpires, paramKey, paramMethod, paramSignature, paramStage, paramUser} {
		if values.Get(name) == "" {
			return g, "", "", changed("%s is missing", name)
		}
	}
	for name, all := range values {
		var ok bool
		switch value := all[0]; name {
		case paramContentType:
			g.ContentType, ok = value, value != ""
		case paramExpires:
			g.Expires, ok = parseExpires(value)
		case paramKey:
			keyID, ok = value, true
		case paramMethod:
			g.Upload, ok = value == "PUT", value == "PUT" || value == "GET"
		case paramSignature:
			signature, ok = value, true
		case paramStage:
			g.Stage, err = wharf.ParseStageID(value)
			ok = err == nil && g.Stage.String() == value
		case paramUser:
			g.User, ok = value, true
		default:
			return g, "", "", changed("%q was added", name)
		}
		if !ok || len(all) > 1 {
			return g, "", "", changed("%s is not what was signed", name)
		}
	}
	return g, keyID, signature, nil
}

func parseExpires(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil && strconv.FormatInt(n, 10) == s
}

func changed(format string, args ...any) error {
	return wharf.Errorf(wharf.CodeDenied, "the presigned URL was changed: "+format, args...)
}
