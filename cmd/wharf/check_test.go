package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf"
	"wharf/meta"
	"wharf/storage/local"
)

// stopped makes a data folder with one stage and one file in it.
func stopped(t *testing.T) string {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	unlock, err := openDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := meta.Open(dir, meta.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := local.Open(filepath.Join(dir, filesFolder), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := wharf.Stage{ID: wharf.NewStageID(), Name: "s"}
	if _, _, err := catalog.CreateStage(ctx, s, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	body := strings.NewReader(strings.Repeat("x", 1<<20))
	if _, err := files.Store(s.ID).Put(ctx, "f", body, wharf.PutOptions{Size: wharf.UnknownSize}); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func() error{files.Close, catalog.Close, unlock} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runCheck runs the command and gives its exit status and what it printed.
func runCheck(args ...string) (status int, out, errOut string) {
	var o, e bytes.Buffer
	status = run(context.Background(), append([]string{"check"}, args...), env(), &o, &e)
	return status, o.String(), e.String()
}

func TestCheck(t *testing.T) {
	dir := stopped(t)
	if status, out, errOut := runCheck("--data-dir", dir); status != 0 || out != "nothing is wrong\n" || errOut != "" {
		t.Fatalf("a whole folder: status %d, %q, %q", status, out, errOut)
	}
	spoilBody(t, dir)
	status, out, errOut := runCheck("--data-dir", dir)
	if status != 1 || !strings.Contains(out, `"f"`) || !strings.HasSuffix(out, "\n1 found\n") || errOut != "" {
		t.Errorf("a flipped bit: status %d, %q, %q", status, out, errOut)
	}
	if status, out, _ := runCheck("--repair=false", "--data-dir", dir); status != 1 || !strings.Contains(out, `"f"`) {
		t.Errorf("no repair: status %d, %q", status, out)
	}
	// What only concerns a server that starts is not looked at.
	var again bytes.Buffer
	serving := env("WHARF_HTTP_ADDR", "0.0.0.0:8000", "WHARF_ROOT_PASSWORD_FILE", "/nonexistent")
	if status := run(context.Background(), []string{"check", "--data-dir", dir}, serving, &again, &again); status != 1 || again.String() != out {
		t.Errorf("with a server's settings: status %d, %q", status, again.String())
	}
	if status, out, _ := runCheck("--repair=true", "--data-dir", dir); status != 1 || !strings.Contains(out, `"f"`) {
		t.Errorf("its repair: status %d, %q", status, out)
	}
	if status, out, errOut := runCheck("--data-dir", dir); status != 0 {
		t.Errorf("after the repair: status %d, %q, %q", status, out, errOut)
	}
}

// TestCheckThatCannotTell is one whose output goes nowhere: success would be a
// lie, and a repair is done all the same.
func TestCheckThatCannotTell(t *testing.T) {
	dir := stopped(t)
	for _, args := range [][]string{{"check"}, {"check", "--repair"}} {
		if args[len(args)-1] == "--repair" {
			spoilBody(t, dir)
		}
		var errOut bytes.Buffer
		status := run(t.Context(), append(args, "--data-dir", dir), env(), &reader{fail: slices.Repeat([]error{syscall.ENOSPC}, 9)}, &errOut)
		if status != 1 || !strings.Contains(errOut.String(), "the findings cannot be written: no space left") {
			t.Errorf("%q: status %d, %q", args, status, errOut.String())
		}
	}
	if status, out, _ := runCheck("--data-dir", dir); status != 0 {
		t.Errorf("after a repair that could not tell: status %d, %q", status, out)
	}
}

// spoilBody flips a bit of the largest file below dir.
func spoilBody(t *testing.T, dir string) {
	t.Helper()
	bodies, err := filepath.Glob(filepath.Join(dir, filesFolder, "bodies", "*", "*"))
	if err != nil || len(bodies) != 1 {
		t.Fatalf("bodies: %v, %v", bodies, err)
	}
	data, err := os.ReadFile(bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(bodies[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckRefuses(t *testing.T) {
	inUse := stopped(t)
	unlock, err := openDataDir(inUse)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	for _, tc := range []struct {
		name, dir, want string
	}{
		{"in use", inUse, "in use by another wharf"},
		{"nothing there", filepath.Join(t.TempDir(), "none"), "not a data folder"},
		{"foreign", t.TempDir(), "not a data folder"},
	} {
		status, out, errOut := runCheck("--data-dir", tc.dir)
		if status != 1 || out != "" || !strings.Contains(errOut, tc.want) || strings.Count(errOut, "\n") != 1 {
			t.Errorf("%s: status %d, %q, %q", tc.name, status, out, errOut)
		}
	}
}

// TestServeStops starts the whole server in this process, waits for its ready
// line, and stops it.
func TestServeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ready := &signalWriter{ready: make(chan struct{})}
	done := make(chan int)
	var errOut bytes.Buffer
	go func() {
		done <- run(ctx, []string{"serve", "--data-dir", t.TempDir() + "/d", "--mysql-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0",
			"--log-level=error"}, env(), ready, &errOut)
	}()
	<-ready.ready
	cancel()
	select {
	case status := <-done:
		if status != 0 || errOut.Len() != 0 {
			t.Errorf("exit status %d, %q", status, errOut.String())
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the server did not stop")
	}
	if !strings.HasPrefix(ready.line.String(), "ready mysql=127.0.0.1:") {
		t.Errorf("standard output is %q", ready.line.String())
	}
}

// signalWriter tells when something was written.
type signalWriter struct {
	line  bytes.Buffer
	ready chan struct{}
}

func (w *signalWriter) Write(p []byte) (int, error) {
	defer close(w.ready)
	return w.line.Write(p)
}

// TestCheckWantsFiles: with too few files a repair would take a whole index for
// a damaged one, and so does not begin.
func TestCheckWantsFiles(t *testing.T) {
	dir := stopped(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 64
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := runCheck("--repair", "--data-dir", dir)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if status != 1 || out != "" || !strings.Contains(errOut, "may open 64 files") {
		t.Errorf("status %d, %q, %q", status, out, errOut)
	}
	if status, out, _ := runCheck("--data-dir", dir); status != 0 {
		t.Errorf("afterwards: status %d, %q", status, out)
	}
}
