package eval

import (
	"strings"

	"wharf"
)

// jsonFunctions work on documents of JSON.
func jsonFunctions() map[string]Function {
	doc, whole, text := Always(wharf.TypeJSON), Always(wharf.TypeInt), Always(wharf.TypeString)
	all := map[string]Function{
		"JSON_EXTRACT":      {Min: 2, Max: -1, Typ: doc, strict: true, Run: jsonExtract},
		"JSON_UNQUOTE":      {ofDocument: true, Min: 1, Max: 1, Typ: text, strict: true, Run: jsonUnquote},
		"JSON_QUOTE":        {ofDocument: true, Min: 1, Max: 1, Typ: text, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) { return StringDatum(quoteJSON(a[0].Text())), nil }},
		"JSON_VALID":        {Min: 1, Max: 1, Typ: whole, strict: true, Run: jsonValid},
		"JSON_LENGTH":       {Min: 1, Max: 2, Typ: whole, strict: true, Run: jsonLength},
		"JSON_DEPTH":        {Min: 1, Max: 1, Typ: whole, strict: true, Run: onDocument("JSON_DEPTH", func(v any) Datum { return IntDatum(int64(jsonDepth(v))) })},
		"JSON_STORAGE_SIZE": {Min: 1, Max: 1, Typ: whole, strict: true, Run: onDocument("JSON_STORAGE_SIZE", jsonStorageSize)},
		// Only a column of a table that was changed in its place has any.
		"JSON_STORAGE_FREE": {Min: 1, Max: 1, Typ: whole, strict: true, Run: onDocument("JSON_STORAGE_FREE", func(any) Datum { return IntDatum(0) })},
		"JSON_TYPE":         {ofDocument: true, Min: 1, Max: 1, Typ: text, strict: true, Run: onDocument("JSON_TYPE", func(v any) Datum { return StringDatum(jsonType(v)) })},
		"JSON_PRETTY":       {ofDocument: true, Min: 1, Max: 1, Typ: text, strict: true, Run: onDocument("JSON_PRETTY", jsonPretty)},
		"JSON_KEYS":         {Min: 1, Max: 2, Typ: doc, strict: true, Run: jsonKeysOf},
		"JSON_ARRAY":        {documents: true, Min: 0, Max: -1, Typ: doc, Run: jsonArray},
		"JSON_OBJECT":       {documents: true, Min: 0, Max: -1, Typ: doc, Run: jsonObject},
		"JSON_CONTAINS":     {Min: 2, Max: 3, Typ: whole, strict: true, Run: jsonContains},
		"JSON_OVERLAPS":     {Min: 2, Max: 2, Typ: whole, strict: true, Run: jsonOverlaps},
		"JSON_MEMBEROF":     {documents: true, Min: 2, Max: 2, Typ: whole, strict: true, Run: jsonMemberOf},

		"JSON_CONTAINS_PATH":  {Min: 3, Max: -1, Typ: whole, strict: true, Run: jsonContainsPath},
		"JSON_REMOVE":         {Min: 2, Max: -1, Typ: doc, strict: true, Run: jsonRemove},
		"JSON_ARRAY_APPEND":   {documents: true, Min: 3, Max: -1, Typ: doc, Run: jsonChange("JSON_ARRAY_APPEND", jsonAppend)},
		"JSON_MERGE_PATCH":    {Min: 2, Max: -1, Typ: doc, Run: jsonMerge("JSON_MERGE_PATCH", mergePatch)},
		"JSON_MERGE_PRESERVE": {Min: 2, Max: -1, Typ: doc, Run: jsonMerge("JSON_MERGE_PRESERVE", mergePreserve)},
	}
	for name, which := range map[string][2]bool{"JSON_SET": {true, true}, "JSON_INSERT": {false, true}, "JSON_REPLACE": {true, false}} {
		all[name] = Function{documents: true, Min: 3, Max: -1, Typ: doc, Run: jsonChange(name, func(old any, exists bool, v any) (any, bool) {
			if exists && !which[0] || !exists && !which[1] {
				return old, exists
			}
			return v, true
		})}
	}
	return all
}

func onDocument(name string, f func(any) Datum) func(*Evaluation, []Datum) (Datum, error) {
	return func(_ *Evaluation, a []Datum) (Datum, error) {
		v, ok, err := documentOf(a[0], 1, name)
		if !ok {
			return NullDatum(), err
		}
		return f(v), nil
	}
}

