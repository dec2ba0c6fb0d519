package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"

	"wharf"
)

// Options are what a Server is made of. Service is needed; the rest has
// defaults.
type Options struct {
	Service *wharf.Service
	Auth    Authenticator // nil: root has no password
	Signer  *Signer       // whose URLs are let in; nil: there are none
	Logger  *slog.Logger  // nil discards
	Version string        // shown by health

	// Observe is told of each request; nil is not.
	Observe wharf.Observer
	// Metrics answers GET /metrics, for users with SUPER; nil: there is none.
	Metrics http.Handler

	// Trusted are the networks of proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix

	// Origins are those whose pages may use the server from a browser (CORS),
	// each as ParseOrigin returns it; none by default.
	Origins []string

	// Hosts are the names, without port, under which clients may address the
	// server while root has no password, besides localhost and the loopback
	// addresses.
	Hosts []string

	// Pool bounds the connections of this server and of others together; nil
	// is a pool of its own.
	Pool *wharf.ConnectionPool

	MaxHeaderBytes    int           // of one request; 0 is 16 KiB
	ReadHeaderTimeout time.Duration // for a request's header; 0 is 10 s
	IdleTimeout       time.Duration // between requests; 0 is 2 minutes
	// StallTimeout is how long a body may stop coming, or an answer may not be
	// taken. There is no limit on how long a body takes as a whole.
	StallTimeout time.Duration // 0 is 30 s
}

// The defaults of Options.
const (
	defaultReadHeaderTimeout = 10 * time.Second
	defaultIdleTimeout       = 2 * time.Minute
	defaultStallTimeout      = 30 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Pool == nil {
		o.Pool = wharf.NewConnectionPool(wharf.DefaultConnections, wharf.ConnectionLimits{})
	}
	if o.MaxHeaderBytes <= 0 {
		o.MaxHeaderBytes = defaultMaxHeaderBytes
	}
	if o.ReadHeaderTimeout <= 0 {
		o.ReadHeaderTimeout = defaultReadHeaderTimeout
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = defaultIdleTimeout
	}
	if o.StallTimeout <= 0 {
		o.StallTimeout = defaultStallTimeout
	}
	return o
}

// Server is the HTTP listener's other side. Make it with [New]; its methods
// are safe for concurrent use.
type Server struct {
	service *wharf.Service
	log     *slog.Logger
	guard   guard
	origins origins
	signer  *Signer // may be nil
	version string
	stall   time.Duration
	observe wharf.Observer // may be nil
	metrics http.Handler   // may be nil
	trusted []netip.Prefix

	answers   *answerMemory
	pool      *wharf.ConnectionPool
	maxHeader int // bytes of one request's

	http2 atomic.Int64 // connections of HTTP/2

	router *echo.Echo
	http   *http.Server

	stopping atomic.Bool        // health says so
	cutOff   context.CancelFunc // ends the contexts of all requests
	// running has one unit taken for each request under way.
	running *semaphore.Weighted
}

const (
	// allRequests is what running has when no request is under way.
	allRequests = math.MaxInt64
	// cutOffTime is how long Shutdown waits for requests that it cut off.
	cutOffTime = 5 * time.Second
)

// New puts a Server together. It does no I/O.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{
		service: o.Service,
		log:     o.Logger,
		guard:   newGuard(o.Auth, o.Hosts),
		origins: newOrigins(o.Origins),
		signer:  o.Signer,
		version: o.Version,
		stall:   o.StallTimeout,
		observe: o.Observe, metrics: o.Metrics, trusted: o.Trusted,
		answers: newAnswerMemory(o.Service.UploadWait()),
		pool:    o.Pool, maxHeader: o.MaxHeaderBytes,
		running: semaphore.NewWeighted(allRequests),
	}
	s.router = s.routes()
	base, cutOff := context.WithCancel(context.Background())
	s.cutOff = cutOff
	// No ReadTimeout and no WriteTimeout: they would end long uploads and
	// downloads that are going well. Stalled ones end by StallTimeout.
	s.http = &http.Server{
		Handler:           s,
		MaxHeaderBytes:    o.MaxHeaderBytes,
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		IdleTimeout:       o.IdleTimeout,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       withConn,
		ConnState:         onState,
		// OPTIONS * is a request like others, held to the same rules.
		DisableGeneralOptionsHandler: true,

		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}
	withHTTP2(s.http)
	return s
}

// Serve answers on l until Shutdown, and then returns nil. It closes l, which is
// one of TCP: clients of others are not held to taking their answers. It may be
// called for several listeners at once.
func (s *Server) Serve(l net.Listener) error {
	return s.serve(clientListener{l, s.stall, s.maxHeader, s.pool, &s.http2, nil})
}

// ServeTLS is Serve over TLS, with HTTP/2 for clients that ask for it. The
// configuration has the certificate.
func (s *Server) ServeTLS(l net.Listener, c *tls.Config) error {
	c = c.Clone()
	c.NextProtos = []string{"h2", "http/1.1"}
	return s.serve(clientListener{l, s.stall, s.maxHeader, s.pool, &s.http2, c})
}

func (s *Server) serve(l clientListener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return wharf.WrapError(wharf.CodeInternal, "httpapi.Serve", "the HTTP listener failed", err)
	}
	return nil
}

