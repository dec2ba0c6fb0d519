package eval

import (
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
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

	looksBack bool             // it tells places apart by what is before them
	boundary  *boundaryProgram // of one with \b or \B; else nil
	after     *regexp.Regexp   // matches behind the first character of a text, in the first group; made when it is needed
}

// patternFlags are how a pattern is to be used.
type patternFlags struct {
	fold bool // without regard to case
	sql.PatternUse
}

// written are the flags in Go's syntax.
func (f patternFlags) written() string {
	flags := ""
	if f.fold {
		flags += "(?i)"
	}
	if f.Lines {
		flags += "(?m)"
	}
	if f.DotAll {
		flags += "(?s)"
	}
	return flags
}

// pattern compiles a pattern, unless it is that of the row before.
func (w *work) pattern(flags patternFlags, text string) (*pattern, error) {
	if w.compiled != nil && w.lastPattern == text && w.lastFlags == flags {
		return w.compiled, nil
	}
	if len(text) > maxPattern {
		return nil, wharf.Errorf(wharf.CodeTooLarge, "REGEXP: the pattern has %d bytes; at most %d are allowed", len(text), maxPattern)
	}
	translated, boundary, err := sql.RegularExpression(text, flags.PatternUse)
	if err != nil {
		return nil, err
	}
	translated = flags.written() + translated
	tree, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil, sql.WrongPattern(text, err)
	}
	size := instructions(tree)
	if size+characters(tree) > maxInstructions {
		return nil, wharf.Errorf(wharf.CodeTooLarge, "REGEXP: the pattern has more than %d characters and classes with its repetitions written out", maxInstructions)
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		return nil, sql.WrongPattern(text, err)
	}
	p := &pattern{re: re, size: size, looksBack: looksBack(tree)}
	if boundary {
		if p.boundary, err = newBoundaryProgram(tree); err != nil {
			return nil, sql.WrongPattern(text, err)
		}
	}
	w.lastPattern, w.lastFlags, w.compiled = text, flags, p
	return p, nil
}

// instructions is about how many instructions a pattern compiles to. It does
// not go beyond a little more than maxInstructions.
func instructions(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
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

// characters is a part of how many ranges the classes of a pattern have, each as often as
// it is written: repetitions share them.
func characters(re *syntax.Regexp) int {
	n := 0
	if re.Op == syntax.OpCharClass {
		n = len(re.Rune) / 16
	}
	for _, sub := range re.Sub {
		n += characters(sub)
	}
	return n
}

// match reports whether the pattern matches anywhere in a text. It counts the
// text's characters, for each the instructions of the pattern, as steps.
func (p *pattern) match(text string, step func(int) error) (bool, error) {
	if p.boundary != nil && !isASCII(text) {
		found, err := p.boundary.find(text, 0, step)
		return found != nil, err
	}
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
