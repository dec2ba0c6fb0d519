package oracle

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// difference is one statement to which the two do not say the same.
type difference struct {
	statement, wharf, mariadb string
	seen                      bool
}

// differences are those that are known, by statement.
type differences struct {
	path        string
	byStatement map[string]*difference
}

// readDifferences reads blocks of four lines: a reason behind '#' (which may
// be longer), the statement, and what each side says to it. A reason holds for
// all blocks up to the next one.
func readDifferences(t *testing.T, path string) *differences {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &differences{path: path, byStatement: map[string]*difference{}}
	var at *difference
	reason := false
	for n, line := range strings.Split(string(text), "\n") {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case strings.HasPrefix(line, "#"):
			reason = true
		case strings.HasPrefix(line, "wharf: ") && at != nil:
			at.wharf = strings.TrimPrefix(line, "wharf: ")
		case strings.HasPrefix(line, "mariadb: ") && at != nil:
			at.mariadb = strings.TrimPrefix(line, "mariadb: ")
		default:
			if !reason {
				t.Errorf("%s:%d: a difference without a reason", path, n+1)
			}
			at = &difference{statement: line}
			if d.byStatement[line] != nil {
				t.Errorf("%s:%d: %s is there twice", path, n+1, line)
			}
			d.byStatement[line] = at
		}
	}
	return d
}

// check wants the same of both, or what is listed.
func (d *differences) check(t *testing.T, statement string, w, m answer) {
	t.Helper()
	known := d.byStatement[statement]
	same := w.String() == m.String()
	switch {
	case known == nil && same:
	case known == nil:
		t.Errorf("they differ: %s\n%s\nwharf: %s\nmariadb: %s", messages(w, m), statement, w, m)
	case same:
		known.seen = true
		t.Errorf("%s\nis listed in %s, and both say: %s", statement, d.path, w)
	default:
		known.seen = true
		if w.String() != known.wharf || m.String() != known.mariadb {
			t.Errorf("they differ otherwise than %s says: %s\n%s\nwharf: %s\nmariadb: %s", d.path, messages(w, m), statement, w, m)
		}
	}
}

// messages are what the two said along with an error.
func messages(w, m answer) string {
	if w.message == "" && m.message == "" {
		return "no error"
	}
	return fmt.Sprintf("%q, %q", w.message, m.message)
}

// wantAllSeen fails for what is listed and was never asked.
func (d *differences) wantAllSeen(t *testing.T) {
	t.Helper()
	for statement, known := range d.byStatement {
		if !known.seen {
			t.Errorf("%s lists a statement that is nowhere: %s", d.path, statement)
		}
	}
}
