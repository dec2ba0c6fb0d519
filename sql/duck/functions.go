//go:build linux && !noduck

package duck

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"wharf/sql"
)

// functions are MySQL's functions that stand for themselves. Those that read
// no column are the same here as everywhere: the oracle holds them.
var functions = map[string]function{}

func init() {
	for _, topic := range []map[string]function{control(), numbers(), texts(), dates()} {
		maps.Copy(functions, topic)
	}
}

// numbers are the functions that compute numbers.
func numbers() map[string]function {
	return map[string]function{
		"abs":  {least: 1, most: 1, write: func(t *translator, a []expr) expr { return same("abs", a[0].number()) }},
		"ceil": {least: 1, most: 1, write: wholeNumber("ceil")}, "ceiling": {least: 1, most: 1, write: wholeNumber("ceil")},
		"floor": {least: 1, most: 1, write: wholeNumber("floor")},
		"round": {least: 1, most: 2, write: round, takes: hasPlaces}, "truncate": {least: 2, most: 2, write: truncate, takes: isTruncatable},
		"sign": {least: 1, most: 1, write: func(t *translator, a []expr) expr { return integer("CAST(sign(" + a[0].number().sql + ") AS BIGINT)") }},
		"mod":  {least: 2, most: 2, write: func(t *translator, a []expr) expr { return t.modulo(a[0].number(), a[1].number()) }},
		"pow":  {least: 2, most: 2, write: reals("mysql_finite(pow(%s, %s))")}, "power": {least: 2, most: 2, write: reals("mysql_finite(pow(%s, %s))")},
		"sqrt": {least: 1, most: 1, write: reals("mysql_sqrt(%s)")}, "exp": {least: 1, most: 1, write: reals("mysql_finite(exp(%s))")},
		"ln": {least: 1, most: 1, write: reals("mysql_ln(%s)")}, "log2": {least: 1, most: 1, write: reals("mysql_log2(%s)")}, "log10": {least: 1, most: 1, write: reals("mysql_log10(%s)")},
		"log": {least: 1, most: 2, write: func(t *translator, a []expr) expr {
			if len(a) == 1 {
				return double("mysql_ln(" + a[0].real() + ")")
			}
			return double("mysql_log(" + a[0].real() + ", " + a[1].real() + ")")
		}},
		"sin": {least: 1, most: 1, write: reals("sin(%s)")}, "cos": {least: 1, most: 1, write: reals("cos(%s)")}, "tan": {least: 1, most: 1, write: reals("tan(%s)")},
		"asin": {least: 1, most: 1, write: reals("mysql_asin(%s)")}, "acos": {least: 1, most: 1, write: reals("mysql_acos(%s)")},
		"atan": {least: 1, most: 2, write: arcTangent}, "atan2": {least: 2, most: 2, write: arcTangent},
		"degrees": {least: 1, most: 1, write: reals("degrees(%s)")}, "radians": {least: 1, most: 1, write: reals("radians(%s)")},
		"pi": {least: 0, most: 0, write: func(t *translator, a []expr) expr { return double("pi()") }},
	}
}

