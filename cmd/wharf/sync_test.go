package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// firstStart is a variable that makes the test's binary start and stop once, in
// the data folder that it names.
const firstStart = "WHARF_TEST_FIRST_START"

func startOnce(dir string) int {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	args := []string{"serve", "--data-dir", dir, "--mysql-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--log-level=error"}
	return run(ctx, args, env(), os.Stdout, os.Stderr)
}

// TestFirstStartIsMarked has strace list the system calls of a first start: the
// mark of one that is not finished is on the disk before anything else is made
// in the folder, and off the disk before the server is ready.
func TestFirstStartIsMarked(t *testing.T) {
	dir, calls := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-f", "-qq", "-y", "-s", "20", "-o", calls, "-e", "trace=openat,mkdirat,write,fsync,unlink,unlinkat", exe)
	cmd.Env = append(os.Environ(), firstStart+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace, which make tools installs: %v\n%s", err, out)
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	events := firstStartEvents(dir, string(text))
	at := func(event string, from int) int {
		t.Helper()
		i := slices.Index(events[from:], event)
		if i < 0 {
			t.Fatalf("%q does not come after %d of %q", event, from, events)
		}
		return from + i
	}
	marked := at("make "+firstStartFile, 0)
	if synced := at("sync", marked); slices.ContainsFunc(events[:synced], func(e string) bool {
		return strings.HasPrefix(e, "make ") && e != "make "+firstStartFile && e != "make "+lockFile
	}) {
		t.Errorf("something is made before the mark is on the disk: %q", events)
	}
	removed := at("remove "+firstStartFile, marked)
	at("ready", at("sync", removed))
}

// firstStartEvents lists what happens to the entries of a folder.
func firstStartEvents(dir, calls string) (events []string) {
	quoted := regexp.QuoteMeta(dir)
	patterns := map[string]*regexp.Regexp{
		"make ":   regexp.MustCompile(`(?:openat|mkdirat)\([^"]*"` + quoted + `/([\w.-]+)", (?:[^,]*O_CREAT|0)`),
		"remove ": regexp.MustCompile(`unlink(?:at)?\([^"]*"` + quoted + `/([\w.-]+)"`),
		"sync":    regexp.MustCompile(`fsync\(\d+<` + quoted + `>()`),
		"ready":   regexp.MustCompile(`write\(1[^"]*"ready()`),
	}
	for line := range strings.Lines(calls) {
		for event, pattern := range patterns {
			if m := pattern.FindStringSubmatch(line); m != nil {
				events = append(events, event+m[1])
			}
		}
	}
	return events
}
