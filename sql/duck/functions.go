//go:build linux && !noduck

package duck

import (
	"fmt"
	"maps"
	"strings"

	"wharf"
)

// functions are MySQL's functions that stand for themselves. Those that read
// no column are the same here as everywhere: the oracle holds them.
var functions = map[string]function{}

func init() {
	for _, topic := range []map[string]function{control(), numbers(), texts(), dates(), documents()} {
		maps.Copy(functions, topic)
	}
}

// control are the functions that choose between values.
func control() map[string]function {
	return map[string]function{
		"if":     {3, 3, func(t *translator, a []expr) expr { return choose([]string{a[0].truth()}, a[1:2], a[2]) }},
		"ifnull": {2, 2, coalesce}, "coalesce": {1, -1, coalesce},
		"nullif": {2, 2, func(t *translator, a []expr) expr {
			e := a[0]
			e.literal = nil
			e.sql = "CASE WHEN " + t.compare("=", a[0], a[1]).sql + " THEN NULL ELSE " + a[0].sql + " END"
			return e
		}},
		"isnull":   {1, 1, func(t *translator, a []expr) expr { return condition("("+a[0].sql+" IS NULL)", a...) }},
		"greatest": {2, -1, extreme("greatest")}, "least": {2, -1, extreme("least")},
	}
}

// numbers are the functions that compute numbers.
func numbers() map[string]function {
	return map[string]function{
		"abs":  {1, 1, func(t *translator, a []expr) expr { return same("abs", a[0].number()) }},
		"ceil": {1, 1, wholeNumber("ceil")}, "ceiling": {1, 1, wholeNumber("ceil")}, "floor": {1, 1, wholeNumber("floor")},
		"round": {1, 2, round}, "truncate": {2, 2, truncate},
		"sign": {1, 1, func(t *translator, a []expr) expr { return integer("CAST(sign(" + a[0].number().sql + ") AS BIGINT)") }},
		"mod":  {2, 2, func(t *translator, a []expr) expr { return modulo(a[0].number(), a[1].number()) }},
		"pow":  {2, 2, reals("mysql_finite(pow(%s, %s))")}, "power": {2, 2, reals("mysql_finite(pow(%s, %s))")},
		"sqrt": {1, 1, reals("mysql_sqrt(%s)")}, "exp": {1, 1, reals("mysql_finite(exp(%s))")},
		"ln": {1, 1, reals("mysql_ln(%s)")}, "log2": {1, 1, reals("(mysql_ln(%s) / ln(2))")}, "log10": {1, 1, reals("mysql_log10(%s)")},
		"log": {1, 2, func(t *translator, a []expr) expr {
			if len(a) == 1 {
				return double("mysql_ln(" + a[0].real() + ")")
			}
			return double("mysql_log(" + a[0].real() + ", " + a[1].real() + ")")
		}},
		"sin": {1, 1, reals("sin(%s)")}, "cos": {1, 1, reals("cos(%s)")}, "tan": {1, 1, reals("tan(%s)")}, "cot": {1, 1, reals("(1 / tan(%s))")},
		"asin": {1, 1, reals("mysql_asin(%s)")}, "acos": {1, 1, reals("mysql_acos(%s)")},
		"atan": {1, 2, arcTangent}, "atan2": {2, 2, arcTangent},
		"degrees": {1, 1, reals("degrees(%s)")}, "radians": {1, 1, reals("radians(%s)")},
		"pi":   {0, 0, func(t *translator, a []expr) expr { return double("pi()") }},
		"rand": {0, 0, func(t *translator, a []expr) expr { return double("random()") }},
		"bit_count": {1, 1, func(t *translator, a []expr) expr {
			return integer("CAST(bit_count(" + a[0].integer() + ") AS BIGINT)")
		}},
		"crc32": {1, 1, unavailable("CRC32")},
	}
}

