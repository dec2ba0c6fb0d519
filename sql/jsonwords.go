package sql

import (
	"encoding/json"
	"strconv"
	"strings"
)

// TiDB's parser knows neither JSON_TABLE nor the words that may follow the path
// of JSON_VALUE. JSON_TABLE becomes a subquery with one function, and the words
// of JSON_VALUE an argument: both are told in JSON, as a JSONColumn.

// namesJSON reports whether a text may have JSON_TABLE or JSON_VALUE.
func namesJSON(text string) bool {
	const word = len("json")
	for at := 0; ; at++ {
		n := strings.IndexByte(text[at:], '_')
		if n < 0 {
			return false
		}
		at += n
		if at >= word && strings.EqualFold(text[at-word:at], "json") && at+1 < len(text) && strings.IndexByte("tTvV", text[at+1]) >= 0 {
			return true
		}
	}
}

// isCall reports whether the next token is that function with its parenthesis.
func (p *parser) isCall(name string) bool {
	open := p.src.tokenAt(p.tok.end)
	return p.is(name) && p.src.clean[open.start:open.end] == "("
}

// jsonStep takes what TiDB's parser does not know of JSON_TABLE and JSON_VALUE.
// done is false where the next token is none of it.
func (f *fileTables) jsonStep() (done bool, err error) {
	p, at := f.p, f.level()
	switch {
	case at.table && p.isCall("JSON_TABLE"):
		at.table = false
		f.jsonTable()
		return true, nil
	case at.json == "JSON_TABLE" && p.is(","):
		return true, f.jsonRows()
	case p.isCall("JSON_VALUE"):
		at.table = false
		p.advance()
		p.advance()
		f.levels = append(f.levels, fromLevel{json: "JSON_VALUE"})
		return true, nil
	case at.json == "JSON_VALUE" && (p.is("RETURNING") || p.isFallback()):
		return true, f.jsonValue()
	}
	return false, nil
}

// jsonTable takes JSON_TABLE( and leaves the document to the steps that follow.
func (f *fileTables) jsonTable() {
	start := f.p.tok.start
	f.p.advance()
	f.p.advance()
	const begins = "LATERAL (SELECT `" + JSONTableFunction + "`("
	f.places = append(f.places, Replacement{begins, f.p.src.clean[start:f.p.tok.start]})
	f.replace(start, begins)
	f.levels = append(f.levels, fromLevel{json: "JSON_TABLE"})
	f.table = true
}

// jsonRows takes what follows the document of JSON_TABLE: the path of the rows
// and their columns.
func (f *fileTables) jsonRows() error {
	p := f.p
	start := p.tok.start
	p.advance()
	c := JSONColumn{}
	var err error
	if c.Path, err = p.jsonPath(); err != nil {
		return err
	}
	if c.Nested, err = p.jsonColumns(); err != nil {
		return err
	}
	if err := p.expect(")"); err != nil {
		return err
	}
	f.levels = f.levels[:len(f.levels)-1]
	ends := ", " + p.src.mode.quote(c.String()) + "))"
	f.places = append(f.places, Replacement{ends, strings.TrimRight(p.src.clean[start:p.tok.start], " \t\n")})
	f.replace(start, ends)
	return nil
}

// jsonColumns takes COLUMNS (column, …).
func (p *parser) jsonColumns() ([]JSONColumn, error) {
	if err := p.expect("COLUMNS"); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var all []JSONColumn
	for {
		c, err := p.jsonColumn()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		if !p.accept(",") {
			return all, p.expect(")")
		}
	}
}

func (p *parser) jsonColumn() (c JSONColumn, err error) {
	if p.accept("NESTED") {
		p.accept("PATH")
		if c.Path, err = p.jsonPath(); err == nil {
			c.Nested, err = p.jsonColumns()
		}
		return c, err
	}
	switch p.tok.kind {
	case kindWord:
		c.Name = p.advance()
	case kindName:
		c.Name = p.src.mode.unquote(p.advance())
	default:
		return c, p.fail("expected the name of a column")
	}
	if p.accept("FOR") {
		c.Ordinality = true
		return c, p.expect("ORDINALITY")
	}
	if err = p.jsonType(&c); err != nil {
		return c, err
	}
	c.Exists = p.accept("EXISTS")
	if err := p.expect("PATH"); err != nil {
		return c, err
	}
	if c.Path, err = p.jsonPath(); err != nil || c.Exists {
		return c, err
	}
	return c, p.jsonFallbacks(&c)
}

