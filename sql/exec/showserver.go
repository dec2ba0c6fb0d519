package exec

import (
	"context"
	"maps"
	"slices"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// diagnosticShows tell of the statement before.
func diagnosticShows() map[string]show {
	list := func(keep func(warning) bool) show {
		return show{asks: true, name: 2, columns: fixed(text("Level"), integer("Code"), text("Message")),
			rows: func(_ context.Context, s *Session, _ *sql.Show) ([][]wharf.Value, error) {
				kept := slices.DeleteFunc(slices.Clone(s.warnings), func(w warning) bool { return !keep(w) })
				return rowsOf(kept, func(w warning) []wharf.Value {
					return []wharf.Value{wharf.Text(w.level), wharf.Int(int64(w.number)), wharf.Text(w.message)}
				}), nil
			}}
	}
	count := func(name string, n func(*Session) int) show {
		return show{asks: true, columns: fixed(integer("@@session." + name)),
			rows: func(_ context.Context, s *Session, _ *sql.Show) ([][]wharf.Value, error) {
				return [][]wharf.Value{{wharf.Int(int64(n(s)))}}, nil
			}}
	}
	return map[string]show{
		"WARNINGS":          list(func(warning) bool { return true }),
		"ERRORS":            list(func(w warning) bool { return w.level == "Error" }),
		"COUNT(*) WARNINGS": count("warning_count", func(s *Session) int { return len(s.warnings) }),
		"COUNT(*) ERRORS":   count("error_count", (*Session).countErrors),
	}
}

// serverShows tell of the server and what it can do.
func serverShows() map[string]show {
	pair := fixed(text("Variable_name"), text("Value"))
	return map[string]show{
		"VARIABLES": {columns: pair, rows: showVariables},
		"STATUS":    {columns: pair, rows: showStatus},
		"PROCESSLIST": {name: 1, rows: showProcesses, columns: fixed(
			wharf.Column{Name: "Id", Type: wharf.TypeUint}, text("User"), text("Host"), textNull("db"),
			text("Command"), integer("Time"), textNull("State"), textNull("Info"))},
		"COLLATION": {rows: showCollations, columns: fixed(text("Collation"), text("Charset"), integer("Id"),
			text("Default"), text("Compiled"), integer("Sortlen"), text("Pad_attribute"))},
		"CHARACTER SET": {rows: showCharsets, columns: fixed(text("Charset"), text("Description"), text("Default collation"), integer("Maxlen"))},
		"ENGINES": constantShow([]wharf.Column{text("Engine"), text("Support"), text("Comment"), textNull("Transactions"), textNull("XA"), textNull("Savepoints")},
			texts("WHARF", "DEFAULT", "Stages: named places where data files land", "NO", "NO", "NO"),
			append(texts("InnoDB", "NO", "Supports transactions, row-level locking, and foreign keys"), wharf.Null(), wharf.Null(), wharf.Null())),
		"PLUGINS": constantShow([]wharf.Column{text("Name"), text("Status"), text("Type"), textNull("Library"), text("License")},
			append(texts("mysql_native_password", "ACTIVE", "AUTHENTICATION"), wharf.Null(), wharf.Text("Apache-2.0")),
			append(texts("caching_sha2_password", "ACTIVE", "AUTHENTICATION"), wharf.Null(), wharf.Text("Apache-2.0"))),
	}
}

func constantShow(columns []wharf.Column, rows ...[]wharf.Value) show {
	return show{columns: fixed(columns...), rows: func(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) {
		return slices.Clone(rows), nil
	}}
}

func showVariables(_ context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	var rows [][]wharf.Value
	for _, name := range slices.Sorted(maps.Keys(s.executor.variables)) {
		v := s.executor.variables[name]
		if st.Global && v.scope == sessionOnly {
			continue
		}
		rows = append(rows, texts(name, v.text(s.variableValue(v, st.Global))))
	}
	return rows, nil
}

// infoLength is how much of a statement SHOW PROCESSLIST shows without FULL.
const infoLength = 100

// processes returns the connections that the session's user may see: its own, and
// with SUPER all.
func (s *Session) processes(ctx context.Context) ([]Process, error) {
	a, err := s.executor.service.Access(ctx, s.client.Principal)
	if err != nil {
		return nil, err
	}
	all := s.client.Sessions.Processes()
	if a.IsSuper() {
		return all, nil
	}
	return slices.DeleteFunc(all, func(p Process) bool { return !a.SameUser(p.Owner) }), nil
}

func showProcesses(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	all, err := s.processes(ctx)
	if err != nil {
		return nil, err
	}
	now := s.executor.now()
	orNull := func(t string) wharf.Value {
		if t == "" {
			return wharf.Null()
		}
		return wharf.Text(t)
	}
	return rowsOf(all, func(p Process) []wharf.Value {
		info := p.Info
		if !st.Full {
			info = eval.CutRunes(info, infoLength)
		}
		state := ""
		if info != "" {
			state = "executing"
		}
		return []wharf.Value{
			wharf.Uint(uint64(p.ID)), wharf.Text(p.User), wharf.Text(p.Host), orNull(p.DB), wharf.Text(p.Command),
			wharf.Int(max(int64(now.Sub(p.Since).Seconds()), 0)), wharf.Text(state), orNull(info),
		}
	}), nil
}

func showCollations(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) {
	return rowsOf(eval.ListedCollations(), func(c eval.Collation) []wharf.Value {
		isDefault := ""
		if c.IsDefault {
			isDefault = "Yes"
		}
		return []wharf.Value{wharf.Text(c.Name), wharf.Text(c.Charset), wharf.Int(c.Id), wharf.Text(isDefault),
			wharf.Text("Yes"), wharf.Int(1), wharf.Text(c.Pad)}
	}), nil
}

func showCharsets(context.Context, *Session, *sql.Show) ([][]wharf.Value, error) {
	return rowsOf(eval.Charsets(), func(c eval.Charset) []wharf.Value {
		return append(texts(c.Name, c.Description, c.Collation), wharf.Int(c.MaxLen))
	}), nil
}
