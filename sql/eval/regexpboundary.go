package eval

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// boundaryProgram matches a pattern with \b or \B in texts with letters beyond ASCII, which
// package regexp takes for no letters there. It is Pike's machine: all threads of the
// program go through the text together, those that are preferred first.
type boundaryProgram struct {
	*syntax.Prog
	slots int // two for the match and for each group
}

// newBoundaryProgram compiles a pattern that was parsed.
func newBoundaryProgram(tree *syntax.Regexp) (*boundaryProgram, error) {
	slots := 2 * (tree.MaxCap() + 1)
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	return &boundaryProgram{prog, slots}, nil
}

// boundaryThread is at an instruction, with the places of the groups so far.
type boundaryThread struct {
	at    uint32
	slots []int
}

// boundaryPlace is a place in a text.
type boundaryPlace struct {
	at           int
	before, next rune // -1 at an end
	seen         []bool
	threads      []boundaryThread // that wait for next
}

// find finds the first match at or behind an offset: pairs of offsets, of all and of each
// group; nil is none. It counts each character, for each the instructions, as steps.
func (p *boundaryProgram) find(text string, from int, step func(int) error) ([]int, error) {
	place := boundaryPlace{at: from, before: -1, seen: make([]bool, len(p.Inst))}
	if from > 0 {
		place.before, _ = utf8.DecodeLastRuneInString(text[:from])
	}
	var found []int
	var moved []boundaryThread
	for {
		width := 0
		if place.next = -1; place.at < len(text) {
			place.next, width = utf8.DecodeRuneInString(text[place.at:])
		}
		clear(place.seen)
		place.threads = place.threads[:0]
		for _, t := range moved {
			p.follow(&place, t)
		}
		if found == nil {
			slots := slices.Repeat([]int{-1}, p.slots)
			slots[0] = place.at
			p.follow(&place, boundaryThread{uint32(p.Start), slots})
		}
		moved = moved[:0]
		for _, t := range place.threads {
			inst := &p.Inst[t.at]
			if inst.Op == syntax.InstMatch {
				found = slices.Clone(t.slots)
				found[1] = place.at
				break // those behind it are preferred less
			}
			if place.next >= 0 && inst.MatchRune(place.next) {
				moved = append(moved, boundaryThread{inst.Out, t.slots})
			}
		}
		if width == 0 || found != nil && len(moved) == 0 {
			return found, nil
		}
		if err := step(len(p.Inst)); err != nil {
			return nil, err
		}
		place.before, place.at = place.next, place.at+width
	}
}

// follow adds the threads that a thread becomes before it takes a character.
func (p *boundaryProgram) follow(place *boundaryPlace, t boundaryThread) {
	if place.seen[t.at] {
		return
	}
	place.seen[t.at] = true
	inst := &p.Inst[t.at]
	switch inst.Op {
	case syntax.InstFail:
	case syntax.InstAlt, syntax.InstAltMatch:
		p.follow(place, boundaryThread{inst.Out, t.slots})
		p.follow(place, boundaryThread{inst.Arg, t.slots})
	case syntax.InstNop:
		p.follow(place, boundaryThread{inst.Out, t.slots})
	case syntax.InstCapture:
		slots := slices.Clone(t.slots)
		slots[inst.Arg] = place.at
		p.follow(place, boundaryThread{inst.Out, slots})
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^place.holds() == 0 {
			p.follow(place, boundaryThread{inst.Out, t.slots})
		}
	default:
		place.threads = append(place.threads, t)
	}
}

// holds tells what of ^, $, \b and \B holds at a place.
func (p *boundaryPlace) holds() syntax.EmptyOp {
	op := syntax.EmptyNoWordBoundary
	if isWordRune(p.before) != isWordRune(p.next) {
		op = syntax.EmptyWordBoundary
	}
	if p.before < 0 {
		op |= syntax.EmptyBeginText
	}
	if p.before < 0 || p.before == '\n' {
		op |= syntax.EmptyBeginLine
	}
	if p.next < 0 {
		op |= syntax.EmptyEndText
	}
	if p.next < 0 || p.next == '\n' {
		op |= syntax.EmptyEndLine
	}
	return op
}

// isWordRune reports whether a character is one of \w.
func isWordRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic) || r == '\u200c' || r == '\u200d'
}

// isASCII reports whether a text has no character beyond ASCII.
func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
