//go:build linux && !noduck

package duck

import (
	"fmt"
	"strings"

	"wharf"
)

// mysqlType is the type of a result's column as MySQL writes it.
func mysqlType(c column) string {
	switch c.Type {
	case wharf.TypeBool:
		return "tinyint(1)"
	case wharf.TypeInt, wharf.TypeUint:
		name, unsigned := strings.ToLower(c.Duck), ""
		if c.Type == wharf.TypeUint {
			name, unsigned = strings.TrimPrefix(name, "u"), " unsigned"
		}
		if name == "integer" {
			name = "int"
		}
		return name + unsigned
	case wharf.TypeFloat:
		if c.Decimals < allDecimals {
			const before = 17 // as many characters as MySQL counts beside them
			return fmt.Sprintf("double(%d,%d)", before+int(c.Decimals), c.Decimals)
		}
		return strings.ToLower(c.Duck)
	case wharf.TypeDecimal:
		if c.Duck == "HUGEINT" {
			return "decimal(39,0)"
		}
		return strings.ToLower(c.Duck)
	case wharf.TypeDate:
		return "date"
	case wharf.TypeDateTime, wharf.TypeTime:
		name := map[wharf.Type]string{wharf.TypeDateTime: "datetime", wharf.TypeTime: "time"}[c.Type]
		if c.Decimals == 0 {
			return name
		}
		return fmt.Sprintf("%s(%d)", name, c.Decimals)
	case wharf.TypeJSON:
		return "json"
	case wharf.TypeBytes:
		return "longblob"
	case wharf.TypeNull:
		return "binary(0)"
	}
	return "longtext"
}
