//go:build linux && !noduck

package duck

import (
	"slices"
	"strings"
)

// scope is the names that an expression may use.
type scope struct {
	outer   *scope
	columns []scoped
	items   []item // of the SELECT
	seen    itemsSeen
	ctes    map[string]*cte   // lower case
	windows map[string]window // lower case
	tables  []string          // the names that FROM gives, with their databases
	places  []string          // of the rows of sources that stand before a correlated query
}

// scoped is a column of FROM.
type scoped struct {
	schema, table, name string
	expr                expr
	hidden              bool // the second of two that USING made one
	asked               bool // shown only where it is named, not by *: METADATA$FILENAME
	record              bool // the whole row of its table
	place               int  // among the columns of its table
	typed               bool // its header is the name as it was typed
	server              bool // of a table of the server's by its own name, which has no letter case
}

// fullName is the column's name with those of its table and database.
func (c *scoped) fullName() string {
	return strings.TrimLeft(c.schema+"."+c.table+"."+c.name, ".")
}

// isOf reports whether the names of a database and of a table, which may be "", are the
// column's. Their letter case counts, as lower_case_table_names = 0 says.
func (c *scoped) isOf(schema, table string) bool {
	same := func(had, name string) bool {
		return name == "" || had == name || c.server && strings.EqualFold(had, name)
	}
	return same(c.schema, schema) && same(c.table, table)
}

// cte is a WITH query by its name.
type cte struct {
	name    string // in DuckDB's text
	said    string // in the query, in lower case
	columns []outColumn
	stored  bool // its rows are those of a table, for MySQL
}

// outColumn is a column of a translated query: in DuckDB's text it is called
// by its place, c0 and on.
type outColumn struct {
	name string
	expr expr // its type; sql is empty
}

// named notes the name of a table behind FROM. It reports false for one that there is.
func (s *scope) named(database, table string) bool {
	name := database + "." + table
	if slices.Contains(s.tables, name) {
		return false
	}
	s.tables = append(s.tables, name)
	return true
}

// find gives the column that a name means.
func (s *scope) find(schema, table, name, clause string) (expr, error) {
	for at := s; at != nil; at = at.outer {
		e, found, err := at.findHere(schema, table, name, clause, at != s)
		if err != nil || found {
			return e, err
		}
	}
	full := strings.TrimLeft(schema+"."+table+"."+name, ".")
	if s.byPlace() {
		return expr{}, unknownBesidePlaces(full, clause)
	}
	return expr{}, unknownColumn(full, clause)
}

// findHere is find in one scope. Inner is set where a query within asks, to which FROM comes first.
func (s *scope) findHere(schema, table, name, clause string, inner bool) (expr, bool, error) {
	first := !inner && (s.seen == itemsFirst || s.seen == itemsOfNames)
	if table != "" || s.seen == itemsUnseen || s.seen == itemsInner && !inner {
		return s.column(schema, table, name, clause)
	}
	if !first {
		if e, found, err := s.column("", "", name, clause); found || err != nil {
			return e, found, err
		}
	}
	it, err := s.item(name, clause, s.seen == itemsOfNames)
	switch {
	case it != nil && s.seen == itemsInner && !it.ready:
		return expr{}, false, unreadyItem(name, "forward reference in item list")
	case it != nil && s.seen == itemsInner && it.isComputed():
		return expr{}, false, unreadyItem(name, "reference to group function")
	case it != nil:
		return it.expr, true, nil
	case err != nil || !first:
		return expr{}, false, err
	}
	return s.column("", "", name, clause)
}

// byPlace reports whether a table has columns that are known by their places alone.
func (s *scope) byPlace() bool {
	for at := s; at != nil; at = at.outer {
		if slices.ContainsFunc(at.columns, func(c scoped) bool { return c.name == "$1" && !c.asked }) {
			return true
		}
	}
	return false
}

func (s *scope) column(schema, table, name, clause string) (expr, bool, error) {
	found, err := s.lookUp(schema, table, name, clause)
	if found == nil || err != nil {
		return expr{}, false, err
	}
	return found.expr, true, nil
}

// lookUp gives the column of FROM that a name means, or nil.
func (s *scope) lookUp(schema, table, name, clause string) (*scoped, error) {
	var found *scoped
	for i := range s.columns {
		c := &s.columns[i]
		if !strings.EqualFold(c.name, name) || !c.isOf(schema, table) || table == "" && c.hidden {
			continue
		}
		if found != nil {
			return nil, ambiguousColumn(name, clause)
		}
		found = c
	}
	return found, nil
}

// record gives the column that a name means, if it is the whole row of a table.
func (s *scope) record(table, name string) *scoped {
	for at := s; at != nil; at = at.outer {
		for i := range at.columns {
			c := &at.columns[i]
			if c.record && c.name == name && c.isOf("", table) {
				return c
			}
		}
	}
	return nil
}

// cte gives the WITH query of that name, or nil.
func (s *scope) cte(name string) *cte {
	for at := s; at != nil; at = at.outer {
		if c := at.ctes[strings.ToLower(name)]; c != nil {
			return c
		}
	}
	return nil
}