// texts are the functions that make and look into text.
func texts() map[string]function {
	return map[string]function{
		"concat": {least: 1, most: -1, write: concat}, "concat_ws": {least: 2, most: -1, write: eachOnce(concatWS)},
		"length": {least: 1, most: 1, write: lengthBytesOf}, "octet_length": {least: 1, most: 1, write: lengthBytesOf},
		"bit_length": {least: 1, most: 1, write: func(t *translator, a []expr) expr {
			return integer("(8 * " + lengthBytesOf(t, a).sql + ")")
		}},
		"char_length": {least: 1, most: 1, write: texts1("length(%s)", kindInt)}, "character_length": {least: 1, most: 1, write: texts1("length(%s)", kindInt)},
		"lower": {least: 1, most: 1, write: texts1("mysql_lower(%s)", kindText)}, "lcase": {least: 1, most: 1, write: texts1("mysql_lower(%s)", kindText)},
		"upper": {least: 1, most: 1, write: texts1("mysql_upper(%s)", kindText)}, "ucase": {least: 1, most: 1, write: texts1("mysql_upper(%s)", kindText)},
		"ltrim": {least: 1, most: 1, write: texts1("ltrim(%s, ' ')", kindText)}, "rtrim": {least: 1, most: 1, write: texts1("rtrim(%s, ' ')", kindText)},
		"reverse": {least: 1, most: 1, write: texts1("mysql_reverse(%s)", kindText)},
		"left":    {least: 2, most: 2, write: textNumber("left(%s, greatest(%s, 0))")}, "right": {least: 2, most: 2, write: textNumber("right(%s, greatest(%s, 0))")},
		"repeat":    {least: 2, most: 2, write: textNumber("mysql_repeat(%s, %s)")},
		"space":     {least: 1, most: 1, write: func(t *translator, a []expr) expr { return text("mysql_repeat(' ', " + a[0].place() + ")") }},
		"substring": {least: 2, most: 3, write: substring}, "substr": {least: 2, most: 3, write: substring}, "mid": {least: 3, most: 3, write: substring},
		"replace": {least: 3, most: 3, write: func(t *translator, a []expr) expr {
			return text("mysql_replace(" + a[0].text() + ", " + a[1].text() + ", " + a[2].text() + ")")
		}},
		"lpad": {least: 3, most: 3, write: pad("mysql_lpad")}, "rpad": {least: 3, most: 3, write: pad("mysql_rpad")},
		"instr": {least: 2, most: 2, write: func(t *translator, a []expr) expr { return t.locate(a[1], a[0], "") }},
		"locate": {least: 2, most: 3, write: func(t *translator, a []expr) expr {
			if len(a) == 3 {
				return t.locate(a[0], a[1], a[2].integer())
			}
			return t.locate(a[0], a[1], "")
		}},
		"position": {least: 2, most: 2, write: func(t *translator, a []expr) expr { return t.locate(a[0], a[1], "") }},
		"field":    {least: 2, most: -1, write: eachOnce(field), takes: alike},
		"hex":      {least: 1, most: 1, write: hex, takes: func(a []expr) bool { return !a[0].numeric() || a[0].kind == kindInt }},
		"md5":      {least: 1, most: 1, write: texts1("md5(%s)", kindText)}, "sha1": {least: 1, most: 1, write: texts1("sha1(%s)", kindText)}, "sha": {least: 1, most: 1, write: texts1("sha1(%s)", kindText)},
		"regexp_like": {least: 2, most: 3, takes: func(a []expr) bool { return len(a) == 2 }, write: func(t *translator, a []expr) expr { return t.regexp(a[0], a[1], false) }},
		"regexp_replace": {least: 3, most: 6, takes: isPlainReplacement, write: func(t *translator, a []expr) expr {
			re, _, _ := sql.RegularExpression(*a[1].literal, sql.PatternUse{})
			return text("regexp_replace(" + a[0].text() + ", " + quoteText(re) + ", " + a[2].text() + ", 'g" + caseFlag(a[0]) + "')")
		}},
		"uuid": {least: 0, most: 0, write: func(t *translator, a []expr) expr { return text("CAST(uuid() AS VARCHAR)") }},
	}
}

// eachOnce is what write makes of arguments that it names several times.
func eachOnce(write func(*translator, []expr) expr) func(*translator, []expr) expr {
	return func(t *translator, a []expr) expr {
		return t.once(a, func(a []expr) expr { return write(t, a) })
	}
}

func same(name string, e expr) expr {
	e.sql, e.literal = name+"("+e.sql+")", nil
	return e
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
			return expr{sql: name + "(" + n.sql + ")", kind: kindDouble, places: sql.DoubleScale(0)}
		case kindDecimal:
			if n.whole() > 18 {
				e := expr{kind: kindDecimal, precision: min(maxDigits, n.whole()+1)}
				e.sql = fmt.Sprintf("CAST(%s(%s) AS %s)", name, n.sql, e.duck())
				return e
			}
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
		e := double("mysql_round(" + n.sql + ", " + places + ")")
		if isLiteral {
			e.places = sql.DoubleScale(literal)
		}
		return e
	case kindDecimal:
		if !isLiteral {
			return expr{sql: "mysql_round_decimal(" + n.sql + ", " + places + ")", kind: kindDecimal, precision: 38, scale: n.scale}
		}
		scale := min(maxScale, max(0, literal))
		e := expr{kind: kindDecimal, precision: min(maxDigits, n.whole()+1+scale), scale: scale}
		e.sql = fmt.Sprintf("CAST(round(%s, %d) AS %s)", n.sql, literal, e.duck())
		return e
	}
	if len(a) == 1 || isLiteral && literal >= 0 {
		return n
	}
	name := "mysql_round_integer("
	if n.kind == kindUint {
		name = "mysql_round_unsigned("
	}
	n.sql, n.written = name+n.sql+", "+places+")", ""
	return n
}

