package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under load. What it costs is summed over it and its
// children.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	// alone leaves the children out of the memory: those of Wharf are workers
	// for queries, which are measured apart.
	alone bool
}

func startProcess(dir, name string, env []string, bin string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // where there is no time to stop it
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", name, err)
	}
	return &process{name: name, cmd: cmd, log: log}, nil
}

// awaitPort waits until the server takes connections, or ends.
func (p *process) awaitPort(addr string) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
	}
	text, _ := os.ReadFile(p.log.Name())
	return fmt.Errorf("%s does not answer on %s: %s", p.name, addr, text)
}

// stop ends the process by its own pid and waits for it.
func (p *process) stop() error {
	if p == nil || p.cmd.ProcessState != nil {
		return nil
	}
	return p.end(syscall.SIGTERM)
}

func (p *process) end(with os.Signal) error {
	p.cmd.Process.Signal(with)
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil // how a peer ends is its own affair
	}
	return errors.Join(err, p.log.Close())
}

// tree is the process and its children; no process is none.
func (p *process) tree() []int {
	if p == nil {
		return nil
	}
	pids := []int{p.cmd.Process.Pid}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if f := statFields(path); len(f) > 1 && f[1] == strconv.Itoa(pids[0]) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// statFields is /proc/PID/stat from the state on: what stands before may hold
// blanks.
func statFields(path string) []string {
	data, _ := os.ReadFile(path)
	_, rest, _ := strings.Cut(string(data), ") ")
	return strings.Fields(rest)
}

// cpu is the processor time used so far.
func (p *process) cpu() time.Duration {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux
	var sum time.Duration
	for _, pid := range p.tree() {
		if f := statFields(fmt.Sprintf("/proc/%d/stat", pid)); len(f) > 12 {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			sum += time.Duration(user+system) * tick
		}
	}
	return sum
}

// resetPeak makes peak count from now on.
func (p *process) resetPeak() {
	for _, pid := range p.tree() {
		os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
	}
}

// peak is the most resident memory since resetPeak, in bytes.
func (p *process) peak() int64 { return p.status("VmHWM:") }

// resident is the resident memory now, in bytes.
func (p *process) resident() int64 { return p.status("VmRSS:") }

// anonymous is the resident memory that is not a file's, in bytes.
func (p *process) anonymous() int64 { return p.status("RssAnon:") }

func (p *process) status(field string) int64 {
	pids := p.tree()
	if p != nil && p.alone {
		pids = pids[:1]
	}
	var sum int64
	for _, pid := range pids {
		sum += statusOf(pid, field)
	}
	return sum
}

// statusOf is a size that /proc/PID/status tells, in bytes; 0 where the
// process has ended.
func statusOf(pid int, field string) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), field); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// freePort finds a port below the ephemeral ones, where no client's own port
// collides with it.
func freePort() (string, error) {
	for port := 20000; port < 32768; port++ {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return ln.Addr().String(), ln.Close()
		}
	}
	return "", errors.New("no port is free")
}