// texts are the functions that make and look into text.
func texts() map[string]function {
	return map[string]function{
		"concat": {1, -1, concat}, "concat_ws": {2, -1, concatWS},
		"length": {1, 1, lengthBytesOf}, "octet_length": {1, 1, lengthBytesOf},
		"bit_length": {1, 1, func(t *translator, a []expr) expr {
			return integer("(8 * " + lengthBytesOf(t, a).sql + ")")
		}},
		"char_length": {1, 1, texts1("length(%s)", kindInt)}, "character_length": {1, 1, texts1("length(%s)", kindInt)},
		"lower": {1, 1, texts1("lower(%s)", kindText)}, "lcase": {1, 1, texts1("lower(%s)", kindText)},
		"upper": {1, 1, texts1("upper(%s)", kindText)}, "ucase": {1, 1, texts1("upper(%s)", kindText)},
		"ltrim": {1, 1, texts1("ltrim(%s, ' ')", kindText)}, "rtrim": {1, 1, texts1("rtrim(%s, ' ')", kindText)},
		"reverse": {1, 1, texts1("reverse(%s)", kindText)},
		"left":    {2, 2, textNumber("left(%s, greatest(%s, 0))")}, "right": {2, 2, textNumber("right(%s, greatest(%s, 0))")},
		"repeat":    {2, 2, textNumber("mysql_repeat(%s, %s)")},
		"space":     {1, 1, func(t *translator, a []expr) expr { return text("mysql_repeat(' ', " + a[0].integer() + ")") }},
		"substring": {2, 3, substring}, "substr": {2, 3, substring}, "mid": {3, 3, substring},
		"substring_index": {3, 3, func(t *translator, a []expr) expr {
			return text("mysql_substring_index(" + a[0].text() + ", " + a[1].text() + ", " + a[2].integer() + ")")
		}},
		"replace": {3, 3, func(t *translator, a []expr) expr {
			return text("mysql_replace(" + a[0].text() + ", " + a[1].text() + ", " + a[2].text() + ")")
		}},
		"lpad": {3, 3, pad("mysql_lpad")}, "rpad": {3, 3, pad("mysql_rpad")},
		"instr": {2, 2, func(t *translator, a []expr) expr { return t.locate(a[1], a[0], "") }},
		"locate": {2, 3, func(t *translator, a []expr) expr {
			if len(a) == 3 {
				return t.locate(a[0], a[1], a[2].integer())
			}
			return t.locate(a[0], a[1], "")
		}},
		"position": {2, 2, func(t *translator, a []expr) expr { return t.locate(a[0], a[1], "") }},
		"strcmp": {2, 2, func(t *translator, a []expr) expr {
			l, r := t.comparable(expr{sql: a[0].text(), kind: kindText, constant: a[0].constant}, expr{sql: a[1].text(), kind: kindText, constant: a[1].constant})
			return integer("CASE WHEN " + l + " < " + r + " THEN -1 WHEN " + l + " = " + r + " THEN 0 WHEN " + l + " > " + r + " THEN 1 END")
		}},
		"field": {2, -1, field}, "elt": {2, -1, elt},
		"find_in_set": {2, 2, func(t *translator, a []expr) expr {
			return integer("mysql_find_in_set(" + a[0].text() + ", " + a[1].text() + ")")
		}},
		"ascii": {1, 1, texts1("mysql_ascii(%s)", kindInt)}, "ord": {1, 1, texts1("mysql_ord(%s)", kindInt)},
		"hex": {1, 1, hex}, "unhex": {1, 1, func(t *translator, a []expr) expr {
			return expr{sql: "mysql_unhex(" + a[0].text() + ")", kind: kindBytes}
		}},
		"bin": {1, 1, func(t *translator, a []expr) expr { return text("bin(CAST(" + a[0].integer() + " AS BIGINT))") }},
		"md5": {1, 1, texts1("md5(%s)", kindText)}, "sha1": {1, 1, texts1("sha1(%s)", kindText)}, "sha": {1, 1, texts1("sha1(%s)", kindText)},
		"sha2": {2, 2, func(t *translator, a []expr) expr {
			if a[1].sql != "256" && a[1].sql != "0" {
				return t.refuse("SHA2 of other than 256 bits")
			}
			return text("sha256(" + a[0].text() + ")")
		}},
		"to_base64": {1, 1, func(t *translator, a []expr) expr { return text("to_base64(" + bytesOf(a[0]) + ")") }},
		"from_base64": {1, 1, func(t *translator, a []expr) expr {
			return expr{sql: "from_base64(" + a[0].text() + ")", kind: kindBytes}
		}},
		"regexp_like": {2, 2, func(t *translator, a []expr) expr { return t.regexp(a[0], a[1], false) }},
		"regexp_replace": {3, 3, func(t *translator, a []expr) expr {
			return text("regexp_replace(" + a[0].text() + ", " + a[1].text() + ", " + a[2].text() + ", 'g" + caseFlag(a[0]) + "')")
		}},
		"regexp_substr": {2, 2, func(t *translator, a []expr) expr {
			return text("nullif(regexp_extract(" + a[0].text() + ", " + a[1].text() + ", 0, 's" + caseFlag(a[0]) + "'), '')")
		}},
		"uuid": {0, 0, func(t *translator, a []expr) expr { return text("CAST(uuid() AS VARCHAR)") }},
	}
}

