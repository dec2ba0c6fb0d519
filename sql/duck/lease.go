//go:build linux && !noduck

package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"wharf"
)

// lease is a worker while it serves one statement of the server: the few that
// describe its sources, and the one whose rows are the answer.
type lease struct {
	pool    *Pool
	worker  *process
	ctx     context.Context // of the statement; ends at the bound of its time
	cancel  context.CancelCauseFunc
	stop    func() bool          // keeps the end of ctx from ending the lease
	prefix  string               // of the paths of the statement's files
	made    string               // the folder in which the worker writes them as DuckDB reads them
	names   map[string]string    // what messages say in the place of paths
	texts   map[string]*textFile // the files of text, by the path that is read
	written int64                // bytes in made
	busy    bool                 // the worker was sent something whose end was not read
	once    sync.Once

	described map[string][]column // found out by the statement, not yet remembered

	held
	sources *sources // of the statement; nil until they are known
}

// lease gives a worker to a statement of that user. The caller ends it.
func (p *Pool) lease(ctx context.Context, of owner) (*lease, error) {
	ctx, cancel := p.bounded(ctx)
	l, err := p.leaseWithin(ctx, cancel, of)
	if err != nil {
		cancel(nil)
	}
	return l, err
}

// leaseWithin is lease for a statement whose time runs already: the end of the lease
// ends ctx.
func (p *Pool) leaseWithin(ctx context.Context, cancel context.CancelCauseFunc, of owner) (*lease, error) {
	w, err := p.acquire(ctx, of)
	if err != nil {
		return nil, err
	}
	l := &lease{pool: p, worker: w, ctx: ctx, cancel: cancel, names: map[string]string{}, texts: map[string]*textFile{}, described: map[string][]column{}}
	l.prefix, l.made = w.pathsForFiles() // before anything can end the lease
	// Nothing else ends a statement within its bound: not inside one long call
	// of a function, and not while its rows wait for a client that reads none.
	l.stop = context.AfterFunc(ctx, func() { l.finish(false) })
	go l.watch()
	return l, nil
}

// bounded returns ctx with the bound of a statement's time.
func (p *Pool) bounded(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	if p.o.Time <= 0 {
		return context.WithCancelCause(ctx)
	}
	over := wharf.Errorf(wharf.CodeTimeout, "the query took longer than %s, the most that it may (--query-time)", p.o.Time)
	ctx, stop := context.WithTimeoutCause(ctx, p.o.Time, over)
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, func(err error) { cancel(err); stop() }
}

// Bounded implements [sql.Bounder].
func (p *Pool) Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := p.bounded(ctx)
	return ctx, func() { cancel(nil) }
}

// watchEvery is how often the disk that a statement takes is looked at.
const watchEvery = 250 * time.Millisecond

// watch ends the statement where its temporary files outgrow their bound. The
// database keeps to it by itself; this holds for a worker that does not.
func (l *lease) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-tick.C:
			if l.worker.tempSize() > l.pool.o.TempSpace+l.pool.o.TempSpace/8 {
				l.cancel(l.pool.tooMuch())
				return
			}
		}
	}
}

// tooMuch is the error of a statement that needs more than its bounds.
func (p *Pool) tooMuch() error {
	return wharf.Errorf(wharf.CodeTooLarge, "the query needs more than %s of memory and %s of disk, the most that one may have (--query-memory, --query-temp); read fewer rows or columns, or ask in several queries", size(p.o.Memory), size(p.o.TempSpace))
}

// size writes a number of bytes for people.
func size(n int64) string {
	for unit, name := range []string{"B", "KiB", "MiB", "GiB"} {
		if part := n >> (10 * unit); part < 1024 || unit == 3 {
			return fmt.Sprintf("%d %s", part, name)
		}
	}
	return ""
}

// finish gives the worker back, once. It is the only way out of a lease.
func (l *lease) finish(fit bool) {
	l.once.Do(func() {
		l.pool.release(l.worker, fit)
		l.releaseFiles()
	})
}

// end ends the lease. The worker is fit for another statement where this one
// came to its own end, by its last row or by an error that leaves the database
// in order, or never reached the worker.
func (l *lease) end(err error) {
	interrupted := !l.stop()
	var f failure
	l.finish(!interrupted && !l.busy && !(errors.As(err, &f) && f.fatal()))
	if interrupted {
		// A file may have been made in the folder while it was removed.
		_ = os.RemoveAll(l.worker.folder)
	}
	if l.ctx.Err() == nil {
		l.cancel(errEnded)
	}
}

// errEnded is why the context of a statement that came to its end has ended.
var errEnded = errors.New("the statement has ended")

// read reads a frame of the worker's answer.
func (l *lease) read() (frameKind, []byte, error) {
	kind, payload, err := l.worker.framed.read()
	if err == nil && (kind == frameDone || kind == frameError || kind == frameLooked) {
		l.busy = false
	}
	return kind, payload, err
}

// warned passes on the warnings that a worker ends a statement with.
func (l *lease) warned(payload []byte) {
	if l.sources == nil || l.sources.query.Warn == nil {
		return
	}
	var all []valueWarning
	if json.Unmarshal(payload, &all) != nil || len(all) > maxWarnings {
		return // a worker may say anything
	}
	for _, w := range all {
		l.sources.query.Warn(w.Number, w.Text)
	}
}

