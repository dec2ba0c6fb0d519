package sql

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// Mode is the modes of sql_mode that change how a statement is read.
type Mode uint8

// The modes that change how a statement is read.
const (
	PipesAsConcat      Mode = 1 << iota // || is CONCAT, and not OR
	ANSIQuotes                          // "…" is a name, and not a string
	IgnoreSpace                         // there may be blanks between a function and its '('
	NoBackslashEscapes                  // a backslash in a string stands for itself
	HighNotPrecedence                   // NOT binds as tightly as '!'
	RealAsFloat                         // REAL is FLOAT, and not DOUBLE
	AnyValue                            // there is no ONLY_FULL_GROUP_BY: a column that is in no group has any value of its group
)

// modeNames are the names that sql_mode has for them, in their order.
var modeNames = []string{"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "NO_BACKSLASH_ESCAPES", "HIGH_NOT_PRECEDENCE", "REAL_AS_FLOAT"}

// ModeOf returns the modes in a value of sql_mode, in upper case, that change
// how a statement is read.
func ModeOf(sqlMode string) Mode {
	m := AnyValue
	for name := range strings.SplitSeq(sqlMode, ",") {
		for i, known := range modeNames {
			if name == known {
				m |= 1 << i
			}
		}
		if name == "ONLY_FULL_GROUP_BY" {
			m &^= AnyValue
		}
	}
	return m
}

// String returns the modes as a value of sql_mode.
func (m Mode) String() string {
	var names []string
	for i, name := range modeNames {
		if m.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// Has reports whether all modes of other are set.
func (m Mode) Has(other Mode) bool { return m&other == other }

// escapes reports whether a backslash takes the next character with it within
// that quote.
func (m Mode) escapes(quote byte) bool { return !m.names(quote) && !m.Has(NoBackslashEscapes) }

// names reports whether what stands within that quote is a name.
func (m Mode) names(quote byte) bool { return quote == '`' || quote == '"' && m.Has(ANSIQuotes) }

// plainTiDB is what TiDB's parser reads by without any of the modes.
var plainTiDB, _ = mysql.GetSQLMode(mysql.DefaultSQLMode)

// tidb returns the modes for TiDB's parser.
func (m Mode) tidb() mysql.SQLMode {
	if m&^AnyValue == 0 {
		return plainTiDB
	}
	mode, _ := mysql.GetSQLMode(m.String()) // it knows each name
	return plainTiDB | mode
}
