//go:build linux && amd64 && !noduck

package duck

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attempt is one thing that a confined process tries. It wants an error.
type attempt struct {
	name string
	try  func(nativeTask) error
}

// sysCall makes a system call and returns its error.
func sysCall(number uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

func cString(s string) uintptr {
	b := append([]byte(s), 0)
	kept = append(kept, b)
	return uintptr(unsafe.Pointer(&b[0]))
}

// kept keeps the memory alive that calls are given.
var kept [][]byte

func zeros(n int) uintptr {
	b := make([]byte, n)
	kept = append(kept, b)
	return uintptr(unsafe.Pointer(&b[0]))
}

// cwd is AT_FDCWD.
var cwd = func() uintptr { at := unix.AT_FDCWD; return uintptr(at) }()

func opened(path string, flags int) error {
	fd, err := unix.Open(path, flags, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// attempts are all of them. None does harm where it goes through: signals are
// empty, and what would change the machine has arguments that fail.
func attempts() []attempt {
	return slices.Concat(reads(), describing(), writes(), contacts(), programs(), signals(), kernel(), excesses())
}

func simple(name string, number uintptr, args ...uintptr) attempt {
	return attempt{name, func(nativeTask) error { return sysCall(number, args...) }}
}

// reads are attempts that reach for what a worker may not read.
func reads() []attempt {
	return []attempt{
		{"read /etc/passwd", func(nativeTask) error { return opened("/etc/passwd", unix.O_RDONLY) }},
		{"read a file beside", func(n nativeTask) error { return opened(n.Outside+"/secret", unix.O_RDONLY) }},
		{"read by ..", func(n nativeTask) error { return opened(n.Limits.Files+"/../../../outside/secret", unix.O_RDONLY) }},
		{"list a folder beside", func(n nativeTask) error { return opened(n.Outside, unix.O_RDONLY|unix.O_DIRECTORY) }},
		{"list the root", func(nativeTask) error { return opened("/", unix.O_RDONLY|unix.O_DIRECTORY) }},
		{"list its own parent folder", func(n nativeTask) error { return opened(filepath.Dir(n.Limits.Files), unix.O_RDONLY|unix.O_DIRECTORY) }},
		{"openat2", func(n nativeTask) error {
			how := unix.OpenHow{Flags: unix.O_RDONLY}
			fd, err := unix.Openat2(unix.AT_FDCWD, n.Outside+"/secret", &how)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}},
		{"open_by_handle_at", func(nativeTask) error { return sysCall(unix.SYS_OPEN_BY_HANDLE_AT, cwd, zeros(128), 0) }},
		simple("name_to_handle_at", unix.SYS_NAME_TO_HANDLE_AT, cwd, cString("/etc/passwd"), zeros(128), zeros(8), 0),
		{"read /proc/self/environ", func(nativeTask) error { return opened("/proc/self/environ", unix.O_RDONLY) }},
		{"read /proc/self/maps", func(nativeTask) error { return opened("/proc/self/maps", unix.O_RDONLY) }},
		{"read the server's memory", func(n nativeTask) error { return opened(fmt.Sprintf("/proc/%d/mem", n.Parent), unix.O_RDWR) }},
		{"read the server's environment", func(n nativeTask) error { return opened(fmt.Sprintf("/proc/%d/environ", n.Parent), unix.O_RDONLY) }},
		{"open the server's files", func(n nativeTask) error { return opened(fmt.Sprintf("/proc/%d/fd/0", n.Parent), unix.O_RDONLY) }},
		{"open the server's folder by /proc/PID/cwd", func(n nativeTask) error {
			return opened(fmt.Sprintf("/proc/%d/cwd/go.mod", n.Parent), unix.O_RDONLY)
		}},
		{"read a device", func(nativeTask) error { return opened("/dev/zero", unix.O_RDONLY) }},
		{"read the kernel's log", func(nativeTask) error { return sysCall(unix.SYS_SYSLOG, 3, zeros(64), 64) }},
	}
}

// describing are attempts that would change what describes a linked file.
func describing() []attempt {
	return []attempt{
		{"chmod a linked file", func(n nativeTask) error { return unix.Chmod(n.Linked, 0o777) }},
		{"fchmod a linked file", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error { return unix.Fchmod(fd, 0o777) })
		}},
		{"fchmodat2 a linked file", func(n nativeTask) error { return sysCall(unix.SYS_FCHMODAT2, cwd, cString(n.Linked), 0o777, 0) }},
		{"chown a linked file", func(n nativeTask) error { return unix.Chown(n.Linked, 1, 1) }},
		{"fchown a linked file", func(n nativeTask) error { return onFile(n.Linked, func(fd int) error { return unix.Fchown(fd, 1, 1) }) }},
		{"setxattr of a linked file", func(n nativeTask) error { return unix.Setxattr(n.Linked, "user.x", []byte("x"), 0) }},
		{"fsetxattr of a linked file", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error { return unix.Fsetxattr(fd, "user.x", []byte("x"), 0) })
		}},
		{"setxattrat of a linked file", func(n nativeTask) error {
			return sysCall(463, cwd, cString(n.Linked), 0, cString("user.x"), zeros(24), 24)
		}},
		{"utimes of a linked file", func(n nativeTask) error { return unix.UtimesNano(n.Linked, []unix.Timespec{{}, {}}) }},
		{"the flags of a linked file", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0x40) })
		}},
		{"a lease on a linked file", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error {
				_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
				return err
			})
		}},
	}
}

