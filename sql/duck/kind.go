//go:build linux && !noduck

package duck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// kind is MySQL's view of an expression's type: what decides how it is
// compared, added and shown.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindInt
	kindUint
	kindDecimal
	kindDouble
	kindText
	kindBytes
	kindDate
	kindTime
	kindMoment // DATETIME
	kindJSON
)

// expr is a translated expression: DuckDB's text for it, and what MySQL knows
// of it.
type expr struct {
	sql       string
	kind      kind
	precision int     // digits of a decimal
	scale     int     // digits behind the point of a decimal, of the seconds of a moment
	inner     int     // digits that a decimal has in sql beyond scale: a quotient is exacter than it is shown
	constant  bool    // reads no column: its text is compared without case
	binary    bool    // COLLATE …_bin: its text is compared by bytes
	folded    bool    // its text is compared by a collation that is not by bytes
	asStored  bool    // an integer of 64 bits, as it is
	stored    bool    // a boolean of a file, shown as TINYINT(1)
	literal   *string // the text of a string literal
	collation string  // said by COLLATE; "" of a folded text is the connection's
	written   string  // a whole number that is written in the query
	single    bool    // a FLOAT, in 32 bits
	normal    bool    // JSON as MySQL shows it
}

// Column is a column of a source, as its file has it.
type Column struct {
	Name string
	Type string // DuckDB's
}

// column gives the expression that reads a column of that type.
func readColumn(sql, duckType string) expr {
	e := expr{sql: sql, kind: kindText}
	base, rest, _ := strings.Cut(duckType, "(")
	switch strings.TrimSpace(base) {
	case "BOOLEAN":
		e.kind, e.stored = kindBool, true
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT":
		e.kind, e.asStored = kindInt, base == "BIGINT"
	case "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT":
		e.kind, e.asStored = kindUint, base == "UBIGINT"
	case "HUGEINT", "UHUGEINT":
		e.kind, e.precision = kindDecimal, 38
	case "DECIMAL":
		e.kind = kindDecimal
		if _, err := fmt.Sscanf(rest, "%d,%d)", &e.precision, &e.scale); err != nil {
			e.precision, e.scale = 38, 0
		}
	case "FLOAT", "DOUBLE":
		e.kind, e.single = kindDouble, base == "FLOAT"
	case "BLOB":
		e.kind = kindBytes
	case "DATE":
		e.kind = kindDate
	case "TIME":
		e.kind, e.scale, e.sql = kindTime, 6, "mysql_time_of("+sql+")"
	case "TIME_NS":
		e.kind, e.scale, e.sql = kindTime, 6, "mysql_time_of(CAST("+sql+" AS TIME))"
	case "TIMESTAMP_S":
		e.kind = kindMoment
	case "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE":
		e.kind, e.scale = kindMoment, 6
	case "JSON":
		e.kind = kindJSON
	case "VARCHAR":
	default:
		e.sql = "CAST(" + sql + " AS VARCHAR)"
		if strings.HasSuffix(duckType, "]") || strings.HasPrefix(duckType, "STRUCT") || strings.HasPrefix(duckType, "MAP") || strings.HasPrefix(duckType, "UNION") {
			e.kind = kindJSON
			e.sql = "to_json(" + sql + ")"
		}
	}
	return e
}

func (e expr) numeric() bool { return e.kind >= kindBool && e.kind <= kindDouble }
func (e expr) temporal() bool {
	return e.kind == kindDate || e.kind == kindTime || e.kind == kindMoment
}

// text gives e as MySQL writes it as a string.
func (e expr) text() string {
	switch e.kind {
	case kindText, kindJSON:
		return e.sql
	case kindNull:
		return "CAST(NULL AS VARCHAR)"
	case kindBool:
		return "CAST(CAST(" + e.sql + " AS INTEGER) AS VARCHAR)"
	case kindDouble:
		return "mysql_double_text(" + e.sql + ")"
	case kindMoment:
		if e.scale > 0 {
			return "strftime(" + e.sql + ", '%Y-%m-%d %H:%M:%S.%f')"
		}
		return "strftime(" + e.sql + ", '%Y-%m-%d %H:%M:%S')"
	case kindBytes:
		return "decode(" + e.sql + ")"
	case kindTime:
		return "mysql_time_text(" + e.sql + ", " + strconv.Itoa(e.scale) + ")"
	}
	return "CAST(" + e.rounded() + " AS VARCHAR)"
}

