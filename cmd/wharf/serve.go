package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"wharf"
)

// listener is one of the two halves, as far as starting and stopping goes.
type listener interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// serve runs the server until ctx ends, and stops it in order.
func serve(ctx context.Context, cfg *config, stdout, stderr io.Writer) error {
	surviveClosedPipes()
	log, logs := newLogger(cfg, stderr)
	defer logs.Close(logFlush)
	out := newLineQueue(stdout, nil)
	defer out.Close(logFlush)
	a := &app{log: log}
	err := a.open(cfg)
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

// run serves both ports until ctx ends or one of them fails, and lets what
// is under way finish.
func (a *app) run(ctx context.Context, cfg *config, stdout io.Writer) (err error) {
	mysqlLn, httpLn := a.mysqlLn, a.httpLn
	sweeping, stopSweeping := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { a.service.Run(sweeping) })

	failed := make(chan error, 2)
	running.Go(func() { failed <- serveOn(a.mysql, mysqlLn, "MySQL") })
	running.Go(func() { failed <- serveOn(a.http, httpLn, "HTTP") })
	fmt.Fprintf(stdout, "ready mysql=%s http=%s\n", mysqlLn.Addr(), httpLn.Addr())
	a.log.Info("ready", "mysql", mysqlLn.Addr().String(), "http", httpLn.Addr().String(),
		"version", version, "data_dir", cfg.dataDir)

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

func serveOn(l listener, ln net.Listener, name string) error {
	if err := l.Serve(ln); err != nil {
		return fmt.Errorf("the %s port failed: %w", name, err)
	}
	return nil
}

// listen opens both ports. That is done before anything is opened on the
// disk, so that a port in use is all that is said; who connects waits until
// the ports are served.
func (a *app) listen(cfg *config) (err error) {
	if a.mysqlLn, err = listen("mysql-addr", cfg.mysqlAddr); err != nil {
		return err
	}
	a.httpLn, err = listen("http-addr", cfg.httpAddr)
	return err
}

// unlisten closes the ports that were opened and not served.
func (a *app) unlisten() error {
	var errs []error
	for _, ln := range []net.Listener{a.mysqlLn, a.httpLn} {
		if ln == nil {
			continue
		}
		if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
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

// stop lets both halves finish what is under way, for as long as grace, and
// then cancels what is left.
func (a *app) stop(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, l := range []listener{a.http, a.mysql} {
		wg.Go(func() { errs[i] = l.Shutdown(ctx) })
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
