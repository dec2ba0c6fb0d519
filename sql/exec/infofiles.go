package exec

import (
	"context"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
)

// What information_schema tells of the files in stages. Where a query names
// schemas and tables, only these are looked at.

const (
	// maxAllTables is how many tables of all stages together are shown to a
	// query that does not name the stage.
	maxAllTables = 50_000
	// maxInferred is how many tables of a query have their columns found out.
	maxInferred = 100
	// listTime is how long the files of a stage are listed for a query that does
	// not name the stage.
	listTime = 5 * time.Second
)

// wantedSchemas returns the databases that a query wants to hear of, and
// whether it names them.
func (s *Session) wantedSchemas(ctx context.Context, known sql.Known) (all []schema, named bool, err error) {
	names, named := known["TABLE_SCHEMA"]
	if !named {
		all, err = s.schemas(ctx)
		return all, false, err
	}
	for _, name := range names {
		found, err := s.findSchema(ctx, name)
		switch {
		case err == nil:
			all = append(all, found)
		case wharf.CodeOf(err) != wharf.CodeNotFound && wharf.CodeOf(err) != wharf.CodeInvalid:
			return nil, true, err
		}
	}
	return all, true, nil
}

// eachFileTable calls f for each table in stages that a query wants. A stage
// that cannot be listed fails the query that names it; any other gets a warning.
func (s *Session) eachFileTable(ctx context.Context, known sql.Known, skip func(wharf.Stage) bool, f func(wharf.Stage, *fileTable) error) error {
	all, named, err := s.wantedSchemas(ctx, known)
	if err != nil {
		return err
	}
	within := ctx
	if !named {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, listTime)
		defer cancel()
	}
	total := 0
	for _, d := range all {
		if !d.isStage() || skip(d.stage) {
			continue
		}
		tables, err := s.wantedTables(within, d.stage, known)
		if err = s.tolerated(ctx, d.stage, named, err); err != nil {
			return err
		}
		for _, t := range tables {
			if total++; total > maxAllTables && !named {
				s.warn("Warning", warnLeftOut, "only the first %d tables are shown; name a stage by TABLE_SCHEMA = '…' to see its tables", maxAllTables)
				return nil
			}
			if err := f(d.stage, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// wantedTables returns the tables of a stage that a query names, or else those
// that fileTables does.
func (s *Session) wantedTables(ctx context.Context, stage wharf.Stage, known sql.Known) ([]*fileTable, error) {
	names, ok := known["TABLE_NAME"]
	if !ok {
		tables, more, err := s.fileTables(ctx, stage, "")
		if more {
			s.warnMore(stage)
		}
		return tables, err
	}
	var tables []*fileTable
	for _, name := range names {
		t, err := s.fileTable(ctx, stage, name)
		switch {
		case err == nil && t.isData:
			tables = append(tables, t)
		case err == nil:
		case wharf.CodeOf(err) != wharf.CodeNotFound:
			return nil, err
		}
	}
	return tables, nil
}

// tolerated makes a warning of the failure of a stage that a query does not
// name.
func (s *Session) tolerated(ctx context.Context, stage wharf.Stage, named bool, err error) error {
	if err == nil || named || ctx.Err() != nil {
		return err
	}
	s.warn("Warning", warnLeftOut, "the files of the stage '%s' are not shown: %s", stage.Name, wharf.MessageOf(err))
	return nil
}

func (s *Session) warnMore(stage wharf.Stage) {
	s.warn("Warning", warnLeftOut, "the stage '%s' has more tables than are shown: the first %d names, of the first %d files, are; any other file can be queried by its name",
		stage.Name, maxTables, maxLooked)
}

func noStage(wharf.Stage) bool { return false }

func infoTableRows(ctx context.Context, s *Session, known sql.Known, row func([]wharf.Value) error) error {
	self, err := s.executor.findInfoTable("TABLES")
	if err != nil {
		return err
	}
	for _, t := range s.executor.infoTables {
		if err := row(self.row(map[string]wharf.Value{
			"TABLE_CATALOG": wharf.Text("def"), "TABLE_SCHEMA": wharf.Text(informationSchema), "TABLE_NAME": wharf.Text(t.name),
			"TABLE_TYPE": wharf.Text("SYSTEM VIEW"), "VERSION": wharf.Int(10), "TABLE_ROWS": wharf.Uint(0),
			"CREATE_TIME": created(s.executor), "CREATE_OPTIONS": wharf.Text(""), "TABLE_COMMENT": wharf.Text(""),
		})); err != nil {
			return err
		}
	}
	return s.eachFileTable(ctx, known, noStage, func(stage wharf.Stage, t *fileTable) error {
		values := map[string]wharf.Value{
			"TABLE_CATALOG": wharf.Text("def"), "TABLE_SCHEMA": wharf.Text(string(stage.Name)), "TABLE_NAME": wharf.Text(t.name),
			"TABLE_TYPE": wharf.Text(t.tableType()), "CREATE_TIME": t.time(), "TABLE_COMMENT": wharf.Text("VIEW"),
		}
		if !t.isFolder() {
			values["ENGINE"], values["VERSION"], values["ROW_FORMAT"] = wharf.Text(fileEngine), wharf.Int(10), wharf.Text("Dynamic")
			for _, name := range []string{"MAX_DATA_LENGTH", "INDEX_LENGTH", "DATA_FREE"} {
				values[name] = wharf.Uint(0)
			}
			rows := s.executor.fileColumns.rows(stage.ID, t)
			values["TABLE_ROWS"], values["AVG_ROW_LENGTH"] = rows, t.rowLength(rows)
			values["DATA_LENGTH"], values["UPDATE_TIME"] = wharf.Uint(uint64(t.size)), t.time()
			values["TABLE_COLLATION"], values["CREATE_OPTIONS"], values["TABLE_COMMENT"] = wharf.Text(fileCollation), wharf.Text(""), wharf.Text("")
		}
		return row(self.row(values))
	})
}

// fileEngine is the storage engine of a file, as SHOW ENGINES has it.
const fileEngine = "WHARF"

func (t *fileTable) tableType() string {
	if t.isFolder() {
		return "VIEW"
	}
	return "BASE TABLE"
}

// rowLength is the mean length of a row, where the number of rows is known.
func (t *fileTable) rowLength(rows wharf.Value) wharf.Value {
	if rows.IsNull() {
		return rows
	}
	return wharf.Uint(uint64(t.size) / max(1, rows.Uint64()))
}

// time is when the newest of the files came.
func (t *fileTable) time() wharf.Value {
	return wharf.Text(t.updated.UTC().Format(time.DateTime))
}

// created is when the tables of information_schema came to be, to the second.
func created(e *Executor) wharf.Value { return wharf.Text(e.started.UTC().Format(time.DateTime)) }

// infoColumns has the columns of the tables that a query names. Of all others
// it has what was found out before: clients that complete names ask for all.
func infoColumns(ctx context.Context, s *Session, known sql.Known, row func([]wharf.Value) error) error {
	self, err := s.executor.findInfoTable("COLUMNS")
	if err != nil {
		return err
	}
	describe := func(schema, table string, columns []infoColumn) error {
		for i, c := range columns {
			values := c.describe()
			values["TABLE_CATALOG"], values["TABLE_SCHEMA"] = wharf.Text("def"), wharf.Text(schema)
			values["TABLE_NAME"], values["COLUMN_NAME"] = wharf.Text(table), wharf.Text(c.Name)
			values["ORDINAL_POSITION"] = wharf.Uint(uint64(i + 1))
			if err := row(self.row(values)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range s.executor.infoTables {
		if err := describe(informationSchema, t.name, t.columns); err != nil {
			return err
		}
	}
	cache := &s.executor.fileColumns
	_, named := known["TABLE_NAME"]
	inferred, left := 0, false
	skip := func(stage wharf.Stage) bool {
		skipped := !named && !cache.has(stage.ID)
		left = left || skipped
		return skipped
	}
	err = s.eachFileTable(ctx, known, skip, func(stage wharf.Stage, t *fileTable) error {
		columns, ok := cache.find(stage.ID, t)
		if !ok && named && inferred < maxInferred {
			inferred++
			if columns, err = s.columnsOf(ctx, stage, t); err != nil {
				if ctx.Err() != nil {
					return err
				}
				s.warn("Warning", warnLeftOut, "the columns of '%s.%s' are not shown: %s", stage.Name, t.name, wharf.MessageOf(err))
			}
			ok = true
		}
		left = left || !ok
		return describe(string(stage.Name), t.name, columns)
	})
	if left && err == nil {
		s.warn("Warning", warnLeftOut, "the columns of files that were not asked for before are not shown; "+
			"name up to %d tables by TABLE_SCHEMA = '…' AND TABLE_NAME = '…', or use SHOW COLUMNS", maxInferred)
	}
	return err
}

func infoViews(ctx context.Context, s *Session, known sql.Known, row func([]wharf.Value) error) error {
	self, err := s.executor.findInfoTable("VIEWS")
	if err != nil {
		return err
	}
	return s.eachFileTable(ctx, known, noStage, func(stage wharf.Stage, t *fileTable) error {
		if !t.isFolder() {
			return nil
		}
		return row(self.row(map[string]wharf.Value{
			"TABLE_CATALOG": wharf.Text("def"), "TABLE_SCHEMA": wharf.Text(string(stage.Name)), "TABLE_NAME": wharf.Text(t.name),
			"VIEW_DEFINITION": wharf.Text(viewText(stage.Name, t)), "CHECK_OPTION": wharf.Text("NONE"), "IS_UPDATABLE": wharf.Text("NO"),
			"DEFINER": wharf.Text(s.client.Principal.User + "@%"), "SECURITY_TYPE": wharf.Text("INVOKER"),
			"CHARACTER_SET_CLIENT": wharf.Text("utf8mb4"), "COLLATION_CONNECTION": wharf.Text(fileCollation),
		}))
	})
}

// viewText is the query that a folder stands for: the union of its files.
func viewText(stage wharf.StageName, t *fileTable) string {
	if t.files > maxUnion {
		return "select * from '@" + strings.ReplaceAll(string(stage)+"/"+t.name, "'", "''") + "'"
	}
	parts := make([]string, len(t.keys))
	for i, key := range t.keys {
		parts[i] = "select * from " + quoteName(string(stage)) + "." + quoteName(string(key))
	}
	return strings.Join(parts, " union all ")
}

// maxUnion is of how many files the definition of a view names each.
const maxUnion = 100