// rounded gives a decimal with just the digits that it shows.
func (e expr) rounded() string {
	if e.inner == 0 {
		return e.sql
	}
	return "CAST(" + e.sql + " AS " + e.duck() + ")"
}

// number gives e as MySQL takes it in arithmetic.
func (e expr) number() expr {
	switch e.kind {
	case kindBool:
		return expr{sql: "CAST(" + e.sql + " AS BIGINT)", kind: kindInt, constant: e.constant}
	case kindInt, kindUint:
		return expr{sql: e.wide(), kind: e.kind, constant: e.constant, asStored: e.wide() == e.sql, written: e.written}
	case kindDecimal, kindDouble:
		if e.single {
			e.sql, e.single = "CAST("+e.sql+" AS DOUBLE)", false
		}
		return e
	case kindNull:
		return expr{sql: "CAST(NULL AS BIGINT)", kind: kindInt, constant: true}
	case kindDate:
		return expr{sql: "CAST(strftime(" + e.sql + ", '%Y%m%d') AS BIGINT)", kind: kindInt}
	case kindMoment:
		if e.scale > 0 {
			return expr{sql: "CAST(strftime(" + e.sql + ", '%Y%m%d%H%M%S.%f') AS DECIMAL(20,6))", kind: kindDecimal, precision: 20, scale: 6}
		}
		return expr{sql: "CAST(strftime(" + e.sql + ", '%Y%m%d%H%M%S') AS BIGINT)", kind: kindInt}
	case kindTime:
		if e.scale > 0 {
			return expr{sql: "mysql_time_decimal(" + e.sql + ")", kind: kindDecimal, precision: 20, scale: e.scale}
		}
		return expr{sql: "mysql_time_number(" + e.sql + ")", kind: kindInt}
	}
	return expr{sql: "mysql_number(" + e.text() + ")", kind: kindDouble, constant: e.constant}
}

// wide gives an integer with 64 bits. A column that has them is taken as it
// is, so that a filter of it is known to the reader of the file.
func (e expr) wide() string {
	if e.asStored {
		return e.sql
	}
	return "CAST(" + e.sql + " AS " + e.duck() + ")"
}

// real gives e as a double.
func (e expr) real() string {
	n := e.number()
	if n.kind == kindDouble {
		return n.sql
	}
	return "CAST(" + n.sql + " AS DOUBLE)"
}

// integer gives e as a BIGINT, rounded as MySQL does for an argument.
func (e expr) integer() string {
	switch {
	case e.kind == kindMoment && e.scale > 0:
		e.sql, e.scale = "mysql_round_moment("+e.sql+", 0)", 0
	case e.kind == kindTime && e.scale > 0:
		e.sql, e.scale = "mysql_round_time("+e.sql+")", 0
	}
	n := e.number()
	switch n.kind {
	case kindInt:
		return n.sql
	case kindDouble:
		return "CAST(round_even(" + n.sql + ", 0) AS BIGINT)"
	}
	return "CAST(round(" + n.sql + ") AS BIGINT)"
}

// bits gives e as the 64 bits that MySQL's bit operators take.
func (e expr) bits() string {
	if e.kind == kindUint {
		return e.number().sql
	}
	return "mysql_unsigned(" + e.integer() + ")"
}

// truth gives e as a condition.
func (e expr) truth() string {
	switch e.kind {
	case kindBool:
		return e.sql
	case kindNull:
		return "CAST(NULL AS BOOLEAN)"
	}
	return "(" + e.number().sql + " <> 0)"
}

// moment gives e as a TIMESTAMP; what is none is NULL.
func (e expr) moment() string {
	switch e.kind {
	case kindMoment:
		return "CAST(" + e.sql + " AS TIMESTAMP)"
	case kindDate:
		return "CAST(" + e.sql + " AS TIMESTAMP)"
	case kindTime:
		return "(CAST(current_date AS TIMESTAMP) + to_microseconds(" + e.sql + "))"
	case kindNull:
		return "CAST(NULL AS TIMESTAMP)"
	}
	return "mysql_moment(" + e.text() + ")"
}

// date gives e as a DATE; what is none is NULL.
func (e expr) date() string {
	if e.kind == kindDate {
		return e.sql
	}
	return "CAST(" + e.moment() + " AS DATE)"
}

// shown gives e as the result's column.
func (e expr) shown() string {
	if e.kind == kindBool && !e.stored {
		return "CAST(" + e.sql + " AS BIGINT)"
	}
	if e.kind == kindTime {
		return e.text()
	}
	return e.rounded()
}

