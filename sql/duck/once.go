//go:build linux && !noduck

package duck

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// MySQL computes an operand once for each row. Text that names it twice would have it
// computed twice: RAND() would be two numbers, a value that warns would warn twice, and
// the server's evaluator would be called twice. DuckDB has no LET. So such an operand is
// the only element of a list, and what is made of it is a lambda of that element.

// isUnrepeatable reports whether text must not be computed twice: it gives another value each
// time, calls the server's evaluator, or has a query or a list that is made here.
func isUnrepeatable(sql string) bool {
	for at := 0; ; at++ {
		open := strings.IndexByte(sql[at:], '(')
		if open < 0 {
			return false
		}
		at += open
		from := at
		for from > 0 && isWord(sql[from-1]) {
			from--
		}
		switch name := sql[from:at]; {
		case name == "random", name == "uuid", name == "nextval", isEvaluator(name), macros[name].evaluates:
			return true
		case strings.HasPrefix(sql[at:], "(SELECT "), strings.HasPrefix(sql[at:], "(WITH "), strings.HasPrefix(sql[at:], keptList):
			return true
		}
	}
}

func isEvaluator(name string) bool {
	return strings.HasPrefix(name, "mysql_eval_") || strings.HasPrefix(name, "mysql_later_")
}

// once is what write makes of operands, each of which is computed once however often write
// names it. Queries within what write translates are computed beside them: DuckDB takes none
// in a lambda.
func (t *translator) once(all []expr, write func([]expr) expr) expr {
	if !slices.ContainsFunc(all, func(e expr) bool { return isUnrepeatable(e.sql) }) {
		return write(all)
	}
	var values []string
	var places []int
	for i, e := range all {
		if !e.constant || isUnrepeatable(e.sql) {
			values, places = append(values, e.sql), append(places, i)
		}
	}
	k, named := keep(values...), slices.Clone(all)
	for i, place := range places {
		named[place].sql = k.field(i)
	}
	if t.kept == nil {
		t.kept = k
		defer func() { t.kept = nil }()
	}
	e := write(named)
	e.sql = k.lambda(e.sql)
	return e
}

// keptOnce is operands that are computed once, by the name that the lambda has for them.
type keptOnce struct {
	name   string
	values []string
}

// keep names values. Equal values have equal names, so that DuckDB finds an expression of
// GROUP BY in the SELECT list.
func keep(values ...string) *keptOnce {
	h := fnv.New64a()
	for _, v := range values {
		h.Write([]byte(v + "\x00"))
	}
	return &keptOnce{name: fmt.Sprintf("kept%016x", h.Sum64()), values: values}
}

func (k *keptOnce) field(i int) string { return fmt.Sprintf("%s['c%d']", k.name, i) }

// keptList begins a list of what is kept.
const keptList = "([{"

// lambda is text in which the values have their names.
func (k *keptOnce) lambda(text string) string {
	fields := make([]string, len(k.values))
	for i, v := range k.values {
		fields[i] = fmt.Sprintf("'c%d': %s", i, v)
	}
	return "list_transform" + keptList + strings.Join(fields, ", ") + "}], lambda " + k.name + ": " + text + ")[1]"
}

// apart translates a query in the lambda that is being written: it is computed beside it.
func (t *translator) apart(n ast.ExprNode, s *scope) expr {
	back := t.unkept()
	e := t.expr(n, s)
	back()
	t.kept.values = append(t.kept.values, e.sql)
	e.sql = t.kept.field(len(t.kept.values) - 1)
	return e
}

// unkept leaves the lambda that is being written, for what is computed outside of it. The
// result goes back.
func (t *translator) unkept() (back func()) {
	was := t.kept
	t.kept = nil
	return func() { t.kept = was }
}

// isQuery reports whether an expression is a query, or compares with one.
func isQuery(n ast.ExprNode) bool {
	switch n := n.(type) {
	case *ast.SubqueryExpr, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr:
		return true
	case *ast.PatternInExpr:
		return n.Sel != nil
	case *ast.BinaryOperationExpr:
		_, isRow := unwrapped(n.L).(*ast.RowExpr)
		_, isQuery := unwrapped(n.R).(*ast.SubqueryExpr)
		return isRow && isQuery
	}
	return false
}

