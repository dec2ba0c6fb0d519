package eval

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// A document of JSON as MySQL has it: nil, bool, string, jsonNumber, []any, and
// map[string]any, whose keys are shown by their length, then by their bytes.

// jsonNumber is a number, as it was written.
type jsonNumber string

// jsonExact is a decimal of SQL, which keeps its digits.
type jsonExact string

// maxJSONDepth is how deep MySQL lets documents be nested.
const maxJSONDepth = 100

// parseJSON reads a document.
func parseJSON(text string) (any, bool) {
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return numbered(v), jsonDepth(v) <= maxJSONDepth
}

// numbered makes numbers ours.
func numbered(v any) any {
	switch v := v.(type) {
	case json.Number:
		return jsonNumber(v)
	case []any:
		for i := range v {
			v[i] = numbered(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbered(v[key])
		}
	}
	return v
}

// jsonOf is a value as a part of a document: a text is a string, unless it is
// a document itself.
func jsonOf(d Datum) (any, error) {
	switch d.Kind {
	case kNull:
		return nil, nil
	case KDecimal:
		return jsonExact(d.Text()), nil
	case KInt, KUint, KFloat:
		return jsonNumber(d.Text()), nil
	case kBytes:
		return nil, Invalid(errJSONCharset, "Cannot create a JSON value from a string with CHARACTER SET 'binary'.")
	}
	if d.json {
		if v, ok := parseJSON(d.Str); ok {
			return v, nil
		}
	}
	if d.Kind == kDateTime || d.Kind == kTime {
		d = d.withPlaces(maxPlaces)
	}
	return d.Text(), nil
}

// documentOf is an argument that is a document. It is nil and false for NULL.
func documentOf(d Datum, at int, name string) (any, bool, error) {
	if d.IsNull() {
		return nil, false, nil
	}
	v, ok := parseJSON(d.Text())
	if !ok {
		return nil, false, Invalid(errInvalidJSON, "Invalid JSON text in argument %d to function %s", at, strings.ToLower(name))
	}
	return v, true, nil
}

func jsonDatum(v any) Datum {
	var b strings.Builder
	writeJSON(&b, v)
	return Datum{Kind: KString, Str: b.String(), json: true}
}

// writeJSON writes a document as MySQL shows it.
func writeJSON(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		b.WriteString(quoteJSON(v))
	case jsonNumber:
		b.WriteString(v.text())
	case jsonExact:
		b.WriteString(string(v))
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJSON(b, item)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, key := range jsonKeys(v) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quoteJSON(key) + ": ")
			writeJSON(b, v[key])
		}
		b.WriteByte('}')
	}
}

// text is the number as MySQL shows it: an integer of 64 bits and a decimal of
// SQL as it is, any other as a double.
func (n jsonNumber) text() string {
	s := string(n)
	if !strings.ContainsAny(s, ".eE") {
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return s
		}
		if _, err := strconv.ParseUint(s, 10, 64); err == nil {
			return s
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return wharf.Float(f).String()
}

func jsonKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return keys
}

func quoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < ' ' {
				b.WriteString(`\u00` + strconv.FormatInt(int64(r)|0x100, 16)[1:])
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

func jsonDepth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			deepest = max(deepest, jsonDepth(item))
		}
	case map[string]any:
		for _, item := range v {
			deepest = max(deepest, jsonDepth(item))
		}
	}
	return deepest + 1
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return "BOOLEAN"
	case string:
		return "STRING"
	case jsonExact:
		return "DECIMAL"
	case []any:
		return "ARRAY"
	case map[string]any:
		return "OBJECT"
	case jsonNumber:
		if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return "INTEGER"
		}
		if _, err := strconv.ParseUint(string(v), 10, 64); err == nil {
			return "UNSIGNED INTEGER"
		}
	}
	return "DOUBLE"
}

// sameJSON reports whether two documents are equal.
func sameJSON(a, b any) bool {
	x, isX := a.(jsonNumber)
	y, isY := b.(jsonNumber)
	if isX && isY {
		f, errF := strconv.ParseFloat(string(x), 64)
		g, errG := strconv.ParseFloat(string(y), 64)
		return errF == nil && errG == nil && f == g
	}
	var l, r strings.Builder
	writeJSON(&l, a)
	writeJSON(&r, b)
	return l.String() == r.String()
}
