package sql

import (
	"go/ast"
	"go/build"
	goparser "go/parser"
	gotoken "go/token"
	"path/filepath"
	"strings"
	"testing"
)

// carriedOver are the types of TiDB's tree that become statements of ours.
var carriedOver = []string{"SelectStmt", "SetStmt", "ShowStmt", "ExplainStmt", "UseStmt", "DoStmt"}

// onlyTiDB are those that no MySQL has, that are no statements by themselves,
// or whose forms of MySQL's are read by readTiDBGaps: they are mistakes.
var onlyTiDB = strings.Fields(`
	AddQueryWatchStmt AdminStmt AlterPlacementPolicyStmt AlterRangeStmt AlterSequenceStmt BRIEStmt BeginStmt
	CalibrateResourceStmt CancelDistributionJobStmt CleanupTableLockStmt CommitStmt CompactTableStmt
	CreateBindingStmt CreateMaskingPolicyStmt CreatePlacementPolicyStmt CreateSequenceStmt CreateStatisticsStmt
	DistributeTableStmt DropBindingStmt DropPlacementPolicyStmt DropQueryWatchStmt DropSequenceStmt
	DropStatisticsStmt DropStatsStmt FlashBackDatabaseStmt FlashBackTableStmt FlashBackToTimestampStmt
	ImportIntoActionStmt ImportIntoStmt KillStmt LoadStatsStmt LockStatsStmt NonTransactionalDMLStmt PlanReplayerStmt
	ProcedureRepeatStmt ProcedureWhileStmt RecommendIndexStmt RecoverTableStmt RefreshStatsStmt
	SearchCaseStmt SearchWhenThenStmt SetBindingStmt SetConfigStmt SetSessionStatesStmt
	SimpleCaseStmt SimpleWhenThenStmt SplitRegionStmt TraceStmt TrafficStmt UnlockStatsStmt`)

// TestEveryStatementHasAName goes over all statements of TiDB's tree, so
// that a new version of it cannot bring one that nobody has thought about.
func TestEveryStatementHasAName(t *testing.T) {
	known := map[string]int{}
	for _, list := range [][]string{carriedOver, onlyTiDB} {
		for _, name := range list {
			known[name]++
		}
	}
	for _, name := range onlyTiDB {
		if statementNames[name] != "" {
			t.Errorf("%s is a statement of MySQL's and of TiDB's only", name)
		}
	}
	found := treeStatements(t)
	for name := range found {
		if known[name] == 0 && statementNames[name] == "" {
			t.Errorf("%s: is it MySQL's? Give it a name in statementNames, or add it to onlyTiDB", name)
		}
	}
	for name := range known {
		if !found[name] {
			t.Errorf("%s is no statement of TiDB's tree", name)
		}
	}
	if len(found) < 90 {
		t.Errorf("found only %d statements", len(found))
	}
}

// treeStatements gives the names of all types …Stmt that are nodes.
func treeStatements(t *testing.T) map[string]bool {
	pkg, err := build.Import("github.com/pingcap/tidb/pkg/parser/ast", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(pkg.Dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range files {
		f, err := goparser.ParseFile(gotoken.NewFileSet(), name, nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "Accept" {
				continue
			}
			star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if id, ok := star.X.(*ast.Ident); ok && strings.HasSuffix(id.Name, "Stmt") {
				found[id.Name] = true
			}
		}
	}
	return found
}

// TestLeadingNames shows that each of the leading words is reached.
func TestLeadingNames(t *testing.T) {
	for _, name := range leadingNames {
		stmt, _, err := Parse(name + " x y z")
		u, ok := stmt.(*Unsupported)
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", name, stmt, err)
			continue
		}
		if !strings.HasPrefix(name, u.Name) && !strings.HasPrefix(u.Name, name) {
			t.Errorf("%s is called %s", name, u.Name)
		}
	}
}
