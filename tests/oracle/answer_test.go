package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
)

// side is one of the two servers, by one connection.
type side struct {
	name string
	conn *client.Conn
}

func connect(t *testing.T, name, addr string) *side {
	t.Helper()
	// With CLIENT_DEPRECATE_EOF the client does not read the number of warnings.
	conn, err := client.Connect(addr, "root", "", "", func(c *client.Conn) error {
		c.UnsetCapability(mysql.CLIENT_DEPRECATE_EOF)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() { conn.Close() })
	return &side{name, conn}
}

// answer is what a server says to a statement.
type answer struct {
	errno    uint16 // 0 is none
	message  string // of the error
	types    []string
	rows     [][]string
	warnings []string // level and number
}

// ask runs a statement. With args it is prepared, and its rows come in the
// binary protocol.
func (s *side) ask(t *testing.T, statement string, args []any) answer {
	t.Helper()
	r, err := s.conn.Execute(statement, args...)
	var refused *mysql.MyError
	switch {
	case errors.As(err, &refused):
		return answer{errno: refused.Code, message: refused.Message}
	case err != nil:
		t.Fatalf("%s: %s: %v", s.name, statement, err)
	}
	a := read(r)
	if r.Warnings > 0 {
		a.warnings, _ = s.warnings(t)
	}
	return a
}

// read takes the columns and rows of a result.
func read(r *mysql.Result) answer {
	var a answer
	if r.Resultset == nil {
		return a
	}
	for _, f := range r.Fields {
		a.types = append(a.types, typeOf(f))
	}
	for i := range r.Values {
		row := make([]string, len(r.Fields))
		for j := range r.Values[i] {
			row[j] = shown(r.Values[i][j], r.Fields[j])
		}
		a.rows = append(a.rows, row)
	}
	return a
}

// shown writes a value on one line: bytes that are no text in hex.
func shown(v mysql.FieldValue, f *mysql.Field) string {
	switch v.Type {
	case mysql.FieldValueTypeNull:
		return "NULL"
	case mysql.FieldValueTypeUnsigned:
		return fmt.Sprint(v.AsUint64())
	case mysql.FieldValueTypeSigned:
		return fmt.Sprint(v.AsInt64())
	case mysql.FieldValueTypeFloat:
		if f.Type == mysql.MYSQL_TYPE_FLOAT { // whose text has six digits, and whose bytes have all
			return strconv.FormatFloat(v.AsFloat64(), 'g', 6, 32)
		}
		return fmt.Sprint(v.AsFloat64())
	}
	if typeOf(f) == "bytes" {
		return fmt.Sprintf("x'%X'", v.AsString())
	}
	return fmt.Sprintf("%q", v.AsString())
}

// typeOf names the type of a column without its width. Integers of all widths
// are one: MySQL gives BIGINT where MariaDB gives the narrowest that fits.
func typeOf(f *mysql.Field) string {
	const binary = 63
	switch f.Type {
	case mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_LONGLONG, mysql.MYSQL_TYPE_YEAR:
		if f.Flag&mysql.UNSIGNED_FLAG != 0 {
			return "uint"
		}
		return "int"
	case mysql.MYSQL_TYPE_FLOAT, mysql.MYSQL_TYPE_DOUBLE:
		return "double"
	case mysql.MYSQL_TYPE_DECIMAL, mysql.MYSQL_TYPE_NEWDECIMAL:
		return "decimal"
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE:
		return "date"
	case mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP:
		return "datetime"
	case mysql.MYSQL_TYPE_TIME:
		return "time"
	case mysql.MYSQL_TYPE_JSON:
		return "text" // MariaDB has JSON as text
	case mysql.MYSQL_TYPE_NULL:
		return "null"
	}
	if f.Charset == binary {
		return "bytes"
	}
	return "text"
}

// deprecated are MySQL's warnings of forms, and of modes of sql_mode, that MariaDB does not
// call deprecated: TestWarnings of the package sql, and the data files of sql/exec have them.
var deprecated = []string{"1287", "1681", "3090", "3135", "3719", "3720", "3778"}

// warnings are those of the statement before. Notes are not compared: MariaDB has
// some where MySQL is silent. All counts those that are not compared too.
func (s *side) warnings(t *testing.T) (compared []string, all int) {
	t.Helper()
	r, err := s.conn.Execute("SHOW WARNINGS")
	if err != nil {
		t.Fatalf("%s: SHOW WARNINGS: %v", s.name, err)
	}
	for i := range r.Values {
		level, _ := r.GetString(i, 0)
		number, _ := r.GetString(i, 1)
		if level != "Note" && !slices.Contains(deprecated, number) {
			compared = append(compared, strings.ToLower(level)+" "+number)
		}
	}
	return compared, len(r.Values)
}

// String writes the answer on one line, as testdata/differences.txt has it.
func (a answer) String() string {
	if a.errno != 0 {
		return fmt.Sprintf("error %d", a.errno)
	}
	var b strings.Builder
	for i, row := range a.rows {
		if i > 0 {
			b.WriteString(" / ")
		}
		b.WriteString(strings.Join(row, ", "))
	}
	if len(a.rows) == 0 && a.types != nil {
		b.WriteString("no rows")
	}
	if a.types != nil {
		b.WriteString(" : " + strings.Join(a.types, ", "))
	} else {
		b.WriteString("ok")
	}
	for _, w := range a.warnings {
		b.WriteString("; " + w)
	}
	return b.String()
}
