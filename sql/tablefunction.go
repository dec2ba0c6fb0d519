package sql

import (
	"fmt"
	"slices"
	"strings"
)

// tableFunctions are the functions that stand for a table behind FROM. Each
// takes a LOCATION.
var tableFunctions = []string{"INFER_SCHEMA", "LIST_STAGE"}

// isFunction reports whether the next token begins a table function, also
// within TABLE(…).
func (f *fileTables) isFunction() bool {
	p := f.p
	at := p.tok
	if p.is("TABLE") {
		open := p.src.tokenAt(at.end)
		if p.src.clean[open.start:open.end] != "(" {
			return false
		}
		at = p.src.tokenAt(open.end)
	}
	open := p.src.tokenAt(at.end)
	return at.kind == kindWord && p.src.clean[open.start:open.end] == "(" && functionName(p.src.clean[at.start:at.end]) != ""
}

// functionName returns the name of a table function in upper case, "" for
// another word.
func functionName(word string) string {
	i := slices.IndexFunc(tableFunctions, func(name string) bool { return strings.EqualFold(name, word) })
	if i < 0 {
		return ""
	}
	return tableFunctions[i]
}

// function takes a table function.
func (f *fileTables) function() error {
	p := f.p
	start := p.tok.start
	wrapped := p.accept("TABLE")
	if wrapped {
		p.advance()
	}
	t := FileTable{Function: functionName(p.advance())}
	if err := f.arguments(&t); err != nil {
		return err
	}
	if t.Location == "" {
		return p.fail(t.Function + " needs LOCATION => '@stage/path'")
	}
	if wrapped {
		if err := p.expect(")"); err != nil {
			return err
		}
	}
	f.stand(&t, start, fmt.Sprintf("%s(@%s)", t.Function, t.Location))
	return nil
}
