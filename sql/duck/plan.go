//go:build linux && !noduck

package duck

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wharf/sql"
)

var _ sql.Explainer = (*Pool)(nil)

// Explain returns how a query is answered: a line for each step, indented below
// the step that takes its rows. With analyze, the query is run, and each step
// has its time and its rows.
func (p *Pool) Explain(ctx context.Context, q sql.Request, analyze bool) ([]string, error) {
	l, tr, err := p.translate(ctx, q)
	if err != nil {
		return nil, err
	}
	text, err := l.plan(tr, analyze)
	if err != nil {
		return nil, l.failed(err)
	}
	var steps []planStep
	if err := json.Unmarshal([]byte(text), &steps); err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range steps {
		lines = s.lines(lines, 0, analyze)
	}
	return lines, nil
}

// plan returns DuckDB's plan as JSON: a list of steps.
func (l *lease) plan(tr *Translation, analyze bool) (string, error) {
	s, err := l.sources, error(nil)
	if analyze {
		err = s.fetch(tr)
	}
	if err == nil {
		err = s.send()
	}
	if err != nil {
		return "", err
	}
	prefix := "EXPLAIN (FORMAT JSON) "
	if analyze {
		prefix = "EXPLAIN (ANALYZE, FORMAT JSON) "
	}
	rows, err := l.rows(statement{SQL: prefix + tr.SQL, State: s.query.State}, nil)
	if err = l.located(err); err != nil {
		return "", err
	}
	text := ""
	for row, err := range rows.All { // they end the lease
		if err != nil {
			return "", err
		}
		text = l.clear(row[1].Str())
	}
	if analyze {
		text = "[" + text + "]"
	}
	return text, nil
}

// planStep is a step of DuckDB's plan. Of one that ran, names begin with
// operator_.
type planStep struct {
	Name     string         `json:"name"`
	Operator string         `json:"operator_name"`
	Kind     string         `json:"operator_type"`
	Seconds  float64        `json:"operator_timing"`
	Rows     uint64         `json:"operator_cardinality"`
	Info     map[string]any `json:"extra_info"`
	Children []planStep     `json:"children"`
}

// stepNames are the steps that have a plainer name than DuckDB's.
var stepNames = map[string]string{
	"TOP_N": "Sort and limit", "ORDER_BY": "Sort", "HASH_GROUP_BY": "Group", "PERFECT_HASH_GROUP_BY": "Group",
	"UNGROUPED_AGGREGATE": "Aggregate", "SIMPLE_AGGREGATE": "Aggregate", "PROJECTION": "Columns", "FILTER": "Filter",
	"STREAMING_LIMIT": "Limit", "LIMIT": "Limit", "HASH_JOIN": "Hash join", "NESTED_LOOP_JOIN": "Nested loop join",
	"PIECEWISE_MERGE_JOIN": "Merge join", "CROSS_PRODUCT": "Cross join", "WINDOW": "Window", "STREAMING_WINDOW": "Window", "UNION": "Union",
	"READ_PARQUET": "Read Parquet", "PARQUET_SCAN": "Read Parquet", "READ_CSV": "Read CSV", "READ_JSON": "Read JSON", "SEQ_SCAN": "Read table", "COLUMN_DATA_SCAN": "Read rows",
}

// hiddenInfo are what is told of a step otherwise, or says nothing to a user.
var hiddenInfo = []string{"Estimated Cardinality", "Function", "Table", "Scanning Files", "Total Files Read", "Type", "Text", "CTE Index", "Delim Index"}

// lines adds the lines of a step and of those below it.
func (s planStep) lines(lines []string, depth int, analyzed bool) []string {
	name := strings.TrimSpace(s.Name + s.Operator)
	if name == "" || name == "EXPLAIN_ANALYZE" || name == "RESULT_COLLECTOR" {
		for _, c := range s.Children {
			lines = c.lines(lines, depth, analyzed)
		}
		return lines
	}
	if plain, ok := stepNames[name]; ok {
		name = plain
	} else {
		name = strings.ToUpper(name[:1]) + strings.ToLower(strings.ReplaceAll(name[1:], "_", " "))
	}
	line := strings.Repeat("    ", depth) + "-> " + name
	if info := s.info(); info != "" {
		line += ": " + info
	}
	if estimate, ok := s.Info["Estimated Cardinality"].(string); ok {
		line += "  (rows=" + estimate + ")"
	}
	if analyzed {
		line += fmt.Sprintf("  (actual time=%.3f ms rows=%d)", s.Seconds*1000, s.Rows)
	}
	lines = append(lines, line)
	for _, c := range s.Children {
		lines = c.lines(lines, depth+1, analyzed)
	}
	return lines
}

// maxInfo is how many characters of one thing are told of a step.
const maxInfo = 300

// evaluatedText is the beginning of a call of the server's evaluator, with the
// expression that it computes.
var evaluatedText = regexp.MustCompile(`mysql_eval_\w+\('\{"Text":"((?:[^"\\]|\\.)*)"(?:[^']|'')*'`)

// info is what DuckDB tells of a step, in one line.
func (s planStep) info() string {
	var parts []string
	for key, value := range s.Info {
		if slices.Contains(hiddenInfo, key) {
			continue
		}
		text := fmt.Sprint(value)
		if list, ok := value.([]any); ok {
			texts := make([]string, len(list))
			for i, v := range list {
				texts[i] = fmt.Sprint(v)
			}
			text = strings.Join(texts, ", ")
		}
		text = evaluatedText.ReplaceAllString(strings.Join(strings.Fields(text), " "), "evaluate('$1'")
		if runes := []rune(text); len(runes) > maxInfo {
			text = string(runes[:maxInfo]) + "…"
		}
		if text != "" {
			parts = append(parts, strings.ToLower(key)+" "+text)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
