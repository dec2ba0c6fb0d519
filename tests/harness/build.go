package harness

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Version is what the built binary says that it is.
const Version = "0.0.0-test"

// Build builds the server of the module at root, with the race detector, into
// the folder dir and returns the path of the binary.
func Build(root, dir string) (string, error) {
	if err := noteSources(root); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wharf")
	cmd := exec.Command("go", "build", "-race", "-ldflags", "-X main.version="+Version, "-o", path, "./cmd/wharf")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/wharf: %w\n%s", err, out)
	}
	return path, nil
}

// noteSources looks at every source file of the module. The go command
// remembers what a test looked at and runs it again when that has changed;
// it cannot see what a go build inside the test reads.
func noteSources(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") || name == "go.mod" || name == "go.sum" {
			_, err = os.Stat(path)
		}
		return err
	})
}
