//go:build linux && !noduck

package duck

import (
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// The system calls that a confined worker may make: all others fail with
// EPERM, on every architecture that the kernel takes calls of. What is here is
// what Go's runtime, the C library and the database need after they have
// started, and none of it reaches beyond what is open, the worker's two folders
// and its own threads.
var allowedCalls = [][]string{
	{ // what is open, and the files that Landlock lets it open
		"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "close", "lseek", "dup", "dup3",
		"open", "openat", "stat", "lstat", "fstat", "newfstatat", "fstatat", "statx", "statfs", "fstatfs", "getdents64",
		"access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "umask", "flock", "fadvise64", "readahead",
		"ftruncate", "fallocate", "fsync", "fdatasync", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
		"rename", "renameat", "renameat2",
	},
	{ // waiting
		"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
		"eventfd2", "pipe2", "futex", "nanosleep", "clock_nanosleep", "sched_yield", "restart_syscall",
	},
	{ // memory
		"munmap", "mremap", "madvise", "brk", "mincore", "membarrier",
	},
	{ // threads and their signals
		"exit", "exit_group", "set_robust_list", "get_robust_list", "set_tid_address", "rseq", "arch_prctl",
		"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "sched_getaffinity", "getcpu",
	},
	{ // what there is to know
		"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrusage", "times",
		"time", "gettimeofday", "clock_gettime", "clock_getres", "getrandom",
	},
}

// These are allowed with the arguments that the conditions tell, all of those
// of one line.
func allowedWith() []seccomp.NameWithConditions {
	when := func(name string, all ...seccomp.Condition) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: name, Conditions: all}
	}
	is := func(argument uint32, value uint64) seccomp.Condition {
		return seccomp.Condition{Argument: argument, Operation: seccomp.Equal, Value: value}
	}
	without := func(argument uint32, bits uint64) seccomp.Condition {
		return seccomp.Condition{Argument: argument, Operation: seccomp.BitsNotSet, Value: bits}
	}
	allowed := []seccomp.NameWithConditions{
		// A new thread, never a new process.
		when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}),
		when("tgkill", is(0, uint64(os.Getpid()))),
		// No new code; and no memory that RLIMIT_DATA does not count.
		when("mmap", without(2, unix.PROT_EXEC), without(3, unix.MAP_ANONYMOUS)),
		when("mmap", without(2, unix.PROT_EXEC), without(3, unix.MAP_SHARED)),
		when("mprotect", without(2, unix.PROT_EXEC)),
		// Bounds are read, of this process, and not set.
		when("prlimit64", is(0, 0), is(2, 0)),
		when("prctl", is(0, unix.PR_SET_NAME)),
		when("prctl", is(0, unix.PR_SET_VMA)),
	}
	// Not F_SETLEASE, which makes other writers of a file wait, and not
	// F_SETOWN, which sends signals to others.
	for _, command := range []int{unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL,
		unix.F_GETLK, unix.F_SETLK, unix.F_OFD_GETLK, unix.F_OFD_SETLK} {
		allowed = append(allowed, when("fcntl", is(1, uint64(command))))
	}
	return allowed
}

func filterSupported() bool { return seccomp.Supported() }

// filterCalls installs the filter of system calls in all threads.
func filterCalls() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	var names []string
	for _, group := range allowedCalls {
		for _, name := range group {
			if _, known := info.SyscallNames[name]; known { // each architecture lacks some
				names = append(names, name)
			}
		}
	}
	groups := []seccomp.SyscallGroup{
		{Names: names, Action: seccomp.ActionAllow},
		{NamesWithCondtions: allowedWith(), Action: seccomp.ActionAllow},
		// The C library then uses clone, whose flags a filter can see.
		{Names: []string{"clone3"}, Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)},
	}
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		// The default also holds for calls of another architecture, such as
		// those of 32 bits.
		Policy: seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: groups}, // EPERM
	})
}
