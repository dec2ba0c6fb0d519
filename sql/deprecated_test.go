package sql_test

import (
	"slices"
	"testing"

	"wharf/sql"
)

// TestWarnings has the forms that MySQL 8.0 calls deprecated, with the numbers of its
// warnings in their order.
func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		mode sql.Mode
		text string
		want []uint16
	}{
		{0, "SELECT 1 OR 1 AND NOT 1 != 2, '||', \"&&\", `!` FROM (SELECT '!' AS `!`) t", nil},
		{0, "SELECT 1 || 0, 1 && 1, !1", []uint16{1287, 1287, 1287}},
		{0, "SELECT 'a'||'b'||'c'", []uint16{1287, 1287}},
		{sql.PipesAsConcat, "SELECT 'a' || 'b' && !0", []uint16{1287, 1287}},
		{0, "SELECT @a := 1, @b := @a", []uint16{1287, 1287}},
		{0, "SET @a := 1", nil},
		{0, "SET @a = (@b := 1)", []uint16{1287}},
		{0, "SELECT BINARY 'x', BINARY(1), CAST('x' AS BINARY)", []uint16{1287, 1287}},
		{0, "SELECT SQL_CALC_FOUND_ROWS 1", []uint16{1287}},
		{0, "SELECT found_rows(), Found_Rows()", []uint16{1287, 1287}},
		{0, "SELECT SQL_NO_CACHE 1", []uint16{1681}},
		{0, "SELECT JSON_MERGE('1', '2'), JSON_MERGE_PRESERVE('1', '2')", []uint16{1287}},
		{0, "SELECT CONVERT('a' USING utf8), _utf8'x', _utf8 'x', CAST('a' AS CHAR CHARACTER SET utf8)", []uint16{3719, 3719, 3719, 3719}},
		{0, "SELECT CONVERT('a' USING utf8mb3), _utf8mb3'x', CONVERT('a' USING utf8mb4), 'utf8', 'x' AS utf8", []uint16{1287, 1287}},
		{0, "SET NAMES utf8", []uint16{3719}},
		{0, "SET NAMES 'utf8mb3'", []uint16{1287}},
		{0, "SET NAMES utf8mb4", nil},
		{0, "SELECT N'x', n 'x', 'n''x'", []uint16{3720}},
		{0, "SELECT CONVERT('a' USING utf8mb3) COLLATE utf8mb3_bin, CONVERT('a' USING utf8mb3) COLLATE utf8_bin", []uint16{1287, 3778, 1287, 3778}},
		{0, "SELECT $1 FROM @s/a.csv WHERE !($1 = 2) && @n := 1", []uint16{1287, 1287, 1287}},
		{0, "SELECT a FROM s.t WHERE a || b", []uint16{1287}},
		{0, "SELECT 1 && ?", []uint16{1287}},
		{0, "EXPLAIN SELECT 1 && 1", []uint16{1287}},
		{0, "SELECT 1 && 2 INTO @a", []uint16{1287}},
	} {
		stmt, _, err := sql.ParseIn(c.mode, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var got []uint16
		for _, w := range sql.Warnings(stmt) {
			got = append(got, w.Number)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the warnings are %v, want %v", c.text, got, c.want)
		}
	}
}

// TestHints wants hints that change an answer to be refused or heeded.
func TestHints(t *testing.T) {
	for _, c := range []struct {
		text    string
		refused bool
		maxTime int64
	}{
		{"SELECT /*+ SET_VAR(div_precision_increment = 8) */ 1 / 3", true, 0},
		{"select/*+ set_var(`sql_mode`='') */ 1", true, 0},
		{"SELECT * FROM (SELECT /*+ NO_MERGE() SET_VAR(time_zone='UTC') */ 1) t", true, 0},
		{"SELECT a FROM s.t WHERE a IN (SELECT /*+ SET_VAR(timestamp=1) */ 1)", true, 0},
		{"SELECT /*+ SET_VAR(sort_buffer_size = 8) */ 1 / 3", false, 0},
		{"SELECT 1 /*+ SET_VAR(sql_mode='') */", false, 0},
		{"SELECT /* SET_VAR(sql_mode='') */ 1", false, 0},
		{"SELECT '/*+ SET_VAR(sql_mode='''') */'", false, 0},
		{"SELECT /*+ MAX_EXECUTION_TIME(1500) */ 1", false, 1500},
		{"SELECT /*+ BKA(t) MAX_EXECUTION_TIME ( 7 ) */ a FROM @s/x.csv", false, 7},
		{"SELECT 1 FROM (SELECT /*+ MAX_EXECUTION_TIME(1500) */ 1) t", false, 0},
		{"SELECT /*+ MAX_EXECUTION_TIME(99999999999999999999) */ 1", false, 0},
		{"(SELECT /*+ MAX_EXECUTION_TIME(5) */ 1)", false, 0},
	} {
		stmt, _, err := sql.Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if _, refused := stmt.(*sql.Unsupported); refused != c.refused {
			t.Errorf("%s: refused %v, want %v", c.text, refused, c.refused)
		}
		if got := sql.MaxTime(0, c.text); got != c.maxTime {
			t.Errorf("%s: %d milliseconds, want %d", c.text, got, c.maxTime)
		}
	}
}
