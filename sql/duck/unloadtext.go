//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// textOutput is how files of CSV and TSV are written. DuckDB has no words for what
// their readers want, such as quotes around an empty text, so each field is made
// as it stands in the file, and DuckDB is to change none.
func textOutput(f wharf.FileFormat) (output, error) {
	if e := f.Encoding.Or("UTF-8"); e != "UTF-8" {
		return output{}, wharf.Errorf(wharf.CodeUnsupported, "ENCODING = %s cannot be written; UTF-8 can", e)
	}
	if f.RecordDelimiter.Or("\n") != "\n" {
		return output{}, wharf.Errorf(wharf.CodeUnsupported, `a RECORD_DELIMITER other than '\n' cannot be written`)
	}
	null := f.NullDisplay.Or(`\N`)
	delimiter, quote, escape := f.FieldDelimiter.Or(","), f.Quote.Or(`"`), f.Escape.Or("")
	o := output{bytes: bytesText(f)}
	if f.Type == wharf.TSV {
		delimiter, quote, escape = f.FieldDelimiter.Or("\t"), "", ""
		o.text = func(v string) string { return escapedField(v, delimiter, null) }
		o.name = func(name string) string { return strings.NewReplacer(escapes(delimiter)...).Replace(name) }
	} else {
		if escape == "" {
			escape = quote
		}
		always := f.QuoteStyle.Value == "QUOTE_NOT_NULL"
		o.text = func(v string) string { return quotedField(v, delimiter, quote, escape, null, always) }
		o.name = func(name string) string {
			if !always && name != "" && !strings.ContainsAny(name, delimiter+quote+escape+"\r\n") {
				return name
			}
			return quote + strings.NewReplacer(escape, escape+escape, quote, escape+quote).Replace(name) + quote
		}
	}
	header := "HEADER " + strconv.FormatBool(f.OutputHeader.Value)
	o.options = []string{"FORMAT csv", header, "DELIMITER " + quoteString(delimiter), "QUOTE ''", "ESCAPE ''", "NULLSTR " + quoteString(null)}
	o.read = fmt.Sprintf("read_csv(%%s, all_varchar = true, header = %t, delim = %s, quote = %s, escape = %s, comment = '', max_line_size = %d, buffer_size = %d)",
		f.OutputHeader.Value, quoteString(delimiter), quoteString(quote), quoteString(escape), maxLine, bufferSize)
	return o, nil
}

// quotedField gives the expression of a field of CSV: in quotes if it would be read
// as something else without. An empty field without quotes is NULL.
func quotedField(v, delimiter, quote, escape, null string, always bool) string {
	in := v
	if escape != quote {
		in = replaced(in, escape, escape+escape)
	}
	in = quoteString(quote) + " || " + replaced(in, quote, escape+quote) + " || " + quoteString(quote)
	if always {
		return in
	}
	var special []string
	for _, text := range []string{delimiter, quote, escape, "\n", "\r"} {
		special = append(special, "contains("+v+", "+quoteString(text)+")")
	}
	return fmt.Sprintf("CASE WHEN %s IN ('', %s) OR %s THEN %s ELSE %s END", v, quoteString(null), strings.Join(special, " OR "), in, v)
}

// escapes is what stands in TSV for what would end a field or begin an escape, the
// backslash first.
func escapes(delimiter string) []string {
	all := []string{`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`}
	if delimiter != "\t" && delimiter != "" {
		all = append(all, delimiter, `\`+delimiter)
	}
	return all
}

// escapedField gives the expression of a field of TSV. A text that is the one for
// NULL cannot be written, unless it has a backslash, which is doubled.
func escapedField(v, delimiter, null string) string {
	in := v
	for pair := range slices.Chunk(escapes(delimiter), 2) {
		in = replaced(in, pair[0], pair[1])
	}
	if strings.Contains(null, `\`) {
		return in
	}
	return fmt.Sprintf("CASE WHEN %s = %s THEN error('the text ' || %s || ' is that of NULL; set another NULL_DISPLAY') ELSE %s END", v, quoteString(null), v, in)
}

func replaced(v, old, with string) string {
	return "replace(" + v + ", " + quoteString(old) + ", " + quoteString(with) + ")"
}

// bytesText gives the expression of bytes as BINARY_FORMAT wants them.
func bytesText(f wharf.FileFormat) func(string) string {
	if f.BinaryFormat.Value == "BASE64" {
		return func(v string) string { return "to_base64(" + v + ")" }
	}
	return func(v string) string { return "hex(" + v + ")" }
}

// field gives the expression of a column of a file.
func (o output) field(v string, c column) string {
	switch {
	case c.Duck == "BLOB" && o.bytes != nil:
		v = o.bytes(v)
	case c.Type == wharf.TypeJSON && o.text != nil:
		v = "CAST(to_json(" + v + ") AS VARCHAR)"
	case o.text != nil:
		v = "CAST(" + v + " AS VARCHAR)"
	}
	if o.text != nil {
		v = o.text(v)
	}
	return v
}
