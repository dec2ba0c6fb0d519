package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"wharf"
)

// FileTable is a location behind FROM, with what stands in parentheses behind
// it, or a table function of one.
type FileTable struct {
	Name       string // what stands for it in the Text of the Query
	Function   string // INFER_SCHEMA or LIST_STAGE; "" for the location's files
	Location   Location
	FileFormat []wharf.Option // FORMAT_NAME alone for FILE_FORMAT => 'name'
	Options    []wharf.Option // PATTERN, FILES, CASE_SENSITIVE and their like
}

// Replacement is a piece of a Query's Text and what was written in its place:
// a column's name is what was written.
type Replacement struct{ Text, Written string }

// NamedTable is a table by name in a Query.
type NamedTable struct{ Schema, Name string }

// fileTables rewrites a SELECT whose tables are locations into one that
// MySQL's grammar knows: each location becomes a name in backticks, and each
// $1:a.b a path into $1.
type fileTables struct {
	p       *parser
	out     strings.Builder
	copied  int // up to where clean is in out
	tables  []FileTable
	places  []Replacement
	edits   []edit
	levels  []fromLevel
	table   bool     // there is a JSON_TABLE
	derived bool     // the columns of a derived table are named
	into    []string // the variables of INTO
}

// edit is a piece of the text that was written anew: from where to where it
// stands in the new text, and in that of the statement.
type edit struct{ from, to, oldFrom, oldTo int }

// original returns where an offset of the new text is in the statement's own.
func (f *fileTables) original(at int) int {
	shift := 0
	for _, e := range f.edits {
		switch {
		case at < e.from:
			return at + shift
		case at < e.to:
			return e.oldFrom
		}
		shift = e.oldTo - e.to
	}
	return at + shift
}

// fromLevel is what is known within one pair of parentheses.
type fromLevel struct {
	selects bool   // a SELECT was seen
	from    bool   // between FROM and the clause behind it
	table   bool   // a table comes next
	renamed bool   // a query whose columns are named behind it
	json    string // the function whose arguments these are: JSON_TABLE or JSON_VALUE
}

// endsFrom are the words behind the tables of a FROM.
var endsFrom = []string{"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW", "UNION", "EXCEPT", "INTERSECT", "FOR", "INTO", "PROCEDURE"}

// withFiles gives src with its locations replaced, and what they were. It
// gives nil where there is none.
func withFiles(src source) (source, *fileTables, error) {
	if !strings.Contains(src.clean, "@") && !strings.Contains(src.clean, "=>") && !namesJSON(src.clean) && !namesPlace(src.clean) && !maySayMore.MatchString(src.clean) {
		return src, nil, nil
	}
	f := &fileTables{p: newParser(src), levels: []fromLevel{{}}}
	f.p.stops = "(" // options follow without a blank, too
	for f.p.tok.kind != kindEnd && f.p.tok.kind != kindTorn {
		at := f.p.tok
		if err := f.step(); err != nil {
			return src, nil, err
		}
		if f.p.tok == at {
			return src, nil, wharf.Errorf(wharf.CodeInternal, "the reader of statements stands still at %q", firstRunes(src.clean[at.start:at.end], maxNear))
		}
	}
	if len(f.edits) == 0 {
		return src, nil, nil
	}
	f.out.WriteString(src.clean[f.copied:])
	out := src
	out.clean = f.out.String()
	out.orig = out.clean
	return out, f, nil
}

func (f *fileTables) level() *fromLevel { return &f.levels[len(f.levels)-1] }

// step takes one token, or a whole location.
func (f *fileTables) step() error {
	p, at := f.p, f.level()
	if at.table && f.isLocation() {
		at.table = false
		return f.location()
	}
	if at.table && f.isFunction() {
		at.table = false
		return f.function()
	}
	if done, err := f.jsonStep(); done || err != nil {
		return err
	}
	if done, err := f.gapStep(); done || err != nil {
		return err
	}
	switch {
	case p.is("("):
		f.levels = append(f.levels, fromLevel{selects: at.table, from: at.table, table: at.table})
		at.table = false
	case p.is(")"):
		if len(f.levels) > 1 {
			f.levels = f.levels[:len(f.levels)-1]
		}
	case p.is("SELECT"):
		*at = fromLevel{selects: true, renamed: at.renamed}
	case p.is("FROM") && at.selects:
		at.from, at.table = true, true
	case p.is("JOIN"), p.is("STRAIGHT_JOIN"):
		at.table = at.from
	case p.is(","):
		at.table = at.from
	case p.tok.kind == kindWord && slices.ContainsFunc(endsFrom, p.is):
		at.from, at.table = false, false
		if f.intoVariables() {
			return nil
		}
	case p.tok.kind == kindWord && isPlace(p.text()):
		f.place()
		return nil
	case !p.is("LATERAL"):
		at.table = false
	}
	p.advance()
	return nil
}

// isLocation reports whether the next token begins a location.
func (f *fileTables) isLocation() bool {
	p := f.p
	if p.tok.kind == kindString {
		return len(p.text()) > 3 && p.text()[1] == '@'
	}
	return p.is("@") && p.tok.end < len(p.src.clean) && p.src.clean[p.tok.end] != '@'
}

