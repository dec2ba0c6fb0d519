package eval

import (
	"encoding/json"
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
		return c.instead(ev, c.Empty, errJSONMissing, errNoJSONValue, "there is no value at %s")
	}
	if len(found) == 1 {
		if d, ok := c.converted(ev, found[0]); ok {
			return d, nil
		}
	} else if c.isJSON {
		return jsonDatum(found), nil
	}
	return c.instead(ev, c.Error, errJSONWrongValue, errWrongJSONValue, "the value at %s is not of the type")
}

// instead is what ON EMPTY or ON ERROR gives.
func (c *jsonColumn) instead(ev *Evaluation, f sql.JSONFallback, table, value *Cause, says string) (Datum, error) {
	switch f.Do {
	case "ERROR":
		if c.isValue {
			return NullDatum(), Invalid(value, "json_value: "+says, c.Path)
		}
		return NullDatum(), Invalid(table, "JSON_TABLE, column "+c.Name+": "+says, c.Path)
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
	case jsonNumber:
		d = c.number(v)
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

// rows are the rows that the column's path and the columns in it give of a
// document.
func (c *jsonColumn) rows(ev *Evaluation, doc any) ([][]Datum, error) {
	var rows [][]Datum
	for i, item := range c.path.find(doc) {
		more, err := c.row(ev, item, int64(i+1))
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, ev.Canceled()
}

// row is what one place gives: a row, or one for each row of a path below it, in
// turn.
func (c *jsonColumn) row(ev *Evaluation, item any, ordinal int64) ([][]Datum, error) {
	own := make([]Datum, c.width)
	var rows [][]Datum
	at := 0
	for i := range c.nested {
		n := &c.nested[i]
		switch {
		case n.Ordinality:
			own[at] = IntDatum(ordinal)
		case n.Exists:
			own[at] = BoolDatum(len(n.path.find(item)) > 0)
		case n.nested == nil:
			d, err := n.value(ev, n.path.find(item))
			if err != nil {
				return nil, err
			}
			own[at] = n.settled(d)
		}
		at += n.width
	}
	at = 0
	for i := range c.nested {
		n := &c.nested[i]
		if n.nested != nil {
			below, err := n.rows(ev, item)
			if err != nil {
				return nil, err
			}
			for _, b := range below {
				row := append([]Datum(nil), own...)
				copy(row[at:], b)
				rows = append(rows, row)
			}
		}
		at += n.width
	}
	if err := ev.Hold(ValueBytes * c.width * (len(rows) + 1)); err != nil {
		return nil, err
	}
	if rows == nil {
		rows = [][]Datum{own}
	}
	return rows, nil
}

func (c *jsonColumn) settled(d Datum) Datum {
	return Node{Typ: c.target.typ, Scale: c.scale()}.Settle(d)
}

func (c *jsonColumn) scale() int {
	if isTemporalType(c.target.typ) {
		return max(c.target.precision, 0)
	}
	return c.target.scale
}

// jsonValue compiles JSON_VALUE(document, path). A third argument is a
// [sql.JSONColumn], with the words behind the path.
func (c *Compiler) jsonValue(e sql.Call) (Node, error) {
	spec := sql.JSONColumn{Type: "CHAR(512)"}
	switch len(e.Args) {
	case 2:
	case 3:
		said, _ := e.Args[2].(sql.Literal)
		var err error
		if spec, err = sql.ParseJSONColumn(said.Text); err != nil {
			return Node{}, wrongCount("json_value")
		}
	default:
		return Node{}, wrongCount("json_value")
	}
	args, err := c.CompileAll(e.Args[:2])
	if err != nil {
		return Node{}, err
	}
	col, err := newJSONColumn(spec)
	if err != nil {
		return Node{}, err
	}
	col.isValue = true
	n := Node{Typ: col.target.typ, Scale: col.scale()}
	if n.Typ == wharf.TypeString {
		n.Coll = c.literalCollating()
	}
	n.Eval = func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		doc, err := args[0].Eval(ev)
		if err != nil {
			return NullDatum(), err
		}
		path, err := args[1].Eval(ev)
		if err != nil || path.IsNull() {
			return NullDatum(), err
		}
		p, err := onePlace(path)
		if err != nil {
			return NullDatum(), err
		}
		v, ok, err := documentOf(doc, 1, "JSON_VALUE")
		if !ok {
			return NullDatum(), err
		}
		one := col
		one.Path = path.Text()
		d, err := one.value(ev, p.find(v))
		if err != nil {
			return NullDatum(), err
		}
		return ev.made(e.Name, d.Collated(n.Coll.Id), mark)
	}
	return n, nil
}

// maxJSONTable bounds the rows that JSON_TABLE makes of one document, in bytes.
const maxJSONTable = 32 << 20

// jsonTable compiles [sql.JSONTableFunction].
func (c *Compiler) jsonTable(e sql.Call) (Node, error) {
	if len(e.Args) != 2 {
		return Node{}, wrongCount("json_table")
	}
	said, _ := e.Args[1].(sql.Literal)
	spec, err := sql.ParseJSONColumn(said.Text)
	if err != nil {
		return Node{}, wrongCount("json_table")
	}
	table, err := newJSONColumn(spec)
	if err != nil {
		return Node{}, err
	}
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	return Node{Typ: wharf.TypeJSON, Eval: func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := x.Eval(ev)
		if err != nil {
			return NullDatum(), err
		}
		doc, ok, err := documentOf(d, 1, "JSON_TABLE")
		if !ok {
			return NullDatum(), err
		}
		rows, err := table.rows(ev, doc)
		if err != nil {
			return NullDatum(), err
		}
		text, err := tableText(rows)
		if err != nil {
			return NullDatum(), err
		}
		ev.Held.ReturnTo(mark)
		return Datum{Kind: KString, Str: text, json: true}, ev.Hold(len(text))
	}}, nil
}

// tableText writes rows as JSON, each an array of texts and nulls.
func tableText(rows [][]Datum) (string, error) {
	texts := make([][]*string, len(rows))
	size := 0
	for i, row := range rows {
		texts[i] = make([]*string, len(row))
		for k, d := range row {
			if !d.IsNull() {
				text := d.Text()
				texts[i][k] = &text
				size += len(text)
			}
		}
		if size > maxJSONTable {
			return "", wharf.Errorf(wharf.CodeTooLarge, "JSON_TABLE: the rows of one document have more than %d MiB", maxJSONTable>>20)
		}
	}
	text, err := json.Marshal(texts)
	return string(text), err
}
