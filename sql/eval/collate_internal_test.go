package eval

import (
	"cmp"
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
		{"utf8mb4_0900_ai_ci", "й", "\u0438\u0306", 0}, // a contraction
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
	for _, seed := range [][2]string{{"straße", "strasse"}, {"и\u0306", "й"}, {"a", "B"}, {"é", "É"}, {"\uac00", "\u1100\u1161"}, {"ﷺ", "x"}, {"เก", "กเ"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		for i := range collations {
			id := collationID(i)
			order := id.compare(a, b)
			if keys := cmp.Compare(id.Key(a), id.Key(b)); (keys == 0) != (order == 0) || !id.Collation().pads() && keys != order {
				t.Errorf("%s: %q and %q: %d, by their keys %d", id.Collation().Name, a, b, order, keys)
			}
			if back := id.compare(b, a); back != -order {
				t.Errorf("%s: %q and %q: %d, and back %d", id.Collation().Name, a, b, order, back)
			}
		}
	})
}
