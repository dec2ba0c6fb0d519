package eval

import (
	"testing"

	"wharf"
	"wharf/sql"
)

// BenchmarkDocument computes what queries of files ask of a document of each row.
func BenchmarkDocument(b *testing.B) {
	const document = `{"user": {"id": 48213, "name": "Zoë", "plan": "team"}, "event": "upload", "tags": ["csv", "partner"], "bytes": 1048576, "ok": true, "at": "2026-01-02T03:04:05Z"}`
	for _, expression := range []string{
		"JSON_UNQUOTE(JSON_EXTRACT(i0, '$.user.plan'))",
		"JSON_UNQUOTE(JSON_EXTRACT(i0, '$.user.id')) = '48213'",
		"JSON_EXTRACT(i0, '$.bytes') > 1000",
		"JSON_EXTRACT(i0, '$.tags[0]')",
		"JSON_EXTRACT(i0, '$')",
		"JSON_LENGTH(i0, '$.tags')",
	} {
		b.Run(expression, func(b *testing.B) {
			x, err := Expressions([]byte(`{"Zone": "+00:00"}`), func(uint16, string) {})
			if err != nil {
				b.Fatal(err)
			}
			compiled, err := x.Compile(b.Context(), sql.Expression{Text: expression, Inputs: []sql.Input{{Name: "i0", Type: wharf.TypeJSON}}})
			if err != nil {
				b.Fatal(err)
			}
			row := []wharf.Value{wharf.Text(document)}
			b.ReportAllocs()
			for b.Loop() {
				if v, err := compiled.Eval(row); err != nil || v.IsNull() {
					b.Fatal(v, err)
				}
			}
		})
	}
}
