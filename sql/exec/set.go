package exec

import (
	"context"
	"maps"
	"runtime"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

func machine() string { return runtime.GOARCH }
func system() string  { return runtime.GOOS }

// setting is a SET under way: what it changed is put back where a later
// assignment of the same statement fails.
type setting struct {
	s       *Session
	ctx     context.Context // of the statement
	ev      *eval.Evaluation
	args    []wharf.Value
	globals map[string]wharf.Value
}

// set runs SET: all of its assignments or none.
func (s *Session) set(ctx context.Context, st *sql.Set, args []wharf.Value) (Result, error) {
	before := *s
	before.vars, before.userVars = maps.Clone(s.vars), maps.Clone(s.userVars)
	w := &setting{s: s, ctx: ctx, ev: eval.NewEvaluation(ctx, s), args: args, globals: map[string]wharf.Value{}}
	for _, a := range st.Assign {
		if err := w.assign(a); err != nil {
			s.restore(&before)
			return Result{}, err
		}
	}
	if err := s.keepUserVars(); err != nil {
		s.restore(&before)
		return Result{}, err
	}
	s.executor.setGlobals(w.globals)
	return Result{}, nil
}

// keepUserVars counts what the user variables take, which they keep beyond the
// statement.
func (s *Session) keepUserVars() error {
	var bytes int64
	for name, d := range s.userVars {
		bytes += int64(eval.EntryBytes + len(name) + d.Size())
	}
	if more := bytes - s.userVarBytes; more > 0 {
		if err := s.memory.Keep(more); err != nil {
			return err
		}
	} else {
		s.memory.Unkeep(-more)
	}
	s.userVarBytes = bytes
	return nil
}

// restore puts back what SET can change.
func (s *Session) restore(before *Session) {
	s.vars, s.userVars, s.zone, s.mode = before.vars, before.userVars, before.zone, before.mode
	s.autocommit, s.inTransaction, s.changed = before.autocommit, before.inTransaction, before.changed
	s.clock, s.readOnly, s.nextReadOnly = before.clock, before.readOnly, before.nextReadOnly
	_ = s.keepUserVars() // they take no more than before
}

func (w *setting) assign(a sql.Assignment) error {
	var d eval.Datum
	if a.Query != nil && (a.Value == nil || w.s.overFiles(a.Query)) {
		var err error
		if d, err = w.s.valueOf(w.ctx, a.Query); err != nil {
			return err
		}
	} else if a.Value != nil {
		c := eval.Compiler{Env: w.s, Args: w.args}
		n, err := c.Compile(a.Value)
		if err != nil {
			return err
		}
		if d, err = n.Eval(w.ev); err != nil {
			return err
		}
	}
	switch {
	case a.IsUser:
		return w.s.setUserVar(a.Name, d)
	case a.Name == "names" || a.Name == "character set":
		name := d.Text()
		if a.Value == nil {
			name = "utf8mb4"
		}
		return w.s.setNames(name, a.Collation)
	case a.Name == "transaction":
		return w.transaction(a, d.Text())
	}
	v, err := w.s.executor.variable(a.Name)
	if err != nil {
		return err
	}
	return w.variable(v, a, d)
}

const (
	maxUserVars = 1000
	// maxUserVarBytes is the longest text of one. What all of a session take
	// is bounded by its memory.
	maxUserVarBytes = 16 << 20
)

func (s *Session) setUserVar(name string, d eval.Datum) error {
	// Copies, for a piece of a long statement would keep all of it.
	name = strings.Clone(eval.Fold(name))
	if len(d.Str) > maxUserVarBytes {
		return wharf.Errorf(wharf.CodeTooLarge, "a user variable can hold %d bytes", maxUserVarBytes)
	}
	d.Str = strings.Clone(d.Str)
	switch d.Literal = false; {
	case d.IsTemporal(): // MySQL's variables hold numbers and texts
		d = eval.StringDatum(d.Text())
	}
	if _, known := s.userVars[name]; !known && len(s.userVars) >= maxUserVars {
		return wharf.Errorf(wharf.CodeTooLarge, "a session can have %d user variables", maxUserVars)
	}
	if s.userVars == nil {
		s.userVars = map[string]eval.Datum{}
	}
	s.userVars[name] = d
	return nil
}

// Assign gives a user variable a value within a statement: @v := x. A cursor's
// statement gives it to its session too.
func (s *Session) Assign(name string, d eval.Datum) error {
	if s.opener != nil {
		if err := s.opener.Assign(name, d); err != nil {
			return err
		}
	}
	old, known := s.userVars[name]
	more := int64(d.Size())
	if known {
		more -= int64(old.Size())
	} else {
		more += int64(eval.EntryBytes + len(name))
	}
	if more > 0 {
		if err := s.memory.Keep(more); err != nil {
			return err
		}
	}
	if err := s.setUserVar(name, d); err != nil {
		s.memory.Unkeep(max(more, 0))
		return err
	}
	if more < 0 {
		s.memory.Unkeep(-more)
	}
	s.userVarBytes += more
	return nil
}

// transaction is SET TRANSACTION …. Of one for the next transaction only, the
// isolation changes nothing that could be seen, for no statement of Wharf
// reads twice.
func (w *setting) transaction(a sql.Assignment, text string) error {
	name, value := "transaction_isolation", eval.StringDatum(text)
	switch strings.ToUpper(text) {
	case "READ ONLY":
		name, value = "transaction_read_only", eval.IntDatum(1)
	case "READ WRITE":
		name, value = "transaction_read_only", eval.IntDatum(0)
	}
	v, err := w.s.executor.variable(name)
	if err != nil {
		return err
	}
	if a.Next {
		return w.next(v, value)
	}
	return w.variable(v, sql.Assignment{Scope: a.Scope, Value: a.Value}, value)
}

// next is SET TRANSACTION without a scope.
func (w *setting) next(v *variable, d eval.Datum) error {
	if w.s.inTransaction {
		return eval.Because(ErrInTransaction, wharf.CodeInvalid, "Transaction characteristics can't be changed while a transaction is in progress")
	}
	value, err := w.s.checkVariable(v, d)
	if err == nil && v.name == "transaction_read_only" {
		readOnly := value.Int64() != 0
		w.s.nextReadOnly = &readOnly
	}
	return err
}

func (w *setting) variable(v *variable, a sql.Assignment, d eval.Datum) error {
	global := a.Scope == sql.ScopeGlobal
	switch {
	case v.readOnly:
		return eval.Invalid(errVariableScope, "Variable '%s' is a read only variable", v.name)
	case global && v.scope == sessionOnly:
		return eval.Invalid(errVariableScope, "Variable '%s' is a SESSION variable and can't be used with SET GLOBAL", v.name)
	case !global && v.scope == globalOnly:
		return eval.Invalid(errVariableScope, "Variable '%s' is a GLOBAL variable and should be set with SET GLOBAL", v.name)
	}
	value := v.def
	if a.Value == nil && a.Query == nil && !global {
		value = w.s.executor.globalValue(v)
	}
	if a.Value != nil || a.Query != nil {
		var err error
		if value, err = w.s.checkVariable(v, d); err != nil {
			return err
		}
	}
	if global {
		if err := w.s.needsSuper(w.ctx, "SET GLOBAL"); err != nil {
			return err
		}
		if v.name == "time_zone" {
			if _, err := eval.ParseZone(value.Str()); err != nil {
				return err
			}
		}
		w.globals[v.name] = value
		return nil
	}
	if v.apply != nil {
		if err := v.apply(w.s, value); err != nil {
			return err
		}
	}
	w.s.setVar(v.name, value)
	return nil
}

func (s *Session) setVar(name string, value wharf.Value) {
	if s.vars == nil {
		s.vars = map[string]wharf.Value{}
	}
	s.vars[name] = value
}

// applyVariables makes the values that a session starts with take effect.
func (s *Session) applyVariables() {
	e := s.executor
	e.mu.RLock()
	s.inherited = e.globals
	e.mu.RUnlock()
	s.zone = nil
	if v, ok := s.inherited["time_zone"]; ok {
		s.zone, _ = eval.ParseZone(v.Str()) // SET GLOBAL checked it
	}
	s.autocommit = s.flag("autocommit")
	_ = s.setMode(s.Value("sql_mode")) // it always takes effect
}

// flag is the value of a switch.
func (s *Session) flag(name string) bool {
	return s.variableValue(s.executor.variables[name], false).Int64() != 0
}

// setAutocommit commits the open transaction where it switches on.
func (s *Session) setAutocommit(on bool) {
	if on && !s.autocommit {
		s.endTransaction()
	}
	s.autocommit = on
}

func (s *Session) setTimeZone(v wharf.Value) error {
	zone, err := eval.ParseZone(v.Str())
	if err == nil {
		s.zone = zone
	}
	return err
}

// FindCollation returns the name of the collation that a session begins with
// where the client's handshake has that number; ok is false where Wharf does
// not have its character set, and for 0.
func FindCollation(number uint16) (name string, ok bool) {
	co, ok := eval.CollationOf(number)
	return co.Name, ok
}

// setClientCollation makes the character set and collation of the login those of
// the session.
func (s *Session) setClientCollation() {
	if co, ok := eval.CollationOf(s.client.Collation); ok {
		s.setCharset(co.Charset, co.Name)
	}
}

// setNames is SET NAMES and SET CHARACTER SET: what the client sends and
// wants to be sent.
func (s *Session) setNames(name, collate string) error {
	cs, ok := eval.FindCharset(name)
	if !ok {
		return sql.NoCharset(name)
	}
	order := cs.Collation
	if collate != "" {
		id, ok := eval.FindCollation(collate)
		co := id.Collation()
		if !ok {
			return sql.NoCollation(collate)
		}
		if co.Charset != cs.Name {
			return eval.Invalid(eval.ErrCharsetMismatch, "COLLATION '%s' is not valid for CHARACTER SET '%s'", co.Name, cs.Name)
		}
		order = co.Name
	}
	s.setCharset(cs.Name, order)
	return nil
}

func (s *Session) setCharset(charset, collation string) {
	for _, v := range []string{"character_set_client", "character_set_connection", "character_set_results"} {
		s.setVar(v, wharf.Text(charset))
	}
	s.setVar("collation_connection", wharf.Text(collation))
}

// setTimestamp makes NOW() tell that time, in seconds since 1970; 0 and DEFAULT
// the server's again.
func (s *Session) setTimestamp(v wharf.Value) error {
	s.clock = time.Time{}
	if seconds := v.Float64(); seconds > 0 {
		s.clock = time.UnixMicro(int64(seconds * 1e6)).UTC()
	}
	return nil
}