// dates are the functions that are about dates and times.
func dates() map[string]function {
	return map[string]function{
		"date": {1, 1, func(t *translator, a []expr) expr { return expr{sql: a[0].date(), kind: kindDate} }},
		"time": {1, 1, func(t *translator, a []expr) expr {
			if a[0].kind == kindTime {
				return a[0]
			}
			if a[0].kind == kindMoment || a[0].kind == kindDate {
				return expr{sql: "CAST(" + a[0].moment() + " AS TIME)", kind: kindTime, scale: a[0].scale}
			}
			return expr{sql: "mysql_time(" + a[0].text() + ")", kind: kindTime}
		}},
		"timestamp": {1, 1, func(t *translator, a []expr) expr {
			return expr{sql: a[0].moment(), kind: kindMoment, scale: a[0].scale}
		}},
		"year": {1, 1, part("year")}, "quarter": {1, 1, part("quarter")}, "month": {1, 1, part("month")},
		"day": {1, 1, part("day")}, "dayofmonth": {1, 1, part("day")}, "dayofyear": {1, 1, part("doy")},
		"hour": {1, 1, timePart("hour")}, "minute": {1, 1, timePart("minute")}, "second": {1, 1, timePart("second")},
		"microsecond": {1, 1, func(t *translator, a []expr) expr {
			return integer("(date_part('microsecond', " + a[0].moment() + ") % 1000000)")
		}},
		"dayofweek":  {1, 1, moments("(date_part('dow', %s) + 1)", kindInt)},
		"weekday":    {1, 1, moments("(date_part('isodow', %s) - 1)", kindInt)},
		"weekofyear": {1, 1, moments("date_part('week', %s)", kindInt)},
		"dayname":    {1, 1, moments("dayname(%s)", kindText)}, "monthname": {1, 1, moments("monthname(%s)", kindText)},
		"last_day": {1, 1, moments("last_day(%s)", kindDate)},
		"to_days":  {1, 1, moments("(date_diff('day', DATE '0001-01-01', CAST(%s AS DATE)) + 366)", kindInt)},
		"datediff": {2, 2, func(t *translator, a []expr) expr {
			return integer("date_diff('day', " + a[1].date() + ", " + a[0].date() + ")")
		}},
		"makedate": {2, 2, func(t *translator, a []expr) expr {
			return expr{sql: "mysql_makedate(" + a[0].integer() + ", " + a[1].integer() + ")", kind: kindDate}
		}},
		"date_format": {2, 2, dateFormat},
		"str_to_date": {2, 2, strToDate},
		"unix_timestamp": {1, 1, func(t *translator, a []expr) expr {
			at := "epoch_us(" + t.instant(a[0].moment()) + ")"
			if a[0].kind == kindMoment && a[0].scale > 0 {
				return expr{sql: "CAST(CAST(" + at + " AS DECIMAL(25,0)) * CAST(0.000001 AS DECIMAL(7,6)) AS DECIMAL(20,6))", kind: kindDecimal, precision: 20, scale: 6}
			}
			return integer("(" + at + " // 1000000)")
		}},
		"from_unixtime": {1, 1, func(t *translator, a []expr) expr {
			return expr{sql: t.local("mysql_from_unixtime(" + a[0].real() + ")"), kind: kindMoment, scale: min(6, a[0].number().scale)}
		}},
		"convert_tz": {3, 3, func(t *translator, a []expr) expr {
			return expr{sql: "mysql_convert_tz(" + a[0].moment() + ", " + a[1].text() + ", " + a[2].text() + ")", kind: kindMoment, scale: a[0].scale}
		}},
		"time_to_sec": {1, 1, func(t *translator, a []expr) expr {
			return integer("(date_part('hour', " + a[0].moment() + ") * 3600 + date_part('minute', " + a[0].moment() + ") * 60 + date_part('second', " + a[0].moment() + "))")
		}},
	}
}

