package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wharf"
	"wharf/sql"
)

// expressions computes single expressions for an engine of queries.
type expressions struct {
	env Env
	now time.Time // of all that it computes
}

// NewExpressions returns what computes single expressions for a session, at a
// moment.
func NewExpressions(e Env, now time.Time) sql.Expressions { return &expressions{e, now} }

// EnvOf returns the session that x computes expressions for, as NewExpressions
// was given it, or nil.
func EnvOf(x sql.Expressions) Env {
	if x, ok := x.(*expressions); ok {
		return x.env
	}
	return nil
}

// Compile makes an expression ready.
func (x *expressions) Compile(ctx context.Context, e sql.Expression) (*sql.Compiled, error) {
	parsed, _, err := sql.Parse("SELECT " + e.Text)
	if err != nil {
		return nil, err
	}
	selected, ok := parsed.(*sql.Select)
	if !ok || len(selected.Items) != 1 {
		if refused, is := parsed.(*sql.Query); is && refused.Beyond != "" {
			return nil, Unsupported(refused.Beyond)
		}
		return nil, Unsupported("this expression")
	}
	in := &inputs{fields: make([]Field, len(e.Inputs))}
	c := &Compiler{Env: x.env, Args: e.Args, Names: in}
	for i, input := range e.Inputs {
		in.fields[i] = c.input(input)
	}
	n, err := c.Compile(selected.Items[0].Expr)
	if err != nil {
		return nil, err
	}
	compiled := &sql.Compiled{Type: n.Typ, Scale: n.Scale, Truth: n.Logical, Width: n.textWidth(), Eval: x.eval(ctx, n, e)}
	if n.Typ == wharf.TypeFloat {
		compiled.Scale = n.shown
	}
	if n.Typ == wharf.TypeDecimal {
		compiled.Width = n.width
	}
	if n.Typ == wharf.TypeString {
		compiled.Collation, compiled.Explicit, compiled.Implicit = n.Coll.Id.Collation().Name, n.Coll.firm == ofExplicit, n.Coll.firm == ofColumn
	}
	return compiled, nil
}

// input is the field that stands for an input.
func (c *Compiler) input(in sql.Input) Field {
	coll := c.literalCollating()
	if in.Collation != "" {
		id, _ := FindCollation(in.Collation)
		coll = collating{id, ofColumn}
		if in.Explicit {
			coll.firm = ofExplicit
		}
	}
	if in.Type != wharf.TypeString && in.Type != wharf.TypeJSON {
		coll = collating{}
	}
	return Field{Column: wharf.Column{Name: in.Name, Type: in.Type, Nullable: true}, Shape: Shape{coll, in.Scale}, logical: in.Truth, width: in.Width}
}

// inputs are the names in an expression: its inputs alone.
type inputs struct{ fields []Field }

func (in *inputs) Column(col sql.Column) (Node, error) {
	i := slices.IndexFunc(in.fields, func(f Field) bool { return f.Name == col.Name })
	if i < 0 {
		return Node{}, UnknownColumn(col, "")
	}
	n := FieldNode(in.fields[i], i)
	if n.Typ == wharf.TypeFloat {
		n.shown, n.Scale = n.Scale, 0
	}
	return n, nil
}

func (in *inputs) Aggregate(sql.Aggregate) (Node, error) { return Node{}, NoGroups() }

func (in *inputs) Subquery(sql.Subquery, Node) (Node, error) {
	return Node{}, Unsupported("a subquery here")
}

