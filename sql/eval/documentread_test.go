package eval

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzDocument holds the reader of documents to package encoding/json, and each part that it
// reads alone to the same part of the whole.
func FuzzDocument(f *testing.F) {
	deep := strings.Repeat("[", maxJSONDepth-1)
	for _, text := range []string{
		`{}`, `[]`, ` { "a" : [ 1 , {"b": [true, null]} ] , "c" : -0.5e+10 } `, `{"a": {"b": 1}, "a": {"c": 2}}`, `{"a": 1, "a": {"b": [2]}}`,
		`"\ud83d\ude00 \ud800 \u0041\n\"\\\/"`, "\"\xff\"", "\"\x01\"", `"\x"`, `"\u12g4"`, `"`, `"\`, `"\u12`, `01`, `-`, `1.`, `.5`, `1e`, `1e+`, `-0`, `1 2`,
		`[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `tru`, `nulll`, `True`, `NaN`, "\ufeff1", "\u00a01", `//`, ``, ` `,
		`{"\u0061": [[1, 2], {"a": "x"}]}`, deep + "1" + strings.Repeat("]", maxJSONDepth-1), deep + "[]" + strings.Repeat("]", maxJSONDepth-1), deep + "[1]" + strings.Repeat("]", maxJSONDepth-1),
		`{"a": [1, "b"`, `[[0], [1, [2]]]`, `12345678901234567890123`, "\t\r\n1\v",
	} {
		for _, path := range []string{"$", "$.a", "$.a.b", "$.a[0]", "$[0]", "$[1][1][0]", "$[0][0].a", `$."a"[1].b`, "$.c", "$[5]"} {
			f.Add(text, path)
		}
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		want, valid := parsedByLibrary(text)
		got, ok := parseJSON(text)
		if ok != valid || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is %#v, %t; by encoding/json %#v, %t", text, got, ok, want, valid)
		}
		p, err := parseJSONPath(path)
		if err != nil || !p.readable() {
			return
		}
		part, found, ok := readJSON(text, p.steps)
		if ok != valid {
			t.Fatalf("%q for %s is a document: %t, want %t", text, path, ok, valid)
		}
		if !ok {
			return
		}
		all := p.find(want)
		if found != (len(all) == 1) || found && !reflect.DeepEqual(part, all[0]) {
			t.Fatalf("%s of %q is %#v, %t; want %#v", path, text, part, found, all)
		}
	})
}

func parsedByLibrary(text string) (any, bool) {
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || jsonDepth(v) > maxJSONDepth {
		return nil, false
	}
	return eachScalar(v, func(s any) any {
		if n, ok := s.(json.Number); ok {
			return jsonNumber(n)
		}
		return s
	}), true
}
