package rowexec_test

import (
	"context"
	"testing"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/enginetest"
	"wharf/sql/eval"
	"wharf/sql/rowexec"
)

// environment is a session without variables.
type environment struct {
	account   eval.Account
	functions map[string]eval.Function
}

func newEnvironment() *environment {
	return &environment{account: eval.Account{Memory: eval.NewMemory(64 << 20)}, functions: eval.FunctionTable()}
}

func (e *environment) Account() *eval.Account      { return &e.account }
func (e *environment) Warn(uint16, string, ...any) {}
func (e *environment) Now() time.Time              { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
func (e *environment) Location() *time.Location    { return time.UTC }
func (e *environment) UserVar(string) eval.Datum   { return eval.NullDatum() }

func (e *environment) Value(name string) wharf.Value {
	if name == "group_concat_max_len" {
		return wharf.Int(1024)
	}
	return wharf.Text("utf8mb4_0900_ai_ci")
}

func (e *environment) SysVar(v sql.SysVar) (eval.Node, error) {
	return eval.Node{}, eval.Unsupported("@@" + v.Name)
}

func (e *environment) Subquery(q sql.Subquery, x eval.Node, args []wharf.Value) (eval.Node, error) {
	return rowexec.Engine{}.Subquery(q, x, args, e, tables)
}

func (e *environment) Function(name string) (eval.Function, bool) {
	f, ok := e.functions[name]
	return f, ok
}

// tables are those of the suite.
func tables(schema, name string) (sql.ServerTable, error) {
	for _, s := range enginetest.Tables() {
		if schema == "" && s.Name == name {
			return sql.ServerTable{Name: name, Columns: s.Relation.Columns, Each: func(_ context.Context, row func([]wharf.Value) error) error {
				for _, r := range s.Relation.Rows {
					if err := row(r); err != nil {
						return err
					}
				}
				return nil
			}}, nil
		}
	}
	return sql.ServerTable{}, wharf.Errorf(wharf.CodeNotFound, "there is no table %s", name)
}

func TestEngine(t *testing.T) {
	e := newEnvironment()
	enginetest.Run(t, func(ctx context.Context, t testing.TB, text string, args ...wharf.Value) (*wharf.Rows, error) {
		t.Helper()
		stmt, _, err := sql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rowexec.Engine{}.Prepare(stmt.(*sql.Query), args, e, tables)
		if err != nil {
			return nil, err
		}
		rows, err := q.Rows(eval.NewEvaluation(ctx, e))
		if err != nil {
			return nil, err
		}
		return &wharf.Rows{Columns: q.Columns(), All: func(yield func([]wharf.Value, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}}, nil
	})
}
