package sql

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// showNames gives What for each SHOW of MySQL that TiDB's parser reads. Those
// that only TiDB has are not in it.
var showNames = map[ast.ShowStmtType]string{
	ast.ShowEngines:         "ENGINES",
	ast.ShowDatabases:       "DATABASES",
	ast.ShowTables:          "TABLES",
	ast.ShowTableStatus:     "TABLE STATUS",
	ast.ShowColumns:         "COLUMNS",
	ast.ShowWarnings:        "WARNINGS",
	ast.ShowErrors:          "ERRORS",
	ast.ShowCharset:         "CHARACTER SET",
	ast.ShowVariables:       "VARIABLES",
	ast.ShowStatus:          "STATUS",
	ast.ShowCollation:       "COLLATION",
	ast.ShowCreateTable:     "CREATE TABLE",
	ast.ShowCreateView:      "CREATE VIEW",
	ast.ShowCreateUser:      "CREATE USER",
	ast.ShowCreateDatabase:  "CREATE DATABASE",
	ast.ShowCreateProcedure: "CREATE PROCEDURE",
	ast.ShowGrants:          "GRANTS",
	ast.ShowTriggers:        "TRIGGERS",
	ast.ShowProcedureStatus: "PROCEDURE STATUS",
	ast.ShowFunctionStatus:  "FUNCTION STATUS",
	ast.ShowIndex:           "INDEX",
	ast.ShowProcessList:     "PROCESSLIST",
	ast.ShowEvents:          "EVENTS",
	ast.ShowPlugins:         "PLUGINS",
	ast.ShowProfile:         "PROFILE",
	ast.ShowProfiles:        "PROFILES",
	ast.ShowMasterStatus:    "MASTER STATUS",
	ast.ShowBinlogStatus:    "BINARY LOG STATUS",
	ast.ShowReplicaStatus:   "REPLICA STATUS",
	ast.ShowPrivileges:      "PRIVILEGES",
	ast.ShowOpenTables:      "OPEN TABLES",
}

// show carries over a SHOW, and DESC of a table.
func (t *translator) show(n *ast.ShowStmt) (Statement, error) {
	what, ok := showNames[n.Tp]
	if !ok {
		return nil, t.src.syntaxError(t.src.tokenAt(0).start, "expected a SHOW of MySQL")
	}
	s := &Show{What: what, Full: n.Full, Global: n.GlobalScope, plain: t.plain}
	if n.CountWarningsOrErrors {
		s.What = "COUNT(*) " + what
	}
	s.On, s.Database = showOn(n)
	if n.Tp == ast.ShowGrants || n.Tp == ast.ShowCreateUser {
		s.Using = roleNames(n.Roles)
		if n.User != nil && !n.User.CurrentUser {
			of := accountName(n.User)
			s.Of = &of
		}
	}
	if n.Pattern != nil {
		s.Like = t.pattern(n.Pattern.Pattern)
	}
	if n.Column != nil {
		s.Like = &n.Column.Name.O
	}
	if n.Where != nil {
		s.Where = t.expr(n.Where)
	}
	if n.Limit != nil {
		limit := t.limit(n.Limit)
		s.Limit = &limit
		if limit.CountParam+limit.OffsetParam > 0 {
			t.cannot("SHOW … LIMIT with a placeholder")
		}
	}
	return s, nil
}

// showOn gives what the SHOW is about, and of a table its database.
func showOn(n *ast.ShowStmt) (on, database string) {
	table := n.Table
	if table == nil {
		table = n.Procedure
	}
	switch {
	case table != nil:
		database = table.Schema.O
		if database == "" {
			database = n.DBName
		}
		return table.Name.O, database
	}
	return n.DBName, ""
}

// pattern carries over the pattern of SHOW … LIKE, which must be a string.
func (t *translator) pattern(x ast.ExprNode) *string {
	v, ok := x.(*driver.ValueExpr)
	if !ok || v.Kind() != driver.KindString {
		t.cannot("SHOW " + "… LIKE anything but a string")
		return nil
	}
	s := strings.Clone(v.GetString())
	return &s
}
