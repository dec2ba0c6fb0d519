package exec

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
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
	// refuse gives the error of a value that MySQL has and Wharf does not do; nil
	// takes all.
	refuse func(wharf.Value) error
	// warn warns of a value that SET gives; nil has nothing to tell.
	warn func(*Session, wharf.Value)
	// apply makes a new session value take effect; nil has nothing to do. It
	// may refuse the value before anything is changed.
	apply func(*Session, wharf.Value) error
}

// variableType reads, checks and writes the values of a variable.
type variableType struct {
	column wharf.Type
	// parse checks a value, and moves it into the range.
	parse func(v eval.Datum) (wharf.Value, bool)
	// show writes a value as SHOW VARIABLES does; nil as it is.
	show func(wharf.Value) string
	// unknown is the error for a name that there is none of; nil is 1231.
	unknown func(name string) error
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
		parse: func(d eval.Datum) (wharf.Value, bool) {
			switch strings.ToUpper(d.Text()) {
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
	return variableType{column: wharf.TypeInt, low: low, high: high, parse: func(d eval.Datum) (wharf.Value, bool) {
		if d.Kind != eval.KInt && d.Kind != eval.KUint {
			return wharf.Null(), false
		}
		return wharf.Int(max(min(d.ToInt(), high), low)), true
	}}
}

// fractionNumber is a number that need not be whole.
func fractionNumber() variableType {
	return variableType{column: wharf.TypeFloat, parse: func(d eval.Datum) (wharf.Value, bool) {
		return wharf.Float(d.ToFloat()), d.IsExact() || d.Kind == eval.KFloat
	}}
}

// oneOf is a word of a list, or its number in it.
func oneOf(words ...string) variableType {
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		if d.Kind == eval.KInt || d.Kind == eval.KUint {
			if d.Num < uint64(len(words)) {
				return wharf.Text(words[d.Num]), true
			}
			return wharf.Null(), false
		}
		i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, d.Text()) })
		if i < 0 {
			return wharf.Null(), false
		}
		return wharf.Text(words[i]), true
	}}
}

// words is any text of up to 4 KiB.
func words() variableType {
	const most = 4 << 10
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		if !d.IsText() || len(d.Str) > most {
			return wharf.Null(), false
		}
		// A copy, for a piece of a long statement would keep all of it.
		return wharf.Text(strings.Clone(d.Str)), true
	}}
}

func charsetType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		c, ok := eval.FindCharset(d.Text())
		return wharf.Text(c.Name), ok
	}, unknown: sql.NoCharset}
}

func collationType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		id, ok := eval.FindCollation(d.Text())
		return wharf.Text(id.Collation().Name), ok
	}, unknown: sql.NoCollation}
}

// localeType is the name of a locale, or 0 for the first.
func localeType() variableType {
	return variableType{column: wharf.TypeString, parse: func(d eval.Datum) (wharf.Value, bool) {
		if d.Kind == eval.KInt && d.Num == 0 {
			return wharf.Text("en_US"), true
		}
		name, _, ok := eval.FindLocale(d.Text())
		return wharf.Text(name), ok
	}, unknown: func(name string) error { return eval.Invalid(errUnknownLocale, "Unknown locale: '%s'", name) }}
}

// variable finds a variable by its name, in any case.
func (e *Executor) variable(name string) (*variable, error) {
	v, ok := e.variables[strings.ToLower(name)]
	if !ok {
		return nil, eval.Because(ErrUnknownVariable, wharf.CodeInvalid, "Unknown system variable '%s'", eval.CutRunes(name, 64))
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
func (s *Session) SysVar(e sql.SysVar) (eval.Node, error) {
	v, err := s.executor.variable(e.Name)
	if err != nil {
		return eval.Node{}, err
	}
	switch {
	case e.Explicit && e.Scope == sql.ScopeGlobal && v.scope == sessionOnly:
		return eval.Node{}, eval.Invalid(errVariableScope, "Variable '%s' is a SESSION variable", v.name)
	case e.Explicit && e.Scope == sql.ScopeSession && v.scope == globalOnly:
		return eval.Node{}, eval.Invalid(errVariableScope, "Variable '%s' is a GLOBAL variable", v.name)
	}
	global := e.Scope == sql.ScopeGlobal
	return eval.Node{Typ: v.typ.column, Scale: eval.AsItComes, Eval: func(*eval.Evaluation) (eval.Datum, error) {
		return eval.DatumOf(s.variableValue(v, global), v.typ.column), nil
	}}, nil
}

// check turns a value that SET gave into one of the variable's, and warns
// where it was moved into its range.
func (s *Session) checkVariable(v *variable, d eval.Datum) (wharf.Value, error) {
	if d.IsNull() && v.name == "character_set_results" {
		return wharf.Null(), nil
	}
	value, ok := v.typ.parse(d)
	if !ok {
		if v.typ.low != v.typ.high && !d.IsNull() {
			return value, eval.Invalid(errWrongType, "Incorrect argument type to variable '%s'; it takes a whole number", v.name)
		}
		if v.typ.unknown != nil && !d.IsNull() {
			return value, v.typ.unknown(shown(d))
		}
		return value, eval.Invalid(errWrongValue, "Variable '%s' can't be set to the value of '%s'", v.name, shown(d))
	}
	if v.refuse != nil {
		if err := v.refuse(value); err != nil {
			return value, err
		}
	}
	if v.warn != nil {
		v.warn(s, value)
	}
	if v.typ.low != v.typ.high && value.Int64() != d.ToInt() {
		s.warn("Warning", warnRangeAdjusted, "Truncated incorrect %s value: '%s'", v.name, d.Text())
	}
	return value, nil
}

// shown gives a value for a message.
func shown(d eval.Datum) string {
	if d.IsNull() {
		return "NULL"
	}
	const most = 64
	text := eval.CutRunes(d.Text(), most)
	if d.Kind == eval.KFloat {
		text = strconv.FormatFloat(d.Float64Bits(), 'g', -1, 64)
	}
	return text
}
