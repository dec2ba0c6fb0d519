package tests

import (
	"go/ast"
	"go/token"
	"slices"
)

// checkSignatures finds third party types in what the file exports, outside
// the packages that own them.
func (c *checker) checkSignatures(file *ast.File, name string) {
	foreign := c.foreign(file)
	for exported, typ := range exportedTypes(file) {
		ast.Inspect(typ, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit, *ast.BlockStmt:
				return false
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && foreign[x.Name] != "" {
					c.checkShown(name, exported, foreign[x.Name], x.Name+"."+n.Sel.Name)
				}
			}
			return true
		})
	}
}

func (c *checker) checkShown(file, exported, importPath, typ string) {
	if lib, ok := c.library(importPath); ok && slices.Contains(lib.owners, c.rule.path) {
		return
	}
	c.fail("%s: exported %s shows %s: a library's type in a signature makes every caller depend on it", file, exported, typ)
}

// exportedTypes yields the type expressions that users of the package see,
// each with the name that shows it.
func exportedTypes(file *ast.File) func(yield func(string, ast.Node) bool) {
	return func(yield func(string, ast.Node) bool) {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && !yield(d.Name.Name, d.Type) {
					return
				}
			case *ast.GenDecl:
				if !exportedSpecs(d, yield) {
					return
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := true
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

func exportedSpecs(d *ast.GenDecl, yield func(string, ast.Node) bool) bool {
	if d.Tok == token.IMPORT {
		return true
	}
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && !exportedMembers(s, yield) {
				return false
			}
		case *ast.ValueSpec:
			shown := slices.ContainsFunc(s.Names, (*ast.Ident).IsExported)
			if shown && s.Type != nil && !yield(s.Names[0].Name, s.Type) {
				return false
			}
		}
	}
	return true
}

// exportedMembers yields a type without the struct fields that its users
// cannot see.
func exportedMembers(s *ast.TypeSpec, yield func(string, ast.Node) bool) bool {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return yield(s.Name.Name, s.Type)
	}
	for _, f := range st.Fields.List {
		shown := len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported)
		if shown && !yield(s.Name.Name, f.Type) {
			return false
		}
	}
	return true
}