// writes are attempts that would change something outside, or the files that are linked into the worker.
func writes() []attempt {
	return []attempt{
		{"write beside", func(n nativeTask) error { return opened(n.Outside+"/new", unix.O_WRONLY|unix.O_CREAT) }},
		{"write into the files", func(n nativeTask) error { return opened(n.Limits.Files+"/new", unix.O_WRONLY|unix.O_CREAT) }},
		{"write a linked file", func(n nativeTask) error { return opened(n.Linked, unix.O_WRONLY) }},
		{"append to a linked file", func(n nativeTask) error { return opened(n.Linked, unix.O_WRONLY|unix.O_APPEND) }},
		{"open and truncate a linked file", func(n nativeTask) error { return opened(n.Linked, unix.O_RDONLY|unix.O_TRUNC) }},
		{"truncate a linked file", func(n nativeTask) error { return sysCall(unix.SYS_TRUNCATE, cString(n.Linked), 0) }},
		{"unlink a linked file", func(n nativeTask) error { return unix.Unlink(n.Linked) }},
		{"rename a linked file", func(n nativeTask) error { return unix.Rename(n.Linked, n.Limits.Temp+"/taken") }},
		{"exchange a linked file", func(n nativeTask) error {
			if err := os.WriteFile(n.Limits.Temp+"/mine", nil, 0o600); err != nil {
				return fmt.Errorf("PREPARATION: %w", err)
			}
			return unix.Renameat2(unix.AT_FDCWD, n.Limits.Temp+"/mine", unix.AT_FDCWD, n.Linked, unix.RENAME_EXCHANGE)
		}},
		{"link a linked file", func(n nativeTask) error { return unix.Link(n.Linked, n.Limits.Temp+"/link") }},
		{"fallocate of a linked file", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error { return unix.Fallocate(fd, 0, 0, 1<<20) })
		}},
		{"ftruncate of a linked file", func(n nativeTask) error { return onFile(n.Linked, func(fd int) error { return unix.Ftruncate(fd, 0) }) }},
		{"map a linked file to write", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error {
				_, err := unix.Mmap(fd, 0, 1, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
				return err
			})
		}},
		{"O_TMPFILE beside", func(n nativeTask) error { return opened(n.Outside, unix.O_TMPFILE|unix.O_RDWR) }},
		{"O_TMPFILE in the files", func(n nativeTask) error { return opened(n.Limits.Files, unix.O_TMPFILE|unix.O_RDWR) }},
		{"O_TMPFILE in /dev/shm", func(nativeTask) error { return opened("/dev/shm", unix.O_TMPFILE|unix.O_RDWR) }},
		{"a folder beside", func(n nativeTask) error { return unix.Mkdir(n.Outside+"/folder", 0o700) }},
		{"a symbolic link", func(n nativeTask) error { return unix.Symlink("/etc/passwd", n.Limits.Temp+"/symlink") }},
		{"a pipe in the file system", func(n nativeTask) error { return unix.Mknod(n.Limits.Temp+"/pipe", unix.S_IFIFO|0o600, 0) }},
		{"a device in the file system", func(n nativeTask) error { return unix.Mknod(n.Limits.Temp+"/disk", unix.S_IFBLK|0o600, 0x800) }},
	}
}

