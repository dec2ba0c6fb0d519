package eval

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// jsonColumn is a column of JSON_TABLE, or JSON_VALUE, ready to take values of
// documents.
type jsonColumn struct {
	sql.JSONColumn
	target  castTarget
	isJSON  bool
	low     float64 // of a whole number
	high    float64
	path    jsonPath
	nested  []jsonColumn
	width   int  // the columns of its rows
	isValue bool // of JSON_VALUE: a list is text
}

// wholeTypes are the types of whole numbers, by their bytes.
var wholeTypes = map[string]int{
	"TINYINT": 1, "BOOL": 1, "BOOLEAN": 1, "SMALLINT": 2, "MEDIUMINT": 3, "INT": 4, "INTEGER": 4, "BIGINT": 8, "SIGNED": 8, "UNSIGNED": 8,
}

// newJSONColumn makes a column ready, and those that are nested in it.
func newJSONColumn(of sql.JSONColumn) (jsonColumn, error) {
	c := jsonColumn{JSONColumn: of, width: 1}
	var err error
	if !of.Ordinality && !takesNoPath(of) {
		if c.path, err = parseJSONPath(of.Path); err != nil {
			return c, err
		}
	}
	if of.Nested != nil {
		c.width = 0
		for _, n := range of.Nested {
			inner, err := newJSONColumn(n)
			if err != nil {
				return c, err
			}
			c.nested = append(c.nested, inner)
			c.width += inner.width
		}
		return c, nil
	}
	return c, c.setType()
}

// takesNoPath reports whether the path is an argument: that of JSON_VALUE.
func takesNoPath(c sql.JSONColumn) bool { return c.Path == "" }

func (c *jsonColumn) setType() (err error) {
	word := c.Type
	if i := strings.IndexAny(word, " ("); i >= 0 {
		word = word[:i]
	}
	if size := wholeTypes[word]; size > 0 {
		bits := float64(8 * size)
		c.target = castTarget{typ: wharf.TypeInt, precision: -1}
		c.low, c.high = -math.Pow(2, bits-1), math.Pow(2, bits-1)-1
		if strings.Contains(c.Type, "UNSIGNED") {
			c.target.typ = wharf.TypeUint
			c.low, c.high = 0, math.Pow(2, bits)-1
		}
		return nil
	}
	name := c.Type
	switch word {
	case "JSON":
		c.isJSON = true
		c.target = castTarget{typ: wharf.TypeJSON, precision: -1}
		return nil
	case "":
		c.target = castTarget{typ: wharf.TypeInt, precision: -1} // FOR ORDINALITY
		return nil
	case "VARCHAR", "NCHAR", "NVARCHAR", "TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT":
		name = "CHAR" + strings.TrimPrefix(name, word)
	case "NUMERIC", "DEC":
		name = "DECIMAL" + strings.TrimPrefix(name, word)
	case "TIMESTAMP":
		name = "DATETIME" + strings.TrimPrefix(name, word)
	case "YEAR":
		c.target, c.low, c.high = castTarget{typ: wharf.TypeInt, precision: -1}, 1901, 2155
		return nil
	}
	c.target, err = parseCastTarget(name)
	if err == nil && c.target.typ == wharf.TypeBytes {
		err = Unsupported("a column of bytes in JSON_TABLE")
	}
	return err
}

// mute is an Env that only counts warnings.
type mute struct {
	Env
	warned int
}

func (m *mute) Warn(uint16, string, ...any) { m.warned++ }

// value is what the column has of places in a document: found is what its path
// means.
func (c *jsonColumn) value(ev *Evaluation, found []any) (Datum, error) {
	if len(found) == 0 {
		return c.instead(ev, c.Empty, c.missing())
	}
	if len(found) == 1 {
		if d, ok := c.converted(ev, found[0]); ok {
			return d, nil
		}
	} else if c.isJSON {
		return jsonDatum(found), nil
	}
	return c.instead(ev, c.Error, c.wrong(found))
}

// missing is the error where nothing is at the path.
func (c *jsonColumn) missing() error {
	if c.isValue {
		return Invalid(errNoJSONValue, "json_value: there is no value at %s", c.Path)
	}
	return Invalid(errJSONMissing, "Missing value for JSON_TABLE column '%s'", c.Name)
}

