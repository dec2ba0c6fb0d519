package oracle

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wharf/tests/harness"
)

// zones are the time zones that the statements name.
var zones = []string{"America/Argentina/Buenos_Aires", "America/New_York", "Asia/Kolkata", "EST5EDT", "Europe/Prague", "GMT", "MET", "US/Eastern", "UTC"}

// mariadb is a running mariadbd.
type mariadb struct {
	addr   string
	dir    string
	as     *syscall.Credential // nil is this process's user
	log    bytes.Buffer        // read after the process has ended
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// startMariaDB starts a server without a password for root. It is ended with
// the test.
func startMariaDB(t *testing.T) *mariadb {
	t.Helper()
	m := &mariadb{as: nobody(t)}
	var err error
	if m.dir, err = os.MkdirTemp("", "wharf-oracle-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(m.dir) })
	if m.as != nil {
		if err := os.Chown(m.dir, int(m.as.Uid), int(m.as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	m.install(t)
	// Between our look for a free port and its use another process can take
	// it; then the next try finds another.
	for range 5 {
		if m.try(t) {
			t.Cleanup(m.stop)
			return m
		}
	}
	t.Fatalf("mariadbd does not start:\n%s", m.log.String())
	return nil
}

// nobody is the user that mariadbd runs as where this process is root.
func nobody(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if uidErr != nil || gidErr != nil {
		t.Fatalf("user nobody: uid %q, gid %q", u.Uid, u.Gid)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// command makes a call of one of MariaDB's programs.
func (m *mariadb) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name) // not in everyone's PATH
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%s is missing: `make packages` installs it", name)
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "HOME="+m.dir, "TMPDIR="+m.dir, "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: m.as, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// install makes the data folder, with the time zones.
func (m *mariadb) install(t *testing.T) {
	t.Helper()
	var tables bytes.Buffer
	for _, zone := range zones {
		cmd := m.command(t, "mariadb-tzinfo-to-sql", filepath.Join("/usr/share/zoneinfo", zone), zone)
		cmd.Stdout = &tables
		if err := cmd.Run(); err != nil {
			t.Fatalf("mariadb-tzinfo-to-sql %s: %v", zone, err)
		}
	}
	extra := filepath.Join(m.dir, "zones.sql")
	if err := os.WriteFile(extra, tables.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := m.command(t, "mariadb-install-db", "--no-defaults", "--datadir="+filepath.Join(m.dir, "data"), "--skip-test-db",
		"--auth-root-authentication-method=normal", "--skip-innodb", "--default-storage-engine=Aria", "--extra-file="+extra)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
}

func (m *mariadb) try(t *testing.T) bool {
	t.Helper()
	m.addr = harness.FreeAddr(t)
	_, port, err := net.SplitHostPort(m.addr)
	if err != nil {
		t.Fatal(err)
	}
	m.log.Reset()
	m.cmd = m.command(t, "mariadbd", "--no-defaults", "--datadir="+filepath.Join(m.dir, "data"), "--bind-address=127.0.0.1",
		"--port="+port, "--socket=mariadb.sock", "--pid-file=mariadb.pid", "--skip-innodb", "--default-storage-engine=Aria",
		"--skip-name-resolve", "--performance-schema=OFF", "--default-time-zone=SYSTEM",
		"--character-set-server=utf8mb4", "--secure-file-priv="+m.dir, "--sql-mode="+strings.Join(sqlModes, ","))
	m.cmd.Stdout, m.cmd.Stderr = &m.log, &m.log
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m.exited = make(chan struct{})
	go func() { m.cmd.Wait(); close(m.exited) }()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", m.addr); err == nil {
			c.Close()
			return true
		}
		select {
		case <-m.exited:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	m.stop()
	return false
}

// stop ends the server by its own process.
func (m *mariadb) stop() {
	m.cmd.Process.Kill() // the folder goes with it
	<-m.exited
}

// sqlModes are MySQL 8.0's defaults that MariaDB has too, but for
// ONLY_FULL_GROUP_BY, which Wharf does not keep.
var sqlModes = []string{"STRICT_TRANS_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"}
