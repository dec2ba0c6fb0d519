package tests

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wharf/tests/harness"
)

// root is the module's folder.
const root = ".."

// binaries are what the tests start, each built when first asked for.
type binaries struct {
	race  func() (string, error) // with the race detector
	plain func() (string, error) // without, for what measures memory
}

// built is written by TestMain alone.
var built binaries

func TestMain(m *testing.M) {
	flag.Parse()
	harness.Parallel()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wharf-tests-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := func(name string, flags ...string) func() (string, error) {
		path := filepath.Join(dir, name)
		return sync.OnceValues(func() (string, error) { return path, harness.Build(root, path, flags...) })
	}
	built = binaries{race: build("wharf-race", "-race"), plain: build("wharf")}
	return m.Run()
}
