package oracle

import (
	"fmt"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// compareColumns wants the first column of a statement to be described alike, as
// far as drivers go by it, and its value to be written alike in the text protocol.
func (p *pair) compareColumns(t *testing.T, statement string) {
	t.Helper()
	p.asked++
	w, m := p.wharf.described(t, statement), p.mariadb.described(t, statement)
	if w != m {
		t.Errorf("%s\nwharf: %s\nmariadb: %s", statement, w, m)
	}
}

// described is the description of the first column, without what the two have
// differently: the width of integers and of doubles that have all their digits, the
// decimals of texts.
func (s *side) described(t *testing.T, statement string) string {
	t.Helper()
	r, err := s.conn.Execute(statement)
	if err != nil {
		t.Fatalf("%s: %s: %v", s.name, statement, err)
	}
	f := r.Fields[0]
	kind, text := typeOf(f), ""
	if f.Flag&mysql.NOT_NULL_FLAG != 0 {
		text = " not null"
	}
	switch {
	case kind == "decimal" || kind == "datetime" || kind == "time" || kind == "date":
		text += fmt.Sprintf(" length %d decimals %d", f.ColumnLength, f.Decimal)
	case kind == "text":
		text += fmt.Sprintf(" length %d", f.ColumnLength)
	case kind == "double":
		text += fmt.Sprintf(" decimals %d %s", f.Decimal, r.Values[0][0].AsString())
	}
	return kind + text
}
