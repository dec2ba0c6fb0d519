package meta

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wharf"
)

// fullChild creates stages until its files may not grow any more, then gets
// room again and creates one more. It says what it does: "created NAME",
// "full CODE".
func fullChild(dir string) {
	if err := fillUp(dir); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

func fillUp(dir string) error {
	c, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(dir, dbFile))
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	tight := syscall.Rlimit{Cur: uint64(info.Size()) + 64<<10, Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		return err
	}
	for i := 0; err == nil && i < 1000; i++ {
		err = createLarge(c, fmt.Sprintf("s%03d", i))
	}
	fmt.Println("full", wharf.CodeOf(err))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	if err := createLarge(c, "zz-room-again"); err != nil {
		return err
	}
	return c.Close()
}

func createLarge(c *Catalog, name string) error {
	s := stage(name)
	s.Comment = strings.Repeat("a long comment ", 500)
	_, _, err := c.CreateStage(context.Background(), s, wharf.CreateNew)
	if err == nil {
		fmt.Println("created", name)
	}
	return err
}

// TestFullDisk lets the system refuse to let the file grow: what was
// acknowledged stays, what failed is not there, and the catalog goes on when
// there is room again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	c := startChild(t, fullDir, dir)
	var names []wharf.StageName
	full := ""
	for c.lines.Scan() {
		verb, rest, _ := strings.Cut(c.lines.Text(), " ")
		switch verb {
		case "created":
			names = append(names, wharf.StageName(rest))
		case "full":
			full = rest
		default:
			t.Errorf("the child says %q", c.lines.Text())
		}
	}
	if err := c.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if full != string(wharf.CodeNoSpace) {
		t.Errorf("a full disk gives the code %q", full)
	}
	if len(names) < 2 || !slices.Contains(names, "zz-room-again") {
		t.Errorf("created were %q", names)
	}
	wantNames(t, open(t, dir), names...)
}
