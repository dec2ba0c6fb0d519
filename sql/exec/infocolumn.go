package exec

import (
	"strconv"
	"strings"

	"wharf"
)

// charset gives the character set and the collation of a column of text.
func (c infoColumn) charset() (charset, collation string) {
	if c.collation == "" {
		return schema{name: informationSchema}.charset()
	}
	charset, _, _ = strings.Cut(c.collation, "_")
	return charset, c.collation
}

// describe tells of a column's type as COLUMNS has it.
func (c infoColumn) describe() map[string]wharf.Value {
	is := map[bool]string{true: "YES", false: "NO"}
	values := map[string]wharf.Value{
		"IS_NULLABLE": wharf.Text(is[c.Nullable]), "DATA_TYPE": wharf.Text(baseType(c.sqlType)), "COLUMN_TYPE": wharf.Text(c.sqlType),
		"EXTRA": wharf.Text(""), "PRIVILEGES": wharf.Text("select"),
	}
	switch c.Type {
	case wharf.TypeString:
		charset, collation := c.charset()
		values["CHARACTER_SET_NAME"], values["COLLATION_NAME"] = wharf.Text(charset), wharf.Text(collation)
		bytes := map[string]int64{"utf8mb4": 4}[charset]
		chars := c.length()
		values["CHARACTER_MAXIMUM_LENGTH"], values["CHARACTER_OCTET_LENGTH"] = wharf.Int(chars), wharf.Int(min(max(bytes, 3)*chars, maxLongText))
	case wharf.TypeBytes, wharf.TypeNull:
		values["CHARACTER_MAXIMUM_LENGTH"], values["CHARACTER_OCTET_LENGTH"] = wharf.Int(c.length()), wharf.Int(c.length())
	case wharf.TypeInt, wharf.TypeUint, wharf.TypeBool:
		digits := map[string]uint64{"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}[baseType(c.sqlType)]
		if c.sqlType == "bigint unsigned" {
			digits = 20
		}
		values["NUMERIC_PRECISION"], values["NUMERIC_SCALE"] = wharf.Uint(digits), wharf.Uint(0)
	case wharf.TypeFloat:
		values["NUMERIC_PRECISION"] = wharf.Uint(map[string]uint64{"float": 12, "double": 22}[c.sqlType])
	case wharf.TypeDecimal:
		_, scale, _ := strings.Cut(strings.TrimSuffix(c.sqlType, ")"), ",")
		places, _ := strconv.ParseUint(scale, 10, 8)
		values["NUMERIC_PRECISION"], values["NUMERIC_SCALE"] = wharf.Uint(uint64(c.number())), wharf.Uint(places)
	case wharf.TypeDateTime, wharf.TypeTime:
		values["DATETIME_PRECISION"] = wharf.Uint(uint64(c.number()))
	}
	return values
}

// maxLongText is the length of longtext, in bytes.
const maxLongText = 1<<32 - 1

// length is the most characters of a text.
func (c infoColumn) length() int64 {
	switch baseType(c.sqlType) {
	case "longtext", "longblob":
		return maxLongText
	case "mediumtext":
		return 1<<24 - 1
	case "text":
		return 1<<16 - 1
	case "enum":
		longest := 0
		for word := range strings.SplitSeq(c.sqlType, "'") {
			longest = max(longest, len(word))
		}
		return int64(longest)
	}
	return c.number()
}

// number is what stands in parentheses behind the type, or 0.
func (c infoColumn) number() int64 {
	_, after, _ := strings.Cut(c.sqlType, "(")
	digits := after[:strings.IndexAny(after+")", ",)")]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