// begin sends a statement and gives the columns of its result.
func (l *lease) begin(st statement) ([]column, error) {
	l.busy = true
	if err := l.worker.framed.send(frameQuery, st); err != nil {
		return nil, err
	}
	kind, payload, err := l.read()
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
func (l *lease) describe(sql string) ([]column, error) { return l.describeState(sql, nil) }

// describeState is describe of a query whose expressions need the session's state.
func (l *lease) describeState(sql string, state []byte) ([]column, error) {
	columns, err := l.begin(statement{SQL: sql, Describe: true, State: state})
	if err != nil {
		return nil, err
	}
	kind, payload, err := l.read()
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
		columns[i] = wharf.Column{Name: c.Name, Type: c.Type, Nullable: true, SQLType: mysqlType(c)}
		if i < len(headers) {
			columns[i].Name = headers[i]
		}
	}
	r := &result{lease: l, st: st, row: make([]wharf.Value, len(columns)), left: l.pool.o.Rows}
	return &wharf.Rows{Columns: columns, All: r.all}, nil
}

// result is the rows of a statement.
type result struct {
	*lease
	st   statement
	sent bool // a row has come
	row  []wharf.Value
	left int64 // rows that it may still have, where Rows bounds them
}

// errGivenUp is the end of a statement whose rows are not wanted any more.
var errGivenUp = errors.New("the rows were given up")

// all yields the rows. The last one has come when every file that they are of
// was found whole.
func (r *result) all(yield func([]wharf.Value, error) bool) {
	for {
		kind, payload, err := r.read()
		switch {
		case err == nil && kind == frameRows:
			r.sent = true
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
			r.warned(payload)
			if !r.st.Describe {
				if err = r.whole(r.ctx); err == nil {
					r.rememberDescriptions()
				}
			}
			r.end(nil)
			if err != nil {
				yield(nil, r.explain(err))
			}
			return
		case err == nil:
			if err = unexpected(kind, payload); hole(err) && !r.sent && r.sources != nil {
				if err = r.sources.again(err); err == nil {
					_, err = r.begin(r.st)
				}
				if err == nil {
					continue
				}
			}
			err = r.located(err)
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
		if most := r.pool.o.Rows; most > 0 {
			if r.left--; r.left < 0 {
				return true, wharf.Errorf(wharf.CodeTooLarge, "the result has more than %d rows, the most that a query of files may have (--query-rows); add LIMIT, WHERE or GROUP BY", most)
			}
		}
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

// explain makes the client's error of err. The lease has ended.
func (l *lease) explain(err error) error {
	if cause := context.Cause(l.ctx); l.ctx.Err() != nil && cause != errEnded {
		if wharf.CodeOf(cause) == wharf.CodeTooLarge {
			return cause
		}
		return interrupted(l.ctx)
	}
	var f failure
	if errors.As(err, &f) {
		if m := ungrouped.FindStringSubmatch(f.Text); m != nil && l.sources != nil && l.sources.outside[m[1]] != nil {
			return l.sources.outside[m[1]]
		}
		if f.Kind == "Out of Memory Error" || f.Kind == "IO Error" && strings.Contains(f.Text, "File too large") {
			return &wharf.Error{Code: wharf.CodeTooLarge, Op: "duck.run", Msg: wharf.MessageOf(l.pool.tooMuch()), Err: err}
		}
		return f.explain(l.clear)
	}
	var known *wharf.Error
	if errors.As(err, &known) {
		return err
	}
	err = fmt.Errorf("%w; its worker ended: %s", err, l.worker.how())
	if l.worker.outOfMemory() {
		return &wharf.Error{Code: wharf.CodeTooLarge, Op: "duck.run", Msg: wharf.MessageOf(l.pool.tooMuch()), Err: err}
	}
	return wharf.WrapError(wharf.CodeInternal, "duck.run", "the worker process of this query ended; the server's log says how", err)
}

// clear puts names in the place of paths.
func (l *lease) clear(text string) string {
	for path, name := range l.names {
		text = strings.ReplaceAll(text, path, name)
	}
	text = strings.ReplaceAll(text, l.prefix, "")
	return strings.ReplaceAll(text, l.worker.folder, "…")
}

// fatal reports whether the database refuses all further work after f.
func (f failure) fatal() bool { return f.Kind == "FATAL Error" || f.Kind == "INTERNAL Error" }

// explain makes the client's error of a failure. Its kinds are the exceptions
// of DuckDB.
func (f failure) explain(clear func(string) string) error {
	if err := uncarried(f.Text); err != nil {
		return err
	}
	if err := f.known(); err != nil {
		return err
	}
	if err := f.notText(clear); err != nil {
		return err
	}
	if f.tellsTranslation() {
		return &wharf.Error{Code: wharf.CodeUnsupported, Op: "duck.run", Err: f,
			Msg: "this form of the query is not supported by Wharf; a derived table around one of its parts may help"}
	}
	code := wharf.CodeInvalid
	switch f.Kind {
	case "Permission Error":
		code = wharf.CodeDenied
	case "Not implemented Error":
		code = wharf.CodeUnsupported
	case "IO Error":
		if strings.Contains(f.Text, "No space left on device") {
			return wharf.Errorf(wharf.CodeNoSpace, "the disk of the data folder has no space left for the temporary files of the query")
		}
	case "INTERNAL Error", "FATAL Error":
		code = wharf.CodeInternal
	}
	text, _, _ := strings.Cut(clear(f.Text), "\n\nLINE ")
	text, _, _ = strings.Cut(text, "\n\nStack Trace:") // of an internal error
	return wharf.Errorf(code, "%s", text)
}
