package s3_test

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel end the command with this process, which stops
// nothing itself when it panics or is killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
