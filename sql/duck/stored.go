//go:build linux && !noduck

package duck

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wharf"
)

// What files have is read as what MySQL's types hold, once and before any use, so that a
// value is the same in the result, in a condition, in a group and in a document.

// held gives a value of a column as MySQL's type holds it. What it cannot hold is NULL.
func (c column) held(value string) string {
	if c.digits > 0 {
		return c.tooLong(value)
	}
	switch c.Duck {
	case "DOUBLE", "FLOAT":
		return "mysql_no_nan(" + value + ")"
	case "DATE":
		if !c.inRange {
			return "mysql_known_date(" + value + ")"
		}
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS":
		if !c.inRange {
			return "mysql_known_moment(" + value + ")"
		}
	case "TIMESTAMP WITH TIME ZONE":
		return "mysql_known_instant(" + value + ")"
	case "TIMESTAMP_NS":
		return "mysql_known_moment_ns(" + value + ")"
	case "TIME":
		return "mysql_known_time(" + value + ")"
	case "TIME_NS":
		return "mysql_known_time_ns(" + value + ")"
	case "JSON":
		return "mysql_finite_json(" + value + ")"
	case "VARIANT":
		return "mysql_finite_json(" + ofVariant(value) + ")"
	}
	if field, changed := c.inDocument(value, 0); changed && c.isNested() {
		return "mysql_document(to_json(" + field + "))"
	}
	return value
}

// heldType is DuckDB's type of what held gives.
func (c column) heldType() string {
	if _, changed := c.inDocument("", 0); c.isNested() && (changed || c.digits > 0) {
		return "JSON"
	}
	switch {
	case c.digits > 0:
		return c.longType()
	case c.Duck == "TIMESTAMP_NS":
		return "TIMESTAMP"
	case c.Duck == "TIME_NS":
		return "TIME"
	case c.Duck == "VARIANT":
		return "JSON"
	}
	return c.Duck
}

// ofVariant gives a VARIANT as JSON, of which a cast makes null of NULL.
func ofVariant(value string) string {
	return "CASE WHEN " + value + " IS NOT NULL THEN CAST(" + value + " AS JSON) END"
}

func (c column) isNested() bool { return len(c.Fields) > 0 }

// longType is the type that a decimal is said to be of that has more digits than DuckDB's.
func (c column) longType() string {
	return fmt.Sprintf("DECIMAL(%d,%d)", maxDigits, min(int(c.Decimals), maxDigits))
}

// tooLong is the error of a decimal of more than 38 digits where there is one. DuckDB 1.5.6 reads
// it as a double, and wrongly (ParquetDecimalUtils::ReadDecimalValue<double>): of a length that is no
// multiple of eight bytes it takes the last ones for the first of eight.
func (c column) tooLong(value string) string {
	typ := c.longType()
	if c.isNested() {
		typ = "JSON"
	}
	text := carried(refused(fmt.Sprintf("a decimal of more than %d digits, as the column '%s' has with %d,", maxDigits, c.Name, c.digits)))
	// The text is one of the row, since DuckDB computes a constant before any.
	return "CASE WHEN " + value + " IS NOT NULL THEN CAST(error(" + quoteString(text) + " || left(CAST(" + value + " AS VARCHAR), 0)) AS " + typ + ") END"
}

// inDocument gives a value as to_json takes it without a loss: decimals with all their digits, as
// mysql_document finds them, bytes as texts, and the year 0 as MySQL writes it. It reports whether it is another one. Depth tells
// the names of lambdas apart.
func (c column) inDocument(value string, depth int) (sql string, changed bool) {
	switch {
	case c.digits > 0:
		return c.tooLong(value), true
	case c.Duck == "BLOB":
		return textOfBytes(value), true
	case depth == 0 && c.Duck == "DATE":
		return "mysql_date_text(" + value + ")", true
	case depth == 0 && c.Duck == "TIMESTAMP":
		return "mysql_moment_field(" + value + ")", true
	case strings.HasPrefix(c.Duck, "DECIMAL("):
		return "mysql_decimal_field(" + value + ")", true
	case depth > 0 && c.Duck == "VARIANT":
		return ofVariant(value), true
	case !c.isNested():
		return value, false
	}
	name := fmt.Sprintf("field%d", depth)
	switch {
	case strings.HasSuffix(c.Duck, "[]"):
		field, changed := c.Fields[0].inDocument(name, depth+1)
		if !changed {
			return value, false
		}
		return "list_transform(" + value + ", lambda " + name + ": " + field + ")", true
	case c.Duck == "MAP":
		field, changed := c.Fields[1].inDocument("struct_extract("+name+", 'value')", depth+1)
		if !changed {
			return value, false
		}
		return "map_from_entries(list_transform(map_entries(" + value + "), lambda " + name + ": struct_pack(k := struct_extract(" + name + ", 'key'), v := " + field + ")))", true
	}
	fields := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		if f.Name == "" {
			return value, false // DuckDB's SQL has no such name
		}
		field, other := f.inDocument("struct_extract("+value+", "+quoteString(f.Name)+")", depth+1)
		fields[i], changed = quoteName(f.Name)+" := "+field, changed || other
	}
	if !changed {
		return value, false
	}
	return "CASE WHEN " + value + " IS NOT NULL THEN struct_pack(" + strings.Join(fields, ", ") + ") END", true
}

