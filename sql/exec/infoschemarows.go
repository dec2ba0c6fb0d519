package exec

import (
	"context"
	_ "embed" // of MySQL's reserved words
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

//go:embed reserved.txt
var reservedWords string

// infoRowsTable is the tables of information_schema that are not empty.
func infoRowsTable() map[string]infoRows {
	return map[string]infoRows{
		"CHARACTER_SETS": infoCharsets,
		"COLLATIONS":     infoCollations,
		"COLLATION_CHARACTER_SET_APPLICABILITY": func(context.Context, *Session) ([][]wharf.Value, error) {
			return rowsOf(eval.ListedCollations(), func(c eval.Collation) []wharf.Value { return texts(c.Name, c.Charset) }), nil
		},
		"COLUMNS":  infoColumns,
		"ENGINES":  shownRows("ENGINES"),
		"KEYWORDS": infoKeywords,
		"PLUGINS":  infoPlugins,
		"PROCESSLIST": func(ctx context.Context, s *Session) ([][]wharf.Value, error) {
			return showProcesses(ctx, s, &sql.Show{Full: true})
		},
		"SCHEMATA": func(context.Context, *Session) ([][]wharf.Value, error) {
			return rowsOf(databases(), func(name string) []wharf.Value {
				charset, collation := schemaText(name)
				return append(texts("def", name, charset, collation), wharf.Null(), wharf.Text("NO"))
			}), nil
		},
		"SCHEMATA_EXTENSIONS": func(context.Context, *Session) ([][]wharf.Value, error) {
			return rowsOf(databases(), func(name string) []wharf.Value { return texts("def", name, "") }), nil
		},
		"TABLES":          infoTableRows,
		"USER_ATTRIBUTES": infoUsers,
		"USER_PRIVILEGES": infoUserPrivileges,
	}
}

// databases are all that there are, in order.
func databases() []string { return []string{DefaultDatabase, informationSchema} }

// schemaText gives the character set and the collation of a database's text.
func schemaText(name string) (charset, collation string) {
	if name == informationSchema {
		return "utf8mb3", "utf8mb3_general_ci"
	}
	return "utf8mb4", eval.DefaultCollation
}

// shownRows are the rows of a SHOW that has the same columns.
func shownRows(what string) infoRows {
	return func(ctx context.Context, s *Session) ([][]wharf.Value, error) {
		return s.executor.shows[what].rows(ctx, s, &sql.Show{What: what})
	}
}

func infoCharsets(context.Context, *Session) ([][]wharf.Value, error) {
	return rowsOf(eval.Charsets(), func(c eval.Charset) []wharf.Value {
		return append(texts(c.Name, c.Collation, c.Description), wharf.Uint(uint64(c.MaxLen)))
	}), nil
}

func infoCollations(context.Context, *Session) ([][]wharf.Value, error) {
	return rowsOf(eval.ListedCollations(), func(c eval.Collation) []wharf.Value {
		isDefault := ""
		if c.IsDefault {
			isDefault = "Yes"
		}
		return []wharf.Value{wharf.Text(c.Name), wharf.Text(c.Charset), wharf.Uint(uint64(c.Id)), wharf.Text(isDefault),
			wharf.Text("Yes"), wharf.Uint(1), wharf.Text(c.Pad)}
	}), nil
}

func infoKeywords(context.Context, *Session) ([][]wharf.Value, error) {
	return rowsOf(strings.Fields(reservedWords), func(word string) []wharf.Value {
		return []wharf.Value{wharf.Text(word), wharf.Int(1)}
	}), nil
}

func infoPlugins(ctx context.Context, s *Session) ([][]wharf.Value, error) {
	shown, err := shownRows("PLUGINS")(ctx, s)
	if err != nil {
		return nil, err
	}
	table, err := s.executor.findInfoTable("PLUGINS")
	return rowsOf(shown, func(row []wharf.Value) []wharf.Value {
		return table.row(map[string]wharf.Value{
			"PLUGIN_NAME": row[0], "PLUGIN_VERSION": wharf.Text("1.0"), "PLUGIN_STATUS": row[1], "PLUGIN_TYPE": row[2],
			"PLUGIN_TYPE_VERSION": wharf.Text("1.0"), "PLUGIN_LICENSE": row[4], "LOAD_OPTION": wharf.Text("FORCE"),
		})
	}), err
}

func infoUsers(_ context.Context, s *Session) ([][]wharf.Value, error) {
	return [][]wharf.Value{{wharf.Text(s.client.Principal.User), wharf.Text("%"), wharf.Null()}}, nil
}

// infoUserPrivileges has what SHOW PRIVILEGES lists: the one user has all.
func infoUserPrivileges(ctx context.Context, s *Session) ([][]wharf.Value, error) {
	shown, err := shownRows("PRIVILEGES")(ctx, s)
	grantee := "'" + strings.ReplaceAll(s.client.Principal.User, "'", "''") + "'@'%'"
	return rowsOf(shown, func(row []wharf.Value) []wharf.Value {
		return texts(grantee, "def", strings.ToUpper(row[0].Str()), "NO")
	}), err
}

func infoTableRows(_ context.Context, s *Session) ([][]wharf.Value, error) {
	e := s.executor
	self, err := e.findInfoTable("TABLES")
	return rowsOf(e.infoTables, func(t infoTable) []wharf.Value {
		return self.row(map[string]wharf.Value{
			"TABLE_CATALOG": wharf.Text("def"), "TABLE_SCHEMA": wharf.Text(informationSchema), "TABLE_NAME": wharf.Text(t.name),
			"TABLE_TYPE": wharf.Text("SYSTEM VIEW"), "VERSION": wharf.Int(10), "TABLE_ROWS": wharf.Uint(0),
			"CREATE_TIME": created(e), "CREATE_OPTIONS": wharf.Text(""), "TABLE_COMMENT": wharf.Text(""),
		})
	}), err
}

// created is when the tables of information_schema came to be, to the second.
func created(e *Executor) wharf.Value { return wharf.Text(e.started.UTC().Format(time.DateTime)) }

func infoColumns(_ context.Context, s *Session) ([][]wharf.Value, error) {
	self, err := s.executor.findInfoTable("COLUMNS")
	if err != nil {
		return nil, err
	}
	var rows [][]wharf.Value
	for _, t := range s.executor.infoTables {
		for i, c := range t.columns {
			values := c.describe()
			values["TABLE_CATALOG"], values["TABLE_SCHEMA"] = wharf.Text("def"), wharf.Text(informationSchema)
			values["TABLE_NAME"], values["COLUMN_NAME"] = wharf.Text(t.name), wharf.Text(c.Name)
			values["ORDINAL_POSITION"] = wharf.Uint(uint64(i + 1))
			rows = append(rows, self.row(values))
		}
	}
	return rows, nil
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
		charset, collation := schemaText(informationSchema)
		values["CHARACTER_SET_NAME"], values["COLLATION_NAME"] = wharf.Text(charset), wharf.Text(collation)
		chars := c.length()
		values["CHARACTER_MAXIMUM_LENGTH"], values["CHARACTER_OCTET_LENGTH"] = wharf.Int(chars), wharf.Int(min(3*chars, maxLongText))
	case wharf.TypeBytes:
		values["CHARACTER_MAXIMUM_LENGTH"], values["CHARACTER_OCTET_LENGTH"] = wharf.Int(0), wharf.Int(0)
	case wharf.TypeInt, wharf.TypeUint, wharf.TypeBool:
		digits := map[string]uint64{"tinyint": 3, "int": 10, "bigint": 19}[baseType(c.sqlType)]
		if c.sqlType == "bigint unsigned" {
			digits = 20
		}
		values["NUMERIC_PRECISION"], values["NUMERIC_SCALE"] = wharf.Uint(digits), wharf.Uint(0)
	case wharf.TypeDateTime:
		values["DATETIME_PRECISION"] = wharf.Uint(uint64(c.number()))
	}
	return values
}

// maxLongText is the length of longtext, in bytes.
const maxLongText = 1<<32 - 1

// length is the most characters of a text.
func (c infoColumn) length() int64 {
	switch baseType(c.sqlType) {
	case "longtext":
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
	digits, _, _ := strings.Cut(after, ")")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