// contacts are attempts that reach the network and other sockets.
func contacts() []attempt {
	return []attempt{
		{"connect to a TCP port", func(n nativeTask) error {
			c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", n.Port), time.Second)
			if err == nil {
				c.Close()
			}
			return err
		}},
		simple("a TCP socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0),
		simple("a UDP socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0),
		simple("an IPv6 socket", unix.SYS_SOCKET, unix.AF_INET6, unix.SOCK_STREAM, 0),
		simple("a raw socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_RAW, 1),
		simple("a netlink socket", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, 0),
		simple("a packet socket", unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW, 0),
		simple("a VM socket", unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM, 0),
		simple("a kernel crypto socket", unix.SYS_SOCKET, unix.AF_ALG, unix.SOCK_SEQPACKET, 0),
		simple("a Unix socket", unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0),
		simple("a socket pair", unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, zeros(8)),
		{"connect to an abstract socket", func(n nativeTask) error {
			c, err := net.Dial("unix", n.Socket)
			if err == nil {
				c.Close()
			}
			return err
		}},
		{"bind the server's socket", func(nativeTask) error { return sysCall(unix.SYS_BIND, 3, zeros(16), 16) }},
		{"listen on the server's socket", func(nativeTask) error { return sysCall(unix.SYS_LISTEN, 3, 1) }},
		{"send a descriptor to the server", func(nativeTask) error { return unix.Sendmsg(3, []byte("x"), unix.UnixRights(0), nil, 0) }},
		{"send from the server's socket to an address", func(nativeTask) error { return sysCall(unix.SYS_SENDTO, 3, zeros(1), 1, 0, zeros(16), 16) }},
	}
}

// programs are attempts that start a program or a process, or make code.
func programs() []attempt {
	return []attempt{
		{"execute /bin/true", func(nativeTask) error { return exec.Command("/bin/true").Run() }},
		simple("execve", unix.SYS_EXECVE, cString("/bin/true"), 0, 0),
		simple("execveat", unix.SYS_EXECVEAT, cwd, cString("/bin/true"), 0, 0, 0),
		simple("fork", unix.SYS_FORK),
		simple("vfork", unix.SYS_VFORK),
		simple("clone a process", unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0),
		simple("clone a process that shares memory", unix.SYS_CLONE, unix.CLONE_VM|unix.CLONE_FILES|uintptr(unix.SIGCHLD), 0, 0, 0, 0),
		{"clone3 a process", func(nativeTask) error {
			args := make([]uint64, 11)
			args[4] = uint64(unix.SIGCHLD)
			return sysCall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args[0])), 88)
		}},
		{"memfd_create and execute", func(nativeTask) error {
			fd, err := unix.MemfdCreate("code", 0)
			if err != nil {
				return err
			}
			_, _ = unix.Write(fd, []byte("#!/bin/sh\nexit 0\n"))
			return sysCall(unix.SYS_EXECVEAT, uintptr(fd), cString(""), 0, 0, unix.AT_EMPTY_PATH)
		}},
		simple("memfd_secret", unix.SYS_MEMFD_SECRET, 0),
		{"map memory to execute", func(nativeTask) error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
			return err
		}},
		{"make memory executable", func(nativeTask) error {
			m, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return fmt.Errorf("PREPARATION: %w", err)
			}
			return unix.Mprotect(m, unix.PROT_READ|unix.PROT_EXEC)
		}},
		{"make memory executable with a key", func(nativeTask) error {
			m, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return fmt.Errorf("PREPARATION: %w", err)
			}
			minusOne := ^uintptr(0)
			return sysCall(unix.SYS_PKEY_MPROTECT, uintptr(unsafe.Pointer(&m[0])), 4096, unix.PROT_READ|unix.PROT_EXEC, minusOne)
		}},
		{"map a file to execute", func(n nativeTask) error {
			return onFile(n.Linked, func(fd int) error {
				_, err := unix.Mmap(fd, 0, 1, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
				return err
			})
		}},
	}
}

