//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
)

// union reads files of several formats as one table: a column is there if any
// of them has it, and NULL in the rows of the others.
func (s *sources) union(source sql.Source) (Relation, error) {
	var parts []string
	var hidden []string
	for i, set := range append([]*sql.FileSet{source.Files}, source.Also...) {
		name := [2]string{source.Name, fmt.Sprintf("format %d", i)} // no table of a query is called so
		rel, err := s.files(name, sql.Source{Name: source.Name, Files: set})
		if err != nil {
			return Relation{}, err
		}
		if p := s.placed[name]; p.lacks() {
			// What the query reads of a part is not known.
			if err := p.fetch(s.lease.ctx, nil); err != nil {
				return Relation{}, err
			}
			clear(p.partial)
		}
		s.known[name] = rel
		parts = append(parts, "SELECT * FROM "+rel.SQL)
		for _, h := range rel.Hidden {
			hidden = append(hidden, h.Name)
		}
	}
	rel := Relation{SQL: "(" + strings.Join(parts, " UNION ALL BY NAME ") + ")"}
	described, err := s.lease.describe("SELECT * FROM " + rel.SQL)
	if err != nil {
		return Relation{}, s.lease.located(err)
	}
	for _, c := range described {
		column := Column{Name: c.Name, Type: c.Duck}
		if slices.Contains(hidden, c.Name) {
			rel.Hidden = append(rel.Hidden, column)
		} else {
			rel.Columns = append(rel.Columns, column)
		}
	}
	if len(rel.Columns) == 0 {
		return rel, wharf.Errorf(wharf.CodeInvalid, "%s has no columns", source.Name)
	}
	return rel, nil
}
