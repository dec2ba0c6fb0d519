package harness

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Version is what the built binary says that it is.
const Version = "0.0.0-test"

// Build builds the server of the module at root as the file path. Flags are
// more flags of go build, such as -race.
func Build(root, path string, flags ...string) error {
	if err := noteSources(root); err != nil {
		return err
	}
	args := append([]string{"build", "-ldflags", "-X main.version=" + Version, "-o", path}, buildFlags...)
	for _, flag := range flags {
		if len(buildFlags) == 0 || flag != "-race" { // the race detector needs C
			args = append(args, flag)
		}
	}
	cmd := exec.Command("go", append(args, "./cmd/wharf")...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/wharf: %w\n%s", err, out)
	}
	return nil
}

// Parallel has at least four tests of a package run at a time, unless the command
// line says otherwise: most of what they do is to wait for servers and clients.
// TestMain calls it after flag.Parse.
func Parallel() {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0)))) // it is a number
	}
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
		if strings.HasSuffix(name, ".go") || name == "go.mod" || name == "go.sum" || name == "README.md" {
			_, err = os.Stat(path)
		}
		return err
	})
}

// Command makes a call of the binary in an environment without any settings
// of the machine that the tests run on, but for env.
func Command(binary string, env []string, args ...string) *exec.Cmd {
	home := filepath.Dir(binary)
	cmd := exec.Command(binary, args...)
	cmd.Dir = home
	// The race detector would sleep for a second at every exit.
	cmd.Env = []string{"HOME=" + home, "GORACE=atexit_sleep_ms=0"}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "AWS_") && !strings.HasPrefix(kv, "WHARF_") && !strings.HasPrefix(kv, "HOME=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// endWithUs lets a process end with the test that started it, also where the
// test has no time to end it: go test ends at its -timeout by a panic.
func endWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
