package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is what the go command tells of a package.
type listed struct {
	ImportPath, Dir, Name, Doc               string
	GoFiles, TestGoFiles, XTestGoFiles       []string
	IgnoredGoFiles, CgoFiles                 []string
	Imports, TestImports, XTestImports, Deps []string
	Standard                                 bool
}

// checkArchitecture holds the module in dir to the rules and returns what breaks
// them, each with its reason.
func checkArchitecture(t testing.TB, dir string, r rules) []string {
	t.Helper()
	names := map[string]string{} // of packages by import path, for selectors
	for _, p := range goList(t, dir, "-deps", "-test", "./...") {
		names[p.ImportPath] = p.Name
	}
	var found []string
	for _, p := range goList(t, dir, "./...") {
		c := &checker{rules: r, pkg: p, names: names}
		c.check(t)
		for _, v := range c.found {
			if !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	return found
}

func goList(t testing.TB, dir string, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json"}, args...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("%s lists no package", cmd)
	}
	return all
}

// checker checks one package.
type checker struct {
	rules
	pkg   listed
	rule  packageRule
	names map[string]string
	found []string
}

func (c *checker) fail(format string, args ...any) {
	c.found = append(c.found, c.pkg.ImportPath+": "+fmt.Sprintf(format, args...))
}

func (c *checker) check(t testing.TB) {
	t.Helper()
	if name := c.pkg.Name; slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "base"}, name) {
		c.fail("a package named %q is for nothing in particular", name)
	}
	var ok bool
	if c.rule, ok = c.ruleOf(c.pkg.ImportPath); !ok {
		c.fail("is not in the table: add it with its reason, or put it elsewhere")
		return
	}
	if !slices.Contains(c.pkg.GoFiles, "doc.go") || c.pkg.Doc == "" {
		c.fail("has no doc.go that says what the package is for")
	}
	for _, imp := range c.pkg.Imports {
		c.checkImport(imp, false)
	}
	for _, imp := range slices.Concat(c.pkg.TestImports, c.pkg.XTestImports) {
		c.checkImport(imp, true)
	}
	for _, name := range slices.Concat(c.pkg.GoFiles, c.pkg.CgoFiles, c.pkg.TestGoFiles, c.pkg.XTestGoFiles, c.pkg.IgnoredGoFiles) {
		c.checkFile(t, name)
	}
}

// inModule gives the path below the module of an import path.
func (c *checker) inModule(importPath string) (string, bool) {
	if importPath == c.module {
		return "", true
	}
	return strings.CutPrefix(importPath, c.module+"/")
}

func (c *checker) ruleOf(importPath string) (packageRule, bool) {
	below, ok := c.inModule(importPath)
	if !ok {
		return packageRule{}, false
	}
	for _, r := range c.packages {
		if r.path == below || r.deep && strings.HasPrefix(below, r.path+"/") {
			return r, true
		}
	}
	return packageRule{}, false
}

func (c *checker) checkImport(imp string, inTest bool) {
	what := "imports"
	if inTest {
		what = "its tests import"
	}
	if _, ok := c.inModule(imp); !ok {
		if lib, ok := c.library(imp); ok && !slices.Contains(lib.owners, c.rule.path) &&
			!(inTest && slices.Contains(lib.tests, c.rule.path)) {
			c.fail("%s %s, which only %s may import, so that it can be replaced there", what, imp, strings.Join(lib.owners, ", "))
		}
		return
	}
	target, ok := c.ruleOf(imp)
	if !ok || target.path == c.rule.path {
		return // a package without a rule is reported as itself
	}
	may := slices.Contains(c.rule.may, target.path) || slices.Contains(c.rule.may, "*")
	if inTest {
		may = may || slices.Contains(c.rule.tests, target.path) ||
			slices.Contains(c.everyTest, target.path) && c.rule.path != "tests"
	}
	if !may {
		c.fail("%s %s, which it may not: %s", what, imp, c.rule.why)
	}
}

func (c *checker) library(imp string) (library, bool) {
	for _, l := range c.libraries {
		if imp == l.prefix || strings.HasPrefix(imp, l.prefix+"/") {
			return l, true
		}
	}
	return library{}, false
}

func (c *checker) checkFile(t testing.TB, name string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, filepath.Join(c.pkg.Dir, name), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if n := fset.File(file.Pos()).LineCount(); n > c.fileLines {
		c.fail("%s has %d lines; at most %d can be read in one sitting", name, n, c.fileLines)
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
			if n > c.functionLines {
				c.fail("%s: %s has %d lines; at most %d", name, f.Name.Name, n, c.functionLines)
			}
		}
	}
	if strings.HasSuffix(name, "_test.go") {
		c.checkSkips(file, name)
		return
	}
	c.checkSignatures(file, name)
}

// checkSkips finds tests that can pass without having run.
func (c *checker) checkSkips(file *ast.File, name string) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "t" || x.Name == "b" || x.Name == "tb" || x.Name == "f") {
				c.fail("%s skips a test: a test that does not run must fail and say why", name)
			}
		}
		return true
	})
}

// foreign gives the third party packages that a file imports, by the name
// under which it uses them.
func (c *checker) foreign(file *ast.File) map[string]string {
	all := map[string]string{}
	for _, imp := range file.Imports {
		p := strings.Trim(imp.Path.Value, `"`)
		first, _, _ := strings.Cut(p, "/")
		if _, ours := c.inModule(p); ours || !strings.Contains(first, ".") {
			continue // the module's own, or the standard library's
		}
		name := c.names[p]
		if name == "" {
			name = path.Base(p)
		}
		if imp.Name != nil {
			name = imp.Name.Name
		}
		all[name] = p
	}
	return all
}
