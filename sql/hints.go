package sql

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Optimizer hints are in a comment right behind SELECT. Most tell MySQL how to find
// rows, and change no answer: they are read over, as other comments.

var (
	setVarHint  = regexp.MustCompile(`(?i)\bSET_VAR\s*\(\s*` + "`?" + `(\w+)`)
	maxTimeHint = regexp.MustCompile(`(?i)\bMAX_EXECUTION_TIME\s*\(\s*(\d+)\s*\)`)
)

// heeded are the variables that SET_VAR takes and that change what a statement
// answers.
var heeded = []string{"div_precision_increment", "group_concat_max_len", "max_execution_time", "sql_mode", "sql_select_limit", "time_zone", "timestamp"}

// hint keeps the comment that begins at pos, if it has hints.
func (s *splitter) hint() {
	before := strings.TrimRight(s.text[:s.pos], " \t\n\v\f\r")
	const word = "select"
	if at := len(before) - len(word); at < 0 || !strings.EqualFold(before[at:], word) || at > 0 && isWordByte(before[at-1]) {
		return
	}
	body, _, _ := strings.Cut(s.text[s.pos+len("/*+"):], "*/")
	s.hints = append(s.hints, body)
	if len(s.hints) == 1 && strings.TrimSpace(before[:len(before)-len(word)]) == "" {
		s.leading = body
	}
}

// refusedHint returns the hint that would change an answer, as errors call it, or "".
func (s source) refusedHint() string {
	for _, h := range s.hints {
		for _, m := range setVarHint.FindAllStringSubmatch(h, -1) {
			if name := strings.ToLower(m[1]); slices.Contains(heeded, name) {
				return "the hint SET_VAR(" + name + " = …)"
			}
		}
	}
	return ""
}

// MaxTime returns the milliseconds that MAX_EXECUTION_TIME(n) behind the SELECT that the
// first statement of text begins with gives it; 0 is no such hint.
func MaxTime(mode Mode, text string) int64 {
	if !strings.Contains(text, "/*+") {
		return 0
	}
	src, _ := mode.split(text)
	m := maxTimeHint.FindStringSubmatch(src.leading)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil { // MySQL takes no such number
		return 0
	}
	return n
}
