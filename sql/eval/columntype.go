package eval

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"wharf"
	"wharf/sql"
)

// SQLType is the type of the column that shows the node, as MySQL writes it in full:
// "decimal(5,2)", "datetime(3)", "varchar(12)"; "" where only Typ is known.
func (n Node) SQLType() string {
	switch n.Typ {
	case wharf.TypeDecimal:
		if n.Scale == AsItComes {
			return ""
		}
		digits := n.width
		if digits == 0 {
			digits = maxDecimalDigits
		}
		return fmt.Sprintf("decimal(%d,%d)", min(max(digits, n.Scale, 1), maxDecimalDigits), n.Scale)
	case wharf.TypeDateTime, wharf.TypeTime:
		name := map[wharf.Type]string{wharf.TypeDateTime: "datetime", wharf.TypeTime: "time"}[n.Typ]
		switch n.Scale {
		case AsItComes:
			return ""
		case 0:
			return name
		}
		return fmt.Sprintf("%s(%d)", name, n.Scale)
	case wharf.TypeFloat:
		switch {
		case n.single:
			return "float"
		case n.shown != 0:
			digits, _ := n.shownDigits()
			return fmt.Sprintf("double(%d,%d)", doubleDigits+digits, digits)
		}
		return "double"
	case wharf.TypeString:
		if n.width > 0 {
			return fmt.Sprintf("varchar(%d)", n.width)
		}
	}
	return ""
}

// doubleDigits is how many characters MySQL gives a double beside those behind the
// point.
const doubleDigits = 17

// widthOf is the digits of a number, or the characters of a text.
func (d Datum) widthOf() int {
	switch d.Kind {
	case KInt, KUint, KDecimal:
		dec := d.ToDecimal()
		digits := len(dec.unscaled.String())
		if dec.unscaled.Sign() < 0 {
			digits--
		}
		if dec.Scale > 0 {
			digits = max(digits, dec.Scale+1) // the 0 before the point counts
		}
		return digits
	case KString:
		return utf8.RuneCountInString(d.Str)
	}
	return 0
}

// digits is the most digits that a number has; 0 where it is not known.
func (n Node) digits() int {
	switch {
	case n.width > 0:
		return n.width
	case n.Typ == wharf.TypeInt || n.Typ == wharf.TypeUint:
		return 20
	}
	return 0
}

// width is the digits of x op y, as MySQL counts them.
func (op operator) width(x, y Node) int {
	p, q := x.digits(), y.digits()
	if p == 0 || q == 0 || x.Scale == AsItComes || y.Scale == AsItComes {
		return 0
	}
	switch op.sign {
	case "+", "-":
		return max(p-x.Scale, q-y.Scale) + 1 + max(x.Scale, y.Scale)
	case "*":
		return p + q
	case "/":
		return p + y.Scale + op.more
	}
	return max(p, q)
}

// shown is the digits behind the point that a double made of others is shown
// with, if they have so many.
func (op operator) shown(x, y Node) int {
	p, xKnown := x.shownDigits()
	q, yKnown := y.shownDigits()
	switch {
	case !xKnown || !yKnown:
		return 0
	case op.sign == "/":
		return sql.DoubleScale(min(max(p, q)+op.more, MaxDecimalScale))
	}
	return sql.DoubleScale(max(p, q))
}

// meetingShown is the digits behind the point that a double is shown with which is one
// of several numbers.
func meetingShown(nodes []Node) int {
	most := 0
	for _, n := range nodes {
		digits, known := n.shownDigits()
		if !known && n.Typ != wharf.TypeNull {
			return 0
		}
		most = max(most, digits)
	}
	return sql.DoubleScale(most)
}

// shownOf is the digits behind the point that a function's double is shown with.
func (f Function) shownOf(name string, typ wharf.Type, args []Node) int {
	switch {
	case typ != wharf.TypeFloat:
		return 0
	case name == "ABS", name == "MOD", name == "GREATEST", name == "LEAST":
		return meetingShown(args)
	}
	return f.shown
}

// shownDigits is the digits behind the point that a number is shown with.
func (n Node) shownDigits() (digits int, known bool) {
	switch n.Typ {
	case wharf.TypeInt, wharf.TypeUint:
		return 0, true
	case wharf.TypeDecimal:
		return n.Scale, n.Scale != AsItComes
	}
	return max(0, n.shown), n.Typ == wharf.TypeFloat && n.shown != 0
}

// sameWidth are the functions whose text is no longer than their first argument.
var sameWidth = []string{"UPPER", "LOWER", "UCASE", "LCASE", "TRIM", "LTRIM", "RTRIM", "SUBSTRING", "SUBSTR", "MID", "LEFT", "RIGHT", "REVERSE", "SUBSTRING_INDEX"}

