//go:build linux && !noduck

package duck

import (
	"wharf"
	"wharf/sql"
)

// jsonArrayAgg is JSON_ARRAYAGG.
func (t *translator) jsonArrayAgg(x expr, over string) expr {
	return expr{sql: "('[' || string_agg(" + t.itemText(x) + ", ', ')" + over + " || ']')", kind: kindJSON, normal: true}
}

// jsonObjectAgg is JSON_OBJECTAGG. Of rows with the same key the last counts.
func (t *translator) jsonObjectAgg(key, x expr, over string) expr {
	null := because(3158, "22032", wharf.CodeInvalid, "JSON documents may not contain NULL member names.")
	name := t.once([]expr{key}, func(key []expr) expr {
		return text("CASE WHEN " + key[0].sql + " IS NULL THEN error(" + quoteString(carried(null)) + ") ELSE CAST(to_json(" + key[0].text() + ") AS VARCHAR) END")
	}).sql
	members := expr{sql: "('{' || string_agg(" + name + " || ': ' || " + t.itemText(x) + ", ', ')" + over + " || '}')", kind: kindJSON, normal: true}
	return t.evaluates("`"+sql.GroupObject+"`(i0)", []expr{members}, false)
}

// itemText gives a value as the text that it is in a document, where NULL is null. A
// boolean of a file is a number, as TINYINT(1) is.
func (t *translator) itemText(x expr) string {
	item := ""
	if x.single {
		x = x.number() // a document has all digits of a FLOAT
	}
	switch {
	case x.kind == kindNull:
		return "'null'"
	case x.kind == kindJSON && x.normal:
		item = x.sql
	case !x.logical && (x.kind == kindBool || x.kind == kindInt):
		item = x.text()
	case x.kind == kindDecimal:
		item = x.text() + " || " + quoteString(sql.TypeMarks[:1])
	case x.kind == kindUint:
		item = x.text() + " || " + quoteString(sql.TypeMarks[1:2])
	default:
		item = t.fieldJSON(x, "").sql
	}
	return "coalesce(" + item + ", 'null')"
}
