package sql

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Warning is what MySQL 8.0 warns of when it reads a statement.
type Warning struct {
	Number uint16
	Text   string
}

// Warnings returns what MySQL warns of when it reads the statement: forms that it
// calls deprecated.
func Warnings(st Statement) []Warning {
	if w, ok := st.(interface{ warned() []Warning }); ok {
		return w.warned()
	}
	return nil
}

func (p plain) warned() []Warning { return p.warnings }

const (
	warnDeprecated    = 1287 // ER_WARN_DEPRECATED_SYNTAX
	warnNoReplacement = 1681 // ER_WARN_DEPRECATED_SYNTAX_NO_REPLACEMENT
	warnUTF8Alias     = 3719 // ER_DEPRECATED_UTF8_ALIAS
	warnNational      = 3720 // ER_DEPRECATED_NATIONAL
	warnUTF8Collation = 3778 // ER_WARN_DEPRECATED_UTF8MB3_COLLATION
	textUTF8Alias     = "'utf8' is currently an alias for the character set UTF8MB3, but will be an alias for UTF8MB4 in a future release. Please consider using UTF8MB4 in order to be unambiguous."
	textNational      = "NATIONAL/NCHAR/NVARCHAR implies the character set UTF8MB3, which will be replaced by UTF8MB4 in a future release. Please consider using CHAR(x) CHARACTER SET UTF8MB4 in order to be unambiguous."
	textUTF8Collation = "'%s' is a collation of the deprecated character set UTF8MB3. Please consider using UTF8MB4 with an appropriate collation instead."
	textAssignment    = "Setting user variables within expressions is deprecated and will be removed in a future release. Consider alternatives: 'SET variable=expression, ...', or 'SELECT expression(s) INTO variables(s)'."
	textCalcFoundRows = "SQL_CALC_FOUND_ROWS is deprecated and will be removed in a future release. Consider using two separate queries instead."
	textFoundRows     = "FOUND_ROWS() is deprecated and will be removed in a future release. Consider using COUNT(*) instead."
	textNoCache       = "'SQL_NO_CACHE' is deprecated and will be removed in a future release."
	textUseInstead    = "'%s' is deprecated and will be removed in a future release. Please use %s instead"
)

// useInstead is the warning of a form for which there is another.
func useInstead(old, other string) Warning {
	return Warning{warnDeprecated, fmt.Sprintf(textUseInstead, old, other)}
}

// deprecatedWords returns the warnings of signs and words that a syntax tree does not
// tell from others.
func (s source) deprecatedWords() []Warning {
	text := s.clean
	if !strings.Contains(text, "||") && !strings.Contains(text, "&&") && !strings.Contains(text, "!") && !containsFold(text, "n'") && !containsFold(text, "utf8") {
		return nil
	}
	var all []Warning
	before, at := "", 0 // the word before, and where the token before ended
	for t := s.tokenAt(0); t.kind != kindEnd && t.kind != kindTorn; t = s.tokenAt(t.end) {
		written := text[t.start:t.end]
		switch rest := text[t.start:]; {
		case t.kind == kindMark && strings.HasPrefix(rest, "||"):
			if !s.mode.Has(PipesAsConcat) {
				all = append(all, useInstead("|| as a synonym for OR", "OR"))
			}
			t.end++
		case t.kind == kindMark && strings.HasPrefix(rest, "&&"):
			all = append(all, useInstead("&&", "AND"))
			t.end++
		case t.kind == kindMark && strings.HasPrefix(rest, "!="):
			t.end++
		case t.kind == kindMark && rest[0] == '!':
			all = append(all, useInstead("!", "NOT"))
		case t.kind == kindString && at == t.start && strings.EqualFold(before, "N"):
			all = append(all, Warning{warnNational, textNational})
		case (t.kind == kindWord || t.kind == kindString) && len(written) <= maxCollationName:
			all = append(all, utf8Words(before, strings.Trim(written, `'"`))...)
		}
		if before, at = "", t.end; t.kind == kindWord {
			before = written
		}
	}
	return all
}

// utf8Words returns the warning of a word that names utf8mb3 or one of its collations.
func utf8Words(before, word string) []Warning {
	word = strings.ToLower(word)
	charset, introduces := strings.CutPrefix(word, "_")
	switch before = strings.ToUpper(before); {
	case !strings.HasPrefix(charset, "utf8"):
	case before == "COLLATE" && (strings.HasPrefix(word, "utf8_") || strings.HasPrefix(word, "utf8mb3_")):
		return []Warning{{warnUTF8Collation, fmt.Sprintf(textUTF8Collation, strings.Replace(word, "utf8_", "utf8mb3_", 1))}}
	case !introduces && before != "USING" && before != "SET" && before != "CHARSET" && before != "NAMES":
	case charset == "utf8":
		return []Warning{{warnUTF8Alias, textUTF8Alias}}
	case charset == "utf8mb3":
		return []Warning{useInstead("utf8mb3", "utf8mb4")}
	}
	return nil
}

// maxCollationName is longer than the name of any collation, in quotes.
const maxCollationName = 64

// containsFold reports whether text contains word, which is of lower ASCII letters and
// signs, in letters of either case. It is for statements of megabytes, for which a regular
// expression takes seconds.
func containsFold(text, word string) bool {
	upper := strings.ToUpper(word[:1])[0]
	for i := 0; i+len(word) <= len(text); i++ {
		if (text[i] == word[0] || text[i] == upper) && strings.EqualFold(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// deprecatedForms collects the warnings of a syntax tree.
type deprecatedForms struct{ all []Warning }

func (v *deprecatedForms) Enter(node ast.Node) (ast.Node, bool) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		if n.SelectStmtOpts != nil && n.CalcFoundRows {
			v.all = append(v.all, Warning{warnDeprecated, textCalcFoundRows})
		}
		if n.SelectStmtOpts != nil && !n.SQLCache {
			v.all = append(v.all, Warning{warnNoReplacement, textNoCache})
		}
	case *ast.FuncCastExpr:
		if n.FunctionType == ast.CastBinaryOperator {
			v.all = append(v.all, useInstead("BINARY expr", "CAST"))
		}
	case *ast.VariableExpr:
		if n.Value != nil && !n.IsSystem {
			v.all = append(v.all, Warning{warnDeprecated, textAssignment})
		}
	case *ast.FuncCallExpr:
		switch n.FnName.L {
		case "found_rows":
			v.all = append(v.all, Warning{warnDeprecated, textFoundRows})
		case "json_merge":
			v.all = append(v.all, useInstead("JSON_MERGE", "JSON_MERGE_PRESERVE/JSON_MERGE_PATCH"))
		}
	}
	return node, false
}

func (v *deprecatedForms) Leave(node ast.Node) (ast.Node, bool) { return node, true }

// deprecated returns the warnings of a statement that was read.
func (s source) deprecated(node ast.Node) []Warning {
	var v deprecatedForms
	node.Accept(&v)
	return append(s.warnings[:len(s.warnings):len(s.warnings)], v.all...)
}
