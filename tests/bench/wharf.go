package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// wharf is a server of Wharf. It keeps its folder and its ports over a
// restart.
type wharf struct {
	*process
	name                string
	dir                 string // of its log
	command             []string
	env                 []string
	login               string // of MySQL: user and password, as in a DSN
	data                string
	httpAddr, mysqlAddr string
	db                  *sql.DB
}

// newest is the name of the server that all others are compared with.
const newest = "Wharf"

// startWharf starts a binary as the server of that name.
func startWharf(dir, name, bin, gateway string) (*wharf, error) {
	w, err := newWharf(dir, name, bin, gateway)
	if err != nil {
		return nil, err
	}
	return w, w.start()
}

// newWharf is startWharf for a server that is started later.
func newWharf(dir, name, bin, gateway string) (*wharf, error) {
	httpAddr, err := freePort()
	if err != nil {
		return nil, err
	}
	hold, err := net.Listen("tcp", httpAddr) // so that the next is another
	if err != nil {
		return nil, err
	}
	mysqlAddr, err := freePort()
	hold.Close()
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	w := &wharf{name: name, dir: dir, login: "root", httpAddr: httpAddr, mysqlAddr: mysqlAddr}
	w.data = filepath.Join(dir, strings.ToLower(strings.ReplaceAll(name, " ", "-"))+"-data")
	w.command = []string{abs, "serve", "--data-dir", w.data, "--http-addr", httpAddr, "--mysql-addr", mysqlAddr,
		"--s3-endpoint", "http://" + gateway, "--log-level", "warn"}
	return w, nil
}

// start starts the server and waits until it answers.
func (w *wharf) start() (err error) {
	if w.process, err = startProcess(w.dir, filepath.Base(w.data)+"-process", w.env, w.command[0], w.command[1:]...); err != nil {
		return err
	}
	w.alone = true
	if err := w.awaitHealth(); err != nil {
		return err
	}
	w.db, err = sql.Open("mysql", w.login+"@tcp("+w.mysqlAddr+")/")
	return err
}

// awaitHealth waits until the server says that it is ready. It takes
// connections before that.
func (w *wharf) awaitHealth() error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}, Timeout: 5 * time.Minute}
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		resp, err := client.Get("http://" + w.httpAddr + "/v1/health")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
	text, _ := os.ReadFile(w.log.Name())
	return fmt.Errorf("%s is not ready: %s", w.name, text)
}

// restart ends the server by a signal and starts it again; it returns how
// long the start took.
func (w *wharf) restart(with os.Signal) (time.Duration, error) {
	if err := errors.Join(w.db.Close(), w.end(with)); err != nil {
		return 0, err
	}
	from := time.Now()
	err := w.start()
	return time.Since(from), err
}

func (w *wharf) createStage(name, rest string) error {
	_, err := w.db.Exec("CREATE OR REPLACE STAGE " + name + rest)
	return err
}

// wharfs are the servers of Wharf: the newest, and the earlier one if there is
// one.
func (b *bench) wharfs() []*wharf {
	if b.before == nil {
		return []*wharf{b.wharf}
	}
	return []*wharf{b.wharf, b.before}
}

// createStages makes a stage, empty, on each server of Wharf.
func (b *bench) createStages(name string) error {
	for _, w := range b.wharfs() {
		if err := w.createStage(name, ""); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}