// documents are the functions that are about JSON.
func documents() map[string]function {
	return map[string]function{
		"json_extract": {2, -1, jsonExtract},
		"json_unquote": {1, 1, func(t *translator, a []expr) expr { return text("mysql_unquote(" + a[0].text() + ")") }},
		"json_valid": {1, 1, func(t *translator, a []expr) expr {
			return condition("json_valid("+a[0].text()+")", a...)
		}},
		"json_length": {1, 2, jsonLength}, "json_type": {1, 1, unavailable("JSON_TYPE")},
		"json_keys": {1, 1, func(t *translator, a []expr) expr {
			return expr{sql: "to_json(json_keys(" + a[0].text() + "))", kind: kindJSON}
		}},
		"json_array": {0, -1, jsonArray}, "json_object": {0, -1, jsonObject},
		"json_contains_path": {3, 3, unavailable("JSON_CONTAINS_PATH")},
	}
}

func unavailable(name string) func(*translator, []expr) expr {
	return func(t *translator, _ []expr) expr { return t.refuse("the function " + name) }
}

func same(name string, e expr) expr {
	e.sql, e.literal = name+"("+e.sql+")", nil
	return e
}

func coalesce(t *translator, a []expr) expr {
	u := unify(a...)
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = e.as(u)
	}
	u.sql = "coalesce(" + strings.Join(parts, ", ") + ")"
	return u
}

// extreme is GREATEST and LEAST, which are NULL where any argument is.
func extreme(name string) func(*translator, []expr) expr {
	return func(t *translator, a []expr) expr {
		u := unify(a...)
		parts, missing := make([]string, len(a)), make([]string, len(a))
		for i, e := range a {
			parts[i], missing[i] = e.as(u), e.sql+" IS NULL"
		}
		u.sql = "CASE WHEN " + strings.Join(missing, " OR ") + " THEN NULL ELSE " + name + "(" + strings.Join(parts, ", ") + ") END"
		return u
	}
}

func reals(format string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		args := make([]any, len(a))
		for i, e := range a {
			args[i] = e.real()
		}
		return double(fmt.Sprintf(format, args...))
	}
}

func arcTangent(_ *translator, a []expr) expr {
	if len(a) == 1 {
		return double("atan(" + a[0].real() + ")")
	}
	return double("atan2(" + a[0].real() + ", " + a[1].real() + ")")
}

func wholeNumber(name string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		n := a[0].number()
		switch n.kind {
		case kindDouble:
			return double(name + "(" + n.sql + ")")
		case kindDecimal:
			return expr{sql: "CAST(" + name + "(" + n.sql + ") AS BIGINT)", kind: kindInt}
		}
		return n
	}
}

func round(_ *translator, a []expr) expr {
	n := a[0].number()
	places := "0"
	if len(a) == 2 {
		places = a[1].integer()
	}
	literal, isLiteral := smallLiteral(a)
	switch n.kind {
	case kindDouble:
		return double("mysql_round_double(" + n.sql + ", " + places + ")")
	case kindDecimal:
		if !isLiteral {
			return expr{sql: "mysql_round_decimal(" + n.sql + ", " + places + ")", kind: kindDecimal, precision: 38, scale: n.scale}
		}
		scale := min(n.scale, max(0, literal))
		e := expr{kind: kindDecimal, precision: min(38, n.whole()+1+scale), scale: scale}
		e.sql = fmt.Sprintf("CAST(round(%s, %d) AS %s)", n.sql, literal, e.duck())
		return e
	}
	if len(a) == 1 || isLiteral && literal >= 0 {
		return n
	}
	n.sql = "mysql_round_integer(" + n.sql + ", " + places + ")"
	return n
}

// smallLiteral gives the second argument where it is a literal.
func smallLiteral(a []expr) (int, bool) {
	if len(a) == 1 {
		return 0, true
	}
	var n int
	text := strings.Trim(a[1].sql, "()")
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || fmt.Sprint(n) != text || n > 30 || n < -30 {
		return 0, false
	}
	return n, true
}

func truncate(t *translator, a []expr) expr {
	n := a[0].number()
	places, ok := smallLiteral(a)
	if !ok {
		return t.refuse("TRUNCATE to a number of places that is no literal")
	}
	switch n.kind {
	case kindDouble:
		return double(fmt.Sprintf("mysql_truncate_double(%s, %d)", n.sql, places))
	case kindDecimal:
		scale := min(n.scale, max(0, places))
		e := expr{kind: kindDecimal, precision: min(38, n.whole()+scale+1), scale: scale}
		if places < 0 {
			return t.refuse("TRUNCATE of a decimal before its point")
		}
		if scale == n.scale {
			return n
		}
		e.sql = fmt.Sprintf("CAST(mysql_truncate_text(CAST(%s AS VARCHAR), %d) AS %s)", n.sql, scale, e.duck())
		return e
	}
	if places >= 0 {
		return n
	}
	n.sql = fmt.Sprintf("(CAST(trunc(%s / %s) AS BIGINT) * %s)", n.sql, power(-places), power(-places))
	return n
}

