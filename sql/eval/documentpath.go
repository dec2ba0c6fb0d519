package eval

import (
	"encoding/json"
	"strconv"
	"strings"
)

// jsonStep is one step of a path into a document.
type jsonStep struct {
	key      string
	isKey    bool
	all      bool // .* or [*]
	deep     bool // **
	from, to int  // of an array; below zero they count from the last, which is -1
}

// jsonPath is a path into a document.
type jsonPath struct {
	steps []jsonStep
	many  bool // it may mean several places
}

// parseJSONPath reads a path: $.key."a key"[0][last][1 to 2].*[*]**.
func parseJSONPath(text string) (jsonPath, error) {
	var p jsonPath
	rest := strings.TrimLeft(text, " ")
	bad := func() (jsonPath, error) {
		return p, Invalid(errInvalidPath, "Invalid JSON path expression. The error is around character position %d.", len(text))
	}
	rest, ok := strings.CutPrefix(rest, "$")
	if !ok {
		return bad()
	}
	for rest = strings.TrimLeft(rest, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		var s jsonStep
		switch {
		case strings.HasPrefix(rest, "**"):
			s.deep, rest = true, rest[2:]
			if rest == "" {
				return bad()
			}
		case rest[0] == '.':
			s, rest, ok = keyStep(strings.TrimLeft(rest[1:], " "))
		case rest[0] == '[':
			inner, after, closed := strings.Cut(rest[1:], "]")
			s, ok = cellStep(strings.TrimSpace(inner))
			rest, ok = after, ok && closed
		default:
			return bad()
		}
		if !ok {
			return bad()
		}
		p.steps = append(p.steps, s)
		p.many = p.many || s.all || s.deep || s.from != s.to
	}
	return p, nil
}

func keyStep(rest string) (jsonStep, string, bool) {
	if strings.HasPrefix(rest, "*") {
		return jsonStep{isKey: true, all: true}, rest[1:], true
	}
	if strings.HasPrefix(rest, `"`) {
		end := 1
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return jsonStep{}, rest, false
		}
		var key string
		err := json.Unmarshal([]byte(rest[:end+1]), &key)
		return jsonStep{isKey: true, key: key}, rest[end+1:], err == nil
	}
	end := strings.IndexAny(rest, ".[* ")
	if end < 0 {
		end = len(rest)
	}
	key := rest[:end]
	valid := key != "" && (key[0] < '0' || key[0] > '9') && !strings.ContainsAny(key, `-+"'()/\,;:!?#%&=<>`)
	return jsonStep{isKey: true, key: key}, rest[end:], valid
}

func cellStep(inner string) (jsonStep, bool) {
	if inner == "*" {
		return jsonStep{all: true}, true
	}
	first, last, ranged := strings.Cut(inner, " to ")
	from, ok := cellIndex(strings.TrimSpace(first))
	if !ranged {
		return jsonStep{from: from, to: from}, ok
	}
	to, okTo := cellIndex(strings.TrimSpace(last))
	return jsonStep{from: from, to: to}, ok && okTo
}

func cellIndex(text string) (int, bool) {
	rest, isLast := strings.CutPrefix(text, "last")
	if !isLast {
		n, err := strconv.Atoi(text)
		return n, err == nil && n >= 0
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return -1, true
	}
	back, ok := strings.CutPrefix(rest, "-")
	n, err := strconv.Atoi(strings.TrimSpace(back))
	return -1 - n, ok && err == nil && n >= 0
}

// cells are the places of an array that the step means. A value that is no
// array is one of a single cell.
func (s jsonStep) cells(length int) (from, to int) {
	if s.all {
		return 0, length - 1
	}
	from, to = s.from, s.to
	if from < 0 {
		from += length
	}
	if to < 0 {
		to += length
	}
	return max(from, 0), min(to, length-1)
}

// find gives what the path means in a document.
func (p jsonPath) find(v any) []any { return findSteps(v, p.steps, nil) }

func findSteps(v any, steps []jsonStep, found []any) []any {
	if len(steps) == 0 {
		return append(found, v)
	}
	s, rest := steps[0], steps[1:]
	switch {
	case s.deep:
		return findDeep(v, rest, found)
	case s.isKey:
		object, ok := v.(map[string]any)
		if !ok {
			return found
		}
		if !s.all {
			if item, ok := object[s.key]; ok {
				return findSteps(item, rest, found)
			}
			return found
		}
		for _, key := range jsonKeys(object) {
			found = findSteps(object[key], rest, found)
		}
		return found
	}
	array, ok := v.([]any)
	if !ok {
		if s.all {
			return found
		}
		array = []any{v}
	}
	if s.from < 0 && s.from == s.to && s.from+len(array) < 0 {
		return found
	}
	from, to := s.cells(len(array))
	for i := from; i <= to; i++ {
		found = findSteps(array[i], rest, found)
	}
	return found
}

func findDeep(v any, rest []jsonStep, found []any) []any {
	found = findSteps(v, rest, found)
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			found = findDeep(item, rest, found)
		}
	case map[string]any:
		for _, key := range jsonKeys(v) {
			found = findDeep(v[key], rest, found)
		}
	}
	return found
}

// change gives the document with what edit makes of the place that the path
// means. edit gets what is there and whether something is, and says whether
// the place is to be there.
func (p jsonPath) change(v any, edit func(old any, exists bool) (any, bool)) any {
	changed, keep := changeSteps(v, p.steps, edit)
	if !keep {
		return v
	}
	return changed
}

func changeSteps(v any, steps []jsonStep, edit func(any, bool) (any, bool)) (any, bool) {
	if len(steps) == 0 {
		return edit(v, true)
	}
	s, rest := steps[0], steps[1:]
	if s.isKey {
		object, ok := v.(map[string]any)
		if !ok {
			return v, true
		}
		item, exists := object[s.key]
		if !exists && len(rest) > 0 {
			return v, true
		}
		var keep bool
		if exists {
			item, keep = changeSteps(item, rest, edit)
		} else {
			item, keep = edit(nil, false)
		}
		if keep {
			object[s.key] = item
		} else {
			delete(object, s.key)
		}
		return object, true
	}
	array, isArray := v.([]any)
	if !isArray {
		array = []any{v}
	}
	at := s.from
	if at < 0 {
		at += len(array)
	}
	if at < 0 {
		return v, true
	}
	if at >= len(array) {
		if len(rest) > 0 {
			return v, true
		}
		item, keep := edit(nil, false)
		if !keep {
			return v, true
		}
		return append(array, item), true
	}
	item, keep := changeSteps(array[at], rest, edit)
	switch {
	case !isArray && keep:
		return item, true
	case !isArray:
		return v, true
	case keep:
		array[at] = item
		return array, true
	}
	return append(array[:at:at], array[at+1:]...), true
}
