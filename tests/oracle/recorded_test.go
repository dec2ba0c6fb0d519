package oracle

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// folder is where the evaluator's data files are, and recorded those of them
// whose statements MariaDB understands.
const folder = "sql/exec/testdata"

var recorded = []string{"functions", "query", "select"}

// recorded runs the statements that the evaluator's own tests have, one
// session a file, as they do.
func (p *pair) recorded(t *testing.T, w *harness.Server, m *mariadb) {
	for _, name := range recorded {
		t.Run(name, func(t *testing.T) {
			p.connect(t, w, m)
			text, err := os.ReadFile(filepath.Join(root, folder, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, block := range blocks(string(text)) {
				for _, statement := range split(block.input) {
					if strings.HasPrefix(statement, "SHOW ") {
						continue // it is about the server, not about values
					}
					args := block.args
					if !strings.Contains(statement, "?") {
						args = nil
					}
					p.compare(t, statement, args)
				}
			}
		})
	}
}

// block is the input of one sql command of a data file.
type block struct {
	args  []any
	input string
}

// blocks reads what stands between "sql [args=(…)]" and "----".
func blocks(text string) []block {
	var all []block
	for _, part := range strings.Split("\n"+text, "\nsql")[1:] {
		head, rest, _ := strings.Cut(part, "\n")
		input, _, _ := strings.Cut(rest, "\n----")
		b := block{input: input}
		if _, list, ok := strings.Cut(head, "args=("); ok {
			for arg := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(list), ")"), ",") {
				b.args = append(b.args, value(arg))
			}
		}
		all = append(all, b)
	}
	return all
}

func value(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if text == "NULL" {
		return nil
	}
	return text
}

// split cuts at the semicolons that are not within quotes.
func split(input string) []string {
	var all []string
	quote, from := byte(0), 0
	for i := range len(input) {
		switch c := input[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"' || c == '`'):
			quote = c
		case quote == 0 && c == ';':
			all = append(all, input[from:i])
			from = i + 1
		}
	}
	all = append(all, input[from:])
	var statements []string
	for _, s := range all {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			statements = append(statements, s)
		}
	}
	return statements
}
