//go:build linux && !noduck

package duck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
)

var (
	_ sql.Unloader = (*Pool)(nil)
	_ sql.Bounder  = (*Pool)(nil)
)

// Columns finds out the columns of a query in a worker, which looks into the
// files.
func (p *Pool) Columns(ctx context.Context, q sql.Request) ([]wharf.Column, error) {
	rows, err := p.query(ctx, q, true)
	if err != nil {
		return nil, err
	}
	for _, err := range rows.All {
		return nil, err
	}
	return rows.Columns, nil
}

// Query answers a query. Its rows come from a worker, as they are read.
func (p *Pool) Query(ctx context.Context, q sql.Request) (*wharf.Rows, error) {
	return p.query(ctx, q, false)
}

func (p *Pool) query(ctx context.Context, q sql.Request, describe bool) (*wharf.Rows, error) {
	l, tr, err := p.translate(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := l.query(tr, describe)
	if err != nil {
		return nil, l.failed(err)
	}
	if q.Warn != nil && !describe {
		for _, w := range tr.Warnings {
			q.Warn(w.Number, w.Text)
		}
	}
	return rows, nil
}

// translate gives DuckDB's text for a query, and the worker that runs it, which has
// its sources as far as their columns need it. The worker is taken for the first
// file; a mistake in a query of none waits for no worker. What the server computes
// beforehand, such as GET_LOCK of constants, is within the statement's time, too.
func (p *Pool) translate(ctx context.Context, q sql.Request) (*lease, *Translation, error) {
	ctx, cancel := p.bounded(ctx)
	s := newSources(q)
	s.ctx, s.take = ctx, func() (*lease, error) { return p.leaseWithin(ctx, cancel, ownerOf(q)) }
	tr, err := s.translate()
	if err == nil {
		err = s.taken()
	}
	switch {
	case err == nil:
		return s.lease, tr, nil
	case s.lease != nil:
		return nil, nil, s.lease.failed(err)
	case ctx.Err() != nil:
		err = interrupted(ctx)
	}
	cancel(nil)
	return nil, nil, err
}

// failed ends the lease of a statement that has failed, and returns the client's
// error.
func (l *lease) failed(err error) error {
	err = l.spoiled(err)
	l.end(err)
	return l.explain(err)
}

// send sends the relations that the server holds. The statement follows.
func (s *sources) send() error {
	for _, t := range s.tables {
		s.lease.busy = true
		if err := sendTable(s.lease.ctx, s.lease.worker.framed, t); err != nil {
			return err
		}
	}
	return nil
}

// again makes a statement that has failed with err ready to run again, with all
// bytes of its files. It returns err where they were all there.
func (s *sources) again(err error) error {
	lacked, fetchErr := s.complete()
	switch {
	case !lacked:
		return err
	case fetchErr != nil:
		return fetchErr
	}
	return s.send()
}

func (l *lease) query(tr *Translation, describe bool) (*wharf.Rows, error) {
	s, err := l.sources, error(nil)
	if !describe {
		err = s.fetch(tr)
	}
	if err == nil {
		err = s.send()
	}
	if err != nil {
		return nil, err
	}
	st := statement{SQL: tr.SQL, Decimals: tr.Decimals, Describe: describe, State: s.query.State}
	rows, err := l.rows(st, tr.Headers)
	err = l.located(err)
	if err == nil {
		for i, typ := range tr.Types {
			rows.Columns[i].Type = typ
			rows.Columns[i].SQLType = mysqlType(column{Type: typ, Decimals: uint8(max(0, tr.Decimals[i]))})
		}
	}
	return rows, err
}

// headers are the names of columns as they were written.
func headers(names []string, replaced []sql.Replacement) []string {
	replaced = slices.Clone(replaced)
	slices.SortFunc(replaced, func(a, b sql.Replacement) int { return len(b.Text) - len(a.Text) })
	for i := range names {
		for _, r := range replaced {
			names[i] = strings.ReplaceAll(names[i], r.Text, r.Written)
		}
	}
	return names
}

// sources are the sources of one statement as they are found.
type sources struct {
	lease  *lease // nil until a file needs it
	take   func() (*lease, error)
	ctx    context.Context
	query  sql.Request
	known  map[[2]string]Relation
	placed map[[2]string]*placement // the files of those that are files
	tables []table
	bytes  uint64 // of the files

	outside map[string]error // of the translation
}

func newSources(q sql.Request) *sources {
	if q.Zone == "" {
		q.Zone = "UTC"
	}
	return &sources{query: q, known: map[[2]string]Relation{}, placed: map[[2]string]*placement{}}
}

func (s *sources) translate() (*Translation, error) {
	q := s.query
	tr, err := Translate(s.ctx, q.Query.Text, Session{Zone: q.Zone, Args: q.Args, Mode: q.Query.Mode, Unlimited: q.Unlimited, Database: q.Database, Expressions: q.Expressions}, s.relation)
	if err != nil {
		return nil, err
	}
	tr.Headers = headers(tr.Headers, q.Query.Replaced)
	s.outside = tr.Outside
	if s.lease != nil {
		tr.SQL = narrowed(tr.SQL, s.lease.pool.o.Memory)
	}
	return tr, nil
}

// taken takes a worker, where there is none yet.
func (s *sources) taken() (err error) {
	if s.lease != nil {
		return nil
	}
	if s.lease, err = s.take(); err == nil {
		s.lease.sources, s.ctx = s, s.lease.ctx
	}
	return err
}

// relation makes a source readable for the worker.
func (s *sources) relation(schema, name string) (Relation, error) {
	if rel, ok := s.known[[2]string{schema, name}]; ok {
		return rel, nil
	}
	source, err := s.query.Resolve(s.ctx, schema, name)
	if err == nil && source.Relation == nil {
		err = s.taken()
	}
	if err != nil {
		return Relation{}, err
	}
	var rel Relation
	switch {
	case source.Relation != nil:
		rel = s.table(*source.Relation)
	case len(source.Also) > 0:
		rel, err = s.union(source)
	default:
		rel, err = s.files([2]string{schema, name}, source)
	}
	if err != nil {
		return Relation{}, err
	}
	s.known[[2]string{schema, name}] = rel
	return rel, nil
}

func (s *sources) table(r sql.ServerTable) Relation {
	t := table{name: fmt.Sprintf("relation%d", len(s.tables)+1), ServerTable: r}
	s.tables = append(s.tables, t)
	rel := Relation{SQL: t.name, Server: true}
	if r.Schema == "" {
		rel.Alias = r.Name // of a function
	}
	for _, c := range r.Columns {
		rel.Columns = append(rel.Columns, Column{Name: c.Name, Type: duckType(c.Type)})
	}
	return rel
}

// files puts the files of a source into the statement's folder and finds out
// their columns.
func (s *sources) files(name [2]string, source sql.Source) (Relation, error) {
	set := fileSet{*source.Files}
	if len(set.Files) == 0 {
		return Relation{}, wharf.Errorf(wharf.CodeNotFound, "there is no file at %s", source.Name)
	}
	w := wants(s.query.Query.Text)
	placed, err := s.lease.materialize(source.Name, set, len(s.known), set.named(len(set.Files), w))
	if err != nil {
		return Relation{}, err
	}
	s.placed[name] = placed
	for _, f := range set.Files {
		s.bytes += uint64(f.Size)
	}
	reader, err := s.lease.reader(set, placed.paths, w)
	if err != nil {
		return Relation{}, err
	}
	described, err := s.lease.describeFiles(reader, placed.paths, reader.parquet != nil && !set.Format.BinaryAsText.Given)
	if err != nil {
		return Relation{}, s.lease.located(err)
	}
	reader.places = reader.places && w.place
	return reader.relation(reader.asExact(reader.asTexts(described))), nil
}

// wanted is which of the columns that cost something a query names.
type wanted struct{ filename, rowNumber, place bool }

func wants(text string) wanted {
	upper := strings.ToUpper(text)
	return wanted{
		filename:  strings.Contains(upper, "METADATA$FILENAME"),
		rowNumber: strings.Contains(upper, "METADATA$FILE_ROW_NUMBER"),
		place:     strings.Contains(text, "`$"),
	}
}
