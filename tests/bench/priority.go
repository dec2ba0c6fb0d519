package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// ranks are the priorities of processes in underAttack.
type ranks struct {
	realTime bool // else this user may not have it
}

// takeRanks puts the server before all that is not of real time, and this process,
// which is the honest user, before the server.
func takeRanks(w *wharf) (ranks, error) {
	if err := rank(w.cmd.Process.Pid, "--rr", "1"); err != nil {
		fmt.Fprintln(os.Stderr, "LEFT OUT: real-time priority, which this user may not give:", err)
		return ranks{}, nil
	}
	return ranks{realTime: true}, rank(os.Getpid(), "--fifo", "2")
}

// rank gives all threads of a process a class of scheduling. Those that come later
// have it from the ones that start them.
func rank(pid int, class, priority string) error {
	out, err := exec.Command("chrt", "--all-tasks", class, "--pid", priority, strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("chrt: %w: %s", err, bytes.TrimSpace(out))
	}
	return err
}

// restore gives this process its class back.
func (r ranks) restore() {
	if r.realTime {
		if err := rank(os.Getpid(), "--other", "0"); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

func (r ranks) String() string {
	if r.realTime {
		return "real time"
	}
	return "like others"
}
