package eval

import (
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	"wharf"
)

const (
	// maxPattern is the longest pattern of REGEXP, in bytes, and
	// maxInstructions the most characters and classes that it may have with
	// its repetitions written out: a{1000} is a thousand. What is compiled
	// takes up to 300 bytes for each.
	maxPattern      = 4 << 10
	maxInstructions = 10_000
)

// pattern is a compiled pattern of REGEXP.
type pattern struct {
	re   *regexp.Regexp
	size int // the instructions that a character of a text may meet

	looksBack bool           // it tells places apart by what is before them
	after     *regexp.Regexp // matches behind the first character of a text, in the first group; made when it is needed
}

// pattern compiles a pattern, unless it is that of the row before.
func (w *work) pattern(text string) (*pattern, error) {
	if w.compiled != nil && w.lastPattern == text {
		return w.compiled, nil
	}
	if len(text) > maxPattern {
		return nil, wharf.Errorf(wharf.CodeTooLarge, "REGEXP: the pattern has %d bytes; at most %d are allowed", len(text), maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, wrongPattern()
	}
	size := instructions(tree)
	if size > maxInstructions {
		return nil, wharf.Errorf(wharf.CodeTooLarge, "REGEXP: the pattern has more than %d characters and classes with its repetitions written out", maxInstructions)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, wrongPattern()
	}
	w.lastPattern, w.compiled = text, &pattern{re: re, size: size, looksBack: looksBack(tree)}
	return w.compiled, nil
}

// instructions is about how many instructions a pattern compiles to. It does
// not go beyond a little more than maxInstructions.
func instructions(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCharClass:
		n += len(re.Rune) / 8
	}
	for _, sub := range re.Sub {
		if n += instructions(sub); n > maxInstructions {
			return n
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}

// match reports whether the pattern matches anywhere in a text. It counts the
// text's characters, for each the instructions of the pattern, as steps.
func (p *pattern) match(text string, step func(int) error) (bool, error) {
	const quick = 1 << 20 // steps that are over before a KILL could end them
	if len(text)*p.size <= quick {
		return p.re.MatchString(text), step(len(text) * p.size)
	}
	r := &steppedReader{text: text, cost: p.size, step: step}
	matches := p.re.MatchReader(r)
	return matches && r.err == nil, r.err
}

// steppedReader gives the characters of a text until a step fails.
type steppedReader struct {
	text string
	cost int
	step func(int) error
	err  error
}

// ReadRune returns the next character, or the error of its step.
func (r *steppedReader) ReadRune() (rune, int, error) {
	if r.err == nil {
		r.err = r.step(r.cost)
	}
	if r.err != nil {
		return 0, 0, r.err
	}
	if r.text == "" {
		return 0, 0, io.EOF
	}
	c, size := utf8.DecodeRuneInString(r.text)
	r.text = r.text[size:]
	return c, size, nil
}

func wrongPattern() error {
	return Invalid(errRegexp, "REGEXP: the pattern is no regular expression in RE2 syntax")
}
