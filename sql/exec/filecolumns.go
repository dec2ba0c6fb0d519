package exec

import (
	"container/list"
	"context"
	"strconv"
	"strings"
	"sync"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// columnsOf returns the columns of a table of a stage. They are found out from
// the files and kept while these stay as they are.
func (s *Session) columnsOf(ctx context.Context, stage wharf.Stage, t *fileTable) ([]infoColumn, error) {
	if columns, ok := s.executor.fileColumns.find(stage.ID, t); ok {
		return columns, nil
	}
	engine := s.executor.files
	if engine == nil {
		return nil, noFileEngine()
	}
	query, err := queryOf("SELECT * FROM", stage, t)
	if err != nil {
		return nil, err
	}
	request := s.request(query, nil)
	request.Super = s.SeesAll(ctx)
	described, err := engine.Columns(ctx, request)
	if err != nil {
		return nil, err
	}
	columns := make([]infoColumn, len(described))
	for i, c := range described {
		columns[i] = infoColumn{Column: c, sqlType: c.SQLType, collation: fileCollation}
	}
	s.executor.fileColumns.keep(stage.ID, t, columns, s.countRows(ctx, stage, t))
	return columns, nil
}

// queryOf parses a query of a table of a stage.
func queryOf(head string, stage wharf.Stage, t *fileTable) (*sql.Query, error) {
	text := head + " " + quoteName(string(stage.Name)) + "." + quoteName(t.name)
	parsed, _, err := sql.Parse(text)
	if err != nil {
		return nil, err
	}
	query, ok := parsed.(*sql.Query)
	if !ok {
		return nil, wharf.Errorf(wharf.CodeInternal, "%s is not a query", text)
	}
	return query, nil
}

// maxCounted is the most bytes of a text file whose rows are counted. Those of
// a Parquet file are in its footer.
const maxCounted = 1 << 20

// countRows returns how many rows a file has where that is found out quickly,
// else NULL, also where the file cannot be read: a query of it says so.
func (s *Session) countRows(ctx context.Context, stage wharf.Stage, t *fileTable) wharf.Value {
	format, err := s.tableFormat(ctx, stage)
	if err != nil || t.isFolder() || t.size > maxCounted && format.typeOf(t.keys[0]) != wharf.Parquet {
		return wharf.Null()
	}
	query, err := queryOf("SELECT COUNT(*) FROM", stage, t)
	if err != nil {
		return wharf.Null()
	}
	request := s.request(query, nil)
	request.Super = s.SeesAll(ctx)
	rows, err := s.executor.files.Query(ctx, request)
	if err != nil {
		return wharf.Null()
	}
	count := wharf.Null()
	for row, err := range rows.All {
		if err != nil {
			return wharf.Null()
		}
		if n, err := strconv.ParseUint(row[0].String(), 10, 64); err == nil {
			count = wharf.Uint(n)
		}
	}
	return count
}

// quoteName writes a name in backticks.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// maxColumnCache is how many bytes a columnCache keeps.
const maxColumnCache = 16 << 20

// columnCache keeps the columns of tables in stages: of each those of one
// version. It forgets those that were not asked for the longest. The zero value
// is ready, and safe for concurrent use.
type columnCache struct {
	mu     sync.Mutex // guards what follows
	tables map[columnKey]*list.Element
	stages map[wharf.StageID]int // tables of each
	used   list.List             // of *cachedColumns, those that were used last first
	bytes  int
}

type columnKey struct {
	stage wharf.StageID
	table string
}

type cachedColumns struct {
	key     columnKey
	version string
	columns []infoColumn
	rows    wharf.Value // how many it has; NULL is not known
	bytes   int
}

// find returns the columns of a table, if those of its version are kept.
func (c *columnCache) find(stage wharf.StageID, t *fileTable) ([]infoColumn, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.at(stage, t)
	if at == nil {
		return nil, false
	}
	c.used.MoveToFront(at)
	return at.Value.(*cachedColumns).columns, true
}

// rows returns how many rows a table has, or NULL where that is not kept.
func (c *columnCache) rows(stage wharf.StageID, t *fileTable) wharf.Value {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.at(stage, t); at != nil {
		return at.Value.(*cachedColumns).rows
	}
	return wharf.Null()
}

// at returns what is kept of a table's version, or nil. c.mu is held.
func (c *columnCache) at(stage wharf.StageID, t *fileTable) *list.Element {
	at, ok := c.tables[columnKey{stage, t.name}]
	if !ok || t.version == "" || at.Value.(*cachedColumns).version != t.version {
		return nil
	}
	return at
}

// has reports whether the columns of any table of a stage are kept.
func (c *columnCache) has(stage wharf.StageID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stages[stage] > 0
}

func (c *columnCache) keep(stage wharf.StageID, t *fileTable, columns []infoColumn, rows wharf.Value) {
	kept := &cachedColumns{columnKey{stage, t.name}, t.version, columns, rows, len(t.name) + 250}
	for _, col := range columns {
		kept.bytes += len(col.Name) + len(col.sqlType) + 100
	}
	if kept.bytes > maxColumnCache/4 || t.version == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil {
		c.tables, c.stages = map[columnKey]*list.Element{}, map[wharf.StageID]int{}
	}
	if at, ok := c.tables[kept.key]; ok {
		c.drop(at)
	}
	c.tables[kept.key] = c.used.PushFront(kept)
	c.stages[stage]++
	for c.bytes += kept.bytes; c.bytes > maxColumnCache; {
		c.drop(c.used.Back())
	}
}

// drop forgets a table. c.mu is held.
func (c *columnCache) drop(at *list.Element) {
	kept := c.used.Remove(at).(*cachedColumns)
	delete(c.tables, kept.key)
	c.bytes -= kept.bytes
	if c.stages[kept.key.stage]--; c.stages[kept.key.stage] == 0 {
		delete(c.stages, kept.key.stage)
	}
}

// tableNamed finds a table by its database and name, with its columns where
// they are wanted.
func (s *Session) tableNamed(ctx context.Context, database, name string, columns bool) (infoTable, error) {
	if isSystemTable(database, name) {
		return s.executor.findInfoTable(name)
	}
	found, name, err := s.tableSchema(ctx, s.databaseOf(database), name)
	if err != nil {
		return infoTable{}, err
	}
	switch {
	case found.name == informationSchema:
		return s.executor.findInfoTable(name)
	case !found.isStage():
		return infoTable{}, wharf.Errorf(wharf.CodeNotFound, "Table '%s.%s' doesn't exist; the tables are files in stages, see SHOW DATABASES", found.name, eval.CutRunes(name, 64))
	}
	t, err := s.fileTable(ctx, found.stage, name)
	if err != nil {
		return infoTable{}, err
	}
	info := infoTable{name: t.name, file: t, stage: found.stage}
	if columns {
		info.columns, err = s.columnsOf(ctx, found.stage, t)
	}
	return info, err
}
