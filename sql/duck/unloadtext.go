//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// lines is how the records of CSV, TSV and NDJSON are written. DuckDB has no words for what
// their readers want, such as quotes around an empty text, writes no delimiter of
// several bytes, and shows numbers and dates otherwise than MySQL does: so each line is
// made as it stands in the file, and is DuckDB's one column.
type lines struct {
	objects              bool // NDJSON, which has nothing of what follows
	delimiter, end, null string
	header               bool
	oneColumn            bool                      // what counts the lines takes each for one field
	text                 func(value string) string // the expression of a field that is not NULL
	name                 func(string) string       // a field of the header
}

func textOutput(f wharf.FileFormat) (output, error) {
	if e := f.Encoding.Or("UTF-8"); e != "UTF-8" {
		return output{}, wharf.Errorf(wharf.CodeUnsupported, "ENCODING = %s cannot be written; UTF-8 can", e)
	}
	end := f.RecordDelimiter.Or("\n")
	if end != "\n" && end != "\r\n" {
		return output{}, wharf.Errorf(wharf.CodeUnsupported, `a RECORD_DELIMITER other than '\n' and '\r\n' cannot be written`)
	}
	l := &lines{delimiter: f.FieldDelimiter.Or(","), end: strings.TrimSuffix(end, "\n"), null: f.NullDisplay.Or(`\N`), header: f.OutputHeader.Value}
	quote, escape, counted := f.Quote.Or(`"`), f.Escape.Or(""), l.delimiter
	if f.Type == wharf.TSV {
		l.delimiter, quote, escape, counted = f.FieldDelimiter.Or("\t"), "", "", "\t"
		l.oneColumn = l.delimiter != "\t" // a tab is always escaped then, and the delimiter may be in fields
		if l.delimiter == `\` {
			return output{}, wharf.Errorf(wharf.CodeUnsupported, `FIELD_DELIMITER = '\\' cannot be written as TSV, where a backslash begins an escape`)
		}
		l.text = func(v string) string { return escapedField(v, l.delimiter, l.null) }
		l.name = func(name string) string { return strings.NewReplacer(escapes(l.delimiter)...).Replace(name) }
	} else {
		if escape == "" {
			escape = quote
		}
		always := f.QuoteStyle.Value == "QUOTE_NOT_NULL"
		l.text = func(v string) string { return quotedField(v, l.delimiter, quote, escape, l.null, always) }
		l.name = func(name string) string {
			if !always && name != "" && !strings.ContainsAny(name, l.delimiter+quote+escape+"\r\n") {
				return name
			}
			return quote + strings.NewReplacer(escape, escape+escape, quote, escape+quote).Replace(name) + quote
		}
	}
	if strings.ContainsAny(l.null, l.delimiter+quote+"\r\n") {
		return output{}, wharf.Errorf(wharf.CodeInvalid, "NULL_DISPLAY = %s has what ends a field or a line, so that no NULL could be read; set another", quoteString(l.null))
	}
	o := output{lines: l, bytes: bytesText(f)}
	o.options = unquoted(l.header)
	o.read = fmt.Sprintf("read_csv(%%s, auto_detect = false, columns = {%%s}, header = %t, delim = %s, quote = %s, escape = %s, nullstr = '', comment = '', max_line_size = %d, buffer_size = %d)",
		l.header, quoteString(counted), quoteString(quote), quoteString(escape), maxLine, bufferSize)
	return o, nil
}

// unquoted are the options by which DuckDB writes lines as they are.
func unquoted(header bool) []string {
	return []string{"FORMAT csv", "HEADER " + strconv.FormatBool(header), "QUOTE ''", "ESCAPE ''"}
}

// line gives the expression of a line with these fields, and the line of the header.
func (l *lines) line(fields, names []string) (expression, header string, err error) {
	if l.objects {
		return object(fields, names), "line", nil
	}
	if len(fields) > 1 && l.delimiter == "" {
		return "", "", wharf.Errorf(wharf.CodeInvalid, "FIELD_DELIMITER = '' is for lines of one field, and the query has %d columns", len(fields))
	}
	parts, heads := make([]string, len(fields)), make([]string, len(fields))
	for i, v := range fields {
		parts[i], heads[i] = "coalesce("+l.text(v)+", "+quoteString(l.null)+")", l.name(names[i])
	}
	return strings.Join(parts, " || "+quoteString(l.delimiter)+" || ") + " || " + quoteString(l.end), strings.Join(heads, l.delimiter) + l.end, nil
}

// object gives the expression of an object with these members.
func object(fields, names []string) string {
	var b strings.Builder
	for i, v := range fields {
		before := ","
		if i == 0 {
			before = ""
		}
		b.WriteString(quoteString(before) + " || CAST(to_json(" + quoteString(names[i]) + ") AS VARCHAR) || ':' || coalesce(" + v + ", 'null') || ")
	}
	return "'{' || " + b.String() + "'}'"
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

// field gives the expression of a column of a file, of which decimals digits behind the
// point are shown. In text, a value is as a SELECT shows it.
func (o output) field(v string, c column, decimals int) string {
	if o.lines == nil {
		switch c.Type {
		case wharf.TypeJSON:
			return "CAST(" + v + " AS JSON)"
		case wharf.TypeTime:
			return "CAST(" + v + " AS TIME)"
		}
		return v
	}
	shown := "CAST(" + v + " AS VARCHAR)"
	isNumber := false
	switch c.Type {
	case wharf.TypeInt, wharf.TypeUint:
		isNumber = true
	case wharf.TypeDecimal, wharf.TypeFloat:
		isNumber, shown = true, shownText(v, decimals)
	case wharf.TypeBool:
		if isNumber = true; !o.lines.objects {
			shown = "CAST(CAST(" + v + " AS TINYINT) AS VARCHAR)"
		}
	case wharf.TypeDate, wharf.TypeDateTime:
		shown = shownText(v, decimals)
	case wharf.TypeBytes:
		shown = o.bytes(v)
	}
	if o.lines.objects && !isNumber && c.Type != wharf.TypeJSON {
		return "CAST(to_json(" + shown + ") AS VARCHAR)"
	}
	return shown
}

// shownText gives the expression of a value as the text that a SELECT shows; a
// decimals of -1 is that of the type.
func shownText(v string, decimals int) string { return fmt.Sprintf("mysql_shown(%d, %s)", decimals, v) }
