package eval

import (
	"bytes"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
)

// A document goes from one query to the one around it as text. So that a date stays a date
// there, and 1.5 a decimal, such a value has one of [sql.TypeMarks] behind it.

const (
	typeMarks    = sql.TypeMarks
	markExact    = '\x01'
	markUnsigned = '\x02'
	markDate     = '\x03'
	markTime     = '\x04'
	markDateTime = '\x05'
)

// temporalMarks are those of dates and times.
var temporalMarks = map[wharf.Type]byte{wharf.TypeDate: markDate, wharf.TypeTime: markTime, wharf.TypeDateTime: markDateTime}

var temporalTypes = map[byte]wharf.Type{markDate: wharf.TypeDate, markTime: wharf.TypeTime, markDateTime: wharf.TypeDateTime}

// marked is the text of the datum, with the types of its values where it is a document.
func (d Datum) marked() string {
	if d.typed == nil {
		return d.Text()
	}
	var b strings.Builder
	documentWriter{&b, true}.write(d.typed.value)
	return b.String()
}

// Carried returns the datum as a row carries it from one query to the one around it: a value
// whose document has the types of its values. Uncarried gives it as clients get it.
func (d Datum) Carried(typ wharf.Type) wharf.Value {
	if typ == wharf.TypeJSON && d.typed != nil {
		return wharf.Text(d.marked())
	}
	return d.Value(typ)
}

// Uncarried returns a document that a row carries as the text that MySQL shows.
func Uncarried(v wharf.Value) wharf.Value {
	if !strings.ContainsAny(v.Str(), typeMarks) {
		return v
	}
	return wharf.Text(strings.Map(func(r rune) rune {
		if strings.ContainsRune(typeMarks, r) {
			return -1
		}
		return r
	}, v.Str()))
}

// markedDatum is the document of a text that may have marks.
func markedDatum(text string) Datum {
	if strings.ContainsAny(text, typeMarks) {
		if v, ok := parseMarked(text); ok {
			return jsonDatum(v)
		}
	}
	return Datum{Kind: KString, Str: text, json: true}
}

// parseMarked reads a document whose text has marks.
func parseMarked(text string) (any, bool) {
	// Each value that has a mark is a number there that no document is written with.
	const begin = "-0e"
	var plain []byte
	var values []any
	for i := 0; i < len(text); i++ {
		c := text[i]
		if strings.IndexByte(typeMarks, c) < 0 {
			plain = append(plain, c)
			continue
		}
		from := len(plain)
		for from > 0 && strings.IndexByte("+-.eE0123456789", plain[from-1]) >= 0 {
			from--
		}
		var value any
		switch c {
		case markExact:
			value = jsonExact(plain[from:])
		case markUnsigned:
			value = jsonUnsigned(plain[from:])
		default:
			if from = bytes.LastIndexByte(plain, '"'); from < 0 {
				return nil, false
			}
			value = jsonTemporal{string(plain[from+1:]), temporalTypes[c]}
			i++ // the quote
		}
		plain = append(plain[:from], begin+strconv.Itoa(len(values))...)
		values = append(values, value)
	}
	v, ok := parseJSON(string(plain))
	if !ok {
		return nil, false
	}
	return eachScalar(v, func(v any) any {
		n, isNumber := v.(jsonNumber)
		if !isNumber || !strings.HasPrefix(string(n), begin) {
			return v
		}
		if at, err := strconv.Atoi(string(n[len(begin):])); err == nil && at < len(values) {
			return values[at]
		}
		return v
	}), true
}
