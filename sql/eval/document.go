package eval

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// A document of JSON as MySQL has it: nil, bool, string, jsonNumber, []any, and
// map[string]any, whose keys are shown by their length, then by their bytes. What SQL put
// into it may also be jsonExact, jsonUnsigned and jsonTemporal, which its text does not tell.

// jsonNumber is a number, as it was written.
type jsonNumber string

// jsonExact is a decimal of SQL, which keeps its digits.
type jsonExact string

// jsonUnsigned is an unsigned integer of SQL.
type jsonUnsigned string

// jsonTemporal is a date or time of SQL.
type jsonTemporal struct {
	text string
	typ  wharf.Type
}

// typedDocument is a document with values whose types its text does not tell, such as
// dates. It is never changed.
type typedDocument struct{ value any }

// isTyped reports whether a document has values of which its text does not tell the type.
func isTyped(v any) bool {
	switch v := v.(type) {
	case jsonExact, jsonUnsigned, jsonTemporal:
		return true
	case []any:
		return slices.ContainsFunc(v, isTyped)
	case map[string]any:
		for _, item := range v {
			if isTyped(item) {
				return true
			}
		}
	}
	return false
}

// cloneJSON copies the arrays and objects of a document.
func cloneJSON(v any) any {
	switch v := v.(type) {
	case []any:
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = cloneJSON(item)
		}
		return c
	case map[string]any:
		c := make(map[string]any, len(v))
		for key, item := range v {
			c[key] = cloneJSON(item)
		}
		return c
	}
	return v
}

// maxJSONDepth is how deep MySQL lets documents be nested.
const maxJSONDepth = 100

// eachScalar replaces each scalar of a document in its place: all but arrays and objects.
func eachScalar(v any, change func(any) any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = eachScalar(v[i], change)
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = eachScalar(v[key], change)
		}
		return v
	}
	return change(v)
}

// jsonOf is a value as a part of a document: a text is a string, unless it is
// a document itself.
func jsonOf(d Datum) (any, error) {
	if d.boolean && !d.IsNull() {
		isTrue, _ := d.truth()
		return isTrue, nil
	}
	switch d.Kind {
	case kNull:
		return nil, nil
	case KDecimal:
		return jsonExact(d.Text()), nil
	case KFloat:
		return jsonDouble(d.Float64Bits()), nil
	case KInt:
		return jsonNumber(d.Text()), nil
	case KUint:
		return jsonUnsigned(d.Text()), nil
	case kBytes:
		return nil, Invalid(errJSONCharset, "Cannot create a JSON value from a string with CHARACTER SET 'binary'.")
	}
	if d.json {
		if v, ok := d.document(); ok {
			return v, nil
		}
	}
	if !d.IsTemporal() {
		return d.Text(), nil
	}
	if d.Kind != kDate {
		d = d.withPlaces(maxPlaces)
	}
	return jsonTemporal{d.Text(), typeOfDatum(d)}, nil
}

// jsonDouble is a double as a number that is no integer.
func jsonDouble(f float64) jsonNumber {
	text := wharf.Float(f).String()
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return jsonNumber(text)
}

// documentOf is an argument that is a document. It is nil and false for NULL.
func documentOf(d Datum, at int, name string) (any, bool, error) {
	if d.IsNull() {
		return nil, false, nil
	}
	v, ok := d.document()
	if !ok {
		return nil, false, Invalid(errInvalidJSON, "Invalid JSON text in argument %d to function %s", at, strings.ToLower(name))
	}
	return v, true, nil
}

func jsonDatum(v any) Datum {
	var b strings.Builder
	writeJSON(&b, v)
	d := Datum{Kind: KString, Str: b.String(), json: true}
	if isTyped(v) {
		d.typed = &typedDocument{v}
	}
	return d
}

// writeJSON writes a document as MySQL shows it.
func writeJSON(b *strings.Builder, v any) { documentWriter{b, false}.write(v) }

// documentWriter writes documents, with the marks of typeMarks or without.
type documentWriter struct {
	*strings.Builder
	marks bool
}

func (w documentWriter) mark(c byte) {
	if w.marks {
		w.WriteByte(c)
	}
}

func (w documentWriter) write(v any) {
	switch v := v.(type) {
	case nil:
		w.WriteString("null")
	case bool:
		w.WriteString(strconv.FormatBool(v))
	case string:
		w.WriteString(quoteJSON(v))
	case jsonNumber:
		w.WriteString(v.text())
	case jsonExact:
		w.WriteString(string(v))
		w.mark(markExact)
	case jsonUnsigned:
		w.WriteString(string(v))
		w.mark(markUnsigned)
	case jsonTemporal:
		w.WriteString(`"` + v.text)
		w.mark(temporalMarks[v.typ])
		w.WriteByte('"')
	case []any:
		w.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.WriteString(", ")
			}
			w.write(item)
		}
		w.WriteByte(']')
	case map[string]any:
		w.WriteByte('{')
		for i, key := range jsonKeys(v) {
			if i > 0 {
				w.WriteString(", ")
			}
			w.WriteString(quoteJSON(key) + ": ")
			w.write(v[key])
		}
		w.WriteByte('}')
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
	return string(jsonDouble(f))
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
	case jsonUnsigned:
		return "UNSIGNED INTEGER"
	case jsonTemporal:
		switch v.typ {
		case wharf.TypeDate:
			return "DATE"
		case wharf.TypeTime:
			return "TIME"
		}
		return "DATETIME"
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
	return bytes.Equal(appendDocumentKey(nil, a), appendDocumentKey(nil, b))
}