// signals are attempts that reach the server or other processes, or the worker's own bounds.
func signals() []attempt {
	return []attempt{
		{"signal the server", func(n nativeTask) error { return unix.Kill(n.Parent, 0) }},
		{"kill the server", func(n nativeTask) error { return unix.Kill(n.Parent, unix.SIGURG) }},
		{"kill the server's thread", func(n nativeTask) error { return unix.Tgkill(n.Parent, n.Parent, 0) }},
		{"kill the server's thread by tkill", func(n nativeTask) error { return sysCall(unix.SYS_TKILL, uintptr(n.Parent), 0) }},
		{"kill all", func(nativeTask) error { return sysCall(unix.SYS_KILL, ^uintptr(0), 0) }},
		{"queue a signal to the server", func(n nativeTask) error {
			return sysCall(unix.SYS_RT_SIGQUEUEINFO, uintptr(n.Parent), 0, zeros(128))
		}},
		{"signal the server by a pidfd", func(n nativeTask) error {
			fd, err := unix.PidfdOpen(n.Parent, 0)
			if err != nil {
				return err
			}
			return unix.PidfdSendSignal(fd, 0, nil, 0)
		}},
		{"signal the server by an owner of a file", func(n nativeTask) error {
			_, err := unix.FcntlInt(3, unix.F_SETOWN, n.Parent)
			return err
		}},
		{"ptrace the server", func(n nativeTask) error { return unix.PtraceAttach(n.Parent) }},
		simple("be traced", unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0, 0),
		{"read the server by process_vm_readv", func(n nativeTask) error { return sysCall(unix.SYS_PROCESS_VM_READV, uintptr(n.Parent), 0, 0, 0, 0, 0) }},
		{"write the server by process_vm_writev", func(n nativeTask) error {
			return sysCall(unix.SYS_PROCESS_VM_WRITEV, uintptr(n.Parent), 0, 0, 0, 0, 0)
		}},
		{"take a descriptor of the server", func(n nativeTask) error { return sysCall(unix.SYS_PIDFD_GETFD, 0, 0, 0) }},
		{"compare with the server", func(n nativeTask) error {
			return sysCall(unix.SYS_KCMP, uintptr(n.Parent), uintptr(os.Getpid()), 0, 0, 0)
		}},
		{"the server's limits", func(n nativeTask) error {
			return unix.Prlimit(n.Parent, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
		}},
		{"read the server's limits", func(n nativeTask) error {
			var l unix.Rlimit
			return unix.Prlimit(n.Parent, unix.RLIMIT_NOFILE, nil, &l)
		}},
		{"its own limits", func(nativeTask) error {
			return unix.Prlimit(0, unix.RLIMIT_DATA, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}, nil)
		}},
		{"its own limits by setrlimit", func(nativeTask) error {
			var l syscall.Rlimit
			return sysCall(unix.SYS_SETRLIMIT, unix.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&l)))
		}},
		{"outlive the server", func(nativeTask) error { return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) }},
		{"be dumpable", func(nativeTask) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) }},
		{"adopt processes", func(nativeTask) error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }},
		{"the server's priority", func(n nativeTask) error { return unix.Setpriority(unix.PRIO_PROCESS, n.Parent, 19) }},
		{"its own priority", func(nativeTask) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -20) }},
		{"real-time scheduling", func(nativeTask) error { return sysCall(unix.SYS_SCHED_SETSCHEDULER, 0, 1, zeros(8)) }},
		{"the server's processors", func(n nativeTask) error { return sysCall(unix.SYS_SCHED_SETAFFINITY, uintptr(n.Parent), 8, zeros(8)) }},
	}
}

