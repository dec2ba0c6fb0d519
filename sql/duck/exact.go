//go:build linux && !noduck

package duck

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
)

// exactType is the type that a column of numbers is read as where a double would lose
// digits.
type exactType string

// exactSample is how many rows are looked at for the digits of numbers.
const exactSample = 1_000_000

// numberItems are what is asked of the numbers of a column, as they are written:
// whether all are whole, their least, greatest and most digits, whether none has an
// exponent, whether a double would lose digits of one, and how many there are at most
// before and behind the point.
func numberItems(text string) []string {
	whole := `coalesce(bool_and(regexp_full_match(` + text + `, '-?\d+')), false)`
	plain := `coalesce(bool_and(regexp_full_match(` + text + `, '[-+]?(\d+\.?\d*|\.\d+)')), false)`
	return []string{whole, "min(TRY_CAST(" + text + " AS HUGEINT))", "max(TRY_CAST(" + text + " AS HUGEINT))",
		"coalesce(max(length(ltrim(" + text + ", '-'))), 0)", plain, "coalesce(bool_or(number_loses(" + text + ")), false)",
		"coalesce(max(length(ltrim(split_part(" + text + ", '.', 1), '-+0'))), 0)", "coalesce(max(length(rtrim(split_part(" + text + ", '.', 2), '0'))), 0)"}
}

// exactOf is the type of a column of which numberItems say so. It is empty where doubles
// hold its numbers, or no exact type does.
func exactOf(said []wharf.Value) exactType {
	if t := wholeNumbers(said); t != "" || isSaid(said[0]) {
		return t
	}
	return decimals(said)
}

func isSaid(v wharf.Value) bool { return v.String() == "1" }

// wholeNumbers is exactOf a column of whole numbers alone.
func wholeNumbers(said []wharf.Value) exactType {
	if !isSaid(said[0]) {
		return ""
	}
	return wholeOf(said[1].String(), said[2].String(), said[3].String())
}

// decimals is exactOf a column of decimals alone.
func decimals(said []wharf.Value) exactType {
	before, err := strconv.Atoi(said[6].String())
	behind, behindErr := strconv.Atoi(said[7].String())
	if err != nil || behindErr != nil || !isSaid(said[4]) || !isSaid(said[5]) || before+behind > maxDigits || behind > maxScale {
		return ""
	}
	return exactType(fmt.Sprintf("DECIMAL(%d,%d)", before+behind, behind))
}

// wholeOf is the type of a column of whole numbers from least to greatest, of at most so
// many digits. It is empty where they have more than 38.
func wholeOf(least, greatest, digits string) exactType {
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n > maxDigits:
		return ""
	case fitsInt(least) && fitsInt(greatest):
		return "BIGINT"
	case !strings.HasPrefix(least, "-") && fitsUint(greatest):
		return "UBIGINT"
	}
	return "DECIMAL(38,0)"
}

func fitsInt(s string) bool { _, err := strconv.ParseInt(s, 10, 64); return err == nil }

func fitsUint(s string) bool { _, err := strconv.ParseUint(s, 10, 64); return err == nil }