// wrong is the error where what was found is no value of the column's type: several
// values, an array or an object; a text that does not say one; or one out of range.
func (c *jsonColumn) wrong(found []any) error {
	if c.isValue {
		return Invalid(errWrongJSONValue, "json_value: the value at %s is not of the type", c.Path)
	}
	text, isText := found[0].(string)
	switch found[0].(type) {
	case []any, map[string]any:
		return Invalid(errJSONWrongValue, "Can't store an array or an object in the scalar column '%s' of JSON_TABLE", c.Name)
	}
	switch {
	case len(found) > 1:
		return Invalid(errJSONWrongValue, "Can't store several values in the scalar column '%s' of JSON_TABLE", c.Name)
	case isTemporalType(c.target.typ), isText && isNumber(c.target.typ) && !isNumeral(text, !c.isWhole()):
		return Invalid(errWrongJSONValue, "Invalid JSON value for CAST to %s from column %s", c.Type, c.Name)
	}
	return Invalid(errJSONOutOfRange, "Value is out of range for JSON_TABLE's column '%s'", c.Name)
}

// instead is what ON EMPTY or ON ERROR gives.
func (c *jsonColumn) instead(ev *Evaluation, f sql.JSONFallback, failed error) (Datum, error) {
	switch f.Do {
	case "ERROR":
		return NullDatum(), failed
	case "DEFAULT":
		v, ok := parseJSON(f.Default)
		if !ok {
			return NullDatum(), Invalid(errInvalidJSON, "Invalid JSON text in the DEFAULT of column %s", c.Name)
		}
		if d, ok := c.converted(ev, v); ok {
			return d, nil
		}
		return NullDatum(), Invalid(errJSONWrongValue, "the DEFAULT of column %s is not of its type", c.Name)
	}
	return NullDatum(), nil
}

// converted gives a value of a document in the column's type; ok is false where
// it is none of it.
func (c *jsonColumn) converted(ev *Evaluation, v any) (d Datum, ok bool) {
	if c.isJSON {
		return jsonDatum(v), true
	}
	switch v := v.(type) {
	case nil:
		return NullDatum(), true
	case bool:
		d = BoolDatum(v)
		if c.target.typ == wharf.TypeString {
			d = StringDatum(strconv.FormatBool(v))
		}
	case string:
		d = StringDatum(v)
	case jsonTemporal:
		d = StringDatum(v.text)
	case jsonNumber:
		d = c.number(v)
	case jsonUnsigned:
		d = c.number(jsonNumber(v))
	case jsonExact:
		if d = StringDatum(string(v)); c.target.typ != wharf.TypeString {
			d = c.number(jsonNumber(v))
		}
	default:
		if !c.isValue || c.target.typ != wharf.TypeString {
			return NullDatum(), false
		}
		d = StringDatum(jsonDatum(v).Str)
	}
	if c.isWhole() {
		return c.whole(d)
	}
	heard := &mute{Env: ev.Env}
	inner := *ev
	inner.Env = heard
	if c.target.typ == wharf.TypeFloat && d.Kind == KString && !isNumeral(d.Str, true) {
		return NullDatum(), false
	}
	if c.target.typ == wharf.TypeString && c.target.precision >= 0 && utf8.RuneCountInString(d.Text()) > c.target.precision {
		return NullDatum(), false
	}
	d = c.target.convert(&inner, d)
	return d, heard.warned == 0 && !d.IsNull()
}

func (c *jsonColumn) isWhole() bool {
	return c.target.typ == wharf.TypeInt || c.target.typ == wharf.TypeUint
}

// number is a number of a document, with its digits where the column keeps them.
func (c *jsonColumn) number(n jsonNumber) Datum {
	text := n.text()
	if c.target.typ == wharf.TypeString {
		return StringDatum(text)
	}
	if dec, ok := parseDecimal(string(n)); ok && dec.Fits() && !strings.ContainsAny(string(n), "eE") {
		return DecDatum(dec)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return StringDatum(text)
	}
	return FloatDatum(f)
}

// whole gives a number without a fraction that is within the type's range.
func (c *jsonColumn) whole(d Datum) (Datum, bool) {
	switch d.Kind {
	case KString:
		text := strings.TrimSpace(d.Str)
		dec, ok := parseDecimal(text)
		if !ok || strings.ContainsAny(text, ".eE") {
			return NullDatum(), false
		}
		d = DecDatum(dec)
	case KFloat:
		f := math.RoundToEven(d.ToFloat())
		if f < c.low || f > c.high || math.Abs(f) >= math.MaxUint64 {
			return NullDatum(), false
		}
		d = DecDatum(FloatDatum(f).ToDecimal())
	}
	n := d.ToDecimal().round(0).unscaled
	if f, _ := n.Float64(); f < c.low || f > c.high {
		return NullDatum(), false
	}
	switch {
	case n.IsInt64() && c.target.typ == wharf.TypeInt:
		return IntDatum(n.Int64()), true
	case n.IsUint64() && c.target.typ == wharf.TypeUint:
		return UintDatum(n.Uint64()), true
	}
	return NullDatum(), false
}
