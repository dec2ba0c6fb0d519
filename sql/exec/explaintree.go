package exec

import (
	"context"
	"fmt"
	"time"

	"wharf"
	"wharf/sql"
)

// explainTree plans EXPLAIN FORMAT = TREE and EXPLAIN ANALYZE, with a row for each
// step: a query of files tells its steps, any other one its tables.
func (s *Session) explainTree(st *sql.ExplainTree, args []wharf.Value) (plan, error) {
	of, err := s.plan(st.Of, args)
	if err != nil {
		return plan{}, err
	}
	p := s.answer([]wharf.Column{text("EXPLAIN")}, func(ctx context.Context) ([][]wharf.Value, error) {
		lines, ok, err := s.steps(ctx, st.Of, args, st.Analyze)
		if err == nil && !ok {
			lines, err = s.tableSteps(ctx, of, st)
		}
		return rowsOf(lines, func(line string) []wharf.Value { return texts(line) }), err
	})
	p.timed = true
	return p, nil
}

// steps asks the engine of a query for its steps. ok is false where it cannot
// tell them.
func (s *Session) steps(ctx context.Context, of sql.Statement, args []wharf.Value, analyze bool) (lines []string, ok bool, err error) {
	q, isQuery := of.(*sql.Query)
	if !isQuery {
		return nil, false, nil
	}
	engine, err := s.executor.engineOf(s, q)
	if err != nil {
		return nil, false, err
	}
	explainer, ok := engine.(sql.Explainer)
	if !ok {
		return nil, false, nil
	}
	request, err := s.prepared(ctx, engine, s.request(q, args))
	if err != nil {
		return nil, false, err
	}
	lines, err = explainer.Explain(ctx, request, analyze)
	return lines, true, err
}

// tableSteps tells the tables of a query that no engine tells the steps of, and
// with ANALYZE its rows and its time.
func (s *Session) tableSteps(ctx context.Context, p plan, st *sql.ExplainTree) ([]string, error) {
	line := "-> Rows of the query"
	if st.Analyze {
		begin := time.Now()
		n, err := count(ctx, p)
		if err != nil {
			return nil, err
		}
		line += fmt.Sprintf("  (actual time=%.3f ms rows=%d)", float64(time.Since(begin).Microseconds())/1000, n)
	}
	lines := []string{line}
	if q, ok := st.Of.(*sql.Query); ok {
		for _, t := range q.Tables {
			lines = append(lines, "    -> Table scan on "+t.Name)
		}
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
