package exec

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
)

// variableScope says where a system variable has a value.
type variableScope uint8

const (
	anywhere variableScope = iota // a session starts with the global value
	globalOnly
	sessionOnly
)

// variable is one system variable.
type variable struct {
	name     string
	scope    variableScope
	typ      variableType
	def      wharf.Value
	readOnly bool
	// answer computes the value of a read-only variable, in place of def.
	answer func(*Session) wharf.Value
	// apply makes a new session value take effect; nil has nothing to do. It
	// may refuse the value before anything is changed.
	apply func(*Session, wharf.Value) error
}

// variableType reads, checks and writes the values of a variable.
type variableType struct {
	column wharf.Type
	// parse checks a value, and moves it into the range.
	parse func(v datum) (wharf.Value, bool)
	// show writes a value as SHOW VARIABLES does; nil as it is.
	show func(wharf.Value) string
	// low and high are the range of a number, into which a value is moved. They
	// are the same where there is none.
	low, high int64
}

func (v *variable) text(value wharf.Value) string {
	switch {
	case value.IsNull():
		return ""
	case v.typ.show != nil:
		return v.typ.show(value)
	}
	return value.String()
}

// onOff is a switch.
func onOff() variableType {
	return variableType{
		column: wharf.TypeInt,
		parse: func(d datum) (wharf.Value, bool) {
			switch strings.ToUpper(d.text()) {
			case "ON", "TRUE", "1":
				return wharf.Int(1), true
			case "OFF", "FALSE", "0":
				return wharf.Int(0), true
			}
			return wharf.Null(), false
		},
		show: func(v wharf.Value) string {
			if v.Int64() != 0 {
				return "ON"
			}
			return "OFF"
		},
	}
}

// number is a whole number, moved into its range with a warning as MySQL
// does.
func number(low, high int64) variableType {
	return variableType{column: wharf.TypeInt, low: low, high: high, parse: func(d datum) (wharf.Value, bool) {
		if d.kind != kInt && d.kind != kUint {
			return wharf.Null(), false
		}
		return wharf.Int(max(min(d.toInt(), high), low)), true
	}}
}

// fractionNumber is a number that need not be whole.
func fractionNumber() variableType {
	return variableType{column: wharf.TypeFloat, parse: func(d datum) (wharf.Value, bool) {
		return wharf.Float(d.toFloat()), d.isExact() || d.kind == kFloat
	}}
}

// oneOf is a word of a list, or its number in it.
func oneOf(words ...string) variableType {
	return variableType{column: wharf.TypeString, parse: func(d datum) (wharf.Value, bool) {
		if d.kind == kInt || d.kind == kUint {
			if d.num < uint64(len(words)) {
				return wharf.Text(words[d.num]), true
			}
			return wharf.Null(), false
		}
		i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, d.text()) })
		if i < 0 {
			return wharf.Null(), false
		}
		return wharf.Text(words[i]), true
	}}
}

// words is any text of up to 4 KiB.
func words() variableType {
	const most = 4 << 10
	return variableType{column: wharf.TypeString, parse: func(d datum) (wharf.Value, bool) {
		if !d.isText() || len(d.str) > most {
			return wharf.Null(), false
		}
		// A copy, for a piece of a long statement would keep all of it.
		return wharf.Text(strings.Clone(d.str)), true
	}}
}

func charsetType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d datum) (wharf.Value, bool) {
		c, ok := findCharset(d.text())
		return wharf.Text(c.name), ok
	}}
}

func collationType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d datum) (wharf.Value, bool) {
		id, ok := findCollation(d.text())
		return wharf.Text(id.collation().name), ok
	}}
}

// variable finds a variable by its name, in any case.
func (e *Executor) variable(name string) (*variable, error) {
	v, ok := e.variables[strings.ToLower(name)]
	if !ok {
		return nil, because(ErrUnknownVariable, wharf.CodeInvalid, "Unknown system variable '%s'", cutRunes(name, 64))
	}
	return v, nil
}

// globalValue is the value that new sessions start with.
func (e *Executor) globalValue(v *variable) wharf.Value {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if value, ok := e.globals[v.name]; ok {
		return value
	}
	return v.def
}

func (e *Executor) setGlobals(changed map[string]wharf.Value) {
	if len(changed) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	// A new map, for sessions hold on to the one that they started with.
	next := maps.Clone(e.globals)
	maps.Copy(next, changed)
	e.globals = next
}

// variableValue is a variable as this session sees it.
func (s *Session) variableValue(v *variable, global bool) wharf.Value {
	if v.answer != nil {
		return v.answer(s)
	}
	if global || v.scope == globalOnly {
		return s.executor.globalValue(v)
	}
	if value, ok := s.vars[v.name]; ok {
		return value
	}
	if value, ok := s.inherited[v.name]; ok {
		return value
	}
	return v.def
}

// SysVar compiles @@[scope.]name.
func (s *Session) SysVar(e sql.SysVar) (node, error) {
	v, err := s.executor.variable(e.Name)
	if err != nil {
		return node{}, err
	}
	switch {
	case e.Explicit && e.Scope == sql.ScopeGlobal && v.scope == sessionOnly:
		return node{}, invalid(errVariableScope, "Variable '%s' is a SESSION variable", v.name)
	case e.Explicit && e.Scope == sql.ScopeSession && v.scope == globalOnly:
		return node{}, invalid(errVariableScope, "Variable '%s' is a GLOBAL variable", v.name)
	}
	global := e.Scope == sql.ScopeGlobal
	return node{typ: v.typ.column, scale: asItComes, eval: func(*evaluation) (datum, error) {
		return datumOf(s.variableValue(v, global), v.typ.column), nil
	}}, nil
}

// check turns a value that SET gave into one of the variable's, and warns
// where it was moved into its range.
func (s *Session) checkVariable(v *variable, d datum) (wharf.Value, error) {
	if d.isNull() && v.name == "character_set_results" {
		return wharf.Null(), nil
	}
	value, ok := v.typ.parse(d)
	if !ok {
		if v.typ.low != v.typ.high && !d.isNull() {
			return value, invalid(errWrongType, "Incorrect argument type to variable '%s'; it takes a whole number", v.name)
		}
		return value, invalid(errWrongValue, "Variable '%s' can't be set to the value of '%s'", v.name, shown(d))
	}
	if v.typ.low != v.typ.high && value.Int64() != d.toInt() {
		s.warn("Warning", warnRangeAdjusted, "Truncated incorrect %s value: '%s'", v.name, d.text())
	}
	return value, nil
}

// shown gives a value for a message.
func shown(d datum) string {
	if d.isNull() {
		return "NULL"
	}
	const most = 64
	text := cutRunes(d.text(), most)
	if d.kind == kFloat {
		text = strconv.FormatFloat(d.float64Bits(), 'g', -1, 64)
	}
	return text
}
