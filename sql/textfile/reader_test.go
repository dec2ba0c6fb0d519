package textfile

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// csv is what CSV files have without options.
var csv = Dialect{Field: ",", Quote: `"`, Nulls: []string{`\N`}, EmptyNull: true}

func with(change func(*Dialect)) Dialect {
	d := csv
	change(&d)
	return d
}

// shown writes the records of a text on one line: NULL is -.
func shown(t *testing.T, text string, d Dialect) string {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), d)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return strings.Join(records, " / ")
		}
		var bad *BadRecord
		if errors.As(err, &bad) {
			return strings.Join(append(records, "! "+bad.Error()), " / ")
		}
		if err != nil {
			t.Fatal(err)
		}
		all := make([]string, len(fields))
		for i, f := range fields {
			if all[i] = f.Text; f.Null {
				all[i] = "-"
			}
		}
		records = append(records, strings.Join(all, "|"))
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	tsv := Dialect{Field: "\t", Backslash: true, Nulls: []string{`\N`}, EmptyNull: true}
	for _, c := range []struct {
		text string
		d    Dialect
		want string
	}{
		{"a,b\n1,2\n", csv, "a|b / 1|2"},
		{"\ufeffa,b\n1,2", csv, "a|b / 1|2"},
		{"a,b\r\n\"x\r\ny\",2\r\n", csv, "a|b / x\r\ny|2"},
		{"a,b\r1,2\n3,4\r\n", csv, "a|b / 1|2 / 3|4"},
		{"a,b\n\n1,2\n\n", csv, "a|b / 1|2"},
		{"a\n\nb\n", csv, "a / - / b"},
		{"", csv, ""},
		{"\n", csv, "-"},
		{"\n\na\n\n", csv, "- / - / a / -"},
		{"\n\na\n\n", with(func(d *Dialect) { d.EmptyNull = false }), " /  / a / "},
		{";;a;;", with(func(d *Dialect) { d.Record = ";" }), "- / - / a / -"},
		{";;a,b;;", with(func(d *Dialect) { d.Record = ";" }), "a|b"},
		{"\n\na,b\n", csv, "a|b"},
		{"#\n\n\n", with(func(d *Dialect) { d.Skip = 1 }), "- / -"},
		{`"a""b",c` + "\n", csv, `a"b|c`},
		{"a\"b,c\n", csv, `a"b|c`},
		{`,"",\N,"\N"` + "\n", csv, `-||-|\N`},
		{`,"",\N,"\N"` + "\n", with(func(d *Dialect) { d.QuotedNull, d.QuotedEmpty = true, true }), `-|-|-|-`},
		{`,"",\N` + "\n", with(func(d *Dialect) { d.EmptyNull = false }), `||-`},
		{",NA\n", with(func(d *Dialect) { d.Nulls = []string{"NA"} }), `-|-`},
		{"  a , \" b \"  ,c d\n", with(func(d *Dialect) { d.Trim = true }), `a| b |c d`},
		{"  a , b\n", csv, `  a | b`},
		{`"a\"b","c\\d",e\f` + "\n", with(func(d *Dialect) { d.Escape = `\` }), `a"b|c\d|e\f`},
		{"'a,b'|'c'\n", with(func(d *Dialect) { d.Quote, d.Field = "'", "|" }), `a,b|c`},
		{"a§b§\"c§\"\n", with(func(d *Dialect) { d.Field = "§" }), `a|b|c§`},
		{"a,b;1,\"2;\";", with(func(d *Dialect) { d.Record = ";" }), `a|b / 1|2;`},
		{"# \"head\nx\na,b\n", with(func(d *Dialect) { d.Skip = 2 }), `a|b`},
		{"a,b\n1\n2,3,4\n", with(func(d *Dialect) { d.Ragged = true }), `a|b / 1 / 2|3|4`},
		{"a,b\n1\n", csv, "a|b / ! line 2, column 2: it has 1 column, and the first record has 2"},
		{"a,b\n\"x\ny\",2\n1,2,3\n", csv, "a|b / x\ny|2 / ! line 4, column 3: it has 3 columns, and the first record has 2"},
		{"a,b\n1,\"2\n3\n", csv, "a|b / ! line 2, column 2: the quote that opens here is not closed"},
		{"a,\"b\"c\n", csv, "! line 1, column 2: there is text behind the closing quote; a quote within quotes is doubled"},
		{"a;b,c;", with(func(d *Dialect) { d.Record = ";" }), "a / ! record 2, column 2: it has 2 columns, and the first record has 1"},
		{"a\xff,b\n", with(func(d *Dialect) { d.AnyBytes = true }), "a\ufffd|b"},
		{"a\tb\\tc\\nd\\\\e\t\\N\t\\x\n", tsv, "a|b\tc\nd\\e|-|\\x"},
		{"a|b\\|c\n", Dialect{Field: "|", Backslash: true}, "a|b|c"},
		{"a§b\\§c\n", Dialect{Field: "§", Backslash: true}, "a|b§c"},
		{"a\tb\n", Dialect{Backslash: true}, "a\tb"},
	} {
		if got := shown(t, c.text, c.d); got != c.want {
			t.Errorf("%q:\n%q, want\n%q", c.text, got, c.want)
		}
	}
	if got := shown(t, "a,b\n1,x\xff\n", csv); !strings.HasPrefix(got, "a|b / ! line 2, column 2: its bytes are no UTF-8 text") {
		t.Errorf("bytes that are no text: %s", got)
	}
}

// TestConvert writes records as DuckDB reads them: each keeps the number of its
// line.
func TestConvert(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("\r\na|b\r\n\r\n\"x\"\"y\"|\r\n|\"\"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	job := Job{Path: from, To: to, Records: true, Limit: 1 << 20, Dialect: with(func(d *Dialect) { d.Field = "|" })}
	if err := job.Convert(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if want := "\n\"a\",\"b\"\n\n\"x\"\"y\",\n,\"\"\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	job.To, job.Limit = filepath.Join(dir, "short"), 5
	if err := job.Convert(); !errors.Is(err, ErrTooLong) {
		t.Errorf("beyond its limit: %v", err)
	}
}

// TestLook finds out what DuckDB reads by itself.
func TestLook(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a,b\n1,2\n":            `2 "\n" true`,
		"a,b\r\n1,2\r\n":        `2 "\r\n" true`,
		"a,b\r1,2\r":            `2 "\r" true`,
		"a,b\r\n1,2\n":          `2 "\r\n" false`,
		"\"a\nb\",c\r\n1,2\r\n": `2 "\r\n" false`,
		"a,b":                   `2 "" true`,
		"":                      `0 "\n" true`,
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		look, err := Job{Path: path, Records: true, Dialect: csv}.Look()
		if got := fmt.Sprintf("%d %q %t", len(look.First), look.Ends, look.Native); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
}

// TestLength counts the text of a compressed file, if it is short.
func TestLength(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bytes, want int64 }{{8, 8}, {counted, counted}, {counted + 1, 0}, {20 * counted, 0}} {
		path := filepath.Join(t.TempDir(), "f")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		packed := gzip.NewWriter(f)
		_, err = io.WriteString(packed, strings.Repeat("a,b,cde\n", int(c.bytes+7)/8)[:c.bytes])
		if err := errors.Join(err, packed.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		look, err := Job{Path: path, Compression: "GZIP", Records: true, Dialect: csv}.Look()
		if err != nil || look.Length != c.want {
			t.Errorf("%d bytes: %d, %v, want %d", c.bytes, look.Length, err, c.want)
		}
	}
}

// FuzzReader reads any text: what it gives is the same when it was converted.
func FuzzReader(f *testing.F) {
	f.Add("a,\"b\"\"\nc\",\\N\r\n1,,\"\"", false)
	f.Add(" a , b \n", true)
	f.Fuzz(func(t *testing.T, text string, trim bool) {
		d := with(func(d *Dialect) { d.Trim, d.AnyBytes = trim, true })
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		first := shown(t, text, d)
		job := Job{Path: path, To: path + ".out", Records: true, Dialect: d, Limit: 1 << 20}
		err := job.Convert()
		if bad := strings.Contains(first, "! "); err != nil || bad {
			return
		}
		out, err := os.ReadFile(job.To)
		if err != nil {
			t.Fatal(err)
		}
		canonical := Dialect{Field: ",", Quote: `"`, EmptyNull: true}
		if second := shown(t, string(out), canonical); second != first {
			t.Errorf("%q: %q, and converted %q: %q", text, first, out, second)
		}
	})
}
