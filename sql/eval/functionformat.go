package eval

import (
	"strings"

	"wharf"
	"wharf/sql"
)

// grouping is how a locale writes a number: its decimal point, what stands
// between groups of digits, "" for no groups, and the size of all groups but the
// last, which has three digits.
type grouping struct {
	point, between string
	size           int
}

// groupings are those of MySQL's locales, by their names.
var groupings = localeGroupings(map[grouping]string{
	{".", ",", 3}: `ar_AE ar_BH ar_DZ ar_EG ar_IN ar_IQ ar_JO ar_KW ar_LB ar_LY ar_MA ar_OM ar_QA ar_SD ar_SY ar_TN ar_YE en_AU en_CA en_GB en_NZ en_PH
		en_US en_ZA en_ZW es_DO es_GT es_HN es_MX es_NI es_PA es_PE es_PR es_SV es_US gu_IN he_IL hi_IN ja_JP ko_KR ms_MY th_TH ur_PK zh_CN zh_HK zh_TW`,
	{".", "", 3}: "ar_SA sr_RS",
	{",", ".", 3}: `be_BY da_DK de_BE de_DE de_LU es_AR es_BO es_CL es_CO es_EC es_ES es_PY es_UY es_VE fo_FO hu_HU id_ID is_IS lt_LT mn_MN nb_NO no_NO
		ro_RO ru_UA sq_AL tr_TR uk_UA vi_VN`,
	{",", "", 3}:  "bg_BG ca_ES de_AT el_GR eu_ES fr_BE fr_CA fr_CH fr_FR fr_LU gl_ES hr_HR it_IT nl_BE nl_NL pl_PL pt_BR pt_PT sl_SI",
	{",", " ", 3}: "cs_CZ es_CR et_EE fi_FI lv_LV mk_MK ru_RU sk_SK sv_FI sv_SE",
	{".", "'", 3}: "de_CH",
	{",", "'", 3}: "it_CH rm_CH",
	{".", ",", 2}: "en_IN ta_IN te_IN",
})

// FindLocale returns a locale's name as MySQL writes it. English reports whether
// it has the English names of days and months.
func FindLocale(name string) (found string, english, ok bool) {
	if _, ok = groupings[strings.ToLower(name)]; !ok {
		return "", false, false
	}
	language, country, _ := strings.Cut(name, "_")
	return strings.ToLower(language) + "_" + strings.ToUpper(country), strings.EqualFold(language, "en"), true
}

func localeGroupings(of map[grouping]string) map[string]grouping {
	all := map[string]grouping{}
	for g, names := range of {
		for name := range strings.FieldsSeq(names) {
			all[strings.ToLower(name)] = g
		}
	}
	return all
}

// runFormat writes a number with so many digits behind the point, as a locale
// does.
func runFormat(ev *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return NullDatum(), nil
	}
	g := groupings["en_us"]
	if len(a) == 3 && !a[2].IsNull() {
		known, ok := groupings[strings.ToLower(a[2].Text())]
		if ok {
			g = known
		} else {
			ev.Env.Warn(warnUnknownLocale, "Unknown locale: '%s'", CutRunes(a[2].Text(), 64))
		}
	}
	places := int(max(0, min(ev.integer(a[1]), MaxDecimalScale)))
	text := ""
	if d := ev.Number(a[0], wharf.TypeDecimal); d.Kind == KFloat {
		text = plainDouble(sql.RoundReal(d.ToFloat(), int64(places)), places)
	} else {
		text = d.ToDecimal().Fit(places).String()
	}
	whole, behind, found := strings.Cut(text, ".")
	digits, negative := strings.CutPrefix(whole, "-")
	text = g.grouped(digits)
	if negative {
		text = "-" + text
	}
	if found {
		text += g.point + behind
	}
	return StringDatum(text), nil
}

// grouped writes digits in groups.
func (g grouping) grouped(digits string) string {
	const last = 3 // digits of the last group
	if g.between == "" || len(digits) <= last {
		return digits
	}
	text := digits[len(digits)-last:]
	for digits = digits[:len(digits)-last]; len(digits) > g.size; digits = digits[:len(digits)-g.size] {
		text = digits[len(digits)-g.size:] + g.between + text
	}
	return digits + g.between + text
}