func jsonValid(_ *Evaluation, a []Datum) (Datum, error) {
	if a[0].Kind != KString {
		return IntDatum(0), nil
	}
	_, ok := parseJSON(a[0].Str)
	return BoolDatum(ok), nil
}

// jsonExtract gives what paths mean: of one that means one place, that; else
// an array.
func jsonExtract(_ *Evaluation, a []Datum) (Datum, error) {
	if d, ok := jsonPart(a); ok {
		return d, nil
	}
	v, _, err := documentOf(a[0], 1, "JSON_EXTRACT")
	if err != nil {
		return NullDatum(), err
	}
	var found []any
	many := len(a) > 2
	for _, d := range a[1:] {
		p, err := parseJSONPath(d.Text())
		if err != nil {
			return NullDatum(), err
		}
		many = many || p.many
		found = append(found, p.find(v)...)
	}
	switch {
	case len(found) == 0:
		return NullDatum(), nil
	case many:
		return jsonDatum(found), nil
	}
	return jsonDatum(found[0]), nil
}

// jsonPart is JSON_EXTRACT of one place of a text that is a document.
func jsonPart(a []Datum) (Datum, bool) {
	if len(a) != 2 || a[0].typed != nil {
		return NullDatum(), false
	}
	p, err := parseJSONPath(a[1].Text())
	if err != nil || !p.readable() {
		return NullDatum(), false
	}
	v, found, ok := readJSON(a[0].Text(), p.steps)
	if !ok || !found {
		return NullDatum(), ok
	}
	return jsonDatum(v), true
}

func jsonUnquote(_ *Evaluation, a []Datum) (Datum, error) {
	text := a[0].Text()
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return StringDatum(text), nil
	}
	r := documentReader{text: text}
	s := r.string(true)
	if r.bad || r.at < len(text) {
		return NullDatum(), Invalid(errInvalidJSON, "Invalid JSON text in argument 1 to function json_unquote")
	}
	return StringDatum(s), nil
}

// onePlace reads a path that can mean one place alone.
func onePlace(d Datum) (jsonPath, error) {
	p, err := parseJSONPath(d.Text())
	if err == nil && p.many {
		return p, Invalid(errJSONManyPlaces, "In this situation, path expressions may not contain the * and ** tokens or an array range.")
	}
	return p, err
}

// within gives the part of a document that the path in argument i means.
func jsonWithin(v any, a []Datum, i int) (any, bool, error) {
	if len(a) <= i {
		return v, true, nil
	}
	p, err := onePlace(a[i])
	if err != nil {
		return nil, false, err
	}
	found := p.find(v)
	if len(found) == 0 {
		return nil, false, nil
	}
	return found[0], true, nil
}

func jsonLength(_ *Evaluation, a []Datum) (Datum, error) {
	v, _, err := documentOf(a[0], 1, "JSON_LENGTH")
	if err != nil {
		return NullDatum(), err
	}
	v, ok, err := jsonWithin(v, a, 1)
	if !ok {
		return NullDatum(), err
	}
	switch v := v.(type) {
	case []any:
		return IntDatum(int64(len(v))), nil
	case map[string]any:
		return IntDatum(int64(len(v))), nil
	}
	return IntDatum(1), nil
}

func jsonKeysOf(_ *Evaluation, a []Datum) (Datum, error) {
	v, _, err := documentOf(a[0], 1, "JSON_KEYS")
	if err != nil {
		return NullDatum(), err
	}
	v, _, err = jsonWithin(v, a, 1)
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return NullDatum(), err
	}
	keys := []any{}
	for _, key := range jsonKeys(object) {
		keys = append(keys, key)
	}
	return jsonDatum(keys), nil
}

func jsonArray(_ *Evaluation, a []Datum) (Datum, error) {
	items := make([]any, len(a))
	for i, d := range a {
		var err error
		if items[i], err = jsonOf(d); err != nil {
			return NullDatum(), err
		}
	}
	return jsonDatum(items), nil
}

func jsonObject(_ *Evaluation, a []Datum) (Datum, error) {
	if len(a)%2 != 0 {
		return NullDatum(), wrongCount("json_object")
	}
	object := map[string]any{}
	for i := 0; i < len(a); i += 2 {
		if a[i].IsNull() {
			return NullDatum(), Invalid(errJSONNullKey, "JSON documents may not contain NULL member names.")
		}
		v, err := jsonOf(a[i+1])
		if err != nil {
			return NullDatum(), err
		}
		object[a[i].Text()] = v
	}
	return jsonDatum(object), nil
}

