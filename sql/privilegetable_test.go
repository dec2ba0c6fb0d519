package sql

import (
	"go/ast"
	goparser "go/parser"
	gotoken "go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"wharf"
)

// privilegeTable is what README.md says about the privileges of statements.
func privilegeTable(t *testing.T) string {
	t.Helper()
	_, section, ok := strings.Cut(wharf.README, "\n| statement or request | privilege |\n")
	if !ok {
		t.Fatal("README.md has no table of privileges")
	}
	table, _, _ := strings.Cut(section, "\n\n")
	return table
}

// inTable reports whether the first column names a statement: alone in its code, or
// with more behind it.
func inTable(table, statement string) bool {
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for i, code := range strings.Split(first, "`") {
			if i%2 == 1 && (code == statement || strings.HasPrefix(code, statement+" ")) {
				return true
			}
		}
	}
	return false
}

// TestEveryFormHasAPrivilege: each statement of the grammar of stages is in the table of
// README.md.
func TestEveryFormHasAPrivilege(t *testing.T) {
	table := privilegeTable(t)
	synonyms := map[string]string{"LS": "LIST", "RM": "REMOVE", "DESCRIBE": "DESC"}
	all := [][]string{{"CREATE", "STAGE"}, {"CREATE", "CONNECTION"}, {"CREATE", "FILE", "FORMAT"}, {"CREATE", "TOKEN"}}
	for _, f := range forms {
		all = append(all, f.words)
	}
	for _, words := range all {
		words = slices.Clone(words)
		if is, ok := synonyms[words[0]]; ok {
			words[0] = is
		}
		name := strings.Join(words, " ")
		if name == "SHOW FILES" { // answers only which statement to use
			continue
		}
		if !inTable(table, name) {
			t.Errorf("README.md does not say which privilege %s takes", name)
		}
	}
}

// TestEveryStatementHasAPrivilege: so is each type of statement. A new one fails the
// test until it is listed here, by its name in the table.
func TestEveryStatementHasAPrivilege(t *testing.T) {
	names := map[string][]string{
		"CreateStage": {"CREATE STAGE"}, "AlterStage": {"ALTER STAGE"}, "DropStage": {"DROP STAGE"}, "DescStage": {"DESC STAGE"},
		"ShowStages": {"SHOW STAGES"}, "ShowCreateStage": {"SHOW CREATE STAGE"}, "ListFiles": {"LIST"}, "RemoveFiles": {"REMOVE"},
		"CopyFiles": {"COPY FILES"}, "CopyInto": {"COPY INTO"}, "Presign": {"PRESIGN", "PRESIGN UPLOAD", "PRESIGN DOWNLOAD"},
		"CreateConnection": {"CREATE CONNECTION"}, "DropConnection": {"DROP CONNECTION"}, "DescConnection": {"DESC CONNECTION"},
		"ShowConnections": {"SHOW CONNECTIONS"}, "CreateFileFormat": {"CREATE FILE FORMAT"}, "DropFileFormat": {"DROP FILE FORMAT"},
		"DescFileFormat": {"DESC FILE FORMAT"}, "ShowFileFormats": {"SHOW FILE FORMATS"},
		"Select": {"SELECT"}, "Query": {"SELECT"}, "Set": {"SET", "SET GLOBAL"}, "Show": {"SHOW", "SHOW TABLES", "SHOW DATABASES", "SHOW PROCESSLIST", "SHOW GRANTS", "SHOW USERS", "SHOW ROLES", "SHOW TOKENS", "SHOW CREATE USER"},
		"Use": {"USE"}, "Transaction": {"BEGIN", "COMMIT", "ROLLBACK"}, "Savepoint": {"SAVEPOINT"}, "Explain": {"EXPLAIN"},
		"TableMaintenance": {"CHECK TABLE"}, "Noop": {"LOCK TABLES", "FLUSH"}, "CreateDatabase": {"CREATE DATABASE IF NOT EXISTS"}, "Kill": {"KILL"}, "Do": {"DO"},
		"CreateUser": {"CREATE USER", "CREATE ROLE"}, "AlterUser": {"ALTER USER", "SET PASSWORD"}, "DropUser": {"DROP USER", "DROP ROLE"},
		"RenameUser": {"RENAME USER"}, "SetRole": {"SET ROLE"}, "SetDefaultRole": {"SET DEFAULT ROLE"},
		"CreateToken": {"CREATE TOKEN"}, "DropToken": {"DROP TOKEN"},
		"Grant": {"GRANT", "REVOKE"}, "GrantRole": {"GRANT", "REVOKE"},
		"Prepare": {"PREPARE"}, "Deallocate": {"DEALLOCATE PREPARE"}, "SelectInto": {"SELECT"},
		"Prepared": nil, "Execute": nil, "Unsupported": nil, // one of the others, and none
	}
	table := privilegeTable(t)
	for _, name := range statementTypes(t) {
		rows, ok := names[name]
		if !ok {
			t.Errorf("*sql.%s is not in the table of privileges of README.md", name)
		}
		for _, row := range rows {
			if !inTable(table, row) {
				t.Errorf("README.md does not say which privilege %s takes", row)
			}
		}
	}
}

// statementTypes are the exported types of this package that are statements: those that
// embed plain, and those with a method Redacted of their own.
func statementTypes(t *testing.T) (names []string) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string) {
		if ast.IsExported(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := goparser.ParseFile(gotoken.NewFileSet(), file.Name(), nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch d := n.(type) {
			case *ast.TypeSpec:
				if st, ok := d.Type.(*ast.StructType); ok && embedsPlain(st) {
					add(d.Name.Name)
				}
			case *ast.FuncDecl:
				if d.Recv != nil && d.Name.Name == "Redacted" {
					if p, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok {
						add(p.X.(*ast.Ident).Name)
					}
				}
			}
			return true
		})
	}
	if len(names) < 30 {
		t.Fatalf("only %d types of statements are found: %v", len(names), names)
	}
	return names
}

func embedsPlain(st *ast.StructType) bool {
	return slices.ContainsFunc(st.Fields.List, func(f *ast.Field) bool {
		id, ok := f.Type.(*ast.Ident)
		return ok && len(f.Names) == 0 && id.Name == "plain"
	})
}
