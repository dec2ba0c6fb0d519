//go:build linux && !noduck

package duck

import (
	"fmt"
	"regexp"
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
	column    bool    // a column as it is
	constant  bool    // reads no column: its text is compared without case
	binary    bool    // its text is compared by bytes, and COLLATE or a function says so
	folded    bool    // its text is compared by a collation that is not by bytes, or pads
	uniform   bool    // texts of it that are the same by its collation have the same bytes
	asStored  bool    // an integer of 64 bits, as it is
	stored    bool    // a boolean of a file, shown as TINYINT(1)
	logical   bool    // TRUE, FALSE or of an operator: a truth value, which JSON has as true or false
	literal   *string // the text of a string literal
	collation string  // said by COLLATE, or implied; "" of a folded text is the connection's
	implied   bool    // its collation is that of CONVERT(… USING …), which yields to COLLATE
	written   string  // a whole number that is written in the query
	single    bool    // a FLOAT, in 32 bits
	ofDay     bool    // a TIME that a file has, which is of one day
	places    int     // digits behind the point that a double is shown with, as [sql.DoubleScale] has them
	normal    bool    // JSON as the evaluator gives it: as MySQL shows it, but for [sql.TypeMarks]
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
		e.kind, e.scale, e.ofDay, e.sql = kindTime, 6, true, "mysql_time_of("+sql+")"
	case "TIME_NS", "TIME WITH TIME ZONE":
		e.kind, e.scale, e.ofDay, e.sql = kindTime, 6, true, "mysql_time_of(CAST("+sql+" AS TIME))"
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
			e.sql = "mysql_finite_json(to_json(" + sql + "))"
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
	case kindText:
		return e.sql
	case kindJSON:
		if e.normal {
			return "mysql_unmarked(" + e.sql + ")"
		}
		return "mysql_json_text(" + e.sql + ")"
	case kindNull:
		return "CAST(NULL AS VARCHAR)"
	case kindBool:
		return "CAST(CAST(" + e.sql + " AS INTEGER) AS VARCHAR)"
	case kindDouble:
		if e.places != 0 {
			return fmt.Sprintf("mysql_shown(%d, %s)", max(0, e.places), e.rounded())
		}
		if e.single {
			return "mysql_float_text(" + e.sql + ")"
		}
		return "mysql_double_text(" + e.sql + ")"
	case kindDate:
		return "mysql_date_text(" + e.sql + ")"
	case kindMoment:
		if e.scale > 0 {
			return "strftime(" + e.sql + ", '%Y-%m-%d %H:%M:%S.%f')"
		}
		return "strftime(" + e.sql + ", '%Y-%m-%d %H:%M:%S')"
	case kindBytes:
		return "decode(" + e.sql + ")"
	case kindTime:
		return "mysql_time_text(" + e.sql + ", " + strconv.Itoa(e.scale) + ")"
	case kindDecimal:
		if e.precision == e.scale && e.precision < maxDigits { // DuckDB writes no zero before the point
			e.precision++
			return "CAST(CAST(" + e.sql + " AS " + e.duck() + ") AS VARCHAR)"
		}
	}
	return "CAST(" + e.rounded() + " AS VARCHAR)"
}

// asText is e where it is taken as text: a document as MySQL shows it.
func (e expr) asText() expr {
	if e.kind == kindJSON {
		e.sql, e.normal = e.text(), true
	}
	return e
}

// rounded gives a decimal, or a double, with just the digits that it shows.
func (e expr) rounded() string {
	if e.kind == kindDouble && e.places != 0 {
		return fmt.Sprintf("mysql_round(%s, %d)", e.sql, max(0, e.places))
	}
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
	if e.kind == kindJSON {
		return expr{sql: "mysql_json_number(" + e.sql + ")", kind: kindDouble, constant: e.constant}
	}
	name := "mysql_number("
	if e.literal != nil && !plainNumber.MatchString(*e.literal) {
		name = "mysql_later_number(" // which warns
	}
	return expr{sql: name + e.text() + ")", kind: kindDouble, constant: e.constant}
}

// plainNumber is a text of which a number has all characters.
var plainNumber = regexp.MustCompile(`^ *[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})? *$`)

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
	switch e.kind {
	case kindJSON:
		return "mysql_json_integer(" + e.sql + ")"
	case kindText:
		if e.literal != nil && !plainNumber.MatchString(*e.literal) {
			return "mysql_later_integer(" + e.sql + ")"
		}
		return "mysql_integer_text(" + e.sql + ")"
	}
	n := e.number()
	switch n.kind {
	case kindInt:
		return n.sql
	case kindDouble:
		return "mysql_signed(" + n.sql + ")"
	case kindUint:
		return "mysql_signed_unsigned(" + n.sql + ")"
	}
	return "mysql_signed_exact(" + n.sql + ")"
}

// place gives e as a place in a text, or as a number of characters, within what DuckDB's
// functions take.
func (e expr) place() string {
	if e.written != "" && len(e.written) < 10 {
		return e.integer()
	}
	return "mysql_place(" + e.integer() + ")"
}

// bits gives e as the 64 bits that MySQL's bit operators take.
func (e expr) bits() string {
	switch e.kind {
	case kindUint:
		return e.number().sql
	case kindText:
		e = e.number()
	}
	return "mysql_unsigned(" + e.integer() + ")"
}

// truth gives e as a condition.
func (e expr) truth() string {
	switch e.kind {
	case kindBool:
		return e.sql
	case kindJSON:
		return "mysql_json_truth(" + e.sql + ")"
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
	case kindJSON:
		return "mysql_moment(mysql_unquote(" + e.text() + "))"
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
	if e.kind == kindTime || e.kind == kindJSON && e.normal {
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
	}
	return "VARCHAR"
}

// refused is the error for what is valid MySQL and is not done.
func refused(what string) error {
	return wharf.Errorf(wharf.CodeUnsupported, "%s is not supported by Wharf", what)
}