// Unready makes health say that the server is stopping, while everything else
// goes on.
func (s *Server) Unready() { s.stopping.Store(true) }

// Shutdown makes health unready, stops accepting, lets the requests under way
// finish, and returns. When ctx ends first, it cuts them off, waits for them
// to notice, and returns ctx's error. After it, nothing uses the Service.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Unready()
	err := s.http.Shutdown(ctx)
	s.cutOff()
	if err == nil {
		return nil
	}
	errs := []error{err, s.http.Close()}
	waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutOffTime)
	defer cancel()
	if s.running.Acquire(waiting, allRequests) != nil {
		errs = append(errs, errors.New("requests that were cut off are still running"))
	}
	return errors.Join(errs...)
}

// ServeHTTP implements [http.Handler]: one request, one answer, one line in
// the log.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.running.TryAcquire(1) {
		panic(http.ErrAbortHandler) // it came in while the others were cut off
	}
	defer s.running.Release(1)
	if c := connOf(r.Context()); c != nil && !c.begin(r) {
		panic(http.ErrAbortHandler) // it was closed to make room
	}
	client, told := s.clientOf(r)
	r.RemoteAddr = client
	x := newExchange(w, r, s.stall)
	x.names.memory = s.answers
	defer s.finish(x)
	if r.ContentLength != 0 {
		x.body.arm() // also for a body that no handler reads: net/http then does
	}
	x.setSecurityHeaders()
	if c := x.client; c != nil && c.limit.ambiguous.Load() {
		x.Header()["Connection"] = closing
		x.fail(invalid(errAmbiguous))
		return
	}
	if r.Header[wharf.HopHeader] != nil {
		x.fail(&statusError{http.StatusLoopDetected, wharf.Errorf(wharf.CodeInvalid,
			"the request comes from the stage of a Wharf server, for which this is no S3 server; its ENDPOINT_URL is wrong")})
		return
	}
	if r.Method == http.MethodOptions && r.RequestURI == "*" {
		x.set("Content-Length", "0")
		x.WriteHeader(http.StatusOK)
		return
	}
	if err := s.checkForwarded(r, told); err != nil {
		x.fail(err)
		return
	}
	allowed := s.origins.allow(r, x.Header())
	if isPreflight(r) {
		if err := preflight(x, allowed); err != nil {
			x.fail(err)
		}
		return
	}
	s.router.ServeHTTP(x, r)
}

// routes tells which method and path is which use case.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		exchangeOf(c).fail(routingError(err, c))
	}
	e.GET("/", s.open((*Server).page))
	e.HEAD("/", s.open((*Server).page))
	e.GET("/README.md", s.open((*Server).readme))
	e.HEAD("/README.md", s.open((*Server).readme))
	e.GET("/v1/health", s.open((*Server).health))
	e.HEAD("/v1/health", s.open((*Server).health))
	e.GET("/v1/health/live", s.open((*Server).live))
	e.HEAD("/v1/health/live", s.open((*Server).live))
	e.GET("/v1/health/ready", s.open((*Server).health))
	e.HEAD("/v1/health/ready", s.open((*Server).health))
	e.GET("/metrics", s.guarded((*Server).showMetrics))
	e.PUT("/v1/upload_to_stage", s.guarded((*Server).uploadForm))
	e.POST("/v1/upload_to_stage", s.guarded((*Server).uploadForm))
	e.GET(stagePrefix+"*", s.granted((*Server).getStage))
	e.HEAD(stagePrefix+"*", s.granted((*Server).getStage))
	e.PUT(stagePrefix+"*", s.granted((*Server).uploadRaw))
	e.DELETE(stagePrefix+"*", s.granted((*Server).remove))
	return e
}

// use is one of the server's use cases.
type use func(*Server, *exchange) error

// open makes a handler that needs no password.
func (s *Server) open(u use) echo.HandlerFunc {
	return func(c echo.Context) error { return u(s, exchangeOf(c)) }
}

// guarded makes a handler for clients that authenticate.
func (s *Server) guarded(u use) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		x := exchangeOf(c)
		if x.principal, err = s.guard.admit(x.r); err != nil {
			return err
		}
		if err := x.authenticated(s.service); err != nil {
			return err
		}
		return u(s, x)
	}
}

// exchangeOf returns the exchange that ServeHTTP handed to the router.
func exchangeOf(c echo.Context) *exchange { return c.Response().Writer.(*exchange) }

// routingError says in our words what the router could not find.
func routingError(err error, c echo.Context) error {
	var he *echo.HTTPError
	if !errors.As(err, &he) {
		return err
	}
	switch he.Code {
	case http.StatusNotFound:
		return wharf.Errorf(wharf.CodeNotFound, "there is nothing at %s", shorten(c.Request().URL.Path, shownText))
	case http.StatusMethodNotAllowed:
		allow := c.Response().Header().Get(echo.HeaderAllow)
		return &statusError{he.Code, wharf.Errorf(wharf.CodeUnsupported, "%s is not for this address; it takes %s",
			c.Request().Method, strings.TrimPrefix(allow, "OPTIONS, "))}
	}
	return wharf.WrapError(wharf.CodeInternal, "httpapi.route", "", err)
}
