//go:build linux && !noduck

package duck

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// landlockEnough is the version of Landlock from which on everything that a
// worker needs is confined: files with truncation, TCP, signals and abstract
// sockets.
const landlockEnough = 6

// confine takes from this process, for good, everything but its own two
// folders, this socket and computing. It is called before the database starts
// a thread. What the kernel lacks is named in the answer's Missing.
func confine(l limits) (confinement, error) {
	var c confinement
	if err := bound(l); err != nil {
		return c, fmt.Errorf("limits: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return c, fmt.Errorf("capabilities: %w", err)
	}
	version, err := landlocksys.LandlockGetABIVersion()
	if err != nil || version < 1 {
		c.missing("Landlock")
	} else {
		if version < landlockEnough {
			c.missing(fmt.Sprintf("Landlock %d (it has %d)", landlockEnough, version))
		}
		// The database looks for memory limits when it opens, and aborts
		// where it may not; see narrow.
		if err := restrictTo(l, landlock.PathAccess(reading, "/proc/self", "/sys/fs/cgroup").IgnoreIfMissing()); err != nil {
			return c, fmt.Errorf("landlock: %w", err)
		}
	}
	if !filterSupported() {
		c.missing("seccomp")
	}
	return c, nil
}

// narrow takes away what only the opening of the database needed. The filter
// of system calls comes last, because it refuses what confines. It holds for
// the threads that there are, too.
func narrow(l limits) error {
	if err := restrictTo(l); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if !filterSupported() {
		return nil
	}
	if err := filterCalls(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// What a worker may do in its two folders.
const (
	reading = landlocksys.AccessFSReadFile | landlocksys.AccessFSReadDir
	writing = reading | landlocksys.AccessFSWriteFile | landlocksys.AccessFSTruncate | landlocksys.AccessFSMakeReg |
		landlocksys.AccessFSRemoveFile | landlocksys.AccessFSMakeDir | landlocksys.AccessFSRemoveDir
)

func restrictTo(l limits, more ...landlock.Rule) error {
	rules := append(more, landlock.PathAccess(reading, l.Files), landlock.PathAccess(writing, l.Temp))
	return landlock.V6.BestEffort().Restrict(rules...)
}

// workerFiles is how many files a worker may have open: more than one source
// of a query has.
const workerFiles = 16 << 10

// bound sets the limits of the process itself, which hold where those of the
// database do not.
func bound(l limits) error {
	for what, most := range map[int]uint64{
		unix.RLIMIT_CORE:     0,
		unix.RLIMIT_MEMLOCK:  0,
		unix.RLIMIT_MSGQUEUE: 0,
		unix.RLIMIT_NOFILE:   workerFiles,
		unix.RLIMIT_DATA:     uint64(l.ProcessMemory),
		unix.RLIMIT_FSIZE:    uint64(l.TempSpace + l.TempSpace/8),
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(what, &now); err != nil {
			return err
		}
		most = min(most, now.Max)
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	// A write past RLIMIT_FSIZE is an error then, and not the end.
	signal.Ignore(syscall.SIGXFSZ)
	// A machine that is out of memory ends workers before the server.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0) // where there is /proc
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 5); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// dropCapabilities gives up, in all threads, what root may do beyond the
// owner of a file.
func dropCapabilities() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&none[0])), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// confinedProcess is how a worker is started: it ends with the server.
func confinedProcess() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
