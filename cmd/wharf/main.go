package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"wharf"
	"wharf/cmd/wharf/client"
)

// version is set by the linker: -X main.version=….
var version = "dev"

func main() {
	// A umask that takes rights from the owner would make files that the next
	// start cannot open.
	syscall.Umask(syscall.Umask(0o077) &^ 0o700)
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, stopSignals()...)
	go func() {
		<-signals
		// The next one is the system's, which ends the process at once: from before
		// anybody can see that the server stops.
		signal.Stop(signals)
		stop()
	}()
	os.Exit(run(ctx, os.Args[1:], takeEnvironment(), os.Stdout, os.Stderr))
}

// stopSignals are those that stop a server in order. A terminal that is closed
// sends HUP, unless nohup has seen to it that it is ignored.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run is the whole program: it returns the exit status, 0 for success, 1 for
// a failure, 2 for a command line or setting that cannot be used.
func run(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, env, stdout, stderr)
	if err == nil {
		return 0
	}
	if err == errFound {
		return 1
	}
	writeWithin(stderr, "wharf: "+oneLine(err)+"\n", logFlush)
	var usage *usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

func dispatch(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usagef("a command is missing: wharf serve, or wharf --help")
	}
	switch args[0] {
	case "serve":
		cfg, err := loadConfig(args[1:], env)
		if errors.Is(err, errHelp) {
			return writeHelp(stdout)
		}
		if err != nil {
			return err
		}
		return serve(ctx, cfg, stdout, stderr)
	case workerCommand:
		return runWorker()
	case "check":
		return check(ctx, args[1:], env, stdout, stderr)
	case "rekey":
		return rekey(ctx, args[1:], env, stdout, stderr)
	case "users":
		err := client.Users(ctx, args[1:], env[client.PasswordVariable], stdout, stderr)
		var usage *client.UsageError
		if errors.As(err, &usage) {
			err = usagef("%s", usage)
		}
		return err
	case "version", "--version", "-version":
		_, err := fmt.Fprintln(stdout, "wharf "+version)
		return err
	case "help", "--help", "-help", "-h":
		return writeHelp(stdout)
	}
	return usagef("%q is not a command; the commands are serve, check, rekey, users and version, and --help shows the rest", args[0])
}

// usageError is a command line or a setting that cannot be used.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// oneLine tells the operator all of an error, causes included, in a line.
func oneLine(err error) string { return strings.Join(strings.Fields(story(err)), " ") }

// story is an error without the names of operations and codes, which are for
// the log.
func story(err error) string {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var parts []string
		for _, e := range all.Unwrap() {
			parts = append(parts, story(e))
		}
		return strings.Join(parts, "; ")
	}
	cause := errors.Unwrap(err)
	we, ok := err.(*wharf.Error)
	switch {
	case cause == nil && !ok:
		return err.Error()
	case cause == nil:
		return wharf.MessageOf(err)
	case !ok:
		// Most put their own words before the cause's.
		own, found := strings.CutSuffix(err.Error(), cause.Error())
		if !found {
			return err.Error()
		}
		return own + story(cause)
	case we.Msg == "" || wharf.MessageOf(cause) == we.Msg:
		return story(cause) // which says all that there is
	}
	return we.Msg + ": " + story(cause)
}