func concat(_ *translator, a []expr) expr {
	parts := make([]string, len(a))
	bytes := false
	for _, e := range a {
		bytes = bytes || e.kind == kindBytes
	}
	for i, e := range a {
		if bytes {
			parts[i] = bytesOf(e)
		} else {
			parts[i] = e.text()
		}
	}
	if bytes {
		return expr{sql: "(" + strings.Join(parts, " || ") + ")", kind: kindBytes}
	}
	if len(parts) == 1 {
		return text("CAST(" + parts[0] + " AS VARCHAR)")
	}
	return text("(" + strings.Join(parts, " || ") + ")")
}

func bytesOf(e expr) string {
	switch e.kind {
	case kindBytes:
		return e.sql
	case kindNull:
		return "CAST(NULL AS BLOB)"
	}
	return "encode(" + e.text() + ")"
}

func concatWS(_ *translator, a []expr) expr {
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = e.text()
	}
	return text("CASE WHEN " + parts[0] + " IS NULL THEN NULL ELSE concat_ws(" + strings.Join(parts, ", ") + ") END")
}

func lengthBytesOf(_ *translator, a []expr) expr {
	if a[0].kind == kindBytes {
		return integer("octet_length(" + a[0].sql + ")")
	}
	return integer("strlen(" + a[0].text() + ")")
}

func texts1(format string, k kind) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		e := expr{sql: fmt.Sprintf(format, a[0].text()), kind: k}
		e.binary, e.folded = a[0].binary, a[0].folded
		return e
	}
}

func textNumber(format string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		return text("CASE WHEN " + a[1].sql + " IS NULL THEN NULL ELSE " + fmt.Sprintf(format, a[0].text(), a[1].integer()) + " END")
	}
}

func substring(_ *translator, a []expr) expr {
	if len(a) == 2 {
		return text("mysql_substring_from(" + a[0].text() + ", " + a[1].integer() + ")")
	}
	return text("mysql_substring(" + a[0].text() + ", " + a[1].integer() + ", " + a[2].integer() + ")")
}

func pad(name string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		return text(name + "(" + a[0].text() + ", " + a[1].integer() + ", " + a[2].text() + ")")
	}
}

// locate is where part is in whole, from 1; case matters as in comparisons.
func (t *translator) locate(part, whole expr, from string) expr {
	l, r := part.text(), whole.text()
	if whole.foldedText() && part.foldedText() {
		l, r = "lower("+l+")", "lower("+r+")"
	}
	if from == "" {
		return integer("instr(" + r + ", " + l + ")")
	}
	return integer("mysql_locate(" + l + ", " + r + ", " + from + ")")
}

func field(t *translator, a []expr) expr {
	var b strings.Builder
	b.WriteString("CASE")
	for i, e := range a[1:] {
		fmt.Fprintf(&b, " WHEN %s THEN %d", t.compare("=", a[0], e).sql, i+1)
	}
	return integer(b.String() + " ELSE 0 END")
}

func elt(_ *translator, a []expr) expr {
	var b strings.Builder
	b.WriteString("CASE " + a[0].integer())
	for i, e := range a[1:] {
		fmt.Fprintf(&b, " WHEN %d THEN %s", i+1, e.text())
	}
	return text(b.String() + " END")
}

func hex(_ *translator, a []expr) expr {
	if a[0].numeric() {
		return text("mysql_hex(" + a[0].integer() + ")")
	}
	return text("hex(" + bytesOf(a[0]) + ")")
}

func caseFlag(e expr) string {
	if e.foldedText() {
		return "i"
	}
	return ""
}

func part(name string) func(*translator, []expr) expr {
	return moments("date_part('"+name+"', %s)", kindInt)
}

func timePart(name string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		if a[0].kind == kindText {
			return integer("coalesce(date_part('" + name + "', " + a[0].moment() + "), date_part('" + name + "', mysql_time(" + a[0].sql + ")))")
		}
		if a[0].kind == kindTime {
			return integer("date_part('" + name + "', " + a[0].sql + ")")
		}
		return integer("date_part('" + name + "', " + a[0].moment() + ")")
	}
}

