package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// duckDB is the name of DuckDB called as a library.
const duckDB = "DuckDB"

// library is a process that runs DuckDB (tests/bench/library).
type library struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startLibrary starts DuckDB with a limit of memory and as many threads as
// there are processors, as Wharf's workers have.
func (b *bench) startLibrary(memory string) (*library, error) {
	if b.library == "" {
		return nil, errors.New("the flag -library names no program to compare with")
	}
	cmd := exec.Command(b.library, "-memory", memory, "-threads", strconv.Itoa(runtime.NumCPU()), "-temp", b.dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &library{cmd, in, bufio.NewReader(out)}, cmd.Start()
}

// run runs a statement, and returns its rows and the time that it took.
func (l *library) run(text string) (rows int, took time.Duration, err error) {
	if _, err := fmt.Fprintln(l.in, strings.ReplaceAll(text, "\n", " ")); err != nil {
		return 0, 0, err
	}
	line, err := l.out.ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("DuckDB ended: %w", err)
	}
	var ns int64
	if _, err := fmt.Sscanf(line, "ok %d %d", &rows, &ns); err != nil {
		return 0, 0, fmt.Errorf("DuckDB: %s", strings.TrimSpace(line))
	}
	return rows, time.Duration(ns), nil
}

func (l *library) stop() error { return errors.Join(l.in.Close(), l.cmd.Wait()) }
