package eval

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// parseJSON reads a document.
func parseJSON(text string) (any, bool) {
	v, _, ok := readJSON(text, nil)
	return v, ok
}

// readJSON reads of a document the part that a path of one place means, which may be
// missing. ok is false where the text is no document, whichever part that is.
func readJSON(text string, path []jsonStep) (v any, found, ok bool) {
	r := documentReader{text: text}
	v, found = r.value(1, path, true)
	r.skipSpace()
	if r.bad || r.at < len(text) {
		return nil, false, false
	}
	return v, found, true
}

// readable reports whether readJSON takes the path: it means one place, and counts no
// cells from the end.
func (p jsonPath) readable() bool {
	for _, s := range p.steps {
		if !s.isKey && s.from < 0 {
			return false
		}
	}
	return !p.many
}

// documentReader reads a document in one pass and makes values of the wanted part alone:
// a query asks for a part of the document of each row. What it takes is what RFC 8259 says, and
// package encoding/json takes, which makes a tree of all of it.
type documentReader struct {
	text string
	at   int
	bad  bool
}

func (r *documentReader) fail() (any, bool) {
	r.bad = true
	return nil, false
}

func (r *documentReader) skipSpace() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// take reads a byte that comes next, if it does.
func (r *documentReader) take(c byte) bool {
	if r.skipSpace(); r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// value reads a value, and gives what the path means in it if that is wanted.
func (r *documentReader) value(depth int, path []jsonStep, wanted bool) (any, bool) {
	r.skipSpace()
	if r.at >= len(r.text) || depth > maxJSONDepth {
		return r.fail()
	}
	c := r.text[r.at]
	for wanted && c != '[' && len(path) > 0 && !path[0].isKey {
		wanted, path = path[0].from == 0, path[1:] // as an array of one cell
	}
	switch c {
	case '{':
		r.at++
		return r.object(depth, path, wanted)
	case '[':
		r.at++
		return r.array(depth, path, wanted)
	}
	v := r.scalar(c, wanted && len(path) == 0)
	return v, wanted && len(path) == 0 && !r.bad
}

func (r *documentReader) object(depth int, path []jsonStep, wanted bool) (v any, found bool) {
	var all map[string]any
	if wanted && len(path) == 0 {
		all = map[string]any{}
	}
	inside := wanted && len(path) > 0 && path[0].isKey
	for first := true; !r.take('}'); first = false {
		if !first && !r.take(',') {
			return r.fail()
		}
		if r.skipSpace(); r.at >= len(r.text) || r.text[r.at] != '"' {
			return r.fail()
		}
		key := r.string(all != nil || inside)
		if !r.take(':') {
			return r.fail()
		}
		switch {
		case all != nil:
			all[key], _ = r.value(depth+1, nil, true)
		case inside && key == path[0].key: // the last of a name counts
			v, found = r.value(depth+1, path[1:], true)
		default:
			r.value(depth+1, nil, false)
		}
		if r.bad {
			return nil, false
		}
	}
	if all != nil {
		return all, true
	}
	return v, found
}

func (r *documentReader) array(depth int, path []jsonStep, wanted bool) (v any, found bool) {
	var all []any
	if wanted && len(path) == 0 {
		all = []any{}
	}
	inside := wanted && len(path) > 0 && !path[0].isKey
	for i := 0; !r.take(']'); i++ {
		if i > 0 && !r.take(',') {
			return r.fail()
		}
		switch {
		case all != nil:
			item, _ := r.value(depth+1, nil, true)
			all = append(all, item)
		case inside && i == path[0].from:
			v, found = r.value(depth+1, path[1:], true)
		default:
			r.value(depth+1, nil, false)
		}
		if r.bad {
			return nil, false
		}
	}
	if all != nil {
		return all, true
	}
	return v, found
}

func (r *documentReader) scalar(first byte, wanted bool) any {
	switch first {
	case '"':
		if s := r.string(wanted); wanted {
			return s
		}
		return nil
	case 't':
		return r.word("true", true)
	case 'f':
		return r.word("false", false)
	case 'n':
		return r.word("null", nil)
	}
	n := r.number()
	if !wanted || r.bad {
		return nil
	}
	return jsonNumber(n)
}

func (r *documentReader) word(word string, v any) any {
	if !strings.HasPrefix(r.text[r.at:], word) {
		r.bad = true
	}
	r.at += len(word)
	return v
}

func (r *documentReader) number() string {
	from := r.at
	r.takeAny("-")
	if !r.takeAny("0") && r.digits() == 0 {
		r.bad = true
	}
	if r.takeAny(".") && r.digits() == 0 {
		r.bad = true
	}
	if r.takeAny("eE") {
		r.takeAny("+-")
		if r.digits() == 0 {
			r.bad = true
		}
	}
	return r.text[from:r.at]
}

func (r *documentReader) takeAny(chars string) bool {
	if r.at < len(r.text) && strings.IndexByte(chars, r.text[r.at]) >= 0 {
		r.at++
		return true
	}
	return false
}

func (r *documentReader) digits() int {
	from := r.at
	for r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at - from
}

// string reads a string, whose first quote comes next, and gives it if it is wanted.
func (r *documentReader) string(wanted bool) string {
	from := r.at
	plain := true
	for r.at++; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			if !wanted {
				return ""
			}
			if s := r.text[from+1 : r.at-1]; plain && utf8.ValidString(s) {
				return s
			}
			var s string
			if json.Unmarshal([]byte(r.text[from:r.at]), &s) != nil {
				r.bad = true
			}
			return s
		case c == '\\':
			plain = false
			r.escape()
		case c < ' ':
			r.bad = true
			return ""
		}
	}
	r.bad = true
	return ""
}

// escape reads what is behind a backslash, but for its last byte.
func (r *documentReader) escape() {
	if r.at++; !r.comes(`"\/bfnrtu`) {
		r.bad = true
		return
	}
	if r.text[r.at] != 'u' {
		return
	}
	for range 4 {
		if r.at++; !r.comes("0123456789abcdefABCDEF") {
			r.bad = true
			return
		}
	}
}

func (r *documentReader) comes(chars string) bool {
	return r.at < len(r.text) && strings.IndexByte(chars, r.text[r.at]) >= 0
}