func jsonContains(_ *Evaluation, a []Datum) (Datum, error) {
	target, _, err := documentOf(a[0], 1, "JSON_CONTAINS")
	if err != nil {
		return NullDatum(), err
	}
	candidate, _, err := documentOf(a[1], 2, "JSON_CONTAINS")
	if err != nil {
		return NullDatum(), err
	}
	target, ok, err := jsonWithin(target, a, 2)
	if !ok {
		return NullDatum(), err
	}
	return BoolDatum(containsJSON(target, candidate)), nil
}

func containsJSON(target, candidate any) bool {
	switch t := target.(type) {
	case []any:
		wanted, ok := candidate.([]any)
		if !ok {
			wanted = []any{candidate}
		}
		for _, w := range wanted {
			found := false
			for _, item := range t {
				found = found || containsJSON(item, w)
			}
			if !found {
				return false
			}
		}
		return true
	case map[string]any:
		wanted, ok := candidate.(map[string]any)
		if !ok {
			return false
		}
		for key, w := range wanted {
			item, ok := t[key]
			if !ok || !containsJSON(item, w) {
				return false
			}
		}
		return true
	}
	return sameJSON(target, candidate)
}

func jsonOverlaps(_ *Evaluation, a []Datum) (Datum, error) {
	x, _, err := documentOf(a[0], 1, "JSON_OVERLAPS")
	if err != nil {
		return NullDatum(), err
	}
	y, _, err := documentOf(a[1], 2, "JSON_OVERLAPS")
	if err != nil {
		return NullDatum(), err
	}
	m, isM := x.(map[string]any)
	n, isN := y.(map[string]any)
	if isM && isN {
		for key, v := range m {
			if w, ok := n[key]; ok && sameJSON(v, w) {
				return IntDatum(1), nil
			}
		}
		return IntDatum(0), nil
	}
	l, isL := x.([]any)
	r, isR := y.([]any)
	if !isL {
		l = []any{x}
	}
	if !isR {
		r = []any{y}
	}
	for _, v := range l {
		for _, w := range r {
			if sameJSON(v, w) {
				return IntDatum(1), nil
			}
		}
	}
	return IntDatum(0), nil
}

func jsonMemberOf(_ *Evaluation, a []Datum) (Datum, error) {
	v, err := jsonOf(a[0])
	if err != nil {
		return NullDatum(), err
	}
	doc, _, err := documentOf(a[1], 2, "member of")
	if err != nil {
		return NullDatum(), err
	}
	array, ok := doc.([]any)
	if !ok {
		array = []any{doc}
	}
	for _, item := range array {
		if sameJSON(item, v) {
			return IntDatum(1), nil
		}
	}
	return IntDatum(0), nil
}

func jsonContainsPath(_ *Evaluation, a []Datum) (Datum, error) {
	v, _, err := documentOf(a[0], 1, "JSON_CONTAINS_PATH")
	if err != nil {
		return NullDatum(), err
	}
	mode := strings.ToLower(a[1].Text())
	if mode != "one" && mode != "all" {
		return NullDatum(), Invalid(errJSONOneOrAll, "The oneOrAll argument to json_contains_path may take these values: 'one' or 'all'.")
	}
	for _, d := range a[2:] {
		p, err := parseJSONPath(d.Text())
		if err != nil {
			return NullDatum(), err
		}
		if found := len(p.find(v)) > 0; found == (mode == "one") {
			return BoolDatum(found), nil
		}
	}
	return BoolDatum(mode == "all"), nil
}

func jsonPretty(v any) Datum {
	var b strings.Builder
	var write func(v any, indent string)
	list := func(open, end byte, n int, indent string, item func(i int)) {
		b.WriteByte(open)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n" + indent + "  ")
			item(i)
		}
		if n > 0 {
			b.WriteString("\n" + indent)
		}
		b.WriteByte(end)
	}
	write = func(v any, indent string) {
		switch v := v.(type) {
		case []any:
			list('[', ']', len(v), indent, func(i int) { write(v[i], indent+"  ") })
		case map[string]any:
			keys := jsonKeys(v)
			list('{', '}', len(keys), indent, func(i int) {
				b.WriteString(quoteJSON(keys[i]) + ": ")
				write(v[keys[i]], indent+"  ")
			})
		default:
			writeJSON(&b, v)
		}
	}
	write(v, "")
	return StringDatum(b.String())
}
