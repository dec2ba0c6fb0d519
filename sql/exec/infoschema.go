package exec

import (
	"context"
	_ "embed" // of the tables' definitions
	"slices"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// informationSchema is the database that tells of the others.
const informationSchema = "information_schema"

//go:embed infoschema.txt
var infoSchemaText string

// infoTable is one table of information_schema.
type infoTable struct {
	name    string
	columns []infoColumn
	rows    infoRows // nil where there are none
	// stream gives the rows of a table that may have many, in place of rows.
	stream func(*Session) plan
}

// infoRows gives all rows of a table, as its columns are.
type infoRows func(context.Context, *Session) ([][]wharf.Value, error)

// infoColumn is a column and its type as MySQL writes it.
type infoColumn struct {
	wharf.Column
	sqlType string
}

// infoTables reads the definitions, by name.
func infoTables() []infoTable {
	rows := infoRowsTable()
	var tables []infoTable
	for line := range strings.Lines(infoSchemaText) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] != '\t':
			tables = append(tables, infoTable{name: line, rows: rows[line]})
		default:
			t := &tables[len(tables)-1]
			t.columns = append(t.columns, parseInfoColumn(strings.TrimSpace(line)))
		}
	}
	for i, t := range tables {
		if t.name == "STAGES" {
			tables[i].columns = stagesTable()
			tables[i].stream = func(s *Session) plan { return s.showStages(&sql.ShowStages{}) }
		}
	}
	return tables
}

func parseInfoColumn(line string) infoColumn {
	name, sqlType, _ := strings.Cut(line, " ")
	sqlType, isNull := strings.CutSuffix(sqlType, " null")
	return infoColumn{wharf.Column{Name: name, Type: typeOfSQL(sqlType), Nullable: isNull}, sqlType}
}

// stagesTable is the columns of SHOW STAGES.
func stagesTable() []infoColumn {
	types := map[wharf.Type]string{wharf.TypeString: "text", wharf.TypeBool: "tinyint(1)", wharf.TypeDateTime: "datetime(6)"}
	var columns []infoColumn
	for _, c := range stageColumns() {
		columns = append(columns, infoColumn{c, types[c.Type]})
	}
	return columns
}

// baseType is a type without its length and signedness: "varchar".
func baseType(sqlType string) string {
	return sqlType[:strings.IndexAny(sqlType+" ", " (")]
}

func typeOfSQL(sqlType string) wharf.Type {
	switch baseType(sqlType) {
	case "int", "bigint":
		if strings.HasSuffix(sqlType, "unsigned") {
			return wharf.TypeUint
		}
		return wharf.TypeInt
	case "datetime", "timestamp":
		return wharf.TypeDateTime
	case "binary":
		return wharf.TypeBytes
	case "json":
		return wharf.TypeJSON
	}
	return wharf.TypeString
}

// findInfoTable finds a table by its name in any case.
func (e *Executor) findInfoTable(name string) (infoTable, error) {
	i := slices.IndexFunc(e.infoTables, func(t infoTable) bool { return strings.EqualFold(t.name, name) })
	if i < 0 {
		return infoTable{}, wharf.Errorf(wharf.CodeNotFound, "Unknown table '%s' in %s", eval.CutRunes(name, 64), informationSchema)
	}
	return e.infoTables[i], nil
}

func isInformationSchema(name string) bool { return strings.EqualFold(name, informationSchema) }

// row gives a row of a table: the values of its columns by name, NULL for
// those that may be, and else nothing of its type.
func (t infoTable) row(values map[string]wharf.Value) []wharf.Value {
	row := make([]wharf.Value, len(t.columns))
	for i, c := range t.columns {
		v, ok := values[c.Name]
		switch {
		case ok:
			row[i] = v
		case c.Nullable:
		case c.Type == wharf.TypeInt:
			row[i] = wharf.Int(0)
		case c.Type == wharf.TypeUint:
			row[i] = wharf.Uint(0)
		default:
			row[i] = wharf.Text("")
		}
	}
	return row
}
