//go:build linux && !noduck

package duck

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
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
	if l.Open {
		c.missing("everything: the sandbox is off")
		return c, nil
	}
	version, err := landlocksys.LandlockGetABIVersion()
	if err != nil || version < 1 {
		c.missing("Landlock")
	} else {
		if version < landlockEnough {
			c.missing(fmt.Sprintf("Landlock %d (the kernel has %d)", landlockEnough, version))
		}
		// The database looks for memory limits when it opens, and aborts
		// where it may not; see narrow.
		err := restrictTo(l, landlock.RODirs("/proc/self", "/sys/fs/cgroup").IgnoreIfMissing())
		if err != nil {
			return c, fmt.Errorf("landlock: %w", err)
		}
	}
	if !seccomp.Supported() {
		c.missing("seccomp")
	}
	return c, nil
}

// narrow takes away what only the opening of the database needed. The filter
// of system calls comes last: what confines all threads signals each of them,
// which the filter refuses. It holds for the threads that there are, too.
func narrow(l limits) error {
	if l.Open {
		return nil
	}
	if err := restrictTo(l); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if !seccomp.Supported() {
		return nil
	}
	if err := filterCalls(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

func restrictTo(l limits, more ...landlock.Rule) error {
	rules := append(more, landlock.RODirs(l.Files), landlock.RWDirs(l.Temp))
	return landlock.V6.BestEffort().Restrict(rules...)
}

// bound sets the limits of the process itself, which hold where those of the
// database do not.
func bound(l limits) error {
	data := uint64(l.ProcessMemory)
	for what, most := range map[int]uint64{
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_NOFILE: 1024,
		unix.RLIMIT_DATA:   data,
		unix.RLIMIT_FSIZE:  uint64(l.TempSpace),
	} {
		if most == 0 && what != unix.RLIMIT_CORE {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(what, &now); err != nil {
			return err
		}
		most = min(most, now.Max)
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
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

// The system calls that a worker is refused. Reading, writing, memory, time
// and threads are what is left.
var (
	network  = []string{"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4"}
	programs = []string{"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
		"pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "prlimit64"}
	// Landlock does not guard what describes a file; a worker's files are
	// links to those of the store.
	describing = []string{"chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat",
		"setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
		"utime", "utimes", "utimensat", "futimesat", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat"}
	kernel = []string{"mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "bpf", "perf_event_open",
		"userfaultfd", "add_key", "request_key", "keyctl", "io_uring_setup", "io_uring_enter", "io_uring_register",
		"init_module", "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff", "acct", "quotactl",
		"open_by_handle_at", "name_to_handle_at", "personality", "fanotify_init", "inotify_init", "inotify_init1",
		"shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "semget", "semop", "mq_open",
		"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setns", "sethostname", "setdomainname",
		"settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "iopl", "ioperm", "modify_ldt", "vhangup", "syslog"}
)

// filterCalls installs the filter of system calls in all threads.
func filterCalls() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	var refused []string
	seen := map[string]bool{}
	for _, names := range [][]string{network, programs, describing, kernel} {
		for _, name := range names {
			if _, known := info.SyscallNames[name]; known && !seen[name] {
				refused, seen[name] = append(refused, name), true
			}
		}
	}
	groups := []seccomp.SyscallGroup{
		{Names: refused, Action: seccomp.ActionErrno | seccomp.Action(unix.EPERM)},
		// The C library then uses clone, whose flags a filter can see.
		{Names: []string{"clone3"}, Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)},
		{Action: seccomp.ActionErrno | seccomp.Action(unix.EPERM), NamesWithCondtions: []seccomp.NameWithConditions{
			{Name: "clone", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsNotSet, Value: unix.CLONE_THREAD}}},
			{Name: "tgkill", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.NotEqual, Value: uint64(os.Getpid())}}},
		}},
	}
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy:     seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: groups},
	})
}

// confinedProcess is how a worker is started: it ends with the server.
func confinedProcess() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