// typesOf is a list of columns with these types; "" leaves a column out.
func typesOf(columns []column, types func(column) string) string {
	var list []string
	for _, c := range columns {
		if t := types(c); t != "" {
			list = append(list, quoteString(c.Name)+": "+quoteString(t))
		}
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// measure sets the exact types of those columns that are asked for: their numbers are texts
// of the rows of from.
func (l *lease) measure(columns []column, asked func(column) bool, text func(column) string, from string, of func([]wharf.Value) exactType) error {
	var items []string
	for _, c := range columns {
		if asked(c) {
			items = append(items, numberItems(text(c))...)
		}
	}
	if items == nil {
		return nil
	}
	each := len(numberItems(""))
	return l.collect("SELECT "+strings.Join(items, ", ")+" FROM "+from, func(row []wharf.Value) error {
		for i, c := range columns {
			if asked(c) {
				columns[i].exact = of(row[:each])
				row = row[each:]
			}
		}
		return nil
	})
}

func isDouble(c column) bool { return c.Duck == "DOUBLE" && c.exact == "" }

// findNumbers finds out which columns of records have numbers whose digits doubles would
// lose: DuckDB tells those of more than 64 bits, and all decimals, to be doubles.
func (l *lease) findNumbers(r *reader, columns []column) error {
	if !slices.ContainsFunc(columns, isDouble) {
		return nil
	}
	types := typesOf(columns, func(c column) string {
		if isDouble(c) {
			return "VARCHAR"
		}
		return ""
	})
	from := fmt.Sprintf("(SELECT * FROM %s LIMIT %d)", r.retyped("types = "+types), exactSample)
	return l.measure(columns, isDouble, func(c column) string { return "trim(" + quoteName(c.Name) + ")" }, from, exactOf)
}

// findDecimals finds out which columns of documents have decimals whose digits doubles
// would lose. DuckDB reads each number of a document with a point as a double, so they
// are looked for in the documents' own text.
func (l *lease) findDecimals(d *documents, columns []column) error {
	if !slices.ContainsFunc(columns, isDouble) {
		return nil
	}
	from, long := "(SELECT json FROM "+d.objects+d.sample+")", false
	err := l.collect(`SELECT coalesce(bool_or(regexp_matches(json, '\d[\d.]{15,}')), false) FROM `+from, func(row []wharf.Value) error {
		long = row[0].String() == "1"
		return nil
	})
	if err != nil || !long {
		return err
	}
	asked := slices.Clone(columns)
	err = l.measure(asked, isDouble, func(c column) string {
		return "rtrim(rtrim(" + decimalOf(c.fieldName(), "json", 65, maxScale) + ", '0'), '.')" // as many as MySQL has
	}, from, decimals)
	for i, c := range asked {
		if c.exact != columns[i].exact {
			columns[i].exact, columns[i].raw = c.exact, true
		}
	}
	return err
}

// decimalOf gives the text of a number of a document by its name.
func decimalOf(name, document string, digits, behind int) string {
	quoted, err := json.Marshal(name)
	if err != nil {
		panic(err) // it is text
	}
	said, err := json.Marshal(evaluated{
		Text:   fmt.Sprintf("JSON_VALUE(i0, %s RETURNING DECIMAL(%d,%d))", literal("$."+string(quoted)), digits, behind),
		Inputs: []sql.Input{{Name: "i0", Type: wharf.TypeString, Collation: fileCollation}},
	})
	if err != nil {
		panic(err)
	}
	return "mysql_eval_text(" + quoteString(string(said)) + ", " + document + ")"
}

// asExact makes the reader read columns of numbers exactly, and nested columns of
// documents as they are: DuckDB gives all documents of a column the same fields.
func (r *reader) asExact(columns []column) []column {
	exact := func(c column) bool { return c.exact != "" }
	nested := func(c column) bool { return r.documents != nil && c.Type == wharf.TypeJSON && c.Duck != "JSON" }
	if !slices.ContainsFunc(columns, func(c column) bool { return exact(c) || nested(c) }) {
		return columns
	}
	columns = slices.Clone(columns)
	switch {
	case r.documents != nil:
		r.retype(columns, nested)
	default:
		r.SQL = r.retyped("types = " + typesOf(columns, func(c column) string { return string(c.exact) }))
	}
	for i, c := range columns {
		if exact(c) {
			columns[i].Duck = string(c.exact)
		}
	}
	return columns
}

// retype makes all columns of documents have their types, where DuckDB would find out
// others.
func (r *reader) retype(columns []column, nested func(column) bool) {
	if !slices.ContainsFunc(columns, func(c column) bool { return c.exact != "" && c.Duck == "DOUBLE" || nested(c) }) {
		return
	}
	for i, c := range columns {
		if c.Type == wharf.TypeJSON || c.Type == wharf.TypeNull {
			columns[i].Duck = "JSON"
		}
	}
	types := typesOf(columns, func(c column) string {
		switch {
		case r.drop[c.Name], c.isRenamed():
			return ""
		case c.exact != "" && !c.raw:
			return "HUGEINT"
		}
		return c.Duck
	})
	r.told = true
	records := slices.ContainsFunc(columns, func(c column) bool { return c.raw || c.isRenamed() })
	r.SQL = r.documents.typed("columns = "+types, records)
}
