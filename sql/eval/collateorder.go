package eval

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// collationID is the place of a collation among the [collations]. The zero
// value is the default.
type collationID uint8

// DefaultCollationID is that of DefaultCollation.
const DefaultCollationID collationID = 0

// rule is how a collation orders text.
type rule uint8

const (
	byBytes   rule = iota // by the bytes
	byGeneral             // by capital letters without accents, one by one
	byLatin1              // by a table of the characters of latin1
	byLetters             // by the UCA's first level: letters
	byAccents             // then by its second level
	byCase                // then by its third level
)

// levels is how many levels of the UCA a rule looks at, or 1.
func (r rule) levels() int { return max(1, int(r)-int(byLetters)+1) }

// Collation returns what is known of a collation.
func (id collationID) Collation() Collation { return collations[id] }

// pads reports whether spaces at the end do not count.
func (c Collation) pads() bool { return c.Pad == padSpace }

// compare orders two texts, in memory that does not depend on their length.
func (id collationID) compare(a, b string) int { return id.comparePadded(a, b, id.Collation().pads()) }

// equals reports whether two texts are equal with the spaces at their ends.
func (id collationID) equals(a, b string) bool { return id.comparePadded(a, b, false) == 0 }

func (id collationID) comparePadded(a, b string, pads bool) int {
	c := id.Collation()
	if c.rule == byBytes && !pads {
		return strings.Compare(a, b)
	}
	if a == b {
		return 0
	}
	w := c.weigher()
	for level := range c.rule.levels() {
		if order := w.compare(a, b, level, pads); order != 0 {
			return order
		}
	}
	return 0
}

// weigher gives the weights of the character at the start of a text, and how many bytes
// it is.
type weigher struct {
	next  func(s string, level int, push func(uint16)) int
	space uint16
}

// weigher returns the weights by which the collation compares.
func (c Collation) weigher() weigher {
	switch c.rule {
	case byBytes:
		return weigher{func(s string, _ int, push func(uint16)) int { push(uint16(s[0])); return 1 }, ' '}
	case byGeneral:
		return weigher{func(s string, _ int, push func(uint16)) int {
			r, size := utf8.DecodeRuneInString(s)
			push(generalWeight(r))
			return size
		}, ' '}
	case byLatin1:
		t := latin1Table(c.Name)
		return weigher{func(s string, _ int, push func(uint16)) int {
			r, size := utf8.DecodeRuneInString(s)
			for _, weight := range []byte(t.weights(r)) {
				push(uint16(weight))
			}
			return size
		}, ' '}
	}
	t := c.uca.table()
	return weigher{t.next, t.ascii[' '][0]}
}

// compare orders two texts at one level, the shorter one as if spaces followed it
// where they are padded.
func (w weigher) compare(a, b string, level int, pads bool) int {
	x, y := newWeights(w, a, level), newWeights(w, b, level)
	for {
		v, hasX := x.next()
		u, hasY := y.next()
		if !hasX && !hasY {
			return 0
		}
		if pads && !hasX {
			v = w.space
		}
		if pads && !hasY {
			u = w.space
		}
		if v != u {
			return cmp.Compare(v, u)
		}
	}
}

// weights are the weights of a text at one level, one after the other.
type weights struct {
	w     weigher
	rest  string
	level int
	queue []uint16
	at    int          // in the queue
	push  func(uint16) // to the queue
}

func newWeights(w weigher, s string, level int) *weights {
	all := &weights{w: w, rest: s, level: level, queue: make([]uint16, 0, 8)}
	all.push = func(weight uint16) { all.queue = append(all.queue, weight) }
	return all
}

// next returns the next weight, 0 and false at the end.
func (w *weights) next() (uint16, bool) {
	for w.at == len(w.queue) {
		if w.rest == "" {
			return 0, false
		}
		w.at, w.queue = 0, w.queue[:0]
		w.rest = w.rest[w.w.next(w.rest, w.level, w.push):]
	}
	w.at++
	return w.queue[w.at-1], true
}

// Key is a text whose bytes compare as s does with others of its collation.
func (id collationID) Key(s string) string {
	c := id.Collation()
	if c.rule == byBytes && !c.pads() {
		return s
	}
	w := c.weigher()
	k := keyWriter{b: make([]byte, 0, 3*len(s)+4), space: w.space, pads: c.pads()}
	push := k.push
	for level := range c.rule.levels() {
		if level > 0 {
			k.b = append(k.b, 0, 0)
		}
		for rest := s; rest != ""; {
			rest = rest[w.next(rest, level, push):]
		}
		k.end()
	}
	return string(k.b)
}

// keyWriter writes weights, two bytes each. Where texts are padded, each space is
// followed by what comes after the run of spaces: something that is less than a space, the
// end, or something that is more. So a text that ends compares as if spaces followed it,
// and spaces at the end make no difference.
type keyWriter struct {
	b      []byte
	space  uint16
	spaces int // that were not written yet
	pads   bool
}

func (k *keyWriter) push(weight uint16) {
	switch {
	case !k.pads:
	case weight == k.space:
		k.spaces++
		return
	case weight < k.space:
		k.run(0)
	default:
		k.run(2)
	}
	k.write(weight)
}

func (k *keyWriter) write(weight uint16) { k.b = append(k.b, byte(weight>>8), byte(weight)) }

// run writes spaces, each with what follows the run.
func (k *keyWriter) run(follows byte) {
	for ; k.spaces > 0; k.spaces-- {
		k.write(k.space)
		k.b = append(k.b, follows)
	}
}

func (k *keyWriter) end() {
	if k.pads {
		k.spaces = 1
		k.run(1)
	}
}

// same reports whether two characters are equal, each by itself.
func (id collationID) same(a, b rune) bool {
	c := id.Collation()
	switch {
	case a == b:
		return true
	case c.rule == byBytes:
		return false
	case c.rule == byGeneral:
		return generalWeight(a) == generalWeight(b)
	}
	return id.equals(string(a), string(b))
}

// knowsCase reports whether small and capital letters differ.
func (id collationID) knowsCase() bool {
	c := id.Collation()
	return c.rule == byBytes || c.rule == byCase || strings.HasSuffix(c.Name, "_cs")
}
