package sql

import (
	"reflect"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// statementName gives MySQL's name of a statement that TiDB's parser has
// read, or "" for what only TiDB has.
func statementName(node ast.StmtNode) string {
	switch n := node.(type) {
	case *ast.InsertStmt:
		if n.IsReplace {
			return "REPLACE"
		}
	case *ast.DropTableStmt:
		if n.IsView {
			return "DROP VIEW"
		}
	case *ast.CreateUserStmt:
		if n.IsCreateRole {
			return "CREATE ROLE"
		}
	case *ast.DropUserStmt:
		if n.IsDropRole {
			return "DROP ROLE"
		}
	}
	return statementNames[reflect.TypeOf(node).Elem().Name()]
}

// statementNames has the statements of MySQL by the types of TiDB's tree.
var statementNames = map[string]string{
	"AlterDatabaseStmt":    "ALTER DATABASE",
	"AlterInstanceStmt":    "ALTER INSTANCE",
	"AlterTableStmt":       "ALTER TABLE",
	"AlterUserStmt":        "ALTER USER",
	"AnalyzeTableStmt":     "ANALYZE TABLE",
	"BinlogStmt":           "BINLOG",
	"CallStmt":             "CALL",
	"CreateDatabaseStmt":   "CREATE DATABASE",
	"CreateIndexStmt":      "CREATE INDEX",
	"CreateTableStmt":      "CREATE TABLE",
	"CreateUserStmt":       "CREATE USER",
	"CreateViewStmt":       "CREATE VIEW",
	"DeallocateStmt":       "DEALLOCATE PREPARE",
	"DeleteStmt":           "DELETE",
	"DropDatabaseStmt":     "DROP DATABASE",
	"DropIndexStmt":        "DROP INDEX",
	"DropProcedureStmt":    "DROP PROCEDURE",
	"DropTableStmt":        "DROP TABLE",
	"DropUserStmt":         "DROP USER",
	"ExecuteStmt":          "EXECUTE",
	"ExplainForStmt":       "EXPLAIN",
	"ExplainStmt":          "EXPLAIN",
	"FlushStmt":            "FLUSH",
	"GrantProxyStmt":       "GRANT PROXY",
	"GrantRoleStmt":        "GRANT",
	"GrantStmt":            "GRANT",
	"HelpStmt":             "HELP",
	"InsertStmt":           "INSERT",
	"LoadDataStmt":         "LOAD DATA",
	"LockTablesStmt":       "LOCK TABLES",
	"OptimizeTableStmt":    "OPTIMIZE TABLE",
	"PrepareStmt":          "PREPARE",
	"ProcedureInfo":        "CREATE PROCEDURE",
	"ReleaseSavepointStmt": "RELEASE SAVEPOINT",
	"RenameTableStmt":      "RENAME TABLE",
	"RenameUserStmt":       "RENAME USER",
	"RepairTableStmt":      "REPAIR TABLE",
	"RestartStmt":          "RESTART",
	"RevokeRoleStmt":       "REVOKE",
	"RevokeStmt":           "REVOKE",
	"RollbackStmt":         "ROLLBACK TO SAVEPOINT",
	"SavepointStmt":        "SAVEPOINT",
	"SelectStmt":           "SELECT",
	"SetDefaultRoleStmt":   "SET DEFAULT ROLE",
	"SetOprStmt":           "UNION",
	"SetPwdStmt":           "SET PASSWORD",
	"SetResourceGroupStmt": "SET RESOURCE GROUP",
	"SetRoleStmt":          "SET ROLE",
	"ShutdownStmt":         "SHUTDOWN",
	"TruncateTableStmt":    "TRUNCATE TABLE",
	"UnlockTablesStmt":     "UNLOCK TABLES",
	"UpdateStmt":           "UPDATE",

	// Resource groups are MySQL's too.
	"AlterResourceGroupStmt":  "ALTER RESOURCE GROUP",
	"CreateResourceGroupStmt": "CREATE RESOURCE GROUP",
	"DropResourceGroupStmt":   "DROP RESOURCE GROUP",
}