func (p *parser) jsonPath() (string, error) {
	if p.tok.kind != kindString {
		return "", p.fail("expected a path such as '$.a' in quotes")
	}
	return p.src.mode.unquote(p.advance()), nil
}

// jsonType takes a column's type, with its character set and collation.
func (p *parser) jsonType(c *JSONColumn) error {
	if p.tok.kind != kindWord {
		return p.fail("expected a type")
	}
	text := strings.ToUpper(p.advance())
	if text == "DOUBLE" {
		p.accept("PRECISION")
	}
	if p.is("(") {
		for !p.accept(")") {
			if p.tok.kind != kindNumber && !p.is("(") && !p.is(",") {
				return p.fail("expected the length of a type")
			}
			text += p.advance()
		}
		text += ")"
	}
	if p.accept("UNSIGNED") {
		text += " UNSIGNED"
	}
	if p.acceptAll("CHARACTER", "SET") || p.accept("CHARSET") {
		c.Charset = strings.Trim(p.advance(), "`'\"")
	}
	if p.accept("COLLATE") {
		c.Collation = strings.Trim(p.advance(), "`'\"")
	}
	c.Type = text
	return nil
}

// isFallback reports whether ON EMPTY or ON ERROR comes with the next tokens.
func (p *parser) isFallback() bool {
	next := p.src.tokenAt(p.tok.end)
	return p.is("DEFAULT") || (p.is("NULL") || p.is("ERROR")) && strings.EqualFold(p.src.clean[next.start:next.end], "ON")
}

// jsonFallbacks takes ON EMPTY and ON ERROR.
func (p *parser) jsonFallbacks(c *JSONColumn) error {
	for p.isFallback() {
		var f JSONFallback
		switch {
		case p.accept("NULL"):
		case p.accept("ERROR"):
			f.Do = "ERROR"
		case p.accept("DEFAULT"):
			f.Do = "DEFAULT"
			text, err := p.jsonDefault()
			if err != nil {
				return err
			}
			f.Default = text
		}
		switch {
		case p.acceptAll("ON", "EMPTY"):
			c.Empty = f
		case p.acceptAll("ON", "ERROR"):
			c.Error = f
		default:
			return p.fail("expected ON EMPTY or ON ERROR")
		}
	}
	return nil
}

// jsonDefault takes a literal, a string as it is.
func (p *parser) jsonDefault() (string, error) {
	if p.tok.kind == kindString {
		return p.src.mode.unquote(p.advance()), nil
	}
	sign := ""
	if p.accept("-") {
		sign = "-"
	}
	if p.tok.kind != kindNumber {
		return "", p.fail("expected a string or a number")
	}
	return sign + p.advance(), nil
}

// jsonValue takes the words behind the path of JSON_VALUE.
func (f *fileTables) jsonValue() error {
	p := f.p
	start := p.tok.start
	c := JSONColumn{Type: "CHAR(512)"}
	var err error
	if p.accept("RETURNING") {
		if err = p.jsonType(&c); err != nil {
			return err
		}
	}
	if err := p.jsonFallbacks(&c); err != nil {
		return err
	}
	if !p.is(")") {
		return p.fail("expected ')'")
	}
	for _, on := range []*JSONFallback{&c.Empty, &c.Error} {
		if on.Do == "DEFAULT" {
			on.Default = jsonOfLiteral(on.Default)
		}
	}
	text := ", " + p.src.mode.quote(c.String())
	f.places = append(f.places, Replacement{text, strings.TrimRight(p.src.clean[start:p.tok.start], " \t\n")})
	f.replace(start, text)
	return nil
}

// jsonOfLiteral is a literal of SQL as JSON: JSON_VALUE takes the former,
// JSON_TABLE the latter.
func jsonOfLiteral(text string) string {
	if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
		return text
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is JSON always
	}
	return string(quoted)
}

// quote writes a string as a literal.
func (m Mode) quote(s string) string {
	if !m.Has(NoBackslashEscapes) {
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
