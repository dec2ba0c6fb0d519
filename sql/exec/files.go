package exec

import (
	"context"
	"iter"

	"wharf"
	"wharf/sql"
)

func fileNameColumns() []wharf.Column {
	return []wharf.Column{{Name: "file_name", Type: wharf.TypeString}}
}

func fullListColumns() []wharf.Column {
	return []wharf.Column{
		{Name: "name", Type: wharf.TypeString},
		{Name: "size", Type: wharf.TypeUint},
		{Name: "md5", Type: wharf.TypeString, Nullable: true},
		{Name: "last_modified", Type: wharf.TypeDateTime},
		{Name: "creator", Type: wharf.TypeString, Nullable: true},
	}
}

// place validates the location and the pattern of a statement.
func place(l sql.Location, pattern string) (wharf.Location, wharf.Pattern, error) {
	loc, err := wharf.ParseLocation(string(l))
	if err != nil {
		return wharf.Location{}, wharf.Pattern{}, err
	}
	pat, err := wharf.ParsePattern(pattern)
	return loc, pat, err
}

// listFiles is LIST, for which stores give the keys only, at less cost, and LIST
// FULL.
func (s *Session) listFiles(st *sql.ListFiles) plan {
	columns, list, fill := fileNameColumns(), s.executor.service.ListKeys, nameRow
	if st.Full {
		columns, list, fill = fullListColumns(), s.executor.service.ListFiles, fullRow
	}
	return plan{columns: columns, timed: true, run: func(ctx context.Context) (Result, error) {
		loc, pat, err := place(st.Location, st.Pattern)
		if err != nil {
			return Result{}, err
		}
		files, err := list(ctx, s.client.Principal, loc, pat)
		if err != nil {
			return Result{}, err
		}
		rows := stream(files.All, len(columns), fill)
		return Result{Rows: &wharf.Rows{Columns: columns, All: s.warned(rows, files.LeftOut, loc, "listed")}}, nil
	}}
}

// stream makes a row of each item as it comes, in one slice that is used again.
func stream[T any](items iter.Seq2[T, error], width int, fill func(row []wharf.Value, item T)) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		row := make([]wharf.Value, width)
		for item, err := range items {
			if err != nil {
				yield(nil, err)
				return
			}
			fill(row, item)
			if !yield(row, nil) {
				return
			}
		}
	}
}

func nameRow(row []wharf.Value, obj wharf.Object) { row[0] = wharf.Text(string(obj.Key)) }

// warned returns the rows of a statement about the files of a location. After
// them it warns of the files that were left out: they were not listed, copied,
// or whatever done says.
func (s *Session) warned(rows iter.Seq2[[]wharf.Value, error], left *wharf.LeftOut, loc wharf.Location, done string) iter.Seq2[[]wharf.Value, error] {
	return func(yield func([]wharf.Value, error) bool) {
		defer s.warnLeftOut(left, loc, done)
		rows(yield)
	}
}

func (s *Session) warnLeftOut(left *wharf.LeftOut, loc wharf.Location, done string) {
	if left.Count == 0 {
		return
	}
	text := "%d files in %s were not %s, because their names are not valid in Wharf: %s; rename them where they are stored"
	switch one := left.Count == 1; {
	case one && left.Links == 1:
		text = "%d file in %s was not %s, because it is a symbolic link that leads out of the stage's folder or nowhere: %s; put the file itself there"
	case left.Links == left.Count:
		text = "%d files in %s were not %s, because they are symbolic links that lead out of the stage's folder or nowhere: %s; put the files themselves there"
	case left.Links > 0:
		text = "%d files in %s were not %s, because their names are not valid in Wharf, or they are symbolic links that lead out of the stage's folder or nowhere: %s"
	case one:
		text = "%d file in %s was not %s, because its name is not valid in Wharf: %s; rename it where it is stored"
	}
	s.warn("Warning", warnLeftOut, text, left.Count, loc, done, left)
}

// fullRow fills a row of LIST FULL. Stores do not know who made a file.
func fullRow(row []wharf.Value, obj wharf.Object) {
	row[0] = wharf.Text(string(obj.Key))
	row[1] = wharf.Uint(uint64(obj.Size))
	row[2] = wharf.Null()
	if obj.MD5 != "" {
		row[2] = wharf.Text(obj.MD5)
	}
	row[3] = wharf.DateTime(obj.ModTime)
	row[4] = wharf.Null()
}

// removeFiles is REMOVE: a row for each file that is gone.
func (s *Session) removeFiles(st *sql.RemoveFiles) plan {
	columns := fileNameColumns()
	return plan{columns: columns, run: func(ctx context.Context) (Result, error) {
		loc, pat, err := place(st.Location, st.Pattern)
		if err != nil {
			return Result{}, err
		}
		keys, err := s.executor.service.RemoveFiles(ctx, s.client.Principal, loc, pat, s.flag("sql_safe_updates"))
		if err != nil {
			return Result{}, err
		}
		return Result{Rows: &wharf.Rows{Columns: columns, All: s.warned(s.changedFiles(keys.All), keys.LeftOut, loc, "removed")}}, nil
	}}
}

// copyFiles is COPY FILES: a row for each copy that was made.
func (s *Session) copyFiles(st *sql.CopyFiles) plan {
	columns := fileNameColumns()
	return plan{columns: columns, run: func(ctx context.Context) (Result, error) {
		from, pat, err := place(st.From, st.Pattern)
		if err != nil {
			return Result{}, err
		}
		to, err := wharf.ParseLocation(string(st.To))
		if err != nil {
			return Result{}, err
		}
		keys, err := s.executor.service.CopyFiles(ctx, s.client.Principal, from, pat, to)
		if err != nil {
			return Result{}, err
		}
		return Result{Rows: &wharf.Rows{Columns: columns, All: s.warned(s.changedFiles(keys.All), keys.LeftOut, from, "copied")}}, nil
	}}
}

// changedFiles makes rows of the keys of files that were changed, and notes
// that a transaction is no longer without effect.
func (s *Session) changedFiles(keys iter.Seq2[wharf.Key, error]) iter.Seq2[[]wharf.Value, error] {
	return stream(keys, 1, func(row []wharf.Value, key wharf.Key) {
		s.changed = s.inTransaction || !s.autocommit
		row[0] = wharf.Text(string(key))
	})
}
