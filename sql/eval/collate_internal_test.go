package eval

import (
	"cmp"
	"encoding/hex"
	"testing"
	"unicode/utf8"
)

// TestCollations has what the collations tell apart, and what not.
func TestCollations(t *testing.T) {
	for _, c := range []struct {
		collation, a, b string
		want            int
	}{
		{"utf8mb4_0900_ai_ci", "straße", "STRASSE", 0},
		{"utf8mb4_0900_ai_ci", "Ѐ", "е", 0},
		{"utf8mb4_0900_ai_ci", "й", "и", 1},
		{"utf8mb4_0900_ai_ci", "й", "\u0438\u0306", 1}, // MySQL takes no contractions
		{"utf8mb4_0900_ai_ci", "한", "\u1112\u1161\u11ab", 0},
		{"utf8mb4_0900_ai_ci", "a\u00adb", "ab", 0},
		{"utf8mb4_0900_ai_ci", "a", "a ", -1},
		{"utf8mb4_0900_ai_ci", "", "\x00", 0},
		{"utf8mb4_0900_ai_ci", "_", "-", -1},
		{"utf8mb4_0900_ai_ci", "国", "中", 1},
		{"utf8mb4_0900_ai_ci", "😀", "😁", -1},
		{"utf8mb4_0900_as_ci", "e", "É", -1},
		{"utf8mb4_0900_as_ci", "é", "É", 0},
		{"utf8mb4_0900_as_cs", "é", "É", -1},
		{"utf8mb4_0900_as_cs", "resume", "Resumé", -1}, // accents come before case
		{"utf8mb4_0900_bin", "a", "a ", -1},
		{"utf8mb4_bin", "a", "a ", 0},
		{"utf8mb4_bin", "a", "a\t", 1}, // the space that is filled in is larger
		{"utf8mb4_general_ci", "ß", "s", 0},
		{"utf8mb4_general_ci", "Å", "a ", 0},
		{"utf8mb4_general_ci", "ø", "o", 1},
		{"utf8mb4_general_ci", "😀", "😁", 0},
		{"utf8mb4_general_ci", "ΐ", "ι", 0},
		{"utf8mb4_unicode_ci", "a ", "A", 0},
		{"utf8mb3_general_ci", "TABLES", "TABLE_X", -1},
		{"utf8mb4_unicode_ci", "a", "a\t", 1},
		{"utf8mb4_unicode_ci", "a", "a\u00a0", 0}, // which weighs what a space does
		{"utf8mb4_unicode_ci", "Æ", "ae", 1},
		{"utf8mb4_unicode_ci", "ł", "l", 1},
		{"utf8mb4_unicode_ci", "😀", "😁", 0},
		{"utf8mb4_unicode_520_ci", "Æ", "ae", 0},
		{"utf8mb4_unicode_520_ci", "😀", "😁", -1},
		{"utf8mb4_0900_as_cs", "한", "\u1112\u1161\u11ab", 1},
		{"latin1_swedish_ci", "ä", "a", 1},
		{"latin1_swedish_ci", "ü", "Y ", 0},
		{"latin1_german1_ci", "ä", "a", 0},
		{"latin1_german2_ci", "ä", "AE", 0},
		{"latin1_german2_ci", "Straße", "strasse", 0},
		{"latin1_general_ci", "é", "e", 1},
		{"latin1_general_cs", "a", "A", 1},
		{"latin1_bin", "a ", "a", 0},
	} {
		id, ok := FindCollation(c.collation)
		if got := id.compare(c.a, c.b); !ok || got != c.want {
			t.Errorf("%s: %q against %q: %d, want %d", c.collation, c.a, c.b, got, c.want)
		}
		if got := id.compare(c.b, c.a); got != -c.want {
			t.Errorf("%s: %q against %q: %d, want %d", c.collation, c.b, c.a, got, -c.want)
		}
	}
}

// FuzzCollations holds the keys of texts to their order.
func FuzzCollations(f *testing.F) {
	for _, seed := range [][2]string{{"straße", "strasse"}, {"и\u0306", "й"}, {"a", "B"}, {"é", "É"}, {"\uac00", "\u1100\u1161"}, {"ﷺ", "x"}, {"เก", "กเ"}, {"a b", "a \t"}, {"a  \t", "a"}, {"a\u00a0\t", "a "}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		for i := range collations {
			id := collationID(i)
			order := id.compare(a, b)
			if keys := cmp.Compare(id.Key(a), id.Key(b)); keys != order {
				t.Errorf("%s: %q and %q: %d, by their keys %d", id.Collation().Name, a, b, order, keys)
			}
			if back := id.compare(b, a); back != -order {
				t.Errorf("%s: %q and %q: %d, and back %d", id.Collation().Name, a, b, order, back)
			}
		}
	})
}

// TestWeights has weights that MySQL gives.
func TestWeights(t *testing.T) {
	for _, c := range []struct{ collation, text, want string }{
		{"utf8mb4_0900_ai_ci", "aB", "1c471c60"},
		{"utf8mb4_0900_as_ci", "á", "1c47000000200024"},
		{"utf8mb4_0900_as_cs", "A", "1c47000000200000000" + "8"},
		{"utf8mb4_unicode_ci", "a ", "0e330209"},
		{"utf8mb4_unicode_520_ci", "Æ", "120f126b"},
		{"utf8mb4_general_ci", "ß ", "00530020"},
		{"utf8mb4_bin", "é", "0000e9"},
		{"utf8mb3_bin", "é", "00e9"},
		{"latin1_german2_ci", "ö", "4f45"},
		{"latin1_swedish_ci", "å", "5b"},
		{"ascii_general_ci", "a", "41"},
	} {
		if got := hex.EncodeToString([]byte(mustFind(c.collation).weights(c.text))); got != c.want {
			t.Errorf("%s: %q weighs %s, want %s", c.collation, c.text, got, c.want)
		}
	}
}
