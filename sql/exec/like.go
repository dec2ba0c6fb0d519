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

const (
	// foldCopies is how many times a text's length folding it takes at most.
	foldCopies = 4
	foldPiece  = 4 << 10
)

// folding is a text that is folded piece by piece.
type folding struct{ piece, rest string }

// more reports whether there is a piece that is not compared yet.
func (f *folding) more() bool {
	for f.piece == "" && f.rest != "" {
		end := foldEnd(f.rest)
		f.piece, f.rest = fold(f.rest[:end]), f.rest[end:]
	}
	return f.piece != ""
}

// foldEnd is where a piece of a text can end: before a character that does not
// combine with those before it.
func foldEnd(s string) int {
	if len(s) <= foldPiece {
		return len(s)
	}
	end := foldPiece
	for end < len(s) && !utf8.RuneStart(s[end]) {
		end++
	}
	const near = 256 // where marks without end follow, between two of them
	if n := norm.NFD.FirstBoundaryInString(s[end:min(len(s), end+near)]); n > 0 {
		return end + n
	}
	return end
}

// like tells whether s matches a pattern of LIKE: '%' is any text, '_' any
// one character, and escape takes the meaning of the character after it.
// Both were folded where case does not matter. Each character that it looks
// at is a step, which may end it.
func like(s, pattern string, escape rune, step func(int) error) (bool, error) {
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
			if n, m := likeOne(s[i:], pattern[j:], escape); n > 0 {
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

// likeNames matches names against the LIKE of a SHOW; nil matches all.
func likeNames(pattern *string) func(name string) bool {
	if pattern == nil {
		return func(string) bool { return true }
	}
	folded := withoutRuns(fold(*pattern))
	return func(name string) bool {
		matches, _ := like(fold(name), folded, '\\', func(int) error { return nil })
		return matches
	}
}
