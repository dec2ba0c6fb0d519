package tests

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// step is one command of the page and what the page says it prints.
type step struct {
	sql  bool // typed into the MySQL client, else into a shell
	text string
	want string
}

// readPage reads a transcript: "mysql> " and "$ " start a command, what
// follows is its output.
func readPage(t testing.TB, name string) []step {
	t.Helper()
	text, err := os.ReadFile("testdata/page/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for line := range strings.Lines(string(text)) {
		if q, ok := strings.CutPrefix(line, "mysql> "); ok {
			steps = append(steps, step{sql: true, text: strings.TrimSpace(q)})
		} else if c, ok := strings.CutPrefix(line, "$ "); ok {
			steps = append(steps, step{text: strings.TrimSpace(c)})
		} else {
			steps[len(steps)-1].want += line
		}
	}
	if len(steps) != 3 {
		t.Fatalf("%s has %d steps, want 3", name, len(steps))
	}
	return steps
}

var uploadID = regexp.MustCompile(`"id":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`)

// pageID is the id that the page shows; every upload has its own.
const pageID = `"id":"a3b21915-b3a3-477f-8e31-b676074539ea"`

// ways are how a person gives a statement to the client and gets the page's
// table.
var ways = map[string]func(s *server, statement string) output{
	"execute": func(s *server, q string) output { return s.mariadb("", "-t", "-e", q) },
	"piped":   func(s *server, q string) output { return s.mariadb(q+"\n", "-t") },
	"terminal": func(s *server, q string) output {
		return s.terminal(q + "\n")
	},
}

func TestPage(t *testing.T) {
	g := harness.StartS3(t, root, "minioadmin", "minioadmin")
	for way := range ways {
		t.Run("internal/"+way, func(t *testing.T) {
			walk(start(t, settings{}), "internal.txt", way)
		})
	}
	for setting, o := range map[string]settings{
		"AWS_ENDPOINT_URL_S3": {env: []string{"AWS_ENDPOINT_URL_S3=" + g.Endpoint(), "AWS_ENDPOINT_URL=http://127.0.0.1:1"}},
		"AWS_ENDPOINT_URL":    {env: []string{"AWS_ENDPOINT_URL=" + g.Endpoint()}},
		"WHARF_S3_ENDPOINT":   {env: []string{"WHARF_S3_ENDPOINT=" + g.Endpoint()}},
		"--s3-endpoint":       {args: []string{"--s3-endpoint", g.Endpoint()}, env: []string{"WHARF_S3_ENDPOINT=http://127.0.0.1:1"}},
	} {
		t.Run("external/"+setting, func(t *testing.T) {
			if err := os.RemoveAll(g.Dir + "/" + harness.Bucket + "/admin"); err != nil {
				t.Fatal(err)
			}
			o.secrets = []string{"minioadmin"}
			walk(start(t, o), "external.txt", "execute")
			got, err := os.ReadFile(g.Dir + "/" + harness.Bucket + "/admin/data/books.parquet")
			if err != nil || string(got) != string(books(t)) {
				t.Errorf("the bucket holds %d bytes of books.parquet, %v", len(got), err)
			}
		})
	}
}

// walk does the steps of a page and compares every output.
func walk(s *server, page, way string) {
	s.t.Helper()
	for _, st := range readPage(s.t, page) {
		var out output
		if st.sql {
			out = ways[way](s, st.text)
		} else {
			out = s.shell(st.text)
		}
		got := uploadID.ReplaceAllLiteralString(out.stdout, pageID)
		if out.code != 0 || strings.TrimSpace(got) != strings.TrimSpace(st.want) {
			s.t.Errorf("%s\nstatus %d, stderr %q, printed:\n%s\nthe page says:\n%s", st.text, out.code, out.stderr, got, st.want)
		}
	}
}

// shell runs a command of the page as it stands, but for the address.
func (s *server) shell(command string) output {
	s.t.Helper()
	cmd := exec.CommandContext(s.context(), "sh", "-c", strings.ReplaceAll(command, "localhost:8000", s.http))
	cmd.Dir = "testdata/files"
	out := capture(s.t, cmd, "")
	if strings.Contains(out.stderr, "curl: (") {
		s.t.Errorf("%s: %s", command, out.stderr)
	}
	return out
}

// terminal types into the interactive client and returns the table that it
// shows, if there is one.
func (s *server) terminal(typed string) output {
	s.t.Helper()
	line := fmt.Sprintf("mariadb --no-defaults -h 127.0.0.1 -P %s -u root", s.mysqlPort())
	cmd := exec.CommandContext(s.context(), "script", "-qec", line, "/dev/null")
	cmd.Env = append(os.Environ(), "TERM=dumb", "MYSQL_HISTFILE=/dev/null")
	out := capture(s.t, cmd, typed+"exit\n")
	if !strings.Contains(out.stdout, "8.0.36-wharf-0.0.0-test") {
		s.t.Errorf("the client's greeting does not name the version:\n%s", out.stdout)
	}
	var table strings.Builder
	for l := range strings.Lines(strings.ReplaceAll(out.stdout, "\r", "")) {
		if strings.HasPrefix(l, "+") || strings.HasPrefix(l, "|") {
			table.WriteString(l)
		}
	}
	out.stdout = table.String()
	return out
}

func books(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/files/books.parquet")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBatchOutput(t *testing.T) {
	s := start(t, settings{})
	s.exec("CREATE STAGE s COMMENT = 'tab\there'")
	s.mustUpload("s", "b.csv", []byte("b"))
	s.mustUpload("s", "a\\b.csv", []byte("a"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--batch"}, "file_name\na\\\\b.csv\nb.csv\n"},
		{[]string{"--batch", "--raw"}, "file_name\na\\b.csv\nb.csv\n"},
		{[]string{"-N", "--quick", "--raw"}, "a\\b.csv\nb.csv\n"},
	} {
		out := s.mariadb("LIST @s;\n", c.args...)
		if out.code != 0 || out.stdout != c.want {
			t.Errorf("mariadb %q: status %d, stdout %q, stderr %q, want %q", c.args, out.code, out.stdout, out.stderr, c.want)
		}
	}
}
