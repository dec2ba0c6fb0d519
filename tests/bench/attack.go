package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	attacks "wharf/tests/attack/load"
)

// attack is the attacker's process. It prints how many connections it opened.
func attack(target string) error {
	var t attacks.Target
	if err := json.Unmarshal([]byte(target), &t); err != nil {
		return err
	}
	a := attacks.Start(t)
	_, err := io.Copy(io.Discard, os.Stdin)
	a.Stop()
	opened := 0
	for _, n := range a.Opened() {
		opened += n
	}
	fmt.Println(opened)
	return err
}

// attackPassword is that of all users of the server that is attacked.
const attackPassword = "Their own 1"

// underAttack is how long an honest user waits while the server is attacked in
// every way, beside how long while it is not.
//
// The attack and the honest user stand for other machines, for whose processors
// nobody here waits. So the attack is a process of its own that Linux runs while
// nothing else wants to (SCHED_IDLE). That alone is not enough: a processor that the
// attack uses is not idle to Linux, which then queues threads of the server behind
// each other, and the honest user behind them, beside a processor that runs the
// attack or nothing. So the server has real-time priority, with and without the
// attack, and the honest user a higher one: their threads run wherever nothing of
// their priority does. What the server spends on the attack delays the user as before.
func (b *bench) underAttack(string) error {
	w, target, err := b.startAttacked()
	if err != nil {
		return err
	}
	ranks, err := takeRanks(w)
	if err != nil {
		return errors.Join(err, w.stop())
	}
	defer ranks.restore()
	h, err := newHonest(b.ctx, w)
	if err != nil {
		return errors.Join(err, w.stop())
	}
	var pace attackPace
	calm, attacked := make([]latencies, len(h.actions)), make([]latencies, len(h.actions))
	for range b.rounds {
		if err = h.round(calm, b.length); err != nil {
			break
		}
		if err = w.attacked(b.ctx, target, &pace, func() error { return h.round(attacked, b.length) }); err != nil {
			break
		}
	}
	if err = errors.Join(err, h.close(), w.db.Close(), w.stop()); err != nil {
		return err
	}
	for i, a := range h.actions {
		for _, share := range []int{50, 99} {
			const most = 3
			c, u := calm[i].percentile(share), attacked[i].percentile(share)
			ratio := float64(u) / float64(c)
			b.table.fact(fmt.Sprintf("p%d of %s under attack, beside calm", share, a.name),
				fmt.Sprintf("%.2f ms and %.2f ms, %.1fx", inMilliseconds(u), inMilliseconds(c), ratio), "at most 3x", ratio <= most)
		}
	}
	b.table.fact("priority of the server and of the honest user before the attack", ranks.String(), "real time", ranks.realTime)
	const least = 1000
	b.table.fact("connections that the attack opened", fmt.Sprintf("%.0f each second", pace.perSecond()), "at least 1000", pace.perSecond() >= least)
	b.table.fact("peak memory of the server under attack", mebibytes(h.peak), "at most 1 GiB", h.peak <= 1<<30)
	return nil
}

// startAttacked starts a server with users and TLS, and names it as a target.
func (b *bench) startAttacked() (*wharf, attacks.Target, error) {
	w, err := newWharf(b.dir, "Wharf attacked", b.wharf.command[0], b.versitygw.addr)
	if err != nil {
		return nil, attacks.Target{}, err
	}
	httpsAddr, err := portBesides(w.httpAddr, w.mysqlAddr)
	if err != nil {
		return nil, attacks.Target{}, err
	}
	w.command = append(w.command, "--https-addr", httpsAddr)
	w.env = []string{"WHARF_ROOT_PASSWORD=" + attackPassword}
	w.login = "root:" + attackPassword
	if err := w.start(); err != nil {
		return nil, attacks.Target{}, err
	}
	for _, statement := range []string{
		"CREATE USER ann IDENTIFIED BY '" + attackPassword + "'", "CREATE STAGE s", "GRANT OWNERSHIP ON STAGE s TO ann",
		"CREATE USER eve IDENTIFIED BY '" + attackPassword + "'", "CREATE STAGE eve", "GRANT OWNERSHIP ON STAGE eve TO eve",
	} {
		if _, err := w.db.ExecContext(b.ctx, statement); err != nil {
			return nil, attacks.Target{}, errors.Join(err, w.stop())
		}
	}
	return w, attacks.Target{MySQL: w.mysqlAddr, HTTP: w.httpAddr, HTTPS: httpsAddr, User: "eve", Password: attackPassword, Stage: "eve"}, nil
}