// macro is what a macro of the prelude does with its parameters.
type macro struct {
	repeats   []bool // by parameter: it may be computed more than once
	evaluates bool   // it calls the server's evaluator
}

var macros = macrosOf(prelude)

var (
	macroLine = regexp.MustCompile(`(?m)^CREATE MACRO (\w+)\(([^)]*)\) AS (.*);$`)
	quotation = regexp.MustCompile(`'(?:[^']|'')*'`)
	calledBy  = regexp.MustCompile(`\b(\w+)\(`)
)

// macrosOf reads the macros of a prelude. One is known where those behind it call it.
func macrosOf(prelude string) map[string]macro {
	all := map[string]macro{}
	for _, line := range macroLine.FindAllStringSubmatch(prelude, -1) {
		m, body, inner := macro{}, quotation.ReplaceAllString(line[3], "''"), false
		for _, call := range calledBy.FindAllStringSubmatch(body, -1) {
			called := all[call[1]]
			for _, repeats := range called.repeats {
				inner = inner || repeats
			}
			m.evaluates = m.evaluates || called.evaluates || isEvaluator(call[1])
		}
		for parameter := range strings.SplitSeq(line[2], ", ") {
			n := len(regexp.MustCompile(`\b`+parameter+`\b`).FindAllString(body, -1))
			m.repeats = append(m.repeats, n > 1 || n == 1 && inner)
		}
		all[line[1]] = m
	}
	return all
}

// keepArguments writes the calls of macros in a translated text so that none computes
// twice what must not be.
func keepArguments(sql string) string {
	if !isUnrepeatable(sql) {
		return sql
	}
	var b strings.Builder
	for at := 0; at < len(sql); {
		end := at + 1
		switch c := sql[at]; {
		case c == '\'' || c == '"':
			end = afterQuote(sql, at)
		case isWord(c):
			for end < len(sql) && isWord(sql[end]) {
				end++
			}
			m, ok := macros[sql[at:end]]
			if !ok || end == len(sql) || sql[end] != '(' {
				break
			}
			args, after := argumentsAt(sql, end)
			b.WriteString(m.call(sql[at:end], args))
			at, end = after, after
		}
		b.WriteString(sql[at:end])
		at = end
	}
	return b.String()
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// afterQuote is behind the quoted text or name that begins at a place. A quote that is
// doubled begins the next one.
func afterQuote(sql string, at int) int {
	if end := strings.IndexByte(sql[at+1:], sql[at]); end >= 0 {
		return at + end + 2
	}
	return len(sql)
}

// argumentsAt are the arguments of the call whose parenthesis is at a place, and the place
// behind it.
func argumentsAt(sql string, at int) (args []string, after int) {
	depth, from := 0, at+1
	for at < len(sql) {
		switch sql[at] {
		case '\'', '"':
			at = afterQuote(sql, at)
			continue
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if depth == 0 || depth == 1 && sql[at] == ',' {
			args, from = append(args, strings.TrimSpace(sql[from:at])), at+1
		}
		if at++; depth == 0 {
			break
		}
	}
	return args, at
}

// isNumber reports whether an argument is a number that is written there, which some
// functions of DuckDB want.
func isNumber(arg string) bool { return strings.Trim(arg, "-0123456789") == "" }

// call is a call of the macro.
func (m macro) call(name string, args []string) string {
	repeated := false
	for i, a := range args {
		args[i] = keepArguments(a)
		repeated = repeated || i < len(m.repeats) && m.repeats[i] && isUnrepeatable(a)
	}
	if !repeated {
		return name + "(" + strings.Join(args, ", ") + ")"
	}
	k, given := keep(args...), make([]string, len(args))
	for i, a := range args {
		if given[i] = a; !isNumber(a) {
			given[i] = k.field(i)
		}
	}
	return k.lambda(name + "(" + strings.Join(given, ", ") + ")")
}
