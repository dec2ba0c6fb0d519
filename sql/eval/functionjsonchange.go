package eval

import (
	"slices"
	"strings"
)

func jsonRemove(_ *Evaluation, a []Datum) (Datum, error) {
	v, _, err := documentOf(a[0], 1, "JSON_REMOVE")
	if err != nil {
		return NullDatum(), err
	}
	for _, d := range a[1:] {
		p, err := onePlace(d)
		if err != nil {
			return NullDatum(), err
		}
		if len(p.steps) == 0 {
			return NullDatum(), Invalid(errJSONRoot, "The path expression '$' is not allowed in this context.")
		}
		v = p.change(v, func(any, bool) (any, bool) { return nil, false })
	}
	return jsonDatum(v), nil
}

// jsonChanges is a function of a document and pairs of a path and a value, with
// which change makes a new document.
func jsonChanges(name string, change func(doc any, p jsonPath, v any) (any, error)) func(*Evaluation, []Datum) (Datum, error) {
	return func(_ *Evaluation, a []Datum) (Datum, error) {
		if len(a)%2 == 0 {
			return NullDatum(), wrongCount(strings.ToLower(name))
		}
		doc, ok, err := documentOf(a[0], 1, name)
		if !ok {
			return NullDatum(), err
		}
		for i := 1; i < len(a); i += 2 {
			if a[i].IsNull() {
				return NullDatum(), nil
			}
			p, err := onePlace(a[i])
			if err != nil {
				return NullDatum(), err
			}
			v, err := jsonOf(a[i+1])
			if err != nil {
				return NullDatum(), err
			}
			if doc, err = change(doc, p, v); err != nil {
				return NullDatum(), err
			}
		}
		return jsonDatum(doc), nil
	}
}

// jsonChange changes what is at each path.
func jsonChange(name string, edit func(old any, exists bool, v any) (any, bool)) func(*Evaluation, []Datum) (Datum, error) {
	return jsonChanges(name, func(doc any, p jsonPath, v any) (any, error) {
		return p.change(doc, func(old any, exists bool) (any, bool) { return edit(old, exists, v) }), nil
	})
}

// jsonInsertCell puts values before those that are at places of arrays.
func jsonInsertCell(doc any, p jsonPath, v any) (any, error) {
	last := len(p.steps) - 1
	if last < 0 || p.steps[last].isKey {
		return nil, Invalid(errJSONNoCell, "A path expression is not a path to a cell in an array.")
	}
	cell := p.steps[last]
	return jsonPath{steps: p.steps[:last]}.change(doc, func(old any, exists bool) (any, bool) {
		array, isArray := old.([]any)
		if !isArray {
			return old, exists
		}
		at := cell.from
		if at < 0 {
			at += len(array) + 1
		}
		return slices.Insert(slices.Clone(array), max(0, min(at, len(array))), v), true
	}), nil
}

func jsonAppend(old any, exists bool, v any) (any, bool) {
	if !exists {
		return old, false
	}
	if array, ok := old.([]any); ok {
		return append(array[:len(array):len(array)], v), true
	}
	return []any{old, v}, true
}

func jsonMerge(name string, merge func(a, b any) any) func(*Evaluation, []Datum) (Datum, error) {
	return func(_ *Evaluation, a []Datum) (Datum, error) {
		var all any
		for i, d := range a {
			v, ok, err := documentOf(d, i+1, name)
			if !ok {
				return NullDatum(), err
			}
			if i == 0 {
				all = v
			} else {
				all = merge(all, v)
			}
		}
		return jsonDatum(all), nil
	}
}

func mergePatch(a, b any) any {
	patch, ok := b.(map[string]any)
	if !ok {
		return b
	}
	object, ok := a.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for key, v := range patch {
		if v == nil {
			delete(object, key)
		} else {
			object[key] = mergePatch(object[key], v)
		}
	}
	return object
}

func mergePreserve(a, b any) any {
	x, isX := a.(map[string]any)
	y, isY := b.(map[string]any)
	if isX && isY {
		for key, v := range y {
			if old, ok := x[key]; ok {
				v = mergePreserve(old, v)
			}
			x[key] = v
		}
		return x
	}
	l, isL := a.([]any)
	r, isR := b.([]any)
	if !isL {
		l = []any{a}
	}
	if !isR {
		r = []any{b}
	}
	return append(l[:len(l):len(l)], r...)
}
