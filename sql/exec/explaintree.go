package exec

import (
	"context"
	"fmt"
	"time"

	"wharf"
	"wharf/sql"
)

// explainTree has a row for each step of a SELECT: a query of files tells its
// steps, any other one its tables.
func (s *Session) explainTree(ctx context.Context, st *sql.Explain, of plan, args []wharf.Value) ([][]wharf.Value, error) {
	lines, ok, err := s.steps(ctx, st.Of, args, st.Analyze)
	if err == nil && !ok {
		lines, err = s.tableSteps(ctx, of, st)
	}
	return rowsOf(lines, func(line string) []wharf.Value { return texts(line) }), err
}

// steps asks the engine of a query for its steps. ok is false where it cannot
// tell them.
func (s *Session) steps(ctx context.Context, of sql.Statement, args []wharf.Value, analyze bool) (lines []string, ok bool, err error) {
	q, isQuery := of.(*sql.Query)
	if sel, is := of.(*sql.Select); is {
		if _, err := s.planRow(sel, args); wharf.CodeOf(err) == wharf.CodeUnsupported && s.executor.files != nil {
			q, isQuery = sel.Query(wharf.MessageOf(err)), true
		}
	}
	if !isQuery {
		return nil, false, nil
	}
	engine, err := s.executor.engineOf(s, q)
	if err != nil {
		return nil, false, err
	}
	err = s.ask(ctx, engine, s.request(q, args), func(engine sql.Engine, r sql.Request) (err error) {
		explainer, is := engine.(sql.Explainer)
		if ok = is; !ok {
			_, err = engine.Columns(ctx, r)
			return err
		}
		lines, err = explainer.Explain(ctx, r, analyze)
		return err
	})
	return lines, ok, err
}

// tableSteps tells the tables of a query that no engine tells the steps of, and
// with ANALYZE its rows and its time.
func (s *Session) tableSteps(ctx context.Context, p plan, st *sql.Explain) ([]string, error) {
	var lines []string
	indent := ""
	switch {
	case st.Analyze:
		begin := time.Now()
		n, err := count(ctx, p)
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("-> Rows of the query  (actual time=%.3f ms rows=%d)", float64(time.Since(begin).Microseconds())/1000, n))
		indent = "    "
	case p.describe != nil:
		if _, err := p.describe(ctx); err != nil {
			return nil, err
		}
	}
	for _, table := range tablesRead(st.Of) {
		lines = append(lines, indent+"-> Table scan on "+table)
	}
	if len(lines) == 0 {
		lines = []string{"-> Rows fetched before execution"}
	}
	return lines, nil
}

// count runs a plan and counts its rows.
func count(ctx context.Context, p plan) (int, error) {
	result, err := p.run(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, err := range result.Rows.All {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
