package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"wharf"
	"wharf/httpapi"
)

// listener serves a port, as far as starting and stopping goes.
type listener interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// serve runs the server until ctx ends, and stops it in order.
func serve(ctx context.Context, cfg *config, stdout, stderr io.Writer) error {
	surviveClosedPipes()
	if err := forbidCore(); err != nil {
		return fmt.Errorf("core files cannot be forbidden: %w", err)
	}
	log, logs := newLogger(cfg, stderr)
	defer logs.Close(logFlush)
	out := newLineQueue(stdout, nil)
	defer out.Close(logFlush)
	a := &app{log: log, metrics: newMetrics()}
	err := a.open(ctx, cfg)
	if err == nil {
		err = a.run(ctx, cfg, out)
	}
	return errors.Join(err, a.close(), a.unlisten())
}

// surviveClosedPipes lets a write to standard output or standard error whose
// reader has gone away fail with an error. Go's runtime ends the program
// otherwise. The signal is caught and not ignored, because a process that the
// server starts would inherit that.
func surviveClosedPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// port is an address and what is served there.
type port struct {
	name    string // as the ready line and the log have it
	setting string // which names the address
	addr    string
	ln      net.Listener
	by      listener
}

// run serves all ports until ctx ends or one of them fails, and lets what
// is under way finish.
func (a *app) run(ctx context.Context, cfg *config, stdout io.Writer) (err error) {
	sweeping, stopSweeping := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { a.service.Run(sweeping) })

	failed := make(chan error, len(a.ports))
	line := "ready"
	var attrs []any
	for _, p := range a.ports {
		running.Go(func() { failed <- p.serve() })
		line += " " + p.name + "=" + p.ln.Addr().String()
		attrs = append(attrs, p.name, p.ln.Addr().String())
	}
	fmt.Fprintln(stdout, line)
	a.log.Info("ready", append(attrs, "version", version, "data_dir", cfg.dataDir)...)

	select {
	case <-ctx.Done():
		a.log.Info("stopping", "grace", cfg.shutdownGrace)
	case err = <-failed:
	case <-a.filesFailed:
		// What is on the disk is whole, and a start finds it so; going on
		// would only refuse everybody.
		err = errors.New("the disk failed a write that files depend on; the log above says which")
	}
	err = errors.Join(err, a.stop(cfg.shutdownGrace))
	stopSweeping()
	running.Wait()
	return err
}

func (p *port) serve() error {
	if err := p.by.Serve(p.ln); err != nil {
		return fmt.Errorf("the port of --%s failed: %w", p.setting, err)
	}
	return nil
}

// listen opens all ports. That is done before anything is opened on the
// disk, so that a port in use is all that is said; who connects waits until
// the ports are served.
func (a *app) listen(cfg *config) (err error) {
	for _, p := range []*port{
		{name: "mysql", setting: "mysql-addr", addr: cfg.mysqlAddr}, {name: "http", setting: "http-addr", addr: cfg.httpAddr},
		{name: "https", setting: "https-addr", addr: cfg.httpsAddr}, {name: "metrics", setting: "metrics-addr", addr: cfg.metricsAddr},
	} {
		if p.addr == "" || p.name == "http" && cfg.requireTLS {
			continue
		}
		if p.ln, err = listen(p.setting, p.addr); err != nil {
			return err
		}
		a.ports = append(a.ports, p)
	}
	return nil
}

// portOf returns the port of that name, nil if it is not open.
func (a *app) portOf(name string) *port {
	for _, p := range a.ports {
		if p.name == name {
			return p
		}
	}
	return nil
}

// clientPorts returns the addresses of the ports that are for clients.
func (a *app) clientPorts() []netip.AddrPort {
	var all []netip.AddrPort
	for _, p := range a.ports {
		if p.name != "metrics" {
			all = append(all, addrPort(p.ln))
		}
	}
	return all
}

// addPorts says what is served at each port.
func (a *app) addPorts(cfg *config, secure *tls.Config) {
	for _, p := range a.ports {
		switch p.name {
		case "mysql":
			p.by, p.ln = a.mysql, withProxies(p.ln, cfg.trustedProxies, mysqlHeaderWait)
		case "http":
			p.by, p.ln = a.http, withProxies(p.ln, cfg.trustedProxies, httpHeaderWait)
		case "https":
			p.by, p.ln = httpsPort{a.http, secure}, withProxies(p.ln, cfg.trustedProxies, httpHeaderWait)
		case "metrics":
			p.by = newMetricsServer(a.metrics, a.http, a.log)
		}
	}
}

// httpsPort serves HTTP over TLS.
type httpsPort struct {
	*httpapi.Server
	secure *tls.Config
}

// Serve implements listener.
func (p httpsPort) Serve(ln net.Listener) error { return p.ServeTLS(ln, p.secure) }

// unlisten closes the ports that were opened and not served.
func (a *app) unlisten() error {
	var errs []error
	for _, p := range a.ports {
		if p.ln == nil {
			continue
		}
		if err := p.ln.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// listen opens a port. Its error names the setting, so that the operator
// knows what to change.
func listen(name, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		return ln, nil
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return nil, fmt.Errorf("--%s %s: %w", name, addr, err)
}

// stop lets what is served finish what is under way, for as long as grace, and
// then cancels what is left.
func (a *app) stop(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(a.ports))
	for i, p := range a.ports {
		wg.Go(func() { errs[i] = p.by.Shutdown(ctx) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		a.log.Warn("the grace is over; what was still under way was cancelled")
	}
	for i, err := range errs {
		if wharf.CodeOf(err) == wharf.CodeTimeout {
			errs[i] = nil // said above; an exit in order all the same
		}
	}
	return errors.Join(errs...)
}
