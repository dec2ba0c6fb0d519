package wharf

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	// MaxPattern is the most bytes of a pattern: a parser and a matcher take
	// hundreds of bytes of memory for each.
	MaxPattern = 4 << 10
	// maxPatternSize is the most parts of a pattern with its repetitions
	// written out. Matching a name takes up to a step for each part and each
	// byte, and nothing can interrupt that.
	maxPatternSize = 10_000
)

// Pattern is the regular expression of PATTERN = '…', in Go's RE2 syntax. It
// must match all of what follows the location's path in a key. The zero
// Pattern matches everything.
type Pattern struct {
	re   *regexp.Regexp
	text string
}

// ParsePattern compiles a pattern. The empty string is no pattern. What RE2
// lacks or cannot read is [CodeInvalid], with the part that it refused, and so
// is what would take too much memory or time.
func ParsePattern(s string) (Pattern, error) {
	if s == "" {
		return Pattern{}, nil
	}
	if len(s) > MaxPattern {
		return Pattern{}, Errorf(CodeInvalid, "PATTERN %q has %d bytes; %d is the most", shortPattern(s), len(s), MaxPattern)
	}
	// Alone first, so that an unbalanced ")" is not closed by our own group.
	parsed, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return Pattern{}, patternError(s, err)
	}
	if size := patternSize(parsed); size > maxPatternSize {
		return Pattern{}, Errorf(CodeInvalid, "PATTERN %q: with its repetitions written out it has %d parts; %d is the most",
			shortPattern(s), size, maxPatternSize)
	}
	re, err := regexp.Compile(`\A(?:` + s + `)\z`)
	if err != nil {
		return Pattern{}, patternError(s, err)
	}
	return Pattern{re: re, text: s}, nil
}

// patternSize counts the parts of a pattern with its repetitions written out,
// which the parser bounds but far too generously.
func patternSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	if re.Op == syntax.OpCharClass {
		size = 1
	}
	for _, sub := range re.Sub {
		size += patternSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size
}

func patternError(s string, err error) error {
	s = shortPattern(s)
	var se *syntax.Error
	if !errors.As(err, &se) {
		return WrapError(CodeInvalid, "ParsePattern", "PATTERN is not a regular expression", err)
	}
	part := shortPattern(se.Expr)
	// A lookbehind, (?<=x), is taken for a named group without a name.
	if se.Code == syntax.ErrInvalidPerlOp || se.Code == syntax.ErrInvalidEscape || se.Code == syntax.ErrInvalidNamedCapture {
		return Errorf(CodeInvalid, "PATTERN %q: %s: %q; patterns are RE2, which has no lookaround and no backreferences", s, se.Code, part)
	}
	return Errorf(CodeInvalid, "PATTERN %q: %s: %q", s, se.Code, part)
}

// shortPattern is as much of a pattern as an error quotes.
func shortPattern(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// IsZero reports whether there is no pattern.
func (p Pattern) IsZero() bool { return p.re == nil }

// Match reports whether rest, the part of a key after the location's path,
// matches as a whole.
func (p Pattern) Match(rest string) bool { return p.re == nil || p.re.MatchString(rest) }

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }
