//go:build linux && !noduck

package duck

import (
	"strings"
)

// scope is the names that an expression may use.
type scope struct {
	outer   *scope
	columns []scoped
	aliases map[string]expr // of the SELECT's items, lower case; nil where they are not seen
	first   bool            // aliases are looked at before columns
	ctes    map[string]*cte // lower case
	windows map[string]string
}

// scoped is a column of FROM.
type scoped struct {
	schema, table, name string
	expr                expr
	hidden              bool // the second of two that USING made one
	asked               bool // shown only where it is named, not by *: METADATA$FILENAME
	record              bool // the whole row of its table
}

// cte is a WITH query by its name.
type cte struct {
	name    string // in DuckDB's text
	columns []outColumn
	// counts is set for a recursive one whose rows have, behind columns, how often
	// the query was repeated for them. alias is that of the reference to it in the
	// part of the query that is being translated.
	counts bool
	alias  string
}

// outColumn is a column of a translated query: in DuckDB's text it is called
// by its place, c0 and on.
type outColumn struct {
	name string
	expr expr // its type; sql is empty
}

// find gives the column that a name means.
func (s *scope) find(schema, table, name, clause string) (expr, error) {
	for at := s; at != nil; at = at.outer {
		if table == "" && at.first {
			if e, ok := at.aliases[strings.ToLower(name)]; ok {
				return e, nil
			}
		}
		e, found, err := at.column(schema, table, name, clause)
		if err != nil || found {
			return e, err
		}
		if table == "" {
			if e, ok := at.aliases[strings.ToLower(name)]; ok {
				return e, nil
			}
		}
	}
	full := name
	if table != "" {
		full = table + "." + name
	}
	return expr{}, unknownColumn(full, clause)
}

func (s *scope) column(schema, table, name, clause string) (expr, bool, error) {
	var found *scoped
	for i := range s.columns {
		c := &s.columns[i]
		if !strings.EqualFold(c.name, name) || table != "" && !strings.EqualFold(c.table, table) ||
			schema != "" && !strings.EqualFold(c.schema, schema) || table == "" && c.hidden {
			continue
		}
		if found != nil {
			return expr{}, false, ambiguousColumn(name, clause)
		}
		found = c
	}
	if found == nil {
		return expr{}, false, nil
	}
	return found.expr, true, nil
}

// record gives the column that a name means, if it is the whole row of a table.
func (s *scope) record(table, name string) *scoped {
	for at := s; at != nil; at = at.outer {
		for i := range at.columns {
			c := &at.columns[i]
			if c.record && c.name == name && (table == "" || strings.EqualFold(c.table, table)) {
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

// window gives the named window's text.
func (s *scope) window(name string) (string, bool) {
	w, ok := s.windows[strings.ToLower(name)]
	return w, ok
}