// kernel are attempts that reach for the kernel and what it keeps of the machine.
func kernel() []attempt {
	return []attempt{
		simple("io_uring_setup", unix.SYS_IO_URING_SETUP, 1, zeros(120)),
		simple("bpf", unix.SYS_BPF, 0, zeros(64), 64),
		simple("perf_event_open", unix.SYS_PERF_EVENT_OPEN, zeros(128), 0, 0, 0, 0),
		simple("userfaultfd", unix.SYS_USERFAULTFD, 1),
		simple("mount", unix.SYS_MOUNT, cString("none"), cString("/nonexistent"), cString("tmpfs"), 0, 0),
		simple("umount", unix.SYS_UMOUNT2, cString("/nonexistent"), 0),
		simple("fsopen", unix.SYS_FSOPEN, cString("tmpfs"), 0),
		simple("open_tree", unix.SYS_OPEN_TREE, cwd, cString("/etc"), 1),
		simple("chroot", unix.SYS_CHROOT, cString("/etc")),
		simple("pivot_root", unix.SYS_PIVOT_ROOT, cString("/"), cString("/")),
		simple("a user namespace", unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		simple("a mount namespace", unix.SYS_UNSHARE, unix.CLONE_NEWNS),
		simple("setns", unix.SYS_SETNS, 0, 0),
		simple("change its folder", unix.SYS_CHDIR, cString("/etc")),
		simple("its group of processes", unix.SYS_SETPGID, 0, 0),
		simple("its session", unix.SYS_SETSID),
		simple("another user", unix.SYS_SETUID, 65534),
		simple("another group", unix.SYS_SETGID, 65534),
		simple("capabilities", unix.SYS_CAPSET, zeros(8), zeros(24)),
		simple("keys", unix.SYS_ADD_KEY, cString("user"), cString("x"), cString("y"), 1, ^uintptr(2)),
		simple("shared memory", unix.SYS_SHMGET, 0, 4096, unix.IPC_CREAT|0o600),
		simple("a message queue", unix.SYS_MQ_OPEN, cString("/x"), unix.O_CREAT|unix.O_RDWR, 0o600, 0),
		simple("semaphores", unix.SYS_SEMGET, 0, 1, unix.IPC_CREAT|0o600),
		simple("an inotify instance", unix.SYS_INOTIFY_INIT1, 0),
		simple("a fanotify instance", unix.SYS_FANOTIFY_INIT, 0, 0),
		simple("another filter", unix.SYS_SECCOMP, 1, 0, zeros(16)),
		simple("another ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, zeros(24), 24, 0),
		simple("the clock", unix.SYS_CLOCK_SETTIME, 99, zeros(16)),
		simple("the host's name", unix.SYS_SETHOSTNAME, cString("x"), ^uintptr(0)),
		simple("a module", unix.SYS_INIT_MODULE, zeros(8), 8, cString("")),
		simple("reboot", unix.SYS_REBOOT, 0, 0, 0, 0),
		simple("ports of the machine", unix.SYS_IOPERM, 0x60, 1, 1),
		simple("sync all disks", unix.SYS_SYNCFS, ^uintptr(0)),
		simple("a call of the x32 interface", 0x40000000+41, unix.AF_INET, unix.SOCK_STREAM, 0), // socket
		simple("a call that no kernel has", 9999),
		{"a call of the 32-bit interface", func(nativeTask) error { _, err := socket32(); return err }},
	}
}

// excesses are attempts that take more than the bounds.
func excesses() []attempt {
	return []attempt{
		{"memory beyond its bound", func(n nativeTask) error {
			_, err := unix.Mmap(-1, 0, int(n.Limits.ProcessMemory), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			return err
		}},
		{"shared memory beyond its bound", func(n nativeTask) error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
			return err
		}},
		{"lock memory", func(nativeTask) error { return sysCall(unix.SYS_MLOCKALL, 1) }},
		{"a file beyond its bound", func(n nativeTask) error {
			fd, err := unix.Open(n.Limits.Temp+"/large", unix.O_WRONLY|unix.O_CREAT, 0o600)
			if err != nil {
				return fmt.Errorf("PREPARATION: %w", err)
			}
			defer unix.Close(fd)
			_, err = unix.Pwrite(fd, []byte("x"), 2*n.Limits.TempSpace)
			return err
		}},
		{"a core file", func(nativeTask) error {
			var l unix.Rlimit
			if err := unix.Prlimit(0, unix.RLIMIT_CORE, nil, &l); err != nil || l.Max != 0 {
				return nil
			}
			return unix.EPERM
		}},
		{"more open files than its bound", func(n nativeTask) error {
			for range workerFiles {
				if _, err := unix.Open(n.Linked, unix.O_RDONLY, 0); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

func onFile(path string, f func(fd int) error) error {
	fd, err := unix.Open(path, unix.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("PREPARATION: %w", err)
	}
	defer unix.Close(fd)
	return f(fd)
}
