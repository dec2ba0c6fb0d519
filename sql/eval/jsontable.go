package eval

import (
	"encoding/json"

	"wharf"
	"wharf/sql"
)

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
	n := Node{Typ: col.target.typ, Scale: col.scale(), width: col.target.width(Node{})}
	switch {
	case n.Typ == wharf.TypeJSON, n.Typ == wharf.TypeString && col.Charset == "":
		n.Coll = collating{jsonCollating.Id, ofLiteral}
	case n.Typ == wharf.TypeString:
		if n.Coll, err = c.castCollating(castTarget{typ: n.Typ, charset: col.Charset}); err != nil {
			return Node{}, err
		}
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
	return Node{Typ: wharf.TypeJSON, Coll: jsonCollating, Eval: func(ev *Evaluation) (Datum, error) {
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
				text := d.marked()
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
