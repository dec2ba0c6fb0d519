package enginetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// asker asks an engine for the rows of queries over tables, which are found by
// their names without a schema.
type asker struct {
	engine sql.Engine
	tables map[string]sql.Source
	Differences
}

func (a asker) request(t testing.TB, text string, args []wharf.Value) sql.Request {
	t.Helper()
	stmt, _, err := sql.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	query, ok := stmt.(*sql.Query)
	if !ok {
		t.Fatalf("%s is no query", text)
	}
	e := &session{account: eval.Account{Memory: eval.NewMemory(64 << 20)}, functions: eval.FunctionTable()}
	return sql.Request{
		Query: query, User: "ann", Zone: "UTC", Args: args,
		Expressions: eval.NewExpressions(e, e.Now()), State: e.state(),
		Resolve: func(_ context.Context, schema, name string) (sql.Source, error) {
			if source, ok := a.tables[name]; ok && schema == "" {
				return source, nil
			}
			return sql.Source{}, wharf.Errorf(wharf.CodeNotFound, "there is no table %s", name)
		},
	}
}

func (a asker) rows(ctx context.Context, t testing.TB, text string, args ...wharf.Value) (*wharf.Rows, error) {
	t.Helper()
	return a.engine.Query(ctx, a.request(t, text, args))
}

// session is a session without variables.
type session struct {
	account   eval.Account
	functions map[string]eval.Function
}

func (s *session) Account() *eval.Account      { return &s.account }
func (s *session) Warn(uint16, string, ...any) {}
func (s *session) Now() time.Time              { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
func (s *session) Location() *time.Location    { return time.UTC }
func (s *session) UserVar(string) eval.Datum   { return eval.NullDatum() }

func (s *session) Value(name string) wharf.Value {
	switch name {
	case "group_concat_max_len":
		return wharf.Int(1024)
	case "div_precision_increment":
		return wharf.Int(4)
	case "default_week_format":
		return wharf.Int(0)
	}
	return wharf.Text("utf8mb4_0900_ai_ci")
}

func (s *session) SysVar(v sql.SysVar) (eval.Node, error) {
	return eval.Node{}, eval.Unsupported("@@" + v.Name)
}

func (s *session) Subquery(sql.Subquery, eval.Node, []wharf.Value) (eval.Node, error) {
	return eval.Node{}, eval.Unsupported("a subquery here")
}

func (s *session) Function(name string) (eval.Function, bool) {
	f, ok := s.functions[name]
	return f, ok
}

// state is the session's for [eval.Expressions].
func (s *session) state() []byte {
	state := eval.State{Now: s.Now(), Zone: "UTC", Variables: map[string]eval.Variable{}}
	for _, name := range eval.Variables {
		state.Variables[name] = eval.VariableOf(s.Value(name))
	}
	text, err := json.Marshal(state)
	if err != nil {
		panic(err) // it has nothing that JSON does not
	}
	return text
}
