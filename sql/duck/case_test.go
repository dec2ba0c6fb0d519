//go:build linux && !noduck

package duck

import (
	"strings"
	"testing"
)

// TestCase wants UPPER and LOWER of all characters to be those of the server's own
// evaluator.
func TestCase(t *testing.T) {
	t.Parallel()
	const most = "SELECT mysql_%s(string_agg(chr(CAST(i AS INTEGER)), '' ORDER BY i)) FROM range(32, 1114112) r(i) WHERE i NOT BETWEEN 55296 AND 57343 GROUP BY CASE WHEN i < 128 THEN -1 ELSE i // 4096 END ORDER BY min(i)"
	var all strings.Builder
	for r := rune(32); r <= 0x10FFFF; r++ {
		if r < 0xD800 || r > 0xDFFF {
			all.WriteRune(r)
		}
	}
	p := open(t, nil)
	for name, mapping := range map[string]func(string) string{"upper": strings.ToUpper, "lower": strings.ToLower} {
		l, err := p.lease(t.Context(), owner{user: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := l.rows(statement{SQL: strings.Replace(most, "%s", name, 1), State: []byte(`{"Zone":"+00:00"}`)}, nil)
		if err != nil {
			l.end(err)
			t.Fatal(l.explain(err))
		}
		var got strings.Builder
		for row, err := range rows.All {
			if err != nil {
				t.Fatal(err)
			}
			got.WriteString(row[0].Str())
		}
		if mapped := got.String(); mapped != mapping(all.String()) {
			want := []rune(mapping(all.String()))
			for i, r := range []rune(mapped) {
				if i >= len(want) || r != want[i] {
					t.Fatalf("%s: the character after %d others is %U, of %d bytes in all", name, i, r, len(mapped))
				}
			}
			t.Fatalf("%s: %d bytes of %d", name, len(mapped), len(string(want)))
		}
	}
}
