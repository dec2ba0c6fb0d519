package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// describeMachine says on what the figures were measured, and when.
func describeMachine(dir string) string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	var info syscall.Sysinfo_t
	var memory uint64
	if syscall.Sysinfo(&info) == nil {
		memory = info.Totalram * uint64(info.Unit) >> 30
	}
	return fmt.Sprintf("%s, %d cores (%s), %d GiB, %s, Linux %s, %s", time.Now().UTC().Format(time.DateOnly),
		runtime.NumCPU(), processor(), memory, fileSystem(dir), strings.TrimSpace(string(kernel)), runtime.Version())
}

// processor is what the first core calls itself.
func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// fileSystem is the kind of the one that holds a folder.
func fileSystem(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	data, _ := os.ReadFile("/proc/self/mounts")
	kind, longest := "unknown", 0
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < longest {
			continue
		}
		if rest, ok := strings.CutPrefix(dir, f[1]); ok && (rest == "" || rest[0] == '/' || f[1] == "/") {
			kind, longest = f[2], len(f[1])
		}
	}
	return kind
}

// onDisk is what a file takes on the disk, in bytes.
func onDisk(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}
