package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"wharf/meta"
)

// openAddr returns the first port for clients that other machines reach, as it is
// set; "" if there is none. The port of metrics, which answers with two pages
// and reads nothing, is not for clients.
func (c *config) openAddr() (string, error) {
	for _, a := range []struct{ name, addr string }{{"mysql-addr", c.mysqlAddr}, {"http-addr", c.httpAddr}, {"https-addr", c.httpsAddr}} {
		if a.addr == "" || a.name == "http-addr" && c.requireTLS {
			continue
		}
		tcp, err := net.ResolveTCPAddr("tcp", a.addr)
		if err != nil {
			return "", usagef("--%s %s: %s", a.name, a.addr, err)
		}
		if !tcp.IP.IsLoopback() {
			return "--" + a.name + " " + a.addr, nil
		}
	}
	return "", nil
}

// sandboxRule says when a server does not start without the engine's sandbox.
type sandboxRule int

const (
	sandboxByPorts sandboxRule = iota // if other machines reach it
	sandboxAlways
	sandboxNever
)

func setRequireSandbox(c *config, v string) error {
	if v == "auto" {
		c.requireSandbox = sandboxByPorts
		return nil
	}
	required, err := parseBool(v)
	if err != nil {
		return fmt.Errorf("it must be auto, true or false")
	}
	c.requireSandbox = sandboxNever
	if required {
		c.requireSandbox = sandboxAlways
	}
	return nil
}

// sandboxRequired reports whether a server of these settings needs the sandbox.
func (c *config) sandboxRequired() bool {
	return c.requireSandbox == sandboxAlways || c.requireSandbox == sandboxByPorts && c.openTo != ""
}

// checkKeyPlace refuses a sealing key beside the data on a server that other
// machines reach: who gets at a copy of the folder would have both. The error has
// the command that moves it.
func (c *config) checkKeyPlace(key meta.Key) error {
	if c.openTo == "" {
		return nil
	}
	beside, err := meta.FindKey(c.dataDir, key)
	if err != nil || beside == "" {
		return err
	}
	there, err := meta.Exists(c.dataDir)
	if err != nil {
		return err
	}
	why, elsewhere := c.openTo+" is open to other machines while the sealing key is beside the data", shellWord(keyElsewhere())
	if !there {
		return fmt.Errorf("%s: add --key-file %s, where the first start makes the key", why, elsewhere)
	}
	present := ""
	if key.File != "" {
		present = " --key-file " + shellWord(key.File)
	}
	if isCopy := !key.Value.IsZero() || key.File != "" && !sameName(key.File, beside); isCopy {
		return fmt.Errorf("%s, in %s too: remove that file", why, beside)
	}
	return fmt.Errorf("%s, in %s: run wharf rekey --data-dir %s%s --new-key-file %s, then start with --key-file %s",
		why, beside, shellWord(c.dataDir), present, elsewhere, elsewhere)
}

// sameName reports whether two paths lead to one file by symbolic links alone.
func sameName(a, b string) bool {
	a, errA := realPath(a)
	b, errB := realPath(b)
	return errA == nil && errB == nil && a == b
}

// keyElsewhere is a place for the key that this process's user should be able to make.
func keyElsewhere() string {
	folder := "/etc"
	if os.Geteuid() != 0 {
		if own, err := os.UserConfigDir(); err == nil {
			folder = own
		}
	}
	return filepath.Join(folder, "wharf", "sealing.key")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=-]+$`)

// shellWord quotes a word for the shell where it has to be.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
