package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"wharf"
	"wharf/meta"
)

const (
	// keyCommandTime is how long the command of --key-command may take.
	keyCommandTime = 30 * time.Second
	// maxKeyOutput bounds what it may write to standard output, and what is
	// logged of its standard error.
	maxKeyOutput, maxKeyStderr = 4 << 10, 16 << 10
)

// lookupKey decides where the sealing key comes from, one of whose sources is a
// variable and no setting.
func (in *sources) lookupKey(c *config) error {
	value := in.env[keyVariable]
	var from []string
	for _, name := range []string{"key-file", "key-command"} {
		if v, source, _ := in.lookup(settingNamed(name)); v != "" {
			from = append(from, source)
		}
	}
	if value != "" {
		from = append(from, keyVariable)
	}
	if len(from) > 1 {
		return usagef("%s are both set; the sealing key comes from one place", strings.Join(from[:2], " and "))
	}
	c.key = meta.Key{File: c.keyFile}
	if value != "" {
		c.key = meta.Key{Value: wharf.NewSecret(value), From: keyVariable}
	}
	return nil
}

// sealingKey returns where the sealing key is, and runs the command that prints
// it, if there is one. What the command writes to standard error goes to say.
func (c *config) sealingKey(ctx context.Context, say func(line string)) (meta.Key, error) {
	if c.keyCommand == "" {
		return c.key, nil
	}
	text, err := runKeyCommand(ctx, c.keyCommand, keyCommandTime, say)
	if err != nil {
		return meta.Key{}, fmt.Errorf("--key-command: %w", err)
	}
	return meta.Key{Value: wharf.NewSecret(text), From: "the output of --key-command"}, nil
}

// runKeyCommand returns what a command of the shell writes to standard output.
// That is in no error and in no line that say gets.
func runKeyCommand(ctx context.Context, command string, limit time.Duration, say func(line string)) (string, error) {
	waiting, stop := context.WithTimeout(ctx, limit)
	defer stop()
	cmd := exec.CommandContext(waiting, "/bin/sh", "-c", command)
	// What the shell starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &firstBytes{&out, maxKeyOutput}, &firstBytes{&errOut, maxKeyStderr}
	err := cmd.Run()
	text := strings.TrimSpace(out.String())
	last := ""
	for line := range strings.Lines(errOut.String()) {
		if line = strings.TrimSpace(line); line != "" {
			if text != "" {
				line = strings.ReplaceAll(line, text, "…") // as sh -x shows it
			}
			say(line)
			last = ": " + line
		}
	}
	switch {
	case ctx.Err() != nil:
		return "", errors.New("the server was stopped meanwhile")
	case waiting.Err() != nil:
		return "", fmt.Errorf("it took longer than %s%s", limit, last)
	case err != nil:
		return "", fmt.Errorf("it failed, %w%s", err, last)
	case text == "":
		return "", errors.New("it wrote nothing to standard output")
	case out.Len() == maxKeyOutput:
		return "", errors.New("it wrote more to standard output than a key")
	}
	return text, nil
}

// firstBytes writes the first left bytes and discards the rest.
type firstBytes struct {
	w    io.Writer
	left int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	n, err := f.w.Write(p[:min(len(p), f.left)])
	f.left -= n
	return len(p), err
}

// makeKeyFolder makes the folder of a key file that is to be made.
func makeKeyFolder(file string) error {
	if file == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("the folder of the key file cannot be made: %w", err)
	}
	return nil
}
