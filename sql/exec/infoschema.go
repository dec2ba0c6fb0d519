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
	// file is what a table of a stage is made of; the rest is then not there.
	file  *fileTable
	stage wharf.Stage
}

// infoRows calls row for each row of a table, as its columns are: at least for
// those that are known to be wanted. A row is valid until the next.
type infoRows func(ctx context.Context, s *Session, known sql.Known, row func([]wharf.Value) error) error

// infoList is an infoRows that makes all rows at once.
func infoList(rows func(context.Context, *Session) ([][]wharf.Value, error)) infoRows {
	return func(ctx context.Context, s *Session, _ sql.Known, row func([]wharf.Value) error) error {
		all, err := rows(ctx, s)
		if err != nil {
			return err
		}
		for _, r := range all {
			if err := row(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// infoPlan is an infoRows that streams the rows of a plan.
func infoPlan(of func(*Session) plan) infoRows {
	return func(ctx context.Context, s *Session, _ sql.Known, row func([]wharf.Value) error) error {
		return eachOfPlan(ctx, of(s), row)
	}
}

// infoColumn is a column and its type as MySQL writes it.
type infoColumn struct {
	wharf.Column
	sqlType   string
	collation string // of text; "" is information_schema's
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
			tables[i].rows = infoPlan(func(s *Session) plan { return s.showStages(&sql.ShowStages{}) })
		}
	}
	return tables
}

func parseInfoColumn(line string) infoColumn {
	name, sqlType, _ := strings.Cut(line, " ")
	sqlType, isNull := strings.CutSuffix(sqlType, " null")
	return infoColumn{Column: wharf.Column{Name: name, Type: typeOfSQL(sqlType), Nullable: isNull}, sqlType: sqlType}
}

// stagesTable is the columns of SHOW STAGES.
func stagesTable() []infoColumn {
	types := map[wharf.Type]string{wharf.TypeString: "text", wharf.TypeBool: "tinyint(1)", wharf.TypeDateTime: "datetime(6)", wharf.TypeInt: "bigint"}
	var columns []infoColumn
	for _, c := range stageColumns() {
		columns = append(columns, infoColumn{Column: c, sqlType: types[c.Type]})
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
		return infoTable{}, eval.Because(errNoInfoTable, wharf.CodeNotFound, "Unknown table '%s' in %s", eval.CutRunes(name, 64), informationSchema)
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
