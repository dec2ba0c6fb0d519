package wharf

import (
	"strings"
	"unicode/utf8"
)

// maxShown is how much a message shows of what a client wrote, in characters.
const maxShown = 64

// shown cuts a text for a message.
func shown(s string) string {
	at := 0
	for range maxShown {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	if at == len(s) {
		return s
	}
	return s[:at] + "…"
}

// DidYouMean returns " (did you mean X?)" for the known name that is nearest to
// a mistyped one, or "" where none is near.
func DidYouMean(typed string, known []string) string {
	if len(typed) > maxShown {
		return ""
	}
	best, least := "", 1+len(typed)/3
	for _, name := range known {
		if d := editDistance(strings.ToUpper(typed), strings.ToUpper(name)); d <= least && 2*d <= len(name)+1 {
			if best == "" || d < least {
				best, least = name, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// editDistance counts the insertions, deletions and replacements of bytes
// that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