// isTruncatable reports whether a number is cut behind its point.
func isTruncatable(a []expr) bool {
	n := a[0].number()
	places, ok := smallLiteral(a)
	return ok && (n.kind == kindDouble || places >= 0 && n.whole()+places <= maxDigits)
}

func truncate(_ *translator, a []expr) expr {
	n := a[0].number()
	places, _ := smallLiteral(a)
	switch n.kind {
	case kindDouble:
		e := double("mysql_truncate(" + n.sql + ", " + a[1].integer() + ")")
		e.places = sql.DoubleScale(places)
		return e
	case kindDecimal:
		e := expr{kind: kindDecimal, precision: n.whole() + places, scale: places, sql: n.sql}
		if places < n.behind() {
			e.sql = fmt.Sprintf("mysql_cut(%s, CAST('%s' AS DECIMAL(%d,%d)))", n.sql, "1e-"+strconv.Itoa(places), places+1, places)
		}
		e.sql = "CAST(" + e.sql + " AS " + e.duck() + ")"
		return e
	}
	return n
}

// smallLiteral gives the second argument where it is a literal.
func smallLiteral(a []expr) (int, bool) {
	if len(a) == 1 {
		return 0, true
	}
	n, err := strconv.Atoi(a[1].written)
	if err != nil || n > maxScale || n < -maxScale {
		return 0, false
	}
	return n, true
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
		return expr{sql: fmt.Sprintf(format, a[0].text()), kind: k}
	}
}

func textNumber(format string) func(*translator, []expr) expr {
	return eachOnce(func(_ *translator, a []expr) expr {
		return text("CASE WHEN " + a[1].sql + " IS NULL THEN NULL ELSE " + fmt.Sprintf(format, a[0].text(), a[1].place()) + " END")
	})
}

func substring(_ *translator, a []expr) expr {
	if len(a) == 2 {
		return text("mysql_substring_from(" + a[0].text() + ", " + a[1].place() + ")")
	}
	return text("mysql_substring(" + a[0].text() + ", " + a[1].place() + ", " + a[2].place() + ")")
}

func pad(name string) func(*translator, []expr) expr {
	return func(_ *translator, a []expr) expr {
		return text(name + "(" + a[0].text() + ", " + a[1].place() + ", " + a[2].text() + ")")
	}
}

// locate is where part is in whole, from 1. The characters are compared as the texts are.
func (t *translator) locate(part, whole expr, from string) expr {
	if _, folded, _ := collated(part, whole); folded && t.expressions != nil || mixed(part, whole) {
		if from == "" {
			return t.evaluates("LOCATE(i0, i1)", []expr{part.asText(), whole.asText()}, false)
		}
		return t.evaluates("LOCATE(i0, i1, i2)", []expr{part.asText(), whole.asText(), {sql: from, kind: kindInt}}, false)
	}
	l, r := part.text(), whole.text()
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

// isPlainReplacement reports whether REGEXP_REPLACE has three arguments, and
// what it puts in is a literal in which nothing stands for something else.
func isPlainReplacement(a []expr) bool {
	return len(a) == 3 && !a[0].folded && a[1].literal != nil && a[2].literal != nil && !strings.ContainsAny(*a[2].literal, `$\`) && matchesSome(*a[1].literal)
}

// matchesSome reports whether a pattern is plain enough never to match an empty
// text, where engines of regular expressions differ.
func matchesSome(pattern string) bool { return !strings.ContainsAny(pattern, `*?|^$({\`) }

// alike reports whether all arguments are of one kind that needs no care:
// whole numbers, or text that is compared by its bytes.
func alike(a []expr) bool {
	for _, e := range a {
		if e.kind != a[0].kind || e.folded || e.kind != kindInt && e.kind != kindText && e.kind != kindDouble && e.kind != kindDecimal {
			return false
		}
	}
	return true
}

// hasPlaces reports whether the second argument is left out or a number that
// is written there.
func hasPlaces(a []expr) bool {
	_, ok := smallLiteral(a)
	return ok
}
