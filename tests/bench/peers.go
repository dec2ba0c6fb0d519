package main

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	_ "github.com/go-sql-driver/mysql"
)

const (
	gatewayKey = "minioadmin"
	bucket     = "testbucket"
)

type nginx struct {
	*process
	addr string
	root string
}

// nginxConfig is Debian's nginx with DAV, one worker a core, bodies written
// as they come.
const nginxConfig = `daemon off;
worker_processes auto;
pid %[1]s/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_buffer_size 1m;
  client_body_temp_path %[1]s/nginx-body;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  server {
    listen %[2]s;
    root %[1]s/nginx-root;
    location / { dav_methods PUT DELETE; create_full_put_path on; }
  }
}
`

func startNginx(dir string) (*nginx, error) {
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	n := &nginx{addr: addr, root: filepath.Join(dir, "nginx-root")}
	for _, d := range []string{n.root, filepath.Join(dir, "nginx-body")} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			return nil, err
		}
		os.Chmod(d, 0o777) // nginx's workers are another user when it starts as root
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConfig, dir, addr), 0o644); err != nil {
		return nil, err
	}
	if n.process, err = startProcess(dir, "nginx", nil, "nginx", "-c", conf); err != nil {
		return nil, err
	}
	return n, n.awaitPort(addr)
}

type versitygw struct {
	*process
	addr string
	root string
}

func startVersitygw(dir, bin string) (*versitygw, error) {
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	v := &versitygw{addr: addr, root: filepath.Join(dir, "versitygw")}
	if err := os.MkdirAll(filepath.Join(v.root, bucket), 0o755); err != nil {
		return nil, err
	}
	v.process, err = startProcess(dir, "versitygw-process", []string{"ROOT_ACCESS_KEY=" + gatewayKey, "ROOT_SECRET_KEY=" + gatewayKey},
		abs, "--port", addr, "--keep-alive", "--quiet", "posix", v.root)
	if err != nil {
		return nil, err
	}
	return v, v.awaitPort(addr)
}

type mariadb struct {
	*process
	addr string
	db   *sql.DB
}

func startMariaDB(dir string) (*mariadb, error) {
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	data := filepath.Join(dir, "mariadb")
	install := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--auth-root-authentication-method=normal",
		"--skip-test-db", "--datadir="+data)
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	m := &mariadb{addr: addr}
	m.process, err = startProcess(dir, "mariadbd", nil, "mariadbd", "--no-defaults", "--user=root", "--datadir="+data,
		"--bind-address=127.0.0.1", "--port="+port, "--socket="+filepath.Join(dir, "mariadb.sock"),
		"--max-connections=500", "--skip-name-resolve", "--innodb-buffer-pool-size=1G")
	if err != nil {
		return nil, err
	}
	if err := m.awaitPort(addr); err != nil {
		return m, err
	}
	m.db, err = sql.Open("mysql", "root@tcp("+addr+")/mysql")
	return m, err
}
