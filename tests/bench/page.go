package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// preface explains the page of results.
const preface = `# Benchmark results

Made by ` + "`make bench`" + `: the same load against each server in turn, round by round, on the loopback address; the load
generator shares the processors. A figure is the median of the rounds, the spread their least and greatest. The ratio is
Wharf's median over the peer's: of files, rows and bytes a second it should be high, of times low. "Wharf" and seven
hexadecimal digits is the server as it was at that commit. The memory of Wharf is that of the server's process; its workers
are told apart. Each group says when and where it was run.
`

// write puts the text of a group into the page. The other groups keep theirs.
func (b *bench) write(group, text string) error {
	if b.out == "" {
		return nil
	}
	old, err := os.ReadFile(b.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sections := sectionsOf(string(old))
	sections[group] = text
	var page strings.Builder
	page.WriteString(preface)
	for _, g := range b.groups() {
		if text := sections[g.name]; text != "" {
			page.WriteString("\n## " + g.name + "\n\n" + strings.TrimSpace(text) + "\n")
		}
	}
	return os.WriteFile(b.out, []byte(page.String()), 0o644)
}

// sectionsOf returns the texts of a page by their headings.
func sectionsOf(page string) map[string]string {
	sections := make(map[string]string)
	for i, part := range strings.Split(page, "\n## ") {
		if name, text, ok := strings.Cut(part, "\n"); ok && i > 0 {
			sections[strings.TrimSpace(name)] = text
		}
	}
	return sections
}
