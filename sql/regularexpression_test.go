package sql_test

import (
	"errors"
	"regexp"
	"testing"

	"wharf/sql"
)

// TestRegularExpression wants patterns to match as ICU reads them.
func TestRegularExpression(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`^[[:upper:]]`, "Çelik", true}, {`^[[:lower:]]`, "Çelik", false}, {`[^[:alnum:]]`, "Çelik", false}, {`^\w$`, "é", true}, {`^\W$`, "é", false},
		{`^\d$`, "٣", true}, {`^[\d.]+$`, "3.٣", true}, {`^\D$`, "٣", false}, {`a\sb`, "a\u00a0b", true}, {`a[\s]b`, "a\u2003b", true}, {`a\Sb`, "a\u00a0b", false},
		{`^[^\W_]+$`, "é1", true}, {`^[^\W_]+$`, "é_", false}, {`^[[:^alpha:]]$`, "é", false}, {`^[[:^alpha:]]$`, "1", true}, {`^[a[:^alpha:]]+$`, "a1", true},
		{`^[[a-z]&&[^aeiou]]+$`, "xyz", true}, {`^[[a-z]&&[^aeiou]]+$`, "xaz", false}, {`^[[a-z]--[b-d]]+$`, "az", true}, {`^[[a-z]-[b-d]]+$`, "c", false},
		{`^[\w&&[^\d]]+$`, "é", true}, {`^[\w&&[^\d]]+$`, "é3", false}, {`^[a-c[x-z]]+$`, "ax", true}, {`^[^a-c[x-z]]+$`, "y", false},
		{`^[]a]+$`, "]a", true}, {`^[a-]+$`, "a-", true}, {`^[\w-]+$`, "é-", true}, {`^[\w.-]+$`, "é-.", true}, {`^[\]\\]+$`, `]\`, true}, {`^[\p{Greek}\w]$`, "λ", true},
		{`(?i)^[^[:upper:]]$`, "é", false}, {`(?i)[[:upper:]]`, "é", true}, {`^[[:punct:]]$`, "$", false}, {`^[[:punct:]]$`, "«", true},
		{`a.b`, "a\u0085b", false}, {`(?s)a.b`, "a\nb", true}, {`b$`, "ab\n", true}, {`b$`, "ab\n\n", false}, {`^a\R+b$`, "a\r\n\nb", true}, {`\Q.$\E`, ".$", true}, {`\Q.$\E`, "a", false},
		{`^[[:xdigit:]]+$`, "aF9", true}, {`^[[:blank:]]$`, "\u3000", true}, {`é\.`, "é.", true},
		{`^a{2}b{1,}\x{63}\p{L}{1,2}\{\}[{}]$`, "aabcdd{}{", true}, {`^(?:a|b{2})\Q{x\E$`, "bb{x", true},
	} {
		re, _, err := sql.RegularExpression(c.pattern, sql.PatternUse{Matches: true})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		}
		compiled, err := regexp.Compile(re)
		if err != nil {
			t.Errorf("%s is %s: %v", c.pattern, re, err)
			continue
		}
		if compiled.MatchString(c.text) != c.want {
			t.Errorf("%q REGEXP %s is %t; it is written %.200s", c.text, c.pattern, !c.want, re)
		}
	}
	for _, wrong := range []string{`[[:letters:]]`, `[a`, `[[a]`, `a\`, `[\x{41]`} {
		if re, _, err := sql.RegularExpression(wrong, sql.PatternUse{}); re != wrong || err != nil {
			t.Errorf("%s is written %s: %v", wrong, re, err)
		}
	}
	for pattern, number := range map[string]uint16{
		``: 3685, `a{,3}`: 3692, `a{x}`: 3692, `a{1`: 3692, `(a){}`: 3692, `[a]{1,2,3}`: 3692, `\d{ 2}`: 3692,
		`a}`: 3688, `{x`: 3688, `a|{x`: 3688, `({`: 3688,
	} {
		var cause *sql.Cause
		if _, _, err := sql.RegularExpression(pattern, sql.PatternUse{}); !errors.As(err, &cause) || cause.Number != number {
			t.Errorf("%s: %v, want %d", pattern, err, number)
		}
	}
}

func FuzzRegularExpression(f *testing.F) {
	for _, seed := range []string{`[[a-z]&&[^b]--\w]`, `\w\`, `[^`, `[]]`, `[\`, `\Q`, `[a-\d]`, `[[:^x:]]`, `[\p{L}]`, `a{1,2}{`, `\x{`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		sql.RegularExpression(pattern, sql.PatternUse{Matches: true}) // it ends, without a panic
	})
}
