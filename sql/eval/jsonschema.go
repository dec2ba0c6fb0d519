package eval

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	failure "github.com/santhosh-tekuri/jsonschema/v6/kind"

	"wharf"
)

// maxSchemaWork bounds the parts of a schema times those of a document. Without
// references each part of one meets each part of the other once at most.
const maxSchemaWork = 1 << 22

// jsonSchemaFunctions validate documents by schemas of JSON Schema, draft 4.
func jsonSchemaFunctions() map[string]Function {
	return map[string]Function{
		"JSON_SCHEMA_VALID": {Min: 2, Max: 2, Typ: Always(wharf.TypeInt), strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			failed, err := ev.schemaFailure("JSON_SCHEMA_VALID", a)
			return BoolDatum(failed == nil), err
		}},
		"JSON_SCHEMA_VALIDATION_REPORT": {Min: 2, Max: 2, Typ: Always(wharf.TypeJSON), strict: true, Run: func(ev *Evaluation, a []Datum) (Datum, error) {
			failed, err := ev.schemaFailure("JSON_SCHEMA_VALIDATION_REPORT", a)
			if failed == nil {
				return jsonDatum(map[string]any{"valid": true}), err
			}
			return jsonDatum(failed.report()), err
		}},
	}
}

// schemaFailure is what is wrong with the document a[1] by the schema a[0], or nil.
func (ev *Evaluation) schemaFailure(name string, a []Datum) (*schemaFailure, error) {
	document, _, err := documentOf(a[1], 2, name)
	if err != nil {
		return nil, err
	}
	if w := ev.Work; w.schema == nil || w.lastSchema != a[0].Text() {
		if w.schema, w.schemaParts, err = compileSchema(name, a[0]); err != nil {
			return nil, err
		}
		w.lastSchema = a[0].Text()
	}
	parts := jsonParts(document)
	if parts*ev.Work.schemaParts > maxSchemaWork {
		return nil, wharf.Errorf(wharf.CodeTooLarge, "%s: the schema and the document are too large together", name)
	}
	if err := ev.step(parts * ev.Work.schemaParts); err != nil {
		return nil, err
	}
	var failed *jsonschema.ValidationError
	if errors.As(ev.Work.schema.Validate(libraryJSON(document)), &failed) {
		return firstFailure(failed), nil
	}
	return nil, nil
}

// alwaysMatches stands for a pattern that is no regular expression, which MySQL
// ignores.
type alwaysMatches string

func (p alwaysMatches) String() string          { return string(p) }
func (p alwaysMatches) MatchString(string) bool { return true }

func compileSchema(name string, d Datum) (*jsonschema.Schema, int, error) {
	v, _, err := documentOf(d, 1, name)
	if err != nil {
		return nil, 0, err
	}
	schema, ok := v.(map[string]any)
	if !ok {
		return nil, 0, Invalid(errJSONType, "Invalid JSON type in argument 1 to function %s; an object is required.", strings.ToLower(name))
	}
	if !plainSchema(schema) {
		return nil, 0, Unsupported("a reference in a JSON schema")
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.UseLoader(jsonschema.SchemeURLLoader{})
	c.UseRegexpEngine(func(pattern string) (jsonschema.Regexp, error) {
		if re, err := regexp.Compile(pattern); err == nil {
			return re, nil
		}
		return alwaysMatches(pattern), nil
	})
	const url = "schema:/"
	if err := c.AddResource(url, libraryJSON(schema)); err != nil {
		return nil, 0, Unsupported("this JSON schema")
	}
	compiled, err := c.Compile(url)
	if err != nil {
		return nil, 0, Unsupported("this JSON schema")
	}
	return compiled, jsonParts(schema), nil
}

// plainSchema takes out of a schema what MySQL does not look at: its draft, its own
// address, and formats. It reports whether there is no reference in it.
func plainSchema(v any) bool {
	switch v := v.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(s any) bool { return !plainSchema(s) })
	case map[string]any:
		if _, is := v["$ref"].(string); is {
			return false
		}
		for _, ignored := range []string{"$schema", "id", "format"} {
			delete(v, ignored)
		}
		for _, key := range []string{"items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf"} {
			if !plainSchema(v[key]) {
				return false
			}
		}
		for _, key := range []string{"properties", "patternProperties", "definitions", "dependencies"} {
			named, _ := v[key].(map[string]any)
			for _, s := range named {
				if !plainSchema(s) {
					return false
				}
			}
		}
	}
	return true
}

// jsonParts is how many values a document has in it, itself among them.
func jsonParts(v any) int {
	parts := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			parts += jsonParts(item)
		}
	case map[string]any:
		for _, item := range v {
			parts += jsonParts(item)
		}
	}
	return parts
}

// libraryJSON is a document with the numbers of package json.
func libraryJSON(v any) any {
	return eachScalar(v, func(s any) any {
		switch n := s.(type) {
		case jsonNumber:
			return json.Number(n)
		case jsonExact:
			return json.Number(n)
		case jsonUnsigned:
			return json.Number(n)
		case jsonTemporal:
			return n.text
		}
		return s
	})
}

// schemaFailure is where a document fails a schema, and by which keyword.
type schemaFailure struct {
	document []string
	schema   string // as a URI fragment
	keyword  string
}

// firstFailure is the failure that MySQL finds first: it goes through the document in
// its order, and looks at a value as a whole when it has seen its parts.
func firstFailure(e *jsonschema.ValidationError) *schemaFailure {
	var all []*schemaFailure
	var collect func(e *jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		switch e.ErrorKind.(type) {
		case *failure.Schema, *failure.Group:
			for _, cause := range e.Causes {
				collect(cause)
			}
			return
		}
		f := &schemaFailure{document: e.InstanceLocation, schema: "#"}
		if _, fragment, ok := strings.Cut(e.SchemaURL, "#"); ok {
			f.schema += fragment
		}
		if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
			f.keyword = path[0]
		}
		all = append(all, f)
	}
	collect(e)
	return slices.MinFunc(all, func(a, b *schemaFailure) int {
		for i := range min(len(a.document), len(b.document)) {
			x, y := a.document[i], b.document[i]
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if order := strings.Compare(x, y); order != 0 {
				return order
			}
		}
		if len(a.document) != len(b.document) {
			return len(b.document) - len(a.document)
		}
		return strings.Compare(a.schema+" "+a.keyword, b.schema+" "+b.keyword)
	})
}

func (f *schemaFailure) report() map[string]any {
	at := "#"
	for _, key := range f.document {
		at += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
	}
	return map[string]any{
		"valid": false, "schema-location": f.schema, "document-location": at, "schema-failed-keyword": f.keyword,
		"reason": "The JSON document location '" + at + "' failed requirement '" + f.keyword + "' at JSON Schema location '" + f.schema + "'",
	}
}
