//go:build !race

package attack

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wharf/tests/harness"
)

const root = "../.." // of the module

// binary is the path of the server that the tests start. It is written by
// TestMain alone.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	harness.Parallel()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wharf-attack-")
	if err == nil {
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "wharf")
		err = harness.Build(root, binary)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