// fixedWidth are the characters of texts that are all of one length.
var fixedWidth = map[string]int{"MD5": 32, "SHA": 40, "SHA1": 40, "UUID": 36}

// functionWidth is the most digits or characters of what a function gives.
func functionWidth(name string, n Node, args []Node) int {
	switch {
	case n.Typ == wharf.TypeDecimal && (name == "ABS" || name == "NULLIF") && len(args) > 0:
		return args[0].digits()
	case n.Typ == wharf.TypeDecimal && (name == "GREATEST" || name == "LEAST"):
		return meetingWidth(n.Typ, args)
	case n.Typ == wharf.TypeDecimal && (name == "ROUND" || name == "TRUNCATE"):
		return roundedWidth(name, n.Scale, args)
	case n.Typ == wharf.TypeDecimal && name == "UNIX_TIMESTAMP":
		return unixDigits + n.Scale
	case n.Typ != wharf.TypeString:
		return 0
	case slices.Contains(sameWidth, name) || name == "NULLIF":
		return args[0].textWidth()
	case name == "CONCAT":
		sum := 0
		for _, a := range args {
			if a.textWidth() == 0 && a.Typ != wharf.TypeNull {
				return 0
			}
			sum += a.textWidth()
		}
		return sum
	}
	return fixedWidth[name]
}

// roundedWidth is the digits of a decimal that is rounded, by which it may get one
// more, or cut.
func roundedWidth(name string, scale int, args []Node) int {
	x := args[0]
	if x.digits() == 0 || x.Scale == AsItComes {
		return 0
	}
	whole := x.digits() - x.Scale
	if name == "ROUND" && (scale < x.Scale || len(args) > 1 && args[1].fixed == nil) {
		whole++
	}
	return whole + scale
}

// textWidth is the characters of a text.
func (n Node) textWidth() int {
	if n.Typ != wharf.TypeString {
		return 0
	}
	return n.width
}

// meetingWidth is the most digits or characters of a value that is one of several.
func meetingWidth(typ wharf.Type, nodes []Node) int {
	before, behind, widest := 0, 0, 0
	for _, n := range nodes {
		switch {
		case n.Typ == wharf.TypeNull:
		case typ == wharf.TypeString && n.textWidth() == 0, n.digits() == 0, n.Scale == AsItComes:
			return 0
		default:
			before, behind, widest = max(before, n.digits()-n.Scale), max(behind, n.Scale), max(widest, n.width)
		}
	}
	if typ == wharf.TypeDecimal {
		return before + behind
	}
	return widest
}

// neverNull are the operators, and functions, that give NULL for NULL alone.
var neverNull = []string{
	"+", "-", "*", "=", "<>", "!=", "<", "<=", ">", ">=", "AND", "&&", "OR", "||", "XOR", "NOT", "!", "&", "|", "^", "<<", ">>",
	"IF", "LIKE", "BETWEEN", "GREATEST", "LEAST", "ABS", "FLOOR", "CEIL", "CEILING", "ROUND", "TRUNCATE", "LENGTH", "CHAR_LENGTH",
}

// notNull are the functions and operators that never give NULL.
var notNull = []string{
	"IS NULL", "IS TRUE", "IS FALSE", "ISNULL", "PI", "NOW", "CURDATE", "CURTIME", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME", "LOCALTIMESTAMP",
	"SYSDATE", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "VERSION", "CONNECTION_ID", "DATE LITERAL", "TIME LITERAL", "TIMESTAMP LITERAL",
}

// IsNullable reports whether an expression may be NULL, as far as MySQL and Wharf
// tell without running it.
func IsNullable(e sql.Expr) bool {
	switch e := e.(type) {
	case sql.Literal:
		return e.Kind == sql.NullLiteral
	case sql.Aggregate:
		return e.Name != "COUNT"
	case sql.Unary:
		return IsNullable(e.X)
	case sql.Binary:
		return e.Op != "<=>" && (!slices.Contains(neverNull, e.Op) || IsNullable(e.X) || IsNullable(e.Y))
	case sql.Call:
		switch {
		case e.Name == sql.Introduced, slices.Contains(notNull, e.Name):
			return false
		case e.Name == "IFNULL" || e.Name == "COALESCE":
			return !slices.ContainsFunc(e.Args, func(a sql.Expr) bool { return !IsNullable(a) })
		}
		return !slices.Contains(neverNull, e.Name) || slices.ContainsFunc(e.Args, IsNullable)
	}
	return true
}
