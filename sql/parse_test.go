package sql

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"wharf"
)

// TestData reads the files of testdata. "parse" shows every statement of its
// input in canonical form, redacted where that differs, and described where
// the canonical form does not tell all; an error with its code and message.
func TestData(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "parse":
				return showAll(t, d.Input)
			case "lines":
				return showLines(t, d.Input)
			}
			d.Fatalf(t, "unknown command %q", d.Cmd)
			return ""
		})
	})
}

// showLines parses each line by itself.
func showLines(t *testing.T, input string) string {
	var b strings.Builder
	for line := range strings.Lines(input) {
		b.WriteString(showAll(t, strings.TrimSuffix(line, "\n")))
	}
	return b.String()
}

// showAll parses every statement of text, up to the first mistake.
func showAll(t *testing.T, text string) string {
	var b strings.Builder
	for rest := text; ; {
		stmt, next, err := Parse(rest)
		switch {
		case err != nil:
			fmt.Fprintf(&b, "%s: %s\n", wharf.CodeOf(err), wharf.MessageOf(err))
			return b.String()
		case stmt == nil:
			b.WriteString("nothing\n")
		default:
			b.WriteString(show(stmt))
			checkRoundTrip(t, stmt)
		}
		if next == "" {
			return b.String()
		}
		rest = next
	}
}

func show(stmt Statement) string {
	if _, ours := stmt.(printed); !ours {
		return describe(stmt) + "\n"
	}
	s := stmt.String() + "\n"
	if r := stmt.Redacted(); r != stmt.String() {
		s += "  " + r + "\n"
	}
	return s
}

// checkRoundTrip shows that the canonical form means the same statement, and
// that printing that one gives the same form again.
func checkRoundTrip(t *testing.T, stmt Statement) {
	t.Helper()
	printed := stmt.String()
	again, rest, err := Parse(printed)
	if err != nil || rest != "" || again == nil {
		t.Fatalf("parsing %q again: %v, rest %q", printed, err, rest)
	}
	if again.String() != printed || describe(again) != describe(stmt) {
		t.Fatalf("%q (%s) came back as %q (%s)", printed, describe(stmt), again, describe(again))
	}
	if !reflect.DeepEqual(stmt, again) {
		t.Fatalf("%q came back as another statement: %#v, %#v", printed, stmt, again)
	}
}
