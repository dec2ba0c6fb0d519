package tests

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// TestReadme runs the examples of README.md, in their order, on one fresh
// server, with the mariadb command line and with a shell, and wants the
// outputs that README.md shows:
//
//   - a block ```sql is typed into the MySQL client, and the block ```text
//     behind it is what comes back; where none follows, nothing does;
//   - a block ```console holds commands after "$ ", each with its output.
//
// Other blocks are not run. The server's ports, its S3 server and its folder
// for fs:// stages stand in for those of README.md, and what is another in
// every run is masked as readmeMasks says. With -rewrite the outputs are
// written instead.
func TestReadme(t *testing.T) {
	g := harness.StartS3(t, root, "minioadmin", "minioadmin")
	for _, dir := range []string{"my-bucket", "backup"} {
		if err := os.Mkdir(filepath.Join(g.Dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d := newReadmeDesk(t, g)
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	got, examples := d.run(string(text))
	if examples < 20 {
		t.Errorf("README.md has %d examples: they are not found", examples)
	}
	if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile("../README.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	wantSameLines(t, string(text), got)
}

// readmeMasks are what differs from run to run, and what README.md shows for
// it.
var readmeMasks = []struct {
	re   *regexp.Regexp
	show string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`), "a3b21915-b3a3-477f-8e31-b676074539ea"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}`), "2026-01-02 03:04:05.678901"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "2026-01-02T03:04:05.678901Z"},
	{regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "Fri, 02 Jan 2026 03:04:05 GMT"},
	{regexp.MustCompile(`(?i)(etag: )"[0-9a-f]{16}"`), `$1"c0ffee0000000001"`},
	{regexp.MustCompile(`\?X-(Wharf|Amz)-[^\s"]+`), "?X-$1-…"},
	{regexp.MustCompile(`wharf_[A-Z2-7]{52}`), "wharf_…"},
	{regexp.MustCompile(`0\.0\.0-test`), "0.1.0"},
}

// readmeDesk is where the examples are run.
type readmeDesk struct {
	t    *testing.T
	s    *server
	dir  string            // of the shell
	here *strings.Replacer // README.md's addresses to those of the server
	back *strings.Replacer // and back again
}

func newReadmeDesk(t *testing.T, g *harness.S3) *readmeDesk {
	dir, folder := t.TempDir(), t.TempDir()
	for _, name := range []string{"books.csv", "books.parquet"} {
		text, err := os.ReadFile("testdata/files/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, settings{dir: filepath.Join(dir, "wharf-data"), args: []string{"--fs-allow", folder}, env: []string{"AWS_ENDPOINT_URL_S3=" + g.Endpoint()}})
	httpPort := port(t, s.http)
	return &readmeDesk{t: t, s: s, dir: dir,
		here: strings.NewReplacer("localhost:8000", "localhost:"+httpPort, "localhost:3307", "localhost:"+s.mysqlPort(), "-P3307", "-P"+s.mysqlPort(),
			"http://127.0.0.1:9000", g.Endpoint(), "/srv/landing", folder),
		back: strings.NewReplacer("localhost:"+httpPort, "localhost:8000", s.http, "localhost:8000",
			g.Endpoint(), "http://127.0.0.1:9000", folder, "/srv/landing"),
	}
}

// run gives the text back with the outputs that really came, and how many
// examples it has.
func (d *readmeDesk) run(text string) (out string, examples int) {
	var b strings.Builder
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); {
		kind := strings.TrimSuffix(strings.TrimPrefix(lines[i], "```"), "\n")
		if !strings.HasPrefix(lines[i], "```") {
			b.WriteString(lines[i])
			i++
			continue
		}
		block, next := fenced(lines, i)
		switch kind {
		case "sql":
			examples++
			fmt.Fprintf(&b, "```sql\n%s```\n", block)
			if output := d.sql(block); output != "" {
				fmt.Fprintf(&b, "\n```text\n%s```\n", output)
			}
			next = skipOutput(lines, next)
		case "console":
			examples++
			fmt.Fprintf(&b, "```console\n%s```\n", d.console(block))
		case "text":
			d.t.Errorf("line %d: an output without statements before it", i+1)
		default:
			fmt.Fprintf(&b, "```%s\n%s```\n", kind, block)
		}
		i = next
	}
	return b.String(), examples
}

// fenced gives what is in the block that starts at line i, and the line after
// it.
func fenced(lines []string, i int) (block string, next int) {
	end := i + 1
	for end < len(lines)-1 && lines[end] != "```\n" {
		end++
	}
	return strings.Join(lines[i+1:end], ""), end + 1
}

// skipOutput goes on after a block ```text that follows a blank line.
func skipOutput(lines []string, i int) int {
	if i+1 < len(lines) && lines[i] == "\n" && lines[i+1] == "```text\n" {
		_, i = fenced(lines, i+1)
	}
	return i
}

// atLine is what the client adds to an error that it did not read from a
// terminal.
var atLine = regexp.MustCompile(`(?m)^(ERROR \d+ \(\w+\)) at line \d+:`)

// echoed is a statement that failed, which the client repeats where it does
// not read from a terminal.
var echoed = regexp.MustCompile(`(?ms)^-{14}\n.*?\n-{14}\n\n`)

// sql types statements into the MySQL client.
func (d *readmeDesk) sql(statements string) string {
	d.t.Helper()
	cmd := exec.CommandContext(d.s.context(), "mariadb", "--no-defaults", "-h127.0.0.1", "-P"+d.s.mysqlPort(), "-uroot", "--table", "--force", "--unbuffered")
	out, _ := d.both(cmd, d.here.Replace(statements))
	return atLine.ReplaceAllString(echoed.ReplaceAllString(out, ""), "$1:")
}

// console runs the commands of a transcript and gives it with what they
// printed.
func (d *readmeDesk) console(block string) string {
	d.t.Helper()
	var b strings.Builder
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue // an output
		}
		b.WriteString(line)
		if strings.HasPrefix(command, "wharf check") {
			d.s.Stop() // the check is of a server that is not running
		}
		cmd := exec.CommandContext(d.s.context(), "bash", "-c", d.here.Replace(command))
		cmd.Dir = d.dir
		cmd.Env = append(os.Environ(), "HOME="+d.dir, "PATH="+d.tools()+":"+os.Getenv("PATH"))
		out, err := d.both(cmd, "")
		if err != nil {
			d.t.Errorf("%s: %v\n%s", command, err, out)
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			out += "\n"
		}
		b.WriteString(out)
	}
	return b.String()
}

// tools is a folder with the server under its own name.
func (d *readmeDesk) tools() string {
	dir := filepath.Join(d.dir, ".bin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Symlink(binary(d.t, false), filepath.Join(dir, "wharf")); err != nil && !os.IsExist(err) {
		d.t.Fatal(err)
	}
	return dir
}

// both runs a command and gives all that it printed, as README.md shows it.
func (d *readmeDesk) both(cmd *exec.Cmd, input string) (string, error) {
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &out
	err := cmd.Run()
	text := d.back.Replace(strings.ReplaceAll(out.String(), "\r", ""))
	for _, m := range readmeMasks {
		text = m.re.ReplaceAllString(text, m.show)
	}
	return text, err
}

// wantSameLines tells the first lines in which the texts differ.
func wantSameLines(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			around := func(s []string) string { return strings.Join(s[min(i, len(s)):min(i+10, len(s))], "\n") }
			t.Errorf("README.md, line %d, does not show what comes:\n%s\nbut:\n%s", i+1, around(g), around(w))
			return
		}
	}
}

// Every setting that the server's help names has its row in README.md, and
// every row is one that the help names.
func TestReadmeSettings(t *testing.T) {
	help := capture(t, command(t, settings{}, "--help"), "")
	text, err := os.ReadFile("../README.md")
	if err != nil || help.code != 0 {
		t.Fatalf("exit status %d, %v", help.code, err)
	}
	names := func(re, text string) string {
		var all []string
		for _, m := range regexp.MustCompile(re).FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return strings.Join(all, " ")
	}
	_, page, _ := strings.Cut(string(text), "\n## Settings\n")
	page, _, _ = strings.Cut(page, "\n## ")
	want := names(`(?m)^  (--[a-z0-9-]+) [A-Z]`, help.stdout)
	if got := names("(?m)^\\| `(--[a-z0-9-]+)` \\|", page); got != want || !strings.Contains(got, "--data-dir") {
		t.Errorf("README.md has the settings\n%s\nand the help\n%s", got, want)
	}
}
