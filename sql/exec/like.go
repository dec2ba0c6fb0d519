package exec

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold maps text so that two texts are equal under MySQL's default collation
// exactly if their folds are the same: without case and without accents.
func fold(s string) string {
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
// Both were folded where case does not matter.
func like(s, pattern string, escape rune) bool {
	// Where to go on after a mismatch: behind the last '%', one character
	// further into s. That makes the time the product of the two lengths.
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(s) {
		if j < len(pattern) {
			r, size := utf8.DecodeRuneInString(pattern[j:])
			if r == '%' && r != escape {
				star, mark = j+size, i
				j += size
				continue
			}
			if n, m := likeOne(s[i:], pattern[j:], escape); n > 0 {
				i, j = i+n, j+m
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[mark:])
		mark += size
		i, j = mark, star
	}
	return strings.Trim(pattern[j:], "%") == ""
}

// likeOne matches one character, and gives how many bytes of s and of the
// pattern that took; 0 is a mismatch.
func likeOne(s, pattern string, escape rune) (int, int) {
	have, n := utf8.DecodeRuneInString(s)
	want, m := utf8.DecodeRuneInString(pattern)
	if want == escape && escape != 0 && m < len(pattern) {
		next, k := utf8.DecodeRuneInString(pattern[m:])
		if next == have {
			return n, m + k
		}
		return 0, 0
	}
	if want == '_' || want == have {
		return n, m
	}
	return 0, 0
}

// likeNames matches names against the LIKE of a SHOW; nil matches all.
func likeNames(pattern *string) func(name string) bool {
	if pattern == nil {
		return func(string) bool { return true }
	}
	folded := fold(*pattern)
	return func(name string) bool { return like(fold(name), folded, '\\') }
}
