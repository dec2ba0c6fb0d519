package clients

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"wharf/tests/harness"
)

const root = "../.." // of the module

// binary is the path of the server that the tests start. It is written by
// TestMain alone.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wharf-clients-")
	if err == nil {
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "wharf")
		err = harness.Build(root, binary, "-race")
	}
	if err == nil {
		err = noteScripts()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// noteScripts looks at what the clients run, which the go command cannot see,
// so that it runs the tests again when that has changed.
func noteScripts() error {
	return filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			_, err = os.Stat(path)
		}
		return err
	})
}
