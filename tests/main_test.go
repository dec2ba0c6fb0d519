package tests

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// binaries are what the tests start, each built when first asked for.
type binaries struct {
	dir   string
	race  func() (string, error) // with the race detector
	plain func() (string, error) // without, for what measures memory
}

// built is written by TestMain alone.
var built binaries

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wharf-tests-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = noteSources()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built = binaries{
		dir:   dir,
		race:  sync.OnceValues(func() (string, error) { return build(dir+"/wharf-race", "-race") }),
		plain: sync.OnceValues(func() (string, error) { return build(dir + "/wharf") }),
	}
	return m.Run()
}

func build(path string, flags ...string) (string, error) {
	args := append([]string{"build", "-ldflags", "-X main.version=0.0.0-test", "-o", path}, flags...)
	cmd := exec.Command("go", append(args, "./cmd/wharf")...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/wharf: %w\n%s", err, out)
	}
	return path, nil
}

// noteSources looks at every source file of the module. The go command
// remembers what a test looked at and runs it again when that has changed;
// it cannot see what the go build above reads.
func noteSources() error {
	return filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && name != ".." && (strings.HasPrefix(name, ".") || name == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") || name == "go.mod" || name == "go.sum" {
			_, err = os.Stat(path)
		}
		return err
	})
}