func moments(format string, k kind) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		return expr{sql: fmt.Sprintf(format, a[0].moment()), kind: k}
	}
}

// formats are the letters of DATE_FORMAT and STR_TO_DATE that DuckDB has too,
// by their names there.
var formats = map[byte]string{
	'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I", 'I': "%I", 'i': "%M", 'j': "%j", 'k': "%-H",
	'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p", 'S': "%S", 's': "%S", 'T': "%H:%M:%S", 'W': "%A", 'w': "%w", 'Y': "%Y", 'y': "%y",
	'%': "%%",
}

// layout translates the format of DATE_FORMAT, which must be a literal.
func (t *translator) layout(e expr, what string) string {
	if e.literal == nil {
		t.refuse(what + " with a format that is no literal")
		return ""
	}
	var b strings.Builder
	for text := *e.literal; text != ""; text = text[1:] {
		if text[0] != '%' || len(text) == 1 {
			b.WriteByte(text[0])
			continue
		}
		text = text[1:]
		if f, ok := formats[text[0]]; ok {
			b.WriteString(f)
		} else if strings.IndexByte("DUuVvXx", text[0]) >= 0 {
			t.refuse(what + " with %" + text[:1])
		} else {
			b.WriteByte(text[0])
		}
	}
	return b.String()
}

func dateFormat(t *translator, a []expr) expr {
	return text("strftime(" + a[0].moment() + ", " + quoteString(t.layout(a[1], "DATE_FORMAT")) + ")")
}

func strToDate(t *translator, a []expr) expr {
	layout := t.layout(a[1], "STR_TO_DATE")
	at := "try_strptime(" + a[0].text() + ", " + quoteString(layout) + ")"
	hasTime, hasDate := strings.ContainsAny(deref(a[1].literal), "HhIiklrSsTfp"), strings.ContainsAny(deref(a[1].literal), "YymcdebMj")
	switch {
	case hasDate && hasTime:
		scale := 0
		if strings.Contains(deref(a[1].literal), "%f") {
			scale = 6
		}
		return expr{sql: at, kind: kindMoment, scale: scale}
	case hasDate:
		return expr{sql: "CAST(" + at + " AS DATE)", kind: kindDate}
	}
	return expr{sql: "CAST(" + at + " AS TIME)", kind: kindTime}
}

func jsonExtract(t *translator, a []expr) expr {
	if len(a) != 2 {
		return t.refuse("JSON_EXTRACT with several paths")
	}
	if a[1].literal != nil && strings.Contains(*a[1].literal, "*") {
		return t.refuse("a JSON path with *")
	}
	doc := a[0].sql
	if a[0].kind != kindJSON {
		doc = a[0].text()
	}
	return expr{sql: "json_extract(" + doc + ", " + a[1].text() + ")", kind: kindJSON}
}

func jsonLength(_ *translator, a []expr) expr {
	doc := "CAST(" + a[0].text() + " AS JSON)"
	if len(a) == 2 {
		doc = "json_extract(" + doc + ", " + a[1].text() + ")"
	}
	return integer("mysql_json_length(" + doc + ")")
}

// jsonValue gives an argument of JSON_ARRAY or JSON_OBJECT.
func jsonValue(e expr) string {
	switch e.kind {
	case kindNull:
		return "CAST('null' AS JSON)"
	case kindJSON, kindText:
		return "to_json(" + e.sql + ")"
	case kindBool:
		return "to_json(" + e.sql + ")"
	}
	if e.numeric() {
		return "to_json(" + e.number().sql + ")"
	}
	return "to_json(" + e.text() + ")"
}

func jsonArray(_ *translator, a []expr) expr {
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = jsonValue(e)
	}
	return expr{sql: "json_array(" + strings.Join(parts, ", ") + ")", kind: kindJSON}
}

func jsonObject(t *translator, a []expr) expr {
	if len(a)%2 != 0 {
		return t.fail(wharf.Errorf(wharf.CodeInvalid, "Incorrect parameter count in the call to native function 'JSON_OBJECT'"))
	}
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = jsonValue(e)
		if i%2 == 0 {
			parts[i] = e.text()
		}
	}
	return expr{sql: "json_object(" + strings.Join(parts, ", ") + ")", kind: kindJSON}
}
