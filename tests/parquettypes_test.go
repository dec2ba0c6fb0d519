package tests

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestParquetTypes asks for values of Parquet's types in the text and in the binary protocol.
func TestParquetTypes(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE odd")
	for _, name := range []string{"nested", "variant", "fardates", "longdecimals"} {
		s.put("odd", name+".parquet", filepath.Join("..", "sql", "duck", "testdata", "parquet", name+".parquet"))
	}
	db := s.db("")
	for _, c := range []struct {
		query string // a condition on id follows
		want  []string
	}{
		{"SELECT list, s, m FROM odd.`nested.parquet`", []string{"[12345678901234567890.12, null]", `{"a": 0.50, "x": 0.1, "b \"c\"": [{"d": 1234567890123456.78}]}`, `{"k": 1.10}`}},
		{"SELECT list->'$[0]', CAST(list AS CHAR), JSON_TYPE(s->'$.a'), JSON_ARRAY(m) FROM odd.`nested.parquet`", []string{"12345678901234567890.12", "[12345678901234567890.12, null]", "DECIMAL", `[{"k": 1.10}]`}},
		{"SELECT bytes, bytes->>'$[1]', j, d FROM odd.`nested.parquet`", []string{`["/yI=", "a\"b", null]`, `a"b`, `{"a": [null, 12], "b": "1e400"}`, "[null, -0.5]"}},
		{"SELECT fraction, `long`, u, e, iv FROM odd.`nested.parquet`", []string{"-0.05000000000000000000000000000000000000", "12345678901234567890.12", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b", "1 month 2 days 03:04:05"}},
		{"SELECT $1 FROM @odd/nested.parquet", []string{`{"d": [null, -0.5], "e": "b", "j": {"a": [null, 12], "b": "1e400"}, "m": {"k": 1.10}, "s": {"a": 0.50, "x": 0.1, "b \"c\"": [{"d": 1234567890123456.78}]}, ` +
			`"u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "id": 1, "iv": "1 month 2 days 03:04:05", "list": [12345678901234567890.12, null], "long": 12345678901234567890.12, ` +
			`"bytes": ["/yI=", "a\"b", null], "fraction": -0.05000000000000000000000000000000000000}`}},
		{"SELECT v, v->'$.y', JSON_TYPE(v), v IS NULL FROM odd.`variant.parquet`", []string{`{"x": 1, "y": ["a\"", null]}`, `["a\"", null]`, "OBJECT", "0"}},
		{"SELECT (SELECT v IS NULL FROM odd.`variant.parquet` WHERE id = 2), (SELECT GROUP_CONCAT(id ORDER BY id) FROM odd.`fardates.parquet` WHERE d IS NULL AND ts IS NULL AND tz IS NULL) FROM odd.`variant.parquet`", []string{"1", "2,3,4,5,6,9"}},
		{"SELECT (SELECT $1 FROM @odd/fardates.parquet f WHERE f.id = 4), (SELECT $1->'$.d' FROM @odd/fardates.parquet f WHERE f.id = 7), COUNT(*) FROM odd.`fardates.parquet`", []string{`{"d": null, "id": 4, "ts": null, "tz": null}`, `"0000-01-01"`, "1"}},
	} {
		for protocol, arg := range map[string][]any{" WHERE id = 1": nil, " WHERE id = ?": {1}} {
			got, want := s.texts(c.query+protocol, arg...), strings.Join(c.want, "\t")
			if !slices.Equal(got, []string{want}) {
				t.Errorf("%s%s: %s, want %s", c.query, protocol, got, want)
			}
		}
	}
	const long = "a decimal of more than 38 digits, as the column 'big' has with 50, is not supported by Wharf"
	for _, query := range []string{"SELECT * FROM odd.`longdecimals.parquet`", "SELECT $1 FROM @odd/longdecimals.parquet",
		"COPY INTO @odd/out.parquet FROM (SELECT big FROM @odd/longdecimals.parquet)"} {
		if _, err := db.ExecContext(s.context(), query); err == nil || !strings.Contains(err.Error(), "Error 1235 (42000): "+long) {
			t.Errorf("%s: %v, want %s", query, err, long)
		}
	}
	if got := s.column("SELECT COUNT(*) FROM odd.`longdecimals.parquet`"); !slices.Equal(got, []string{"2"}) {
		t.Errorf("rows beside a column that cannot be read: %s", got)
	}
}
