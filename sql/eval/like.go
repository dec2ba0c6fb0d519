package eval

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold maps names so that two of them are equal exactly if their folds are the
// same: without case and without accents.
func Fold(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(unicode.ToUpper(r))
	}, norm.NFD.String(s))
}

// like tells whether s matches a pattern of LIKE: '%' is any text, '_' any
// one character, and escape takes the meaning of the character after it.
// Other characters match those that are the same. Each character that it looks
// at is a step, which may end it.
func like(s, pattern string, escape rune, same func(a, b rune) bool, step func(int) error) (bool, error) {
	// Where to go on after a mismatch: behind the last '%', one character
	// further into s. That makes the time the product of the two lengths.
	star, mark := -1, 0
	i, j := 0, 0
	for n := 1; i < len(s); n++ {
		if n%likeOften == 0 {
			if err := step(likeOften); err != nil {
				return false, err
			}
		}
		if j < len(pattern) {
			r, size := utf8.DecodeRuneInString(pattern[j:])
			if r == '%' && r != escape {
				star, mark = j+size, i
				j += size
				continue
			}
			if n, m := likeOne(s[i:], pattern[j:], escape, same); n > 0 {
				i, j = i+n, j+m
				continue
			}
		}
		if star < 0 {
			return false, nil
		}
		_, size := utf8.DecodeRuneInString(s[mark:])
		mark += size
		i, j = mark, star
	}
	return strings.Trim(pattern[j:], "%") == "", nil
}

// likeOften is after how many characters LIKE counts them.
const likeOften = 4096

// likeOne matches one character, and gives how many bytes of s and of the
// pattern that took; 0 is a mismatch.
func likeOne(s, pattern string, escape rune, same func(a, b rune) bool) (int, int) {
	have, n := utf8.DecodeRuneInString(s)
	want, m := utf8.DecodeRuneInString(pattern)
	if want == escape && escape != 0 && m < len(pattern) {
		next, k := utf8.DecodeRuneInString(pattern[m:])
		if same(next, have) {
			return n, m + k
		}
		return 0, 0
	}
	if want == '_' || same(want, have) {
		return n, m
	}
	return 0, 0
}

// withoutRuns makes one of several '%' in a row, so that a long run of them is
// not walked for every name.
func withoutRuns(pattern string) string {
	var b strings.Builder
	escaped, any := false, false
	for i := range len(pattern) {
		c := pattern[i]
		isAny := c == '%' && !escaped
		if !isAny || !any {
			b.WriteByte(c)
		}
		any, escaped = isAny, c == '\\' && !escaped
	}
	return b.String()
}

// LikeNames matches names against the LIKE of a SHOW; nil matches all.
func LikeNames(pattern *string) func(name string) bool {
	if pattern == nil {
		return func(string) bool { return true }
	}
	folded := withoutRuns(Fold(*pattern))
	same := func(a, b rune) bool { return a == b }
	return func(name string) bool {
		matches, _ := like(Fold(name), folded, '\\', same, func(int) error { return nil })
		return matches
	}
}
