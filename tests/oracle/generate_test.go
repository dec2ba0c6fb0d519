package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generatedStatements is how many expressions are made.
const generatedStatements = 300

// generate makes expressions over the staged rows, always the same ones.
func generate(n int) []string {
	g := &generator{r: rand.New(rand.NewPCG(11, 2))}
	var all []string
	seen := map[string]bool{}
	for len(all) < n {
		e := g.pattern()
		if !seen[e] {
			seen[e], all = true, append(all, e)
		}
	}
	return all
}

type generator struct{ r *rand.Rand }

// operandsOf are what stands for a letter in a pattern: columns of all types,
// and literals.
var operandsOf = map[rune][]string{
	'I': {"a", "b", "id", "ok", "3", "-2", "0", "u"},
	'N': {"a", "b", "d", "f", "e", "n", "u", "2.5", "-7", "1e2", "ok"},
	'S': {"s", "n", "z", "'abc'", "''", "a", "d", "day", "'L'"},
	'D': {"day", "`at`", "z", "'2024-02-29'", "'2023-12-31 23:59:59'"},
	'E': {"day", "`at`", "'2024-02-29'", "'2026-06-15 12:00:00.5'"},
	'T': {"tm", "`at`", "'12:34:56'", "'-01:02:03'"},
	'A': {"a", "s", "d", "day", "`at`", "f", "n", "u", "1", "'x'", "ok"},
	'C': {"a > 0", "s = 'hello'", "d < f", "day IS NULL", "ok", "n"},
	'K': {"0", "1", "2", "3", "-1", "id"},
}

// patterns are expressions in which capital letters behind % stand for
// operands.
var patterns = []string{
	"%N + %N", "%N - %N", "%N * %N", "%N / %N", "%N DIV %N", "%N %% %N", "-%N", "%N = %N", "%S < 'hello'", "%N <=> %N", "%E >= %E", "s <> %S", "%E = %E", "%N < %N", "s <=> %S",
	"%N IN (%N, %N)", "s IN (%S, %S)", "%E IN (%E, %E)", "%N BETWEEN %N AND %N", "s BETWEEN %S AND %S", "%D BETWEEN '2000-01-01' AND '2026-06-15'", "%C AND %C", "%C OR %C", "NOT (%C)", "%C XOR %C", "%A IS NULL", "(%C) IS TRUE",
	"IF(%C, %A, %A)", "IFNULL(%A, %A)", "COALESCE(%A, %A, %A)", "NULLIF(%A, %A)", "CASE WHEN %C THEN %A WHEN %C THEN %A ELSE %A END",
	"GREATEST(%N, %N)", "LEAST(%N, %N)", "ABS(%N)", "CEIL(%N)", "FLOOR(%N)", "ROUND(%N)", "ROUND(%N, %K)", "TRUNCATE(%N, 1)", "SIGN(%N)",
	"MOD(%N, %N)", "%I & %I", "%I | %I", "%I ^ %I", "%I << 2", "%I >> 1", "~%I", "BIT_COUNT(%I)", "HEX(%I)", "HEX(%S)", "BIN(%I)", "OCT(%I)",
	"CONCAT(%A, %A)", "CONCAT_WS('-', %A, %A)", "LENGTH(%A)", "CHAR_LENGTH(%S)", "UPPER(%S)", "LOWER(%S)", "LEFT(%S, %K)", "RIGHT(%S, %K)",
	"SUBSTRING(%S, %K)", "SUBSTRING(%S, %K, 2)", "SUBSTRING_INDEX(%S, 'l', %K)", "LOCATE(%S, %S)", "INSTR(%S, %S)", "REPLACE(%S, 'l', %S)",
	"REPEAT(%S, %K)", "REVERSE(%S)", "LPAD(%S, 5, 'ab')", "RPAD(%S, 5, 'ab')", "TRIM(%S)", "LTRIM(%S)", "RTRIM(%S)", "%S LIKE '%%l%%'",
	"%S LIKE %S", "STRCMP(%S, %S)", "FIELD(%S, %S, %S)", "ELT(%K, %S, %S)", "FIND_IN_SET(%S, 'abc,hello,42')", "ASCII(%S)", "ORD(%S)",
	"MD5(%S)", "INSERT(%S, 2, %K, 'xy')", "QUOTE(%S)", "%D + INTERVAL %K DAY", "%D - INTERVAL %K MONTH", "DATE_ADD(%D, INTERVAL %K HOUR)",
	"DATEDIFF(%D, %D)", "TIMESTAMPDIFF(MONTH, %D, %D)", "TIMESTAMPDIFF(SECOND, %D, %D)", "YEAR(%D)", "MONTH(%D)", "DAYOFWEEK(%D)", "WEEK(%D)",
	"WEEK(%D, %K)", "YEARWEEK(%D)", "LAST_DAY(%D)", "TO_DAYS(%D)", "DATE(%D)", "TIME(%D)", "HOUR(%T)", "MINUTE(%T)", "SECOND(%T)", "MICROSECOND(%T)",
	"DATE_FORMAT(%D, '%%Y-%%m-%%d %%H:%%i')", "DATE_FORMAT(%D, '%%a %%D %%b %%U %%u %%V %%v %%X %%x')", "TIME_TO_SEC(%T)", "TIME(%T)",
	"CAST(%N AS SIGNED)", "CAST(%N AS UNSIGNED)", "CAST(%A AS CHAR)", "CAST(%N AS DECIMAL(12,3))", "CAST(%D AS DATE)", "CAST(%D AS DATETIME)",
	"CAST(%N AS DOUBLE)", "DAYNAME(%D)", "QUARTER(%D)", "CRC32(%S)", "CONV(%I, 10, 16)", "FORMAT(%N, %K)", "MAKE_SET(%I, 'a', 'b', 'c')",
}

// pattern makes one expression.
func (g *generator) pattern() string {
	p := patterns[g.r.IntN(len(patterns))]
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] != '%' {
			b.WriteByte(p[i])
			continue
		}
		i++
		if p[i] == '%' {
			b.WriteByte('%')
			continue
		}
		of := operandsOf[rune(p[i])]
		fmt.Fprint(&b, of[g.r.IntN(len(of))])
	}
	return b.String()
}
