package sql

import (
	"fmt"
	"strings"
	"sync"

	"wharf"
)

// NoCollation returns the error of a collation that Wharf does not have: that it is
// not supported where MySQL 8.0 has it, that it is unknown where MySQL has none of this name.
func NoCollation(name string) error {
	name = firstRunes(name, maxNear)
	if _, known := mysqlCollations()[shownName(name)]; known {
		return wharf.Errorf(wharf.CodeUnsupported, "the collation %s is not supported by Wharf", shownName(name))
	}
	return invalid(1273, "HY000", fmt.Sprintf("Unknown collation: '%s'", name))
}

// NoCharset returns the error of a character set that Wharf does not have, as
// [NoCollation] does.
func NoCharset(name string) error {
	name = firstRunes(name, maxNear)
	for _, charset := range mysqlCollations() {
		if charset == shownName(name) {
			return wharf.Errorf(wharf.CodeUnsupported, "the character set %s is not supported by Wharf; it has utf8mb4, utf8mb3, latin1, ascii and binary", charset)
		}
	}
	return invalid(1115, "42000", fmt.Sprintf("Unknown character set: '%s'", name))
}

// shownName returns the name that MySQL 8.0 shows for a collation or a character set.
func shownName(name string) string {
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, "utf8"); ok && (rest == "" || rest[0] == '_') {
		return "utf8mb3" + rest
	}
	return name
}

// mysqlCollations are the collations of MySQL 8.0, each with its character set.
var mysqlCollations = sync.OnceValue(func() map[string]string {
	all := map[string]string{"binary": "binary"}
	for _, line := range strings.Split(strings.TrimSpace(collationNames), "\n") {
		charset, rest, _ := strings.Cut(line, ":")
		for _, name := range strings.Fields(rest) {
			switch name {
			case "(uca)":
				add(all, charset, ucaLanguages, "%s_ci")
			case "(0900)":
				add(all, charset, languages0900, "%s_0900_ai_ci")
				add(all, charset, languages0900, "%s_0900_as_cs")
			default:
				all[charset+"_"+name] = charset
			}
		}
	}
	return all
})

func add(all map[string]string, charset, names, format string) {
	for _, name := range strings.Fields(names) {
		all[charset+"_"+fmt.Sprintf(format, name)] = charset
	}
}

// ucaLanguages are the collations of every Unicode character set.
const ucaLanguages = `croatian czech danish esperanto estonian general german2 hungarian icelandic latvian lithuanian persian polish
	roman romanian sinhala slovak slovenian spanish spanish2 swedish turkish unicode unicode_520 vietnamese`

// languages0900 are the languages of utf8mb4 that have a collation of UCA 9.0 with and
// without accents and case.
const languages0900 = `bg bs cs da de_pb eo es es_trad et gl hr hu is la lt lv mn_cyrl nb nn pl ro ru sk sl sr_latn sv tr vi`

const collationNames = `
armscii8: bin general_ci
ascii: bin general_ci
big5: bin chinese_ci
cp1250: bin croatian_ci czech_cs general_ci polish_ci
cp1251: bin bulgarian_ci general_ci general_cs ukrainian_ci
cp1256: bin general_ci
cp1257: bin general_ci lithuanian_ci
cp850: bin general_ci
cp852: bin general_ci
cp866: bin general_ci
cp932: bin japanese_ci
dec8: bin swedish_ci
eucjpms: bin japanese_ci
euckr: bin korean_ci
gb18030: bin chinese_ci unicode_520_ci
gb2312: bin chinese_ci
gbk: bin chinese_ci
geostd8: bin general_ci
greek: bin general_ci
hebrew: bin general_ci
hp8: bin english_ci
keybcs2: bin general_ci
koi8r: bin general_ci
koi8u: bin general_ci
latin1: bin danish_ci general_ci general_cs german1_ci german2_ci spanish_ci swedish_ci
latin2: bin croatian_ci czech_cs general_ci hungarian_ci
latin5: bin turkish_ci
latin7: bin estonian_cs general_ci general_cs
macce: bin general_ci
macroman: bin general_ci
sjis: bin japanese_ci
swe7: bin swedish_ci
tis620: bin thai_ci
ucs2: bin general_mysql500_ci (uca)
ujis: bin japanese_ci
utf16: bin (uca)
utf16le: bin general_ci
utf32: bin (uca)
utf8mb3: bin general_mysql500_ci tolower_ci (uca)
utf8mb4: bin (uca) 0900_ai_ci 0900_as_ci 0900_as_cs 0900_bin ja_0900_as_cs ja_0900_as_cs_ks zh_0900_as_cs (0900)
`
