//go:build linux && amd64 && !noduck

package duck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nativeTask is what a confined process of the test is told.
type nativeTask struct {
	Limits  limits
	Linked  string // a link to a file of the store, in Limits.Files
	Outside string // a folder that is not the worker's, with a file "secret"
	Socket  string // a Unix socket that somebody listens on
	Port    int    // of TCP and UDP, that somebody listens on
	Parent  int
}

// code32 is a page with code that asks for a socket through the 32-bit
// interface of the kernel, made before the process is confined. It is nil where
// the machine has no such interface.
var code32 []byte

// prepare32 writes: mov eax, 359; mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80;
// mov [rip+n], eax; ret. Nothing lies on the stack, and all registers are the
// caller's by Go's convention, so that a fault is a panic of the caller.
func prepare32() error {
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	copy(page, []byte{0xb8, 0x67, 0x01, 0, 0, 0xbb, 2, 0, 0, 0, 0xb9, 1, 0, 0, 0, 0x31, 0xd2, 0xcd, 0x80, 0x89, 0x05, 0x40, 0, 0, 0, 0xc3})
	code32 = page
	fd, err := socket32()
	if errors.Is(err, errFault) {
		code32 = nil
		return nil
	}
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

var (
	errFault = errors.New("int 0x80 is a fault")
	errNo32  = errors.New("the machine has no 32-bit interface") // it was a fault before the process was confined
)

// socket32 runs that code.
func socket32() (fd int, err error) {
	if code32 == nil {
		return 0, errNo32
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = errFault
		}
	}()
	entry := uintptr(unsafe.Pointer(&code32[0]))
	pointer := &entry
	run := *(*func())(unsafe.Pointer(&pointer))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	run()
	result := *(*int32)(unsafe.Pointer(&code32[0x19+0x40]))
	if result < 0 {
		return 0, syscall.Errno(-result)
	}
	return int(result), nil
}

// outcome is what came of an attempt.
type outcome struct{ Name, Err string }

// refused reports whether an attempt was refused for what it is after, and not
// because its arguments are odd.
func (o outcome) refused() bool {
	reasons := []error{unix.EPERM, unix.EACCES}
	switch {
	case strings.Contains(o.Name, "beyond its bound"):
		reasons = []error{unix.ENOMEM, unix.EFBIG, unix.EPERM}
	case strings.Contains(o.Name, "more open files"):
		reasons = []error{unix.EMFILE}
	case strings.Contains(o.Name, "the 32-bit interface"):
		reasons = append(reasons, errNo32)
	case strings.HasPrefix(o.Name, "clone3"), strings.Contains(o.Name, "x32"):
		reasons = []error{unix.ENOSYS}
	case strings.HasPrefix(o.Name, "ftruncate"), strings.HasPrefix(o.Name, "fallocate"):
		reasons = []error{unix.EINVAL, unix.EBADF} // it is open to read
	case strings.HasPrefix(o.Name, "rename"), strings.HasPrefix(o.Name, "exchange"):
		reasons = append(reasons, unix.EXDEV) // Landlock's word for another folder
	case strings.HasPrefix(o.Name, "read by"):
		reasons = append(reasons, unix.ENOENT)
	}
	return slices.ContainsFunc(reasons, func(reason error) bool { return strings.HasSuffix(o.Err, reason.Error()) })
}

func init() { native = tryNatively }

// tryNatively is a process that confines itself as a worker does, with its database
// open, and then tries.
func tryNatively(socket *os.File) error {
	if err := prepare32(); err != nil {
		return err
	}
	var n nativeTask
	if err := json.NewDecoder(socket).Decode(&n); err != nil {
		return err
	}
	if _, _, err := openConfined(n.Limits); err != nil {
		return err
	}
	out := json.NewEncoder(socket)
	for _, a := range attempts() {
		o := outcome{Name: a.name}
		if err := a.try(n); err != nil {
			o.Err = err.Error()
		}
		if err := out.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// TestNative wants every attempt of native code in a worker to fail, on every
// thread, and what is outside to be as it was.
func TestNative(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, d := range []string{"outside", "worker", "worker/files", "worker/temp"} {
		if err := os.Mkdir(path(d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"outside/secret": "secret", "body": "the body of a file"} {
		if err := os.WriteFile(path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(path("body"), path("worker/files/linked")); err != nil {
		t.Fatal(err)
	}
	before := lstat(t, path("body"))
	abstract, err := net.Listen("unix", fmt.Sprintf("@wharf-test-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	task := nativeTask{
		Limits: Options{}.withDefaults().limits(path("worker/files"), path("worker/temp")),
		Linked: path("worker/files/linked"), Outside: path("outside"), Parent: os.Getpid(),
		Socket: abstract.Addr().String(), Port: tcp.Addr().(*net.TCPAddr).Port,
	}
	task.Limits.TempSpace = 1 << 20
	got := runNative(t, task)
	var names []string
	for _, o := range got {
		names = append(names, o.Name)
		if !o.refused() {
			t.Errorf("%s: %q, want a refusal", o.Name, o.Err)
		}
	}
	all := attempts()
	if len(names) != len(all) || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(all) {
		t.Errorf("%d of %d attempts were made", len(names), len(all))
	}
	t.Logf("%d attempts", len(all))
	if after := lstat(t, path("body")); after.Mode != before.Mode || after.Mtim != before.Mtim || after.Size != before.Size || after.Nlink != 2 || after.Uid != before.Uid {
		t.Errorf("the linked file was %+v and is %+v", before, after)
	}
	if left, err := os.ReadDir(path("outside")); err != nil || len(left) != 1 {
		t.Errorf("outside: %v, %v", left, err)
	}
}

func lstat(t *testing.T, path string) (st unix.Stat_t) {
	t.Helper()
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st
}

func runNative(t *testing.T, task nativeTask) (got []outcome) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	conn, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cmd := exec.Command(self, "native")
	var stderr bytes.Buffer
	cmd.Stderr, cmd.ExtraFiles, cmd.Dir = &stderr, []*os.File{theirs}, "/"
	cmd.SysProcAttr = confinedProcess()
	if err := startLocked(cmd); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	defer func() {
		cmd.Process.Kill() // it may have ended by itself
		cmd.Wait()
		if t.Failed() || len(got) < len(attempts()) {
			t.Logf("%s, it wrote: %.3000s", cmd.ProcessState, stderr.String())
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(conn).Encode(task); err != nil {
		t.Fatal(err)
	}
	for in := json.NewDecoder(conn); ; {
		var o outcome
		if err := in.Decode(&o); err != nil {
			var closed *net.OpError
			if err.Error() != "EOF" && !errors.As(err, &closed) {
				t.Error(err)
			}
			return got
		}
		got = append(got, o)
	}
}