// duck is the DuckDB type of a unified expression.
func (e expr) duck() string {
	switch e.kind {
	case kindBool, kindInt:
		return "BIGINT"
	case kindUint:
		return "UBIGINT"
	case kindDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", max(1, e.precision), e.scale)
	case kindDouble:
		return "DOUBLE"
	case kindBytes:
		return "BLOB"
	case kindDate:
		return "DATE"
	case kindTime:
		return "BIGINT"
	case kindMoment:
		return "TIMESTAMP"
	case kindJSON:
		return "JSON"
	}
	return "VARCHAR"
}

// unify is the type that expressions have together, in CASE, COALESCE, UNION
// and their like; its sql is empty.
func unify(all ...expr) expr {
	var u expr
	for i, e := range all {
		if i == 0 || u.kind == kindNull {
			constant := e.constant && (i == 0 || u.constant)
			u = e
			u.constant = constant
			continue
		}
		if e.kind == kindNull {
			continue
		}
		u = pair(u, e)
	}
	u.sql, u.literal, u.inner, u.written, u.asStored = "", nil, 0, "", false
	u.normal = u.normal && !slices.ContainsFunc(all, func(e expr) bool { return !e.normal })
	u.single = u.single && !slices.ContainsFunc(all, func(e expr) bool { return !e.single })
	return u
}

// collated gives the collation that two texts are compared by: what COLLATE
// says, else the connection's where both have it, else bytes.
func collated(a, b expr) (binary, folded bool, collation string) {
	switch {
	case a.collation != "":
		return a.binary, a.folded, a.collation
	case b.collation != "":
		return b.binary, b.folded, b.collation
	case a.foldedText() && b.foldedText():
		return false, a.folded || b.folded, ""
	}
	return a.binary || b.binary, false, ""
}

// asColumn is an expression as the column of a query: text that reads no file
// keeps the collation of the connection. The other rows of the column, such as
// those of a recursive query, need not have the value that is written in it.
func (e expr) asColumn() expr {
	e.folded = e.kind == kindText && e.foldedText()
	e.constant, e.literal, e.written = false, nil, ""
	return e
}

func pair(a, b expr) expr {
	u := a
	u.constant = a.constant && b.constant
	u.binary, u.folded, u.collation = collated(a, b)
	u.stored = a.stored && b.stored
	u.scale = max(a.scale, b.scale)
	switch {
	case a.kind == b.kind && a.kind != kindDecimal:
	case a.numeric() && b.numeric():
		u.kind = max(a.kind, b.kind)
		if min(a.kind, b.kind) == kindBool {
			u.kind = max(u.kind, kindInt)
		}
		if u.kind == kindUint && min(a.kind, b.kind) != kindUint {
			u.kind = kindDecimal // neither holds the other
		}
		if u.kind == kindDecimal {
			whole := max(a.whole(), b.whole())
			u.precision = min(38, whole+u.scale)
		}
	case a.temporal() && b.temporal() && a.kind != b.kind:
		u.kind = kindMoment
	case a.kind == kindBytes || b.kind == kindBytes:
		u.kind = kindBytes
	default:
		u.kind = kindText
	}
	return u
}

// whole is how many digits a number has before its point.
func (e expr) whole() int {
	switch e.kind {
	case kindBool:
		return 1
	case kindInt:
		if e.written != "" {
			return len(strings.TrimPrefix(e.written, "-"))
		}
		return 19
	case kindUint:
		return 20
	}
	return e.precision - e.scale
}

// as gives e as a value of the unified type u.
func (e expr) as(u expr) string {
	if e.kind == u.kind && e.kind != kindDecimal {
		return e.sql
	}
	switch u.kind {
	case kindText:
		return e.text()
	case kindBytes:
		if e.kind == kindNull {
			return "CAST(NULL AS BLOB)"
		}
		return "encode(" + e.text() + ")"
	case kindMoment:
		return e.moment()
	case kindBool, kindInt, kindUint, kindDecimal, kindDouble:
		if e.kind == kindNull {
			return "CAST(NULL AS " + u.duck() + ")"
		}
		return "CAST(" + e.number().sql + " AS " + u.duck() + ")"
	}
	return "CAST(" + e.sql + " AS " + u.duck() + ")"
}

// refused is the error for what is valid MySQL and cannot be answered over
// files.
func refused(what string) error {
	return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported in a query of files", what)
}
