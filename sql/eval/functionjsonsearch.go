package eval

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wharf"
)

// jsonSearchFunctions are those that give a place in a document, or one of its
// values as SQL has it.
func jsonSearchFunctions() map[string]Function {
	doc := Always(wharf.TypeJSON)
	return map[string]Function{
		"JSON_SEARCH":       {Min: 3, Max: -1, Typ: doc, Run: jsonSearch},
		"JSON_ARRAY_INSERT": {documents: true, Min: 3, Max: -1, Typ: doc, Run: jsonChanges("JSON_ARRAY_INSERT", jsonInsertCell)},
		"JSON_MERGE":        {Min: 2, Max: -1, Typ: doc, Run: jsonMerge("JSON_MERGE", mergePreserve)},
	}
}

// jsonPlace is a value in a document, and the path to it.
type jsonPlace struct {
	path  string
	value any
}

// jsonSearch gives the paths of the strings that a pattern of LIKE matches.
func jsonSearch(ev *Evaluation, a []Datum) (Datum, error) {
	for i, d := range a {
		if d.IsNull() && i != 3 {
			return NullDatum(), nil
		}
	}
	v, _, err := documentOf(a[0], 1, "JSON_SEARCH")
	if err != nil {
		return NullDatum(), err
	}
	mode := strings.ToLower(a[1].Text())
	if mode != "one" && mode != "all" {
		return NullDatum(), Invalid(errJSONOneOrAll, "The oneOrAll argument to json_search may take these values: 'one' or 'all'.")
	}
	escape := '\\'
	if len(a) > 3 && !a[3].IsNull() && a[3].Text() != "" {
		if utf8.RuneCountInString(a[3].Text()) != 1 {
			return NullDatum(), Invalid(errWrongArguments, "Incorrect arguments to ESCAPE")
		}
		escape, _ = utf8.DecodeRuneInString(a[3].Text())
	}
	roots, err := searchRoots(v, a)
	if err != nil {
		return NullDatum(), err
	}
	s := jsonSearcher{ev: ev, pattern: a[2].Text(), escape: escape, one: mode == "one"}
	for _, root := range roots {
		if err := s.search(root); err != nil {
			return NullDatum(), err
		}
	}
	switch len(s.found) {
	case 0:
		return NullDatum(), nil
	case 1:
		return jsonDatum(s.found[0]), nil
	}
	return jsonDatum(s.found), nil
}

// searchRoots are the places below which JSON_SEARCH looks.
func searchRoots(v any, a []Datum) ([]jsonPlace, error) {
	if len(a) < 5 {
		return []jsonPlace{{"$", v}}, nil
	}
	var roots []jsonPlace
	for _, d := range a[4:] {
		p, err := parseJSONPath(d.Text())
		if err != nil {
			return nil, err
		}
		roots = append(roots, p.places(v)...)
	}
	return roots, nil
}

// jsonSearcher collects the paths of strings.
type jsonSearcher struct {
	ev      *Evaluation
	pattern string
	escape  rune
	one     bool
	found   []any
}

func (s *jsonSearcher) search(at jsonPlace) error {
	if s.one && len(s.found) > 0 {
		return nil
	}
	if text, ok := at.value.(string); ok {
		if err := s.ev.step(len(text) + len(s.pattern)); err != nil {
			return err
		}
		matches, err := like(text, s.pattern, s.escape, func(x, y rune) bool { return x == y }, s.ev.step)
		if matches && !slices.Contains(s.found, any(at.path)) {
			s.found = append(s.found, at.path)
			return s.ev.Hold(len(at.path) + ValueBytes)
		}
		return err
	}
	for _, child := range at.children() {
		if err := s.search(child); err != nil {
			return err
		}
	}
	return nil
}

// children are the values of an object or an array.
func (p jsonPlace) children() []jsonPlace {
	var all []jsonPlace
	switch v := p.value.(type) {
	case []any:
		for i, item := range v {
			all = append(all, jsonPlace{p.path + "[" + strconv.Itoa(i) + "]", item})
		}
	case map[string]any:
		for _, key := range jsonKeys(v) {
			all = append(all, jsonPlace{p.path + "." + pathKey(key), v[key]})
		}
	}
	return all
}

// pathKey is a key as a path has it, in quotes where it is no plain name.
func pathKey(key string) string {
	if _, rest, ok := keyStep(key); ok && rest == "" && !strings.HasPrefix(key, `"`) && key != "*" {
		return key
	}
	return quoteJSON(key)
}

// places are what the path means in a document, with their own paths.
func (p jsonPath) places(v any) []jsonPlace {
	at := []jsonPlace{{"$", v}}
	for _, s := range p.steps {
		var next []jsonPlace
		for _, place := range at {
			next = append(next, s.places(place)...)
		}
		at = next
	}
	return at
}

func (s jsonStep) places(at jsonPlace) []jsonPlace {
	if s.deep {
		all := []jsonPlace{at}
		for _, child := range at.children() {
			all = append(all, s.places(child)...)
		}
		return all
	}
	children := at.children()
	switch v := at.value.(type) {
	case map[string]any:
		if !s.isKey {
			break
		}
		if s.all {
			return children
		}
		if item, ok := v[s.key]; ok {
			return []jsonPlace{{at.path + "." + pathKey(s.key), item}}
		}
		return nil
	case []any:
		if s.isKey || s.from < 0 && s.from == s.to && s.from+len(v) < 0 {
			return nil
		}
		from, to := s.cells(len(v))
		if from > to {
			return nil
		}
		return children[from : to+1]
	}
	if from, to := s.cells(1); !s.isKey && !s.all && from == 0 && to == 0 {
		return []jsonPlace{at} // a value that is no array is its first cell
	}
	return nil
}
