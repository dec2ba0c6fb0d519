package wharf

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// Pattern is the regular expression of PATTERN = '…', in Go's RE2 syntax. It
// must match all of what follows the location's path in a key. The zero
// Pattern matches everything.
type Pattern struct {
	re   *regexp.Regexp
	text string
}

// ParsePattern compiles a pattern. The empty string is no pattern. What RE2
// lacks or cannot read is [CodeInvalid], with the part that it refused.
func ParsePattern(s string) (Pattern, error) {
	if s == "" {
		return Pattern{}, nil
	}
	// Alone first, so that an unbalanced ")" is not closed by our own group.
	if _, err := syntax.Parse(s, syntax.Perl); err != nil {
		return Pattern{}, patternError(s, err)
	}
	re, err := regexp.Compile(`\A(?:` + s + `)\z`)
	if err != nil {
		return Pattern{}, patternError(s, err)
	}
	return Pattern{re: re, text: s}, nil
}

func patternError(s string, err error) error {
	var se *syntax.Error
	if !errors.As(err, &se) {
		return WrapError(CodeInvalid, "ParsePattern", "PATTERN is not a regular expression", err)
	}
	// A lookbehind, (?<=x), is taken for a named group without a name.
	if se.Code == syntax.ErrInvalidPerlOp || se.Code == syntax.ErrInvalidEscape || se.Code == syntax.ErrInvalidNamedCapture {
		return Errorf(CodeInvalid, "PATTERN %q: %s: %q; patterns are RE2, which has no lookaround and no backreferences", s, se.Code, se.Expr)
	}
	return Errorf(CodeInvalid, "PATTERN %q: %s: %q", s, se.Code, se.Expr)
}

// IsZero tells that there is no pattern.
func (p Pattern) IsZero() bool { return p.re == nil }

// Match tells whether rest, the part of a key after the location's path,
// matches as a whole.
func (p Pattern) Match(rest string) bool { return p.re == nil || p.re.MatchString(rest) }

// String gives the pattern as it was written.
func (p Pattern) String() string { return p.text }