func (f *fileTables) location() error {
	p := f.p
	start := p.tok.start
	loc, err := p.location()
	if err != nil {
		return err
	}
	t := FileTable{Location: loc}
	if p.is("(") {
		if err := f.arguments(&t); err != nil {
			return err
		}
	}
	f.stand(&t, start, "@"+string(loc))
	return nil
}

// stand puts a name in the place of what began at start.
func (f *fileTables) stand(t *FileTable, start int, name string) {
	t.Name = fmt.Sprintf("%s#%d", name, len(f.tables)+1)
	f.places = append(f.places, Replacement{quoteTable(t.Name), strings.TrimSpace(f.p.src.clean[start:f.p.tok.start])})
	f.replace(start, quoteTable(t.Name))
	f.tables = append(f.tables, *t)
}

// replace writes text for what is between start and the next token.
func (f *fileTables) replace(start int, text string) {
	end := f.p.tok.start
	if end > 0 && isSpace(f.p.src.clean[end-1]) {
		text += " "
	}
	f.write(start, text, end)
}

// write puts text in the place of what is between two offsets.
func (f *fileTables) write(start int, text string, end int) {
	f.out.WriteString(f.p.src.clean[f.copied:start])
	from := f.out.Len()
	f.out.WriteString(text)
	f.edits = append(f.edits, edit{from, f.out.Len(), start, end})
	f.copied = end
}

func quoteTable(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// arguments takes (NAME => value, …) behind a location.
func (f *fileTables) arguments(t *FileTable) error {
	p := f.p
	p.advance()
	seen := map[string]bool{}
	for !p.accept(")") {
		if len(seen) > 0 {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		name := strings.ToUpper(p.text())
		if p.tok.kind != kindWord {
			return p.fail("expected NAME => value")
		}
		if err := p.once(seen[name], name); err != nil {
			return err
		}
		seen[name] = true
		p.advance()
		if err := p.expect("="); err != nil {
			return err
		}
		if !p.accept(">") {
			return p.fail("expected >, as in FILE_FORMAT => (TYPE = CSV, PARSE_HEADER = TRUE)")
		}
		if err := f.argument(t, name); err != nil {
			return err
		}
	}
	return nil
}

// argument takes the value of one.
func (f *fileTables) argument(t *FileTable, name string) (err error) {
	p := f.p
	switch {
	case p.is("?"):
		return p.fail("expected a value; a placeholder cannot stand for it")
	case name == "FILE_FORMAT":
		t.FileFormat, err = f.format()
		return err
	case name == "LOCATION" && t.Function != "":
		t.Location, err = p.location()
		return err
	}
	o := wharf.Option{Name: name}
	err = p.value(&o)
	t.Options = append(t.Options, o)
	return err
}

// format takes the value of FILE_FORMAT: a name, or options.
func (f *fileTables) format() ([]wharf.Option, error) {
	p := f.p
	if p.is("(") {
		return p.options()
	}
	name, err := p.str("the name of a file format")
	if err != nil {
		return nil, err
	}
	return []wharf.Option{{Name: "FORMAT_NAME", Kind: wharf.OptionString, Value: name}}, nil
}

// isPlace reports whether a word is a column by its place: $1.
func isPlace(word string) bool {
	return len(word) > 1 && word[0] == '$' && digits(word[1:]) == len(word)-1
}

// namesPlace reports whether a text may have a column by its place.
func namesPlace(text string) bool {
	for i := 0; ; i++ {
		n := strings.IndexByte(text[i:], '$')
		if n < 0 {
			return false
		}
		if i += n; i+1 < len(text) && isDigit(text[i+1]) {
			return true
		}
	}
}

// place takes $1, and the path of $1:a.b[0].
func (f *fileTables) place() {
	p := f.p
	start, name := p.tok.start, p.text()
	clean := p.src.clean
	end := p.tok.end
	path := ""
	if end < len(clean) && clean[end] == ':' && wordLen(clean[end+1:]) > 0 {
		at := end + 1
		for at < len(clean) {
			switch n := wordLen(clean[at:]); {
			case n > 0:
				at += n
			case clean[at] == '.' && at+1 < len(clean) && wordLen(clean[at+1:]) > 0:
				at++
			case clean[at] == '[' && digits(clean[at+1:]) > 0 && at+1+digits(clean[at+1:]) < len(clean) && clean[at+1+digits(clean[at+1:])] == ']':
				at += digits(clean[at+1:]) + 2
			default:
				goto done
			}
		}
	done:
		path, end = clean[end+1:at], at
	}
	p.tok = p.src.tokenAt(end)
	text := "`" + name + "`"
	if path != "" {
		text += "->'$." + path + "'"
	}
	f.places = append(f.places, Replacement{text, clean[start:end]})
	f.write(start, text, end)
}

// tableFinder collects the tables of a statement that no WITH names.
type tableFinder struct {
	tables []NamedTable
	ctes   map[string]bool
}

func (v *tableFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.CommonTableExpression:
		v.ctes[n.Name.L] = true
	case *ast.TableName:
		v.tables = append(v.tables, NamedTable{n.Schema.O, n.Name.O})
	}
	return n, false
}

func (v *tableFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// tablesOf gives the tables that a SELECT names.
func tablesOf(n ast.Node) []NamedTable {
	v := &tableFinder{ctes: map[string]bool{}}
	n.Accept(v)
	return slices.DeleteFunc(v.tables, func(t NamedTable) bool { return t.Schema == "" && v.ctes[strings.ToLower(t.Name)] })
}