// findRanges finds out of which columns of dates the footers say that all values are in MySQL's
// years. Such a column is read as it is, so that DuckDB compares conditions with the footers.
func (l *lease) findRanges(columns []column, paths []string) error {
	dates := map[string]int{} // by the name in lower case
	for i, c := range columns {
		switch c.Duck {
		case "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS":
			dates[strings.ToLower(c.Name)] = i
		}
	}
	if len(dates) == 0 {
		return nil
	}
	err := l.collect("SELECT lower(path_in_schema) FROM parquet_metadata("+quotedList(paths)+") GROUP BY ALL HAVING bool_and(coalesce(stats_null_count = num_values"+
		" OR TRY_CAST(stats_min_value AS TIMESTAMP) >= TIMESTAMP '0000-01-01' AND TRY_CAST(stats_max_value AS TIMESTAMP) < TIMESTAMP '10000-01-01', false))",
		func(row []wharf.Value) error {
			if i, ok := dates[row[0].String()]; ok {
				columns[i].inRange = true
			}
			return nil
		})
	return unlessFailure(err)
}

// findLong finds out which columns have decimals of more than 38 digits.
func (l *lease) findLong(columns []column, paths []string) error {
	if !anyOf(columns, func(c column) bool { return c.Duck == "DOUBLE" }) {
		return nil
	}
	schema := "parquet_schema(" + quotedList(paths) + ")"
	long := false
	err := l.collect("SELECT 1 FROM "+schema+" WHERE precision > "+fmt.Sprint(maxDigits)+" LIMIT 1", func([]wharf.Value) error {
		long = true
		return nil
	})
	if err != nil || !long {
		return unlessFailure(err)
	}
	// The rows come in the order of the schema, a group before its fields. A file's first row is its root.
	left, at, place := []int64(nil), -1, -1 // fields that are left of the groups around; the column; its place in the file
	return l.collect("SELECT name, coalesce(num_children, 0), coalesce(precision, 0), coalesce(scale, 0) FROM "+schema, func(row []wharf.Value) error {
		children, digits, scale := number(row[1]), number(row[2]), number(row[3])
		for len(left) > 0 && left[len(left)-1] == 0 {
			left = left[:len(left)-1]
		}
		switch len(left) {
		case 0:
			left, place = append(left, children), -1
			return nil
		case 1:
			place++
			at = slices.IndexFunc(columns, func(c column) bool { return strings.EqualFold(c.Name, row[0].String()) })
			if len(paths) == 1 { // it may have two columns of a name
				at = min(place, len(columns)-1)
			}
		}
		left[len(left)-1]--
		if children > 0 {
			left = append(left, children)
		}
		if digits > maxDigits && at >= 0 {
			columns[at].digits, columns[at].Decimals = int(min(digits, 1<<16)), uint8(min(scale, maxDigits))
		}
		return nil
	})
}

// anyOf reports whether a column, or one that it has nested, is so.
func anyOf(columns []column, is func(column) bool) bool {
	for _, c := range columns {
		if is(c) || anyOf(c.Fields, is) {
			return true
		}
	}
	return false
}

func number(v wharf.Value) int64 {
	n, _ := strconv.ParseInt(v.String(), 10, 64) // what is none is 0
	return n
}

// unlessFailure is the error of a look at footers but for DuckDB's own: it fails where it cannot
// write a value of them as a text, and then they do not tell.
func unlessFailure(err error) error {
	if errors.As(err, &failure{}) {
		return nil
	}
	return err
}

func quotedList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quoteString(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
