//go:build linux && !noduck

package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wharf"
)

// lease is a worker while it serves one statement of the server: the few that
// describe its sources, and the one whose rows are the answer.
type lease struct {
	pool   *Pool
	worker *process
	ctx    context.Context
	stop   func() bool
	dir    string            // the statement's files
	names  map[string]string // what messages say in the place of paths
	done   bool
}

// lease gives a worker to a statement of that user. The caller ends it.
func (p *Pool) lease(ctx context.Context, user string) (*lease, error) {
	w, err := p.acquire(ctx, user)
	if err != nil {
		return nil, err
	}
	l := &lease{pool: p, worker: w, ctx: ctx, names: map[string]string{}}
	// Nothing else ends a statement within its bound, not even inside one long
	// call of a function.
	l.stop = context.AfterFunc(ctx, w.kill)
	if l.dir, err = w.subfolderForFiles(); err != nil {
		l.end(err)
		return nil, l.explain(err)
	}
	return l, nil
}

// end gives the worker back. It is fit for another statement where this one
// came to its own end, by its last row or by a failure of DuckDB's.
func (l *lease) end(err error) {
	if l.done {
		return
	}
	l.done = true
	interrupted := !l.stop()
	var f failure
	l.pool.release(l.worker, !interrupted && (err == nil || errors.As(err, &f)))
}

// begin sends a statement and gives the columns of its result.
func (l *lease) begin(st statement) ([]column, error) {
	if err := l.worker.framed.send(frameQuery, st); err != nil {
		return nil, err
	}
	kind, payload, err := l.worker.framed.read()
	if err != nil {
		return nil, err
	}
	if kind != frameColumns {
		return nil, unexpected(kind, payload)
	}
	var columns []column
	return columns, json.Unmarshal(payload, &columns)
}

// describe gives the columns of a query without running it.
func (l *lease) describe(sql string) ([]column, error) {
	columns, err := l.begin(statement{SQL: sql, Describe: true})
	if err != nil {
		return nil, err
	}
	kind, payload, err := l.worker.framed.read()
	if err == nil && kind != frameDone {
		err = unexpected(kind, payload)
	}
	return columns, err
}

// rows runs a query. Its rows end the lease: they are read to their end or
// given up.
func (l *lease) rows(st statement, headers []string) (*wharf.Rows, error) {
	described, err := l.begin(st)
	if err != nil {
		return nil, err
	}
	columns := make([]wharf.Column, len(described))
	for i, c := range described {
		columns[i] = wharf.Column{Name: c.Name, Type: c.Type, Nullable: true}
		if i < len(headers) {
			columns[i].Name = headers[i]
		}
	}
	r := &result{lease: l, row: make([]wharf.Value, len(columns))}
	return &wharf.Rows{Columns: columns, All: r.all}, nil
}

// result is the rows of a statement.
type result struct {
	*lease
	row []wharf.Value
}

// errGivenUp is the end of a statement whose rows are not wanted any more.
var errGivenUp = errors.New("the rows were given up")

// all yields the rows.
func (r *result) all(yield func([]wharf.Value, error) bool) {
	for {
		kind, payload, err := r.worker.framed.read()
		switch {
		case err == nil && kind == frameRows:
			more, err := r.batch(string(payload), yield)
			if err == nil && more {
				continue
			}
			if err == nil {
				r.end(errGivenUp)
				return
			}
			r.end(err)
			yield(nil, r.explain(err))
			return
		case err == nil && kind == frameDone:
			r.end(nil)
			return
		case err == nil:
			err = unexpected(kind, payload)
		}
		r.end(err)
		yield(nil, r.explain(err))
		return
	}
}

// batch yields the rows of a batch, and reports whether more are wanted.
func (r *result) batch(batch string, yield func([]wharf.Value, error) bool) (bool, error) {
	for len(batch) >= 4 {
		n := int(littleEndian(batch))
		if n > len(batch)-4 {
			return true, errShort
		}
		if err := decodeRow(r.row, batch[4:4+n]); err != nil {
			return true, err
		}
		batch = batch[4+n:]
		if !yield(r.row, nil) {
			return false, nil
		}
	}
	return true, nil
}

func unexpected(kind frameKind, payload []byte) error {
	if kind != frameError {
		return fmt.Errorf("a worker sent %q out of turn", kind)
	}
	var f failure
	if err := json.Unmarshal(payload, &f); err != nil {
		return err
	}
	return f
}

// explain makes the client's error of err.
func (l *lease) explain(err error) error {
	if l.ctx.Err() != nil {
		return interrupted(l.ctx)
	}
	var f failure
	if errors.As(err, &f) {
		return f.explain(l.clear)
	}
	var known *wharf.Error
	if errors.As(err, &known) {
		return err
	}
	return wharf.WrapError(wharf.CodeInternal, "duck.run", "the worker process of this query ended; the server's log says why",
		fmt.Errorf("%w%s", err, l.worker.stderr))
}

// clear puts names in the place of paths.
func (l *lease) clear(text string) string {
	for path, name := range l.names {
		text = strings.ReplaceAll(text, path, name)
	}
	text = strings.ReplaceAll(text, l.dir+"/", "")
	return strings.ReplaceAll(text, l.worker.folder, "…")
}

// explain makes the client's error of a failure. Its kinds are the exceptions
// of DuckDB.
func (f failure) explain(clear func(string) string) error {
	code := wharf.CodeInvalid
	switch f.Kind {
	case "Out of Memory Error":
		code = wharf.CodeTooLarge
	case "Permission Error":
		code = wharf.CodeDenied
	case "Not implemented Error":
		code = wharf.CodeUnsupported
	case "INTERNAL Error", "FATAL Error":
		code = wharf.CodeInternal
	}
	text, _, _ := strings.Cut(clear(f.Text), "\n\nLINE ")
	return wharf.Errorf(code, "%s", text)
}