// eval computes a node. One evaluation serves all rows, so that what they
// share, such as a pattern, is made once.
func (x *expressions) eval(ctx context.Context, n Node, e sql.Expression) func([]wharf.Value) (wharf.Value, error) {
	env := x.env
	if e.Warn != nil {
		env = overheard{env, e.Warn}
	}
	ev := NewEvaluation(ctx, env)
	ev.now = x.now
	return func(row []wharf.Value) (wharf.Value, error) {
		mark := ev.Held.Taken()
		defer ev.Held.ReturnTo(mark)
		ev.Row, ev.Work.steps, ev.Work.looked = row, 0, 0
		d, err := n.Eval(ev)
		if err != nil || d.IsNull() {
			return wharf.Null(), err
		}
		if !e.Unrounded || n.Typ != wharf.TypeDecimal && (n.Typ != wharf.TypeFloat || n.single) {
			d = n.Settle(d)
		}
		if e.Key && d.json {
			return wharf.Text(d.documentKey()), nil
		}
		if e.Key {
			return wharf.Text(n.Coll.Id.Key(d.Text())), nil
		}
		if e.Marked {
			return d.Carried(n.Typ), nil
		}
		return d.Value(n.Typ), nil
	}
}

// overheard is a session whose warnings are taken by others.
type overheard struct {
	Env
	warn func(number uint16, text string)
}

func (e overheard) Warn(number uint16, format string, args ...any) {
	e.warn(number, fmt.Sprintf(format, args...))
}

// Session returns the session that an expression is computed for, as it was given to
// [NewEvaluation] or [NewExpressions].
func (ev *Evaluation) Session() Env {
	if e, ok := ev.Env.(overheard); ok {
		return e.Env
	}
	return ev.Env
}

// Variables are the system variables that expressions depend on.
var Variables = []string{
	"block_encryption_mode", "collation_connection", "default_week_format", "div_precision_increment", "group_concat_max_len", "sql_mode",
}

// State is what an expression depends on beside its inputs.
type State struct {
	Now       time.Time
	Zone      string
	Variables map[string]Variable
}

// Variable is a value of a variable: a number, a text, or none.
type Variable struct {
	Int  *int64  `json:",omitempty"`
	Text *string `json:",omitempty"`
}

// VariableOf returns a value as a Variable.
func VariableOf(v wharf.Value) Variable {
	switch v.Kind() {
	case wharf.IntValue:
		n := v.Int64()
		return Variable{Int: &n}
	case wharf.TextValue:
		text := v.Str()
		return Variable{Text: &text}
	}
	return Variable{}
}

// Expressions computes expressions as the session would whose [State] state
// has. It is for one goroutine at a time, and calls warn for warnings.
func Expressions(state []byte, warn func(number uint16, text string)) (sql.Expressions, error) {
	e := &loneEnv{functions: FunctionTable(), warn: warn}
	if err := json.Unmarshal(state, &e.state); err != nil {
		return nil, fmt.Errorf("the state of a session: %w", err)
	}
	zone, err := ParseZone(e.state.Zone)
	if err != nil {
		return nil, err
	}
	e.zone = zone
	const most = 256 << 20 // a worker's process is bounded anyway
	e.account.Memory = NewMemory(most).Session(most, most)
	return NewExpressions(e, e.state.Now), nil
}

// loneEnv is a session of which only its state is known.
type loneEnv struct {
	state     State
	zone      *time.Location
	account   Account
	functions map[string]Function
	warn      func(number uint16, text string)
}

func (e *loneEnv) Account() *Account        { return &e.account }
func (e *loneEnv) Now() time.Time           { return e.state.Now }
func (e *loneEnv) Location() *time.Location { return e.zone }
func (e *loneEnv) UserVar(string) Datum     { return NullDatum() }

func (e *loneEnv) Warn(number uint16, format string, args ...any) {
	e.warn(number, fmt.Sprintf(format, args...))
}

func (e *loneEnv) Value(name string) wharf.Value {
	switch v := e.state.Variables[name]; {
	case v.Int != nil:
		return wharf.Int(*v.Int)
	case v.Text != nil:
		return wharf.Text(*v.Text)
	}
	return wharf.Null()
}

func (e *loneEnv) SysVar(sql.SysVar) (Node, error) { return Node{}, Unsupported("a variable here") }

func (e *loneEnv) Subquery(sql.Subquery, Node, []wharf.Value) (Node, error) {
	return Node{}, Unsupported("a subquery here")
}

func (e *loneEnv) Function(name string) (Function, bool) {
	f, ok := e.functions[name]
	return f, ok
}
