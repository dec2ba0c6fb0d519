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

In the group "attack" the server and the honest user have real-time priority, with and without the attack: it stands for
other machines, and where its processes keep the processors busy, Linux queues threads of the server behind each other. Without
that priority, at commit e04a4f9, the 99th percentiles of LIST, SELECT 1 and a login were 3.2, 4.0 and 3.7 times the calm ones.

Small uploads miss goals. The profile of the server says what is left above the system calls, of 100 samples at 4 KiB: with 16 connections 24 in Wharf's handlers, 16 in net/http, 10 in the thread by which Go's runtime
watches others, 9 in the committer, 6 in zeros for the next segment of the log; with 64, 34, 19, 1, 8 and none, and 6 in MD5.
The system calls are 41 and 29, most of them the sync (12 and 6) and the answer's write (10 and 11). storage/local/DESIGN.md
has more.
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