// portBesides finds a free port that is none of others, which are free too.
func portBesides(others ...string) (string, error) {
	for _, addr := range others {
		held, err := net.Listen("tcp", addr)
		if err != nil {
			return "", err
		}
		defer held.Close()
	}
	return freePort()
}

// attacked does something while the server is attacked, and waits until the
// server has closed the attack's connections.
func (w *wharf) attacked(ctx context.Context, target attacks.Target, pace *attackPace, do func() error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(target)
	if err != nil {
		return err
	}
	before := w.files()
	cmd := exec.CommandContext(ctx, "chrt", "--idle", "0", self, "-attack", string(text))
	var opened bytes.Buffer
	cmd.Stdout, cmd.Stderr = &opened, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	const many = 2000 // connections: the attack is under way
	err = w.awaitFiles("come", func(n int) bool { return n > before+many })
	if err == nil {
		time.Sleep(2 * time.Second) // all kinds of it are
		err = do()
	}
	err = errors.Join(err, stdin.Close(), cmd.Wait())
	pace.add(opened.String(), time.Since(begun))
	return errors.Join(err, w.awaitFiles("go", func(n int) bool { return n < before+100 }))
}

// attackPace is what an attack did: one that got no processor delays nobody.
type attackPace struct {
	connections int
	took        time.Duration
}

func (p *attackPace) add(opened string, took time.Duration) {
	n, _ := strconv.Atoi(strings.TrimSpace(opened)) // none from a process that failed
	p.connections += n
	p.took += took
}

func (p *attackPace) perSecond() float64 { return float64(p.connections) / p.took.Seconds() }

// files is how many files and connections the server has open.
func (w *wharf) files() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.cmd.Process.Pid))
	return len(entries)
}

func (w *wharf) awaitFiles(what string, enough func(int) bool) error {
	for by := time.Now().Add(time.Minute); !enough(w.files()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(by) {
			return fmt.Errorf("the attack's connections do not %s: %d files are open", what, w.files())
		}
	}
	return nil
}

// honest is a user who does the same few things all the time.
type honest struct {
	w       *wharf
	http    *client
	db      *sql.DB // one connection, which stays
	logins  *sql.DB // none stays
	actions []action
	peak    int64
}

type action struct {
	name string
	do   func(n int) error
}

func newHonest(ctx context.Context, w *wharf) (*honest, error) {
	h := &honest{w: w}
	dsn := "ann:" + attackPassword + "@tcp(" + w.mysqlAddr + ")/"
	for _, db := range []**sql.DB{&h.db, &h.logins} {
		var err error
		if *db, err = sql.Open("mysql", dsn); err != nil {
			return nil, err
		}
	}
	h.db.SetMaxOpenConns(1)
	h.logins.SetMaxIdleConns(0)
	var err error
	if h.http, err = dial(w.httpAddr); err != nil {
		return nil, err
	}
	const size, files = 4 << 10, 100
	body := randomBytes(size)
	credentials := base64.StdEncoding.EncodeToString([]byte("ann:" + attackPassword))
	h.actions = []action{
		{"an upload of 4 KiB", func(n int) error {
			head := fmt.Appendf(nil, "PUT /v1/stage/s/%d HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n", n%files, w.httpAddr, credentials, size)
			return h.http.do(head, body)
		}},
		{"LIST of 100 files", func(int) error { _, err := countRows(ctx, h.db, "LIST @s"); return err }},
		{"SELECT 1", func(int) error { _, err := countRows(ctx, h.db, "SELECT 1"); return err }},
		{"a login", func(int) error { return h.logins.PingContext(ctx) }},
	}
	for n := range files {
		if err := h.actions[0].do(n); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// round does all actions in turn for a while, and notes how long each took.
func (h *honest) round(took []latencies, length time.Duration) error {
	h.w.resetPeak()
	begun := time.Now()
	for n := 0; time.Since(begun) < length; n++ {
		for i, a := range h.actions {
			from := time.Now()
			if err := a.do(n); err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			took[i] = append(took[i], time.Since(from))
		}
	}
	h.peak = max(h.peak, h.w.peak())
	return nil
}

func (h *honest) close() error {
	h.http.close()
	return errors.Join(h.db.Close(), h.logins.Close())
}
