package clients

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// compressedWithin is how many bytes the step "compressed" may take with its
// 900,000 bytes of text.
const compressedWithin = 90_000

// tour runs a client on its own stage and wants to see the tour.
func (s *server) tour(t *testing.T, c client) {
	want, err := os.ReadFile("testdata/tour.txt")
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, s.MySQL)
	compare(t, s.run(t, c, "tour", p), c.adapt(lines(string(want))))
	if slices.Contains(c.without, "compressed") {
		return
	}
	if n := len(p.end()); n == 0 || n > compressedWithin {
		t.Errorf("the step with compression took %d bytes, want 1 to %d", n, compressedWithin)
	}
}

func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func step(line string) string {
	name, _, _ := strings.Cut(line, ": ")
	return name
}

var state = regexp.MustCompile(`(error \d+) [0-9A-Z]{5}$`)

// adapt makes the lines that are wanted of all clients those of this one.
func (c client) adapt(all []string) []string {
	var want []string
	for i, line := range all {
		name := step(line)
		own, differs := c.differs[name]
		switch {
		case slices.Contains(c.without, name):
		case differs && (i == 0 || step(all[i-1]) != name):
			want = append(want, own...)
		case differs:
		case c.noState:
			want = append(want, state.ReplaceAllString(line, "$1"))
		default:
			want = append(want, line)
		}
	}
	return want
}

// login logs a client in and wants its connection over TLS to be that.
func (s *server) login(t *testing.T, c client, env ...string) {
	p := newProxy(t, s.MySQL)
	want := []string{"login: text root@%", "over TLS: text root@%", "wrong password: error 1045 28000", "end: closed"}
	compare(t, s.run(t, c, "login", p, env...), c.adapt(want))
	if seen := p.end(); len(seen) == 0 || bytes.Contains(seen, []byte("CURRENT_USER")) {
		t.Errorf("what should pass over TLS is readable: %q", seen)
	}
}

// run runs a client to its end and returns its lines. Where it says that it
// sleeps, it is killed.
func (s *server) run(t *testing.T, c client, mode string, p *proxy, env ...string) []string {
	t.Helper()
	env = append([]string{
		"SQL_PORT=" + port(t, s.MySQL), "SQL_PASSWORD=" + s.password, "HTTP_ADDR=" + s.HTTP, "STAGE=" + c.stage(), "PROXY_PORT=" + port(t, p.listener.Addr().String()),
	}, env...)
	if c.inProcess != nil {
		return s.runInProcess(t, c, mode, env)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := append(slices.Clone(c.command), mode)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Env = append(cmd.Env, "NODE_PATH="+nodeModules(t), "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8", "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s: %v: run make tools", c.name, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := s.follow(t, stdout)
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%q: %v; if the client is missing, run make tools\n%s", args, err, stderr.String())
	}
	return got
}

// stage is the client's own.
func (c client) stage() string {
	return "tour_" + strings.ToLower(regexp.MustCompile(`\W+`).ReplaceAllString(c.name, "_"))
}

// nodeModules is where make tools puts the packages of node.
func nodeModules(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".tools/node/node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// follow reads what a client says, and kills the statement that it says it
// is about to run.
func (s *server) follow(t *testing.T, r io.Reader) []string {
	t.Helper()
	var got []string
	var killed time.Time
	for sc := bufio.NewScanner(r); sc.Scan(); {
		line := sc.Text()
		if d := time.Since(killed); step(line) == "killed" && d > killedWithin {
			t.Errorf("the client heard of the KILL after %s, want at most %s", d, killedWithin)
		}
		if id, ok := strings.CutPrefix(line, "sleeping: int "); ok {
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				t.Error(err)
			}
			killed = s.kill(t, n)
			line = "sleeping: int 0"
		}
		got = append(got, recent(t, line))
	}
	return got
}

// timestamp may have fewer digits than were sent: Connector/J leaves out the
// zeros at the end.
var timestamp = regexp.MustCompile(`datetime (20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) \|`)

// recent makes a time of the last minutes a fixed word.
func recent(t *testing.T, line string) string {
	t.Helper()
	return timestamp.ReplaceAllStringFunc(line, func(found string) string {
		at, err := time.Parse(time.DateTime, timestamp.FindStringSubmatch(found)[1])
		if d := time.Since(at); err != nil || d < -time.Minute || d > 5*time.Minute {
			return found
		}
		return "datetime now |"
	})
}

// compare reports the first line that is not as wanted.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w string // at most one of them is past its end
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d:\n got %q\nwant %q\nall of it:\n%s", i+1, g, w, strings.Join(got, "\n"))
			return
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
